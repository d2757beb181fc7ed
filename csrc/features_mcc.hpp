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
#include "lanes.hpp"
#include "log2.hpp"

namespace fasttex {

using Vector = std::vector<double>;

inline double dot(const Vector& a, const Vector& b) {
    return lane_sum(a.size(), [&](std::size_t n) { return a[n] * b[n]; });
}

inline void add_scaled(double factor, const double* x, std::size_t n, double* y) {
    for (std::size_t k = 0; k < n; ++k) y[k] += factor * x[k];
}

// S of the levels that have pairs; of each row only the part from its first to its last value other than 0.
struct ScaledGlcm {
    Vector values, top;  // top: √p_i., of length 1
    std::vector<std::size_t> first, last;

    std::size_t size() const { return top.size(); }

    // y = S·x − top·(top·x)
    void multiply(const Vector& x, Vector& y) const {
        std::fill(y.begin(), y.end(), 0.0);
        for (std::size_t j = 0; j < size(); ++j) {
            add_scaled(x[j], values.data() + j * size() + first[j], last[j] - first[j], y.data() + first[j]);
        }
        add_scaled(-dot(top, x), top.data(), size(), y.data());
    }
};

inline ScaledGlcm scaled_glcm(const std::int64_t* counts, std::size_t n_levels) {
    std::vector<std::int64_t> by_level(n_levels, 0);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < n_levels; ++i) {
        for (std::size_t j = 0; j < n_levels; ++j) {
            const std::int64_t here = counts[i * n_levels + j];
            by_level[i] += here;
            by_level[j] += here;
            total += 2 * here;
        }
    }
    std::vector<std::size_t> present;
    for (std::size_t i = 0; i < n_levels; ++i) {
        if (by_level[i] != 0) present.push_back(i);
    }
    const std::size_t n = present.size();
    ScaledGlcm s{Vector(n * n), Vector(n), std::vector<std::size_t>(n, n), std::vector<std::size_t>(n, 0)};
    Vector root(n);
    for (std::size_t a = 0; a < n; ++a) {
        root[a] = std::sqrt(as_double(by_level[present[a]]));
        s.top[a] = root[a] / std::sqrt(as_double(total));
    }
    for (std::size_t a = 0; a < n; ++a) {
        const std::size_t i = present[a];
        for (std::size_t b = 0; b < n; ++b) {
            const std::size_t j = present[b];
            const std::int64_t count = counts[i * n_levels + j] + counts[j * n_levels + i];
            if (count == 0) continue;
            s.values[a * n + b] = as_double(count) / (root[a] * root[b]);
            s.first[a] = std::min(s.first[a], b);
            s.last[a] = b + 1;
        }
    }
    return s;
}

// A symmetric tridiagonal matrix.
struct Tridiagonal {
    Vector diagonal, beside;  // beside[k] couples k and k + 1; the last one leads out of the matrix

    std::size_t size() const { return diagonal.size(); }

    // How many eigenvalues are smaller than x: as many as there are negative pivots of T − x.
    std::size_t below(double x) const {
        std::size_t n = 0;
        double pivot = 1;
        for (std::size_t k = 0; k < size(); ++k) {
            const double coupling = k == 0 ? 0.0 : beside[k - 1] * beside[k - 1];
            pivot = diagonal[k] - x - coupling / pivot;
            if (std::fabs(pivot) < 1e-300) pivot = -1e-300;
            n += pivot < 0;
        }
        return n;
    }

    // The smallest or the largest eigenvalue; all lie in [−2, 2].
    double outermost(bool largest) const {
        double low = -2, high = 2;
        for (int step = 0; step < 55; ++step) {
            const double middle = 0.5 * (low + high);
            const std::size_t smaller = below(middle);
            const bool beyond = largest ? smaller < size() : smaller == 0;
            (beyond ? low : high) = middle;
        }
        return 0.5 * (low + high);
    }

    // How far an eigenvalue of this matrix may be from one of the whole: what its eigenvector, found from
    // the last row up, leaves over beyond the last row.
    double left_over(double eigenvalue) const {
        double next = 0, here = 1, squares = 1;
        for (std::size_t k = size(); k-- > 1;) {
            const double before = ((eigenvalue - diagonal[k]) * here - beside[k] * next) / beside[k - 1];
            next = here;
            here = before;
            squares += here * here;
            if (squares > 1e60) break;
            if (k == 1) break;
        }
        return beside.back() / std::sqrt(squares);
    }
};

// A vector that is the same every time and alike to no other; of length 1.
inline Vector first_vector(std::size_t n) {
    Vector v(n);
    std::uint64_t state = 0x9E3779B97F4A7C15;
    for (double& x : v) {
        state = state * 6364136223846793005 + 1442695040888963407;
        x = bits::as_double((state >> 12) | 0x3FF0000000000000) - 1.5;
    }
    const double length = std::sqrt(dot(v, v));
    for (double& x : v) x /= length;
    return v;
}

// Takes from v what lies along the unit vectors, one after the other.
inline void make_orthogonal(const std::vector<Vector>& to, Vector& v) {
    for (const Vector& each : to) add_scaled(-dot(each, v), each.data(), v.size(), v.data());
}

// The largest |eigenvalue| of S without its top vector.
inline double largest_eigenvalue(const ScaledGlcm& s) {
    constexpr double kEnough = 1e-12;
    const std::size_t n = s.size();
    Vector start = first_vector(n), w(n);
    std::vector<Vector> basis{s.top};
    make_orthogonal(basis, start);
    const double length = std::sqrt(dot(start, start));
    for (double& x : start) x /= length;
    basis.push_back(start);
    Tridiagonal t;
    double found = 0;
    for (std::size_t step = 1; step < n; ++step) {
        const Vector& v = basis.back();
        s.multiply(v, w);
        t.diagonal.push_back(dot(v, w));
        make_orthogonal(basis, w);
        make_orthogonal(basis, w);
        t.beside.push_back(std::sqrt(dot(w, w)));
        const bool over = step + 1 == n || t.beside.back() < kEnough;
        if (over || step % 4 == 0) {
            const double low = t.outermost(false), high = t.outermost(true);
            found = -low > high ? low : high;
            if (over || t.left_over(found) < kEnough) break;
        }
        for (double& x : w) x /= t.beside.back();
        basis.push_back(w);
    }
    return FASTTEX_PLANTED(46, std::fabs(found), std::max(found, 0.0));
}

// Of one matrix; NaN for an empty one. `single`: the ROI has one level, for which it is 1 by convention.
inline double maximal_correlation(const std::int64_t* counts, std::size_t n_levels, bool single) {
    const ScaledGlcm s = scaled_glcm(counts, n_levels);
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
