// The maximal correlation coefficient of symmetric co-occurrence matrices: √ of the second largest eigenvalue
// of Q, Q_ij = Σ_k p_ik·p_jk / (p_i.·p_k.).
//
// Q is similar to S², where S_ij = p_ij / √(p_i.·p_j.) is symmetric, and the eigenvector of S for its largest
// eigenvalue, 1, is known: √p_i.. Taken away, the coefficient is the largest |eigenvalue| that is left. The
// Lanczos process (C. Lanczos, 1950) finds it in a few products of S with a vector: in the space of
// S^k·(a first vector) S is a tridiagonal matrix T, whose outermost eigenvalues soon are those of S. Each new
// vector is made orthogonal to all before, as rounding would lose that; the eigenvalues of T are found by
// bisection, counting signs in Sturm's sequence (W. Givens, 1954).
//
// PyRadiomics adds a small ε to the denominators of Q, which rare levels make small too. To first order in ε
// the eigenvalue σ² of Q falls by ε·σ·Σ x_i·S_ij·x_j, where x_i = v_i / p_i. and v is the eigenvector of S.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "canary.hpp"
#include "features_glcm.hpp"
#include "lanes.hpp"
#include "log2.hpp"
#include "simd.hpp"

namespace fasttex {

using Vector = std::vector<double>;

constexpr std::size_t kTile = 8;  // vectors and rows have zeros to a multiple of so many values

inline std::size_t whole_tiles(std::size_t n) { return (n + kTile - 1) / kTile * kTile; }

// y += Σ factor[m]·row m for four rows, columns `from` to `to`.
template <class Value>
void add_rows(const Value* rows, std::size_t width, const double* factor, std::size_t from, std::size_t to,
              double* y) {
    const Value *a = rows, *b = a + width, *c = b + width, *d = c + width;
    const double p = factor[0], q = factor[1], r = factor[2], s = factor[3];
    for (std::size_t k = from; k < to; ++k) y[k] += (p * a[k] + q * b[k]) + (r * c[k] + s * d[k]);
}

// out[m] = row m · x for four rows.
inline void dot_rows(const double* rows, std::size_t width, const double* x, double* out) {
    constexpr Index kRows = 4, kSums = 4;
    Doubles sums[kRows][kSums / Doubles::n] = {};
    for (std::size_t k = 0; k < width; k += kSums) {
        for (Index l = 0; l < kSums / Doubles::n; ++l) {
            const Doubles here = Doubles::load(x + k + l * Doubles::n);
            for (Index m = 0; m < kRows; ++m)
                sums[m][l] += Doubles::load(rows + m * width + k + l * Doubles::n) * here;
        }
    }
    for (Index m = 0; m < kRows; ++m) {
        double sum[kSums];
        for (Index l = 0; l < kSums / Doubles::n; ++l) sums[m][l].store(sum + l * Doubles::n);
        out[m] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
}

// S = R·C·R: symmetric counts C, and R_ii = 1 / √(sum of row i), 0 for levels without pairs. `Count` can hold
// twice the number of pairs. Of eight rows only the columns from the first to the last count other than 0
// are kept in mind.
template <class Count>
struct ScaledGlcm {
    std::size_t width = 0, n_levels = 0;  // levels: those with pairs
    std::vector<Count> counts;
    std::vector<std::size_t> first, last;
    Vector root, top, scaled;  // root: diagonal of R; top: √p_i., of length 1

    // `given`: n × n, not symmetric yet. `by_level`: the sums of its rows and columns.
    void assign(const std::int64_t* given, std::size_t n, const std::vector<std::int64_t>& by_level,
                double total) {
        width = whole_tiles(n);
        counts.assign(width * width, 0);
        first.assign(width / kTile, width);
        last.assign(width / kTile, 0);
        for (std::size_t i = 0; i < n; i += kTile) {
            for (std::size_t j = i; j < n; j += kTile) add_block(given, n, i, j);
        }
        root.assign(width, 0.0);
        top.assign(width, 0.0);
        n_levels = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (by_level[i] == 0) continue;
            root[i] = 1 / std::sqrt(as_double(by_level[i]));
            top[i] = std::sqrt(as_double(by_level[i]) / total);
            ++n_levels;
        }
    }

    // y = S·x
    void multiply(const double* x, Vector& y) {
        scaled.resize(width);
        for (std::size_t k = 0; k < width; ++k) scaled[k] = root[k] * x[k];
        std::fill(y.begin(), y.end(), 0.0);
        for (std::size_t i = 0; i < width; i += kTile) {
            const std::size_t from = first[i / kTile], to = last[i / kTile];
            for (std::size_t half = i; half < i + kTile; half += kTile / 2)
                add_rows(counts.data() + half * width, width, scaled.data() + half, from, to, y.data());
        }
        for (std::size_t k = 0; k < width; ++k) y[k] *= root[k];
    }

  private:
    // Makes the block at (i, j), and the one at (j, i), symmetric.
    void add_block(const std::int64_t* given, std::size_t n, std::size_t i, std::size_t j) {
        const std::size_t rows = std::min(kTile, n - i), columns = std::min(kTile, n - j);
        std::int64_t any = 0;
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t c = 0; c < columns; ++c) any |= given[(i + r) * n + j + c];
        }
        for (std::size_t c = 0; c < columns; ++c) {
            for (std::size_t r = 0; r < rows; ++r) any |= given[(j + c) * n + i + r];
        }
        if (any == 0) return;
        for (const auto& [row, column] : {std::pair{i, j}, std::pair{j, i}}) {
            first[row / kTile] = std::min(first[row / kTile], column);
            last[row / kTile] = std::max(last[row / kTile], column + kTile);
        }
        for (std::size_t r = 0; r < rows; ++r) {
            for (std::size_t c = 0; c < columns; ++c) {
                counts[(i + r) * width + j + c] = counts[(j + c) * width + i + r] =
                    static_cast<Count>(given[(i + r) * n + j + c] + given[(j + c) * n + i + r]);
            }
        }
    }
};

// Orthogonal vectors of length 1, in rows of zeros to a multiple of four.
class Basis {
  public:
    void clear(std::size_t width) {
        width_ = width;
        size_ = 0;
        rows_.clear();
    }

    const double* row(std::size_t m) const { return rows_.data() + m * width_; }
    const double* back(std::size_t n = 0) const { return row(size_ - 1 - n); }

    void push_back(const Vector& v, double length) {
        if (size_ % kRows == 0) rows_.resize((size_ + kRows) * width_, 0.0);
        for (std::size_t k = 0; k < width_; ++k) rows_[size_ * width_ + k] = v[k] / length;
        ++size_;
    }

    // Takes from v what lies along the vectors.
    void make_orthogonal(Vector& v) const {
        for (std::size_t m = 0; m < size_; m += kRows) {
            double along[kRows];
            dot_rows(rows_.data() + m * width_, width_, v.data(), along);
            for (double& a : along) a = -a;
            add_rows(rows_.data() + m * width_, width_, along, 0, width_, v.data());
        }
    }

  private:
    static constexpr std::size_t kRows = 4;

    std::size_t width_ = 0, size_ = 0;
    Vector rows_;
};

// A symmetric tridiagonal matrix with eigenvalues in [−1, 1].
struct Tridiagonal {
    static constexpr Index kShifts = 8;
    static constexpr double kCoarse = 1e-9, kExact = 1e-15, kLarge = 1e60;

    Vector diagonal, beside;  // beside[k] couples k and k + 1; the last one leads out of the matrix
    Vector vector;

    std::size_t size() const { return diagonal.size(); }
    void clear() {
        diagonal.clear();
        beside.clear();
    }

    // How many eigenvalues are smaller than each x: as many as there are negative pivots of T − x. A pivot of
    // 0 (never −0, as no difference of other numbers is) makes the next one infinite and negative, which
    // counts for both.
    void below(const double (&x)[kShifts], std::uint64_t (&n)[kShifts]) const {
        constexpr Index kRegisters = kShifts / Doubles::n;
        Doubles pivot[kRegisters], shift[kRegisters];
        Lanes<std::uint64_t> found[kRegisters] = {};
        for (Index l = 0; l < kRegisters; ++l) {
            pivot[l] = Doubles::all(1);
            shift[l] = Doubles::load(x + l * Doubles::n);
        }
        for (std::size_t k = 0; k < size(); ++k) {
            const Doubles here = Doubles::all(diagonal[k]);
            const Doubles coupling = Doubles::all(k == 0 ? 0.0 : beside[k - 1] * beside[k - 1]);
            FASTTEX_UNROLL(8)
            for (Index l = 0; l < kRegisters; ++l) {
                pivot[l] = here - shift[l] - coupling / pivot[l];
                found[l] -= negative(pivot[l]);
            }
        }
        for (Index l = 0; l < kRegisters; ++l) found[l].store(n + l * Doubles::n);
    }

    // Whether an eigenvalue is smaller than x.
    bool any_below(double x) const {
        double at[kShifts];
        std::uint64_t smaller[kShifts];
        std::fill(at, at + kShifts, x);
        below(at, smaller);
        return smaller[0] > 0;
    }

    // The smallest or the largest eigenvalue, which lies between `low` and `high`: eight points in between at
    // a time leave a ninth of where it may be.
    double outermost(bool largest, double low, double high, double tolerance) const {
        while (high - low > tolerance) {
            double x[kShifts];
            std::uint64_t smaller[kShifts];
            const double step = (high - low) / (kShifts + 1);
            for (Index l = 0; l < kShifts; ++l) x[l] = low + static_cast<double>(l + 1) * step;
            below(x, smaller);
            Index beyond = 0;  // points that the eigenvalue lies beyond
            while (beyond < kShifts && (largest ? smaller[beyond] < size() : smaller[beyond] == 0)) ++beyond;
            if (beyond < kShifts) high = x[beyond];
            if (beyond > 0) low = x[beyond - 1];
        }
        return 0.5 * (low + high);
    }

    // The eigenvalue of largest absolute value, coarsely. Whether it is the smallest takes a single question.
    double farthest() const {
        constexpr double kMost = 1.0625;
        const double high = outermost(true, -kMost, kMost, kCoarse), reach = std::max(high, 0.0);
        return any_below(-reach - kCoarse) ? outermost(false, -kMost, -reach, kCoarse) : high;
    }

    // The same exactly, once it is known coarsely.
    double exactly(double coarse) const {
        const double found = outermost(coarse > 0, coarse - kCoarse, coarse + kCoarse, kExact);
        const double other = -std::fabs(found);  // coarsely both may have seemed equal
        return any_below(other - kExact) ? outermost(false, other - 2 * kCoarse, other, kExact) : found;
    }

    // How far an eigenvalue of this matrix may be from one of the whole: what its vector of length 1 leaves
    // over beyond the last row.
    double left_over(double eigenvalue) {
        const double squares = find_vector(eigenvalue);
        return beside.back() * vector.back() / std::sqrt(squares);
    }

    // Sets `vector` to one of an eigenvalue, found from the last row up. Returns its length, squared.
    double find_vector(double eigenvalue) {
        vector.assign(size(), 0.0);
        double next = 0, here = 1, squares = 1;
        vector.back() = 1;
        for (std::size_t k = size() - 1; k > 0; --k) {
            const double above = ((eigenvalue - diagonal[k]) * here - beside[k] * next) / beside[k - 1];
            next = here;
            here = vector[k - 1] = above;
            squares += here * here;
            if (squares > kLarge) {
                for (std::size_t l = k - 1; l < size(); ++l) vector[l] /= kLarge;
                next /= kLarge;
                here /= kLarge;
                squares /= kLarge * kLarge;
            }
        }
        return squares;
    }
};

// Values that are the same every time, and that no matrix is made for.
inline void fill_first_vector(Vector& v) {
    std::uint64_t state = 0x9E3779B97F4A7C15;
    for (double& x : v) {
        state = state * 6364136223846793005 + 1442695040888963407;
        x = bits::as_double((state >> 12) | 0x3FF0000000000000) - 1.5;
    }
}

// The coefficient, and what it falls to where the denominators of Q are increased by ε.
struct Coefficients {
    double plain, lowered;
};

// Finds the coefficients of one matrix after the other, with the same memory.
class MaximalCorrelation {
  public:
    explicit MaximalCorrelation(double epsilon) : epsilon_(epsilon) {}

    // Of counts n × n; NaN for an empty matrix. A matrix of one level has no other eigenvalue: `alone()`
    // tells whether the ROI has that level alone, for which the coefficient is 1 by convention.
    template <class Alone>
    Coefficients operator()(const std::int64_t* counts, std::size_t n, const Alone& alone) {
        by_level_.assign(n, 0);
        for (std::size_t i = 0; i < n; ++i) {
            std::int64_t row = 0;
            for (std::size_t j = 0; j < n; ++j) {
                row += counts[i * n + j];
                by_level_[j] += counts[i * n + j];
            }
            by_level_[i] += row;
        }
        std::int64_t total = 0;
        for (const std::int64_t each : by_level_) total += each;
        const bool few = total <= std::numeric_limits<std::int32_t>::max();
        return few ? of(small_, counts, n, total, alone) : of(large_, counts, n, total, alone);
    }

  private:
    template <class Count, class Alone>
    Coefficients of(ScaledGlcm<Count>& s, const std::int64_t* counts, std::size_t n, std::int64_t total,
                    const Alone& alone) {
        constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
        s.assign(counts, n, by_level_, as_double(total));
        if (s.n_levels == 0) return {kNaN, kNaN};
        if (s.n_levels == 1) return alone() ? Coefficients{1.0, 1.0} : Coefficients{0.0, 0.0};
        const double sigma = largest_eigenvalue(s), plain = std::min(std::fabs(sigma), 1.0);
        if (epsilon_ == 0) return {plain, plain};
        const double lowered = sigma * sigma - epsilon_ * sigma * fall(s, sigma, as_double(total));
        return {plain, std::sqrt(std::min(std::max(lowered, 0.0), 1.0))};
    }

    // Σ x_i·S_ij·x_j for the eigenvalue found last.
    template <class Count>
    double fall(ScaledGlcm<Count>& s, double sigma, double total) {
        const double length = std::sqrt(t_.find_vector(sigma));
        Vector x(s.width, 0.0);
        for (std::size_t m = 0; m < t_.size(); ++m) {
            const double* row = basis_.row(m + 1);  // the first one is the top vector
            for (std::size_t k = 0; k < s.width; ++k) x[k] += t_.vector[m] / length * row[k];
        }
        for (std::size_t k = 0; k < s.width; ++k) x[k] *= s.root[k] * s.root[k] * total;
        s.multiply(x.data(), next_);
        return lane_sum(s.width, [&](std::size_t k) { return x[k] * next_[k]; });
    }

    // The eigenvalue of S of largest absolute value beside that of its top vector.
    template <class Count>
    double largest_eigenvalue(ScaledGlcm<Count>& s) {
        // The eigenvalue is as exact as what is left over, mostly as its square.
        constexpr double kEnough = 3e-10;
        Vector& w = next_;
        w.resize(s.width);
        fill_first_vector(w);
        for (std::size_t k = 0; k < s.width; ++k) w[k] = s.root[k] > 0 ? w[k] : 0.0;
        basis_.clear(s.width);
        basis_.push_back(s.top, 1.0);
        for (int turn = 0; turn < 2; ++turn) basis_.make_orthogonal(w);
        basis_.push_back(w, length(w));
        t_.clear();
        double coarse = 0;
        for (std::size_t step = 1, look = 8; step < s.n_levels; ++step) {
            const double *here = basis_.back(), *before = basis_.back(1);
            s.multiply(here, w);
            const double along = lane_sum(s.width, [&](std::size_t k) { return here[k] * w[k]; });
            const double back = t_.beside.empty() ? 0.0 : t_.beside.back();
            // What is left is small against w; so the vectors before can be taken away as exactly.
            for (std::size_t k = 0; k < s.width; ++k) w[k] -= along * here[k] + back * before[k];
            basis_.make_orthogonal(w);
            t_.diagonal.push_back(along);
            t_.beside.push_back(length(w));
            const bool over = step + 1 == s.n_levels || t_.beside.back() < 1e-12;
            if (over || step == look) {
                look += 2 + step / 4;
                coarse = t_.farthest();
                if (over || t_.left_over(coarse) < kEnough) break;
            }
            basis_.push_back(w, t_.beside.back());
        }
        const double found = t_.exactly(coarse);
        return FASTTEX_PLANTED(46, found, std::max(found, 0.0));
    }

    static double length(const Vector& v) {
        return std::sqrt(lane_sum(v.size(), [&](std::size_t k) { return v[k] * v[k]; }));
    }

    double epsilon_;
    std::vector<std::int64_t> by_level_;
    ScaledGlcm<std::int32_t> small_;
    ScaledGlcm<double> large_;  // of more pairs than 32 bits can count
    Basis basis_;
    Tridiagonal t_;
    Vector next_;
};

// Whether the offsets of a ROI together have pairs of one level only.
inline bool has_single_level(const std::int64_t* counts, std::size_t n_offsets, std::size_t n_levels) {
    std::vector<char> seen(n_levels, 0);
    for (std::size_t c = 0; c < n_offsets * n_levels * n_levels; ++c) {
        if (counts[c] == 0) continue;
        seen[c / n_levels % n_levels] = 1;
        seen[c % n_levels] = 1;
    }
    return std::count(seen.begin(), seen.end(), 1) == 1;
}

}  // namespace fasttex
