// Features of gray level co-occurrence matrices (IBSI: LFYI).
//
// One pass makes the matrix symmetric, row by row of its upper triangle: eight columns at a time are copied
// beside the rows that they are added to, so that every cache line is read once. Counts other than 0 are kept
// with their place, and on the way added up by level, by |i − j| and by i + j, as integers and hence exactly.
// All but five features follow from these three distributions; the five are sums over the counts kept.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "canary.hpp"
#include "lanes.hpp"
#include "log2.hpp"

namespace fasttex {

constexpr std::size_t kGlcmFeatures = 25;

// What the matrices of a ROI share: the gray levels of their rows and columns, rising.
struct GlcmLevels {
    const std::int64_t* values;
    std::size_t n;

    std::int64_t highest() const { return values[n - 1]; }
    bool consecutive() const { return highest() - values[0] == static_cast<std::int64_t>(n) - 1; }
};

// Counts by a value k of the levels' difference or sum.
struct ByValue {
    std::vector<double> k;
    std::vector<std::int64_t> count;

    std::size_t size() const { return k.size(); }
};

// A symmetric matrix: the counts above its diagonal that are not 0, the diagonal, and the marginals.
struct SymmetricGlcm {
    std::vector<std::int64_t> count, diagonal, by_level;
    std::vector<std::int32_t> i, j;
    std::size_t n_counts = 0;
    std::int64_t total = 0;
    ByValue difference, sum;

    void clear(const GlcmLevels& levels);
    void add_row(const std::int64_t* row, std::size_t at, std::size_t n, bool consecutive);
};

inline void SymmetricGlcm::clear(const GlcmLevels& levels) {
    n_counts = 0;
    total = 0;
    diagonal.assign(levels.n, 0);
    by_level.assign(levels.n, 0);
    difference.count.assign(levels.n, 0);
    sum.count.assign(2 * levels.n - 1, 0);
    difference.k.resize(levels.n);
    sum.k.resize(2 * levels.n - 1);
    for (std::size_t k = 0; k < difference.size(); ++k) difference.k[k] = static_cast<double>(k);
    const double lowest = 2.0 * static_cast<double>(levels.values[0]);
    for (std::size_t k = 0; k < sum.size(); ++k) sum.k[k] = lowest + static_cast<double>(k);
}

// Takes the counts of row `at` from column `at` on, symmetric already; row[c] belongs to column at + c.
inline void SymmetricGlcm::add_row(const std::int64_t* row, std::size_t at, std::size_t n, bool consecutive) {
    constexpr std::size_t kGroup = 8;
    const std::size_t first = n_counts;
    if (count.size() < first + n) {
        count.resize(2 * (first + n));
        i.resize(count.size());
        j.resize(count.size());
    }
    std::size_t last = first;
    for (std::size_t start = 1; start < n; start += kGroup) {
        const std::size_t end = std::min(n, start + kGroup);
        std::int64_t any = 0;
        for (std::size_t c = start; c < end; ++c) any |= row[c];
        if (any == 0) continue;
        for (std::size_t c = start; c < end; ++c) {  // kept where not 0, without a branch
            count[last] = row[c];
            j[last] = static_cast<std::int32_t>(at + c);
            last += row[c] != 0;
        }
    }
    n_counts = last;
    std::int64_t here = diagonal[at] = row[0];
    for (std::size_t m = first; m < last; ++m) {
        i[m] = static_cast<std::int32_t>(at);
        by_level[static_cast<std::size_t>(j[m])] += count[m];
        here += count[m];
    }
    by_level[at] += here;
    if (!consecutive) return;
    difference.count[0] += row[0];
    sum.count[2 * at] += row[0];
    for (std::size_t m = first; m < last; ++m) {
        difference.count[static_cast<std::size_t>(j[m]) - at] += 2 * count[m];
        sum.count[static_cast<std::size_t>(j[m]) + at] += 2 * count[m];
    }
}

// Sums the counts whose keys are alike.
inline void gather(std::vector<std::pair<std::int64_t, std::int64_t>>& keyed, ByValue& result) {
    std::sort(keyed.begin(), keyed.end());
    result.k.clear();
    result.count.clear();
    for (std::size_t n = 0; n < keyed.size(); ++n) {
        if (n == 0 || keyed[n].first != keyed[n - 1].first) {
            result.k.push_back(static_cast<double>(keyed[n].first));
            result.count.push_back(0);
        }
        result.count.back() += keyed[n].second;
    }
}

// The two distributions where there are gaps between levels.
inline void gather_by_value(SymmetricGlcm& m, const GlcmLevels& levels) {
    std::vector<std::pair<std::int64_t, std::int64_t>> differences, sums;
    for (std::size_t a = 0; a < levels.n; ++a) {
        if (m.diagonal[a] == 0) continue;
        differences.emplace_back(0, m.diagonal[a]);
        sums.emplace_back(2 * levels.values[a], m.diagonal[a]);
    }
    for (std::size_t c = 0; c < m.n_counts; ++c) {
        const std::int64_t i = levels.values[m.i[c]], j = levels.values[m.j[c]];
        differences.emplace_back(j - i, 2 * m.count[c]);
        sums.emplace_back(i + j, 2 * m.count[c]);
    }
    gather(differences, m.difference);
    gather(sums, m.sum);
}

// counts[i * levels.n + j]: how often level i has level j.
inline void make_symmetric(const std::int64_t* counts, const GlcmLevels& levels, SymmetricGlcm& m) {
    constexpr std::size_t kRows = 8;
    const std::size_t n = levels.n;
    const bool consecutive = levels.consecutive();
    m.clear(levels);
    std::vector<std::int64_t> columns(kRows * n), row(n);
    for (std::size_t top = 0; top < n; top += kRows) {
        const std::size_t rows = std::min(kRows, n - top);
        for (std::size_t j = top; j < n; ++j) {
            for (std::size_t r = 0; r < rows; ++r) columns[r * n + j] = counts[j * n + top + r];
        }
        for (std::size_t r = 0; r < rows; ++r) {
            const std::size_t at = top + r;
            const std::int64_t *across = counts + at * n + at, *down = columns.data() + r * n + at;
            for (std::size_t c = 0; c < n - at; ++c) row[c] = across[c] + FASTTEX_PLANTED(40, down[c], 0);
            m.add_row(row.data(), at, n - at, consecutive);
        }
    }
    for (std::size_t a = 0; a < n; ++a) m.total += m.by_level[a];
    if (!consecutive) gather_by_value(m, levels);
}

// ---- from the distributions to the features ----

inline std::vector<double> probabilities(const std::vector<std::int64_t>& count, std::size_t n,
                                         double total) {
    std::vector<double> p(n);
    for (std::size_t k = 0; k < n; ++k) p[k] = as_double(count[k]) / total;
    return p;
}

inline double entropy(const std::vector<double>& p) {
    return 0.0 - lane_sum(p.size(), [&](std::size_t k) { return entropy_term(p[k]); });
}

// NaN where the denominator is 0.
inline double divided(double numerator, double denominator) {
    return denominator != 0 ? numerator / denominator : std::numeric_limits<double>::quiet_NaN();
}

inline void difference_features(const ByValue& by, double total, double highest, double* f) {
    const std::vector<double> p = probabilities(by.count, by.size(), total);
    const double* k = by.k.data();
    const auto mean = [&](const auto& of) {
        return lane_sum(p.size(), [&](std::size_t n) { return p[n] * of(k[n]); });
    };
    const double average = mean([](double x) { return x; });
    f[4] = f[12] = average;
    f[5] = mean([=](double x) { return (x - average) * (x - average); });
    f[6] = entropy(p);
    f[11] = mean([](double x) { return x * x; });
    f[13] = mean([](double x) { return 1 / (1 + x); });
    f[14] = mean([=](double x) { return 1 / (1 + x / highest); });
    f[15] = mean([](double x) { return 1 / (1 + x * x); });
    f[16] = mean([=](double x) { return 1 / (1 + (x / highest) * (x / highest)); });
    const std::size_t after = p.empty() || k[0] > 0 ? 0 : 1;  // k = 0 has no share in the inverse variance
    f[17] = lane_sum(p.size() - after,
                     [&](std::size_t n) { return p[n + after] * (1 / (k[n + after] * k[n + after])); });
}

inline void sum_features(const ByValue& by, double total, double mu, double* f) {
    const std::vector<double> p = probabilities(by.count, by.size(), total);
    const double* k = by.k.data();
    const auto mean = [&](const auto& of) {
        return lane_sum(p.size(), [&](std::size_t n) { return p[n] * of(k[n]); });
    };
    const double twice = 2 * mu;
    const auto squared = [=](double x) { return (x - twice) * (x - twice); };
    f[7] = mean([](double x) { return x; });
    f[8] = f[20] = mean(squared);
    f[9] = entropy(p);
    f[21] = mean([=](double x) { return squared(x) * FASTTEX_PLANTED(41, x - twice, twice - x); });
    f[22] = mean([=](double x) { return squared(x) * squared(x); });
}

// The features of single cells; x are the levels. Returns the sum of (i − μ)(j − μ)·p_ij.
inline double cell_features(const SymmetricGlcm& m, const std::vector<double>& x, double mu, double* f) {
    const double total = static_cast<double>(m.total);
    const std::vector<double> p = probabilities(m.count, m.n_counts, total);
    const std::vector<double> q = probabilities(m.diagonal, m.diagonal.size(), total);
    // Σ of a term over the triangle twice, and over the diagonal once.
    const auto both = [&](const auto& above, const auto& on) {
        return 2 * lane_sum(p.size(), above) + lane_sum(q.size(), on);
    };
    std::vector<double> deviation(x.size());
    for (std::size_t a = 0; a < x.size(); ++a) deviation[a] = x[a] - mu;
    const double* d = deviation.data();
    const std::int32_t *i = m.i.data(), *j = m.j.data();
    double largest = *std::max_element(q.begin(), q.end());
    for (const double each : p) largest = std::max(largest, each);
    f[0] = largest;
    f[3] = 0.0 - both([&](std::size_t c) { return entropy_term(p[c]); },
                      [&](std::size_t a) { return entropy_term(q[a]); });
    f[10] = both([&](std::size_t c) { return p[c] * p[c]; },
                 [&](std::size_t a) { return FASTTEX_PLANTED(42, q[a] * q[a], 2 * q[a] * q[a]); });
    f[19] = both([&](std::size_t c) { return p[c] * (x[i[c]] * x[j[c]]); },
                 [&](std::size_t a) { return q[a] * (x[a] * x[a]); });
    return both([&](std::size_t c) { return p[c] * (d[i[c]] * d[j[c]]); },
                [&](std::size_t a) { return q[a] * (d[a] * d[a]); });
}

// The features of one matrix, in the order of fasttex/features/glcm.py; NaN for an empty one.
inline void glcm_features(const std::int64_t* counts, const GlcmLevels& levels, SymmetricGlcm& m, double* f) {
    make_symmetric(counts, levels, m);
    if (m.total == 0) {
        std::fill(f, f + kGlcmFeatures, std::numeric_limits<double>::quiet_NaN());
        return;
    }
    const double total = static_cast<double>(m.total);
    std::vector<double> x(levels.values, levels.values + levels.n);
    const double mu =
        lane_sum(x.size(), [&](std::size_t a) { return as_double(m.by_level[a]) * x[a]; }) / total;
    const std::vector<double> p = probabilities(m.by_level, x.size(), total);
    const double variance =
        lane_sum(x.size(), [&](std::size_t a) { return p[a] * ((x[a] - mu) * (x[a] - mu)); });
    const double product = cell_features(m, x, mu, f);
    difference_features(m.difference, total, x.back(), f);
    sum_features(m.sum, total, mu, f);
    const double hxy = f[3], hx = entropy(p);
    f[1] = mu;
    f[2] = variance;
    f[18] = divided(product, variance);
    f[23] = divided(hxy - 2 * hx, hx);
    f[24] = std::sqrt(one_minus_exp(2 * std::max(2 * hx - hxy, 0.0)));
}

}  // namespace fasttex
