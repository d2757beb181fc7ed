// Features of neighborhood gray tone difference matrices (IBSI: IPET).
//
// Four of the five are sums over pairs of the levels present. Each pair is visited once, and the sums are
// doubled; all of them are made at once, row by row.
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

constexpr std::size_t kNgtdmFeatures = 5;

// Counts of one matrix, by level and number of neighbors.
struct NgtdmCounts {
    const std::int64_t *difference_sums, *voxels, *level_values;
    std::size_t n_levels, n_numbers;
    bool lone_voxels;
};

// Levels that voxels have, with p_i, the gray tone differences s_i, and i·n_i, which is divided by the number
// of voxels only at the end, so that equal weights cancel exactly.
struct ToneDifferences {
    std::vector<double> i, s, p, weight;
    double n_voxels = 0;
};

inline ToneDifferences tone_differences(const NgtdmCounts& m) {
    ToneDifferences t;
    std::vector<std::int64_t> voxels;
    std::int64_t n_voxels = 0;
    for (std::size_t a = 0; a < m.n_levels; ++a) {
        const std::int64_t *n = m.voxels + a * m.n_numbers, *sums = m.difference_sums + a * m.n_numbers;
        std::int64_t here = m.lone_voxels ? n[0] : 0;
        for (std::size_t c = 1; c < m.n_numbers; ++c) here += n[c];
        if (here == 0) continue;
        n_voxels += here;
        voxels.push_back(here);
        t.i.push_back(static_cast<double>(m.level_values[a]));
        t.s.push_back(lane_sum(m.n_numbers - 1, [&](std::size_t c) {
            return as_double(sums[c + 1]) / static_cast<double>(static_cast<std::int32_t>(c + 1));
        }));
    }
    t.n_voxels = static_cast<double>(n_voxels);
    for (std::size_t a = 0; a < voxels.size(); ++a) {
        t.p.push_back(static_cast<double>(voxels[a]) / t.n_voxels);
        t.weight.push_back(t.i[a] * static_cast<double>(voxels[a]));
    }
    return t;
}

// Sums over all ordered pairs of levels.
struct PairSums {
    double spread = 0, change = 0, complexity = 0, reach = 0;
};

inline PairSums pair_sums(const ToneDifferences& t, const std::vector<double>& ps) {
    PairSums sums;
    const std::size_t n = t.i.size();
    for (std::size_t a = 0; a + 1 < n; ++a) {
        const double i = t.i[a], p = t.p[a], own = ps[a], weight = t.weight[a];
        const double *x = t.i.data() + a + 1, *q = t.p.data() + a + 1, *qs = ps.data() + a + 1;
        const double* w = t.weight.data() + a + 1;
        const std::size_t rest = n - a - 1;
        sums.spread += p * lane_sum(rest, [&](std::size_t b) { return q[b] * ((i - x[b]) * (i - x[b])); });
        sums.reach += lane_sum(rest, [&](std::size_t b) { return (p + q[b]) * ((i - x[b]) * (i - x[b])); });
        sums.change += lane_sum(rest, [&](std::size_t b) { return std::fabs(weight - w[b]); });
        sums.complexity +=
            lane_sum(rest, [&](std::size_t b) { return std::fabs(i - x[b]) * (own + qs[b]) / (p + q[b]); });
    }
    for (double* sum : {&sums.spread, &sums.change, &sums.complexity, &sums.reach}) *sum *= 2;
    return sums;
}

// In the order of fasttex/features/ngtdm.py; NaN where no voxel has a neighbor.
inline void ngtdm_features(const NgtdmCounts& m, double* f) {
    const ToneDifferences t = tone_differences(m);
    const std::size_t n = t.i.size();
    if (n == 0) {
        std::fill(f, f + kNgtdmFeatures, std::numeric_limits<double>::quiet_NaN());
        return;
    }
    std::vector<double> ps(n);
    for (std::size_t a = 0; a < n; ++a) ps[a] = t.p[a] * t.s[a];
    const PairSums sums = pair_sums(t, ps);
    const double weighted = lane_sum(n, [&](std::size_t a) { return ps[a]; });
    const double total = lane_sum(n, [&](std::size_t a) { return t.s[a]; });
    const double change = sums.change / t.n_voxels, present = static_cast<double>(n);
    f[0] = weighted > 0 ? 1 / weighted : 1e6;
    f[1] = n > 1 ? sums.spread / (present * (present - 1)) * total / t.n_voxels : 0.0;
    f[2] = change > 0 ? weighted / FASTTEX_PLANTED(45, change, change / 2) : 0.0;
    f[3] = sums.complexity / t.n_voxels;
    f[4] = total != 0 ? sums.reach / total : 0.0;
}

}  // namespace fasttex
