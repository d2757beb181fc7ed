// The maximal correlation coefficient of symmetric co-occurrence matrices: √ of the second largest eigenvalue
// of Q, Q_ij = Σ_k p_ik·p_jk / (p_i.·p_k.).
//
// Q is similar to S², where S_ij = p_ij / √(p_i.·p_j.) is symmetric, and the eigenvector of S for its largest
// eigenvalue, 1, is known: √p_i.. Taken away, the coefficient is the largest |eigenvalue| that is left. The
// Lanczos process (C. Lanczos, 1950) finds it in a few products of S with a vector: in the space of
// S^k·(a first vector) S is a tridiagonal matrix T, whose outermost eigenvalues soon are those of S. Each new
// vector is made orthogonal to all before, twice, as rounding would lose that; the eigenvalues of T are found
// by bisection, counting signs in Sturm's sequence (W. Givens, 1954).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "canary.hpp"
#include "features_glcm.hpp"
#include "lanes.hpp"
#include "log2.hpp"

namespace fasttex {

using Vector = std::vector<double>;

inline double dot(const Vector& a, const Vector& b) {
    return lane_sum(a.size(), [&](std::size_t n) { return a[n] * b[n]; });
}

// y += Σ factor[m]·row m, of rows of length n; four at a time, columns `from` to `to` only.
inline void add_rows(const double* rows, std::size_t n, const double* factor, std::size_t from,
                     std::size_t to, double* y) {
    const double *a = rows, *b = a + n, *c = b + n, *d = c + n;
    const double p = factor[0], q = factor[1], r = factor[2], s = factor[3];
    for (std::size_t k = from; k < to; ++k) y[k] += (p * a[k] + q * b[k]) + (r * c[k] + s * d[k]);
}

constexpr std::size_t kRows = 4;

inline std::size_t whole_rows(std::size_t n) { return (n + kRows - 1) / kRows * kRows; }

// S of the levels that have pairs, with rows of zeros to a multiple of four; of each row only the part from
// its first to its last value other than 0 counts.
struct ScaledGlcm {
    Vector values, top;  // top: √p_i., of length 1
    std::vector<std::size_t> first, last;

    std::size_t size() const { return top.size(); }

    // y = S·x, for x with zeros to a multiple of four
    void multiply(const double* x, Vector& y) const {
        std::fill(y.begin(), y.end(), 0.0);
        for (std::size_t j = 0; j < size(); j += kRows) {
            std::size_t from = first[j], to = last[j];
            for (std::size_t r = 1; r < kRows; ++r) {
                from = std::min(from, first[j + r]);
                to = std::max(to, last[j + r]);
            }
            add_rows(values.data() + j * size(), size(), x + j, from, to, y.data());
        }
    }
};

inline ScaledGlcm scaled_glcm(const SymmetricGlcm& m) {
    std::vector<std::size_t> place(m.by_level.size());
    Vector root;
    for (std::size_t i = 0; i < place.size(); ++i) {
        place[i] = root.size();
        if (m.by_level[i] != 0) root.push_back(std::sqrt(as_double(m.by_level[i])));
    }
    const std::size_t n = root.size(), rows = whole_rows(n);
    ScaledGlcm s{Vector(rows * n), Vector(n), std::vector<std::size_t>(rows, n),
                 std::vector<std::size_t>(rows, 0)};
    const auto put = [&](std::size_t a, std::size_t b, double value) {
        s.values[a * n + b] = value;
        s.first[a] = std::min(s.first[a], b);
        s.last[a] = std::max(s.last[a], b + 1);
    };
    const double length = std::sqrt(as_double(m.total));
    for (std::size_t i = 0; i < place.size(); ++i) {
        if (m.by_level[i] == 0) continue;
        s.top[place[i]] = root[place[i]] / length;
        if (m.diagonal[i] != 0) put(place[i], place[i], as_double(m.diagonal[i]) / as_double(m.by_level[i]));
    }
    for (std::size_t c = 0; c < m.n_counts; ++c) {
        const std::size_t a = place[static_cast<std::size_t>(m.i[c])];
        const std::size_t b = place[static_cast<std::size_t>(m.j[c])];
        const double value = as_double(m.count[c]) / (root[a] * root[b]);
        put(a, b, value);
        put(b, a, value);
    }
    return s;
}

// Orthogonal vectors of length 1, as rows and as columns, so that both products with them run along memory.
class Basis {
  public:
    explicit Basis(std::size_t n) : n_(n), rows_(whole_rows(n) * n), columns_(n * whole_rows(n)) {}

    const double* back() const { return rows_.data() + (size_ - 1) * n_; }

    void push_back(const Vector& v, double length) {
        for (std::size_t k = 0; k < n_; ++k) {
            rows_[size_ * n_ + k] = columns_[k * whole_rows(n_) + size_] = v[k] / length;
        }
        ++size_;
    }

    // Takes from v what lies along the vectors; twice, as the first time leaves rounding errors behind.
    void make_orthogonal(Vector& v) const {
        const std::size_t width = whole_rows(size_);
        Vector along(width);
        for (int turn = 0; turn < 2; ++turn) {
            std::fill(along.begin(), along.end(), 0.0);
            for (std::size_t k = 0; k < n_; ++k) {
                const double* column = columns_.data() + k * whole_rows(n_);
                for (std::size_t m = 0; m < width; ++m) along[m] -= v[k] * column[m];
            }
            for (std::size_t m = 0; m < width; m += kRows)
                add_rows(rows_.data() + m * n_, n_, along.data() + m, 0, n_, v.data());
        }
    }

  private:
    std::size_t n_, size_ = 0;
    Vector rows_, columns_;
};

// A symmetric tridiagonal matrix with eigenvalues in [−1, 1].
struct Tridiagonal {
    static constexpr std::size_t kShifts = 8;

    Vector diagonal, beside;  // beside[k] couples k and k + 1; the last one leads out of the matrix

    std::size_t size() const { return diagonal.size(); }

    // How many eigenvalues are smaller than each x: as many as there are negative pivots of T − x. A pivot of
    // 0 makes the next one infinite and negative, which counts for both.
    void below(const double (&x)[kShifts], std::uint64_t (&n)[kShifts]) const {
        double pivot[kShifts];
        for (std::size_t l = 0; l < kShifts; ++l) {
            pivot[l] = 1;
            n[l] = 0;
        }
        for (std::size_t k = 0; k < size(); ++k) {
            const double coupling = k == 0 ? 0.0 : beside[k - 1] * beside[k - 1];
            for (std::size_t l = 0; l < kShifts; ++l) pivot[l] = diagonal[k] - x[l] - coupling / pivot[l];
            for (std::size_t l = 0; l < kShifts; ++l) n[l] += bits::of(pivot[l]) >> 63;
        }
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
            for (std::size_t l = 0; l < kShifts; ++l) x[l] = low + static_cast<double>(l + 1) * step;
            below(x, smaller);
            std::size_t beyond = 0;  // points that the eigenvalue lies beyond
            while (beyond < kShifts && (largest ? smaller[beyond] < size() : smaller[beyond] == 0)) ++beyond;
            if (beyond < kShifts) high = x[beyond];
            if (beyond > 0) low = x[beyond - 1];
        }
        return 0.5 * (low + high);
    }

    // The eigenvalue of largest absolute value. Whether it is the smallest one takes a single question.
    double farthest(double tolerance) const {
        constexpr double kMost = 1.0625;
        const double high = outermost(true, -kMost, kMost, tolerance), reach = std::max(high, 0.0);
        return any_below(-reach - tolerance) ? outermost(false, -kMost, -reach, tolerance) : high;
    }

    // How far an eigenvalue of this matrix may be from one of the whole: what its vector of length 1, found
    // from the last row up, leaves over beyond the last row.
    double left_over(double eigenvalue) const {
        double next = 0, here = 1, squares = 1;
        for (std::size_t k = size() - 1; k > 0 && squares < 1e60; --k) {
            const double above = ((eigenvalue - diagonal[k]) * here - beside[k] * next) / beside[k - 1];
            next = here;
            here = above;
            squares += here * here;
        }
        return beside.back() / std::sqrt(squares);
    }
};

// A vector that is the same every time, and that no matrix is made for.
inline Vector first_vector(std::size_t n) {
    Vector v(n);
    std::uint64_t state = 0x9E3779B97F4A7C15;
    for (double& x : v) {
        state = state * 6364136223846793005 + 1442695040888963407;
        x = bits::as_double((state >> 12) | 0x3FF0000000000000) - 1.5;
    }
    return v;
}

// The largest |eigenvalue| of S beside that of its top vector.
inline double largest_eigenvalue(const ScaledGlcm& s) {
    // The eigenvalue is as exact as what is left over, mostly as its square: the looks before may be coarse.
    constexpr double kEnough = 3e-10, kLook = 1e-9, kExact = 1e-15;
    const std::size_t n = s.size();
    Vector w = first_vector(n), v(whole_rows(n));
    Basis basis(n);
    basis.push_back(s.top, 1.0);
    basis.make_orthogonal(w);
    basis.push_back(w, std::sqrt(dot(w, w)));
    Tridiagonal t;
    for (std::size_t step = 1, look = 8; step < n; ++step) {
        std::copy(basis.back(), basis.back() + n, v.begin());
        s.multiply(v.data(), w);
        t.diagonal.push_back(lane_sum(n, [&](std::size_t k) { return v[k] * w[k]; }));
        basis.make_orthogonal(w);
        t.beside.push_back(std::sqrt(dot(w, w)));
        const bool over = step + 1 == n || t.beside.back() < 1e-12;
        if (over || step == look) {
            look += 2 + step / 4;
            if (over || t.left_over(t.farthest(kLook)) < kEnough) break;
        }
        basis.push_back(w, t.beside.back());
    }
    const double found = t.size() ? t.farthest(kExact) : 0.0;
    return FASTTEX_PLANTED(46, std::fabs(found), std::max(found, 0.0));
}

// Of one matrix; NaN for an empty one. `single`: the ROI has one level, for which it is 1 by convention.
inline double maximal_correlation(const std::int64_t* counts, const GlcmLevels& levels, bool single) {
    SymmetricGlcm m;
    make_symmetric(counts, levels, m);
    const ScaledGlcm s = scaled_glcm(m);
    if (s.size() == 0) return std::numeric_limits<double>::quiet_NaN();
    if (s.size() == 1) return single ? 1.0 : 0.0;
    return std::min(largest_eigenvalue(s), 1.0);
}

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
