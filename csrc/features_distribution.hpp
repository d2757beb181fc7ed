// The features that GLRLM, GLSZM, GLDZM and NGLDM share: counts by gray level i and a second number j.
//
// Counts other than 0 are kept, level by level, and added up by i and by j as integers. Where a definition
// asks for i or j alone it follows from these marginals. The four that weigh with both take two sums over j
// for each level, Σ_j count / j² and Σ_j count·j², which are then weighed by i.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "canary.hpp"
#include "lanes.hpp"
#include "log2.hpp"

namespace fasttex {

constexpr std::size_t kDistributionFeatures = 17;

// One matrix: counts that are not 0, by level, and where those of each level begin.
struct Distribution {
    std::vector<std::int64_t> count, by_level, by_size;
    std::vector<std::int32_t> place;  // of j in sizes
    std::vector<std::size_t> begin;   // one per level, and the end
    std::vector<double> levels, sizes;
    double n_voxels = 0;
};

// counts[i * n_sizes + j - 1], for the levels that d holds already.
inline void fill_dense(const std::int64_t* counts, std::size_t n_sizes, Distribution& d) {
    const std::size_t n_levels = d.levels.size();
    d.sizes.resize(n_sizes);
    for (std::size_t j = 0; j < n_sizes; ++j) d.sizes[j] = static_cast<double>(j + 1);
    d.by_size.assign(n_sizes, 0);
    d.by_level.assign(n_levels, 0);
    d.begin.assign(n_levels + 1, 0);
    d.count.resize(n_levels * n_sizes + 1);
    d.place.resize(d.count.size());
    std::size_t last = 0;
    for (std::size_t i = 0; i < n_levels; ++i) {
        const std::int64_t* row = counts + i * n_sizes;
        d.begin[i] = last;
        for (std::size_t j = 0; j < n_sizes; ++j) {  // kept where not 0, without a branch
            d.count[last] = row[j];
            d.place[last] = static_cast<std::int32_t>(j);
            d.by_level[i] += row[j];
            d.by_size[j] += row[j];
            last += row[j] != 0;
        }
    }
    d.begin[n_levels] = last;
    d.count.resize(last);
    d.place.resize(last);
}

// The distinct values among a column of rows, rising, and the place of each row's.
inline void rank(const std::int64_t* rows, std::size_t n_rows, std::size_t column,
                 std::vector<std::int64_t>& values, std::vector<std::int32_t>& places) {
    std::int64_t highest = 0;
    for (std::size_t r = 0; r < n_rows; ++r) highest = std::max(highest, rows[4 * r + column]);
    const auto n_low =
        static_cast<std::size_t>(std::min(highest + 1, static_cast<std::int64_t>(4 * n_rows) + 1024));
    std::vector<std::int32_t> of_low(n_low, 0);  // place of the low values, which are many and close together
    values.clear();
    for (std::size_t r = 0; r < n_rows; ++r) {
        const auto value = static_cast<std::size_t>(rows[4 * r + column]);
        if (value < n_low) {
            of_low[value] = 1;
        } else {
            values.push_back(rows[4 * r + column]);
        }
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    std::vector<std::int64_t> low;
    for (std::size_t value = 0; value < n_low; ++value) {
        if (of_low[value] == 0) continue;
        of_low[value] = static_cast<std::int32_t>(low.size());
        low.push_back(static_cast<std::int64_t>(value));
    }
    values.insert(values.begin(), low.begin(), low.end());
    places.resize(n_rows);
    for (std::size_t r = 0; r < n_rows; ++r) {
        const std::int64_t value = rows[4 * r + column];
        places[r] = value < static_cast<std::int64_t>(n_low)
                        ? of_low[static_cast<std::size_t>(value)]
                        : static_cast<std::int32_t>(std::lower_bound(values.begin(), values.end(), value) -
                                                    values.begin());
    }
}

// From rows (level, size, border distance, count), sorted by level, of which `column` is j. Counts of equal
// level and j are added up.
inline void fill_rows(const std::int64_t* rows, std::size_t n_rows, std::size_t column, Distribution& d) {
    std::vector<std::int64_t> values;
    std::vector<std::int32_t> places;
    rank(rows, n_rows, column, values, places);
    d.sizes.assign(values.begin(), values.end());
    d.by_size.assign(values.size(), 0);
    d.by_level.assign(d.levels.size(), 0);
    d.begin.assign(d.levels.size() + 1, 0);
    d.count.clear();
    d.place.clear();
    std::vector<std::int64_t> line(values.size(), 0);
    std::vector<std::int32_t> touched;
    for (std::size_t i = 0, r = 0; i < d.levels.size(); ++i) {
        touched.clear();
        for (; r < n_rows && rows[4 * r] == static_cast<std::int64_t>(i) + 1; ++r) {
            const std::int64_t count = rows[4 * r + 3];
            const auto at = static_cast<std::size_t>(places[r]);
            if (line[at] == 0) touched.push_back(places[r]);
            line[at] += count;
            d.by_level[i] += count;
            d.by_size[at] += count;
        }
        if (!std::is_sorted(touched.begin(), touched.end())) std::sort(touched.begin(), touched.end());
        for (const std::int32_t at : touched) {
            d.place.push_back(at);
            d.count.push_back(line[static_cast<std::size_t>(at)]);
            line[static_cast<std::size_t>(at)] = 0;
        }
        d.begin[i + 1] = d.count.size();
        if (i + 1 == d.levels.size() && r < n_rows)
            throw std::invalid_argument("rows of zones are not sorted by level, or have a level too high");
    }
}

// The emphases by i and j together.
inline void joint_emphases(const Distribution& d, double total, double* f) {
    std::vector<double> small(d.levels.size()), large(d.levels.size()), inverse(d.sizes.size());
    for (std::size_t j = 0; j < inverse.size(); ++j) inverse[j] = 1 / (d.sizes[j] * d.sizes[j]);
    for (std::size_t i = 0; i < small.size(); ++i) {
        double over = 0, times = 0;
        for (std::size_t c = d.begin[i]; c < d.begin[i + 1]; ++c) {
            const auto at = static_cast<std::size_t>(d.place[c]);
            const double count = static_cast<double>(d.count[c]);
            over += count * inverse[at];
            times += count * (d.sizes[at] * d.sizes[at]);
        }
        small[i] = over;
        large[i] = times;
    }
    const double* x = d.levels.data();
    const std::size_t n = small.size();
    f[4] = lane_sum(n, [&](std::size_t i) { return small[i] / (x[i] * x[i]); }) / total;
    f[5] = lane_sum(n, [&](std::size_t i) { return small[i] * (x[i] * x[i]); }) / total;
    f[6] = lane_sum(n, [&](std::size_t i) { return large[i] / (x[i] * x[i]); }) / total;
    f[7] = lane_sum(n, [&](std::size_t i) { return large[i] * (x[i] * x[i]); }) / total;
}

// What follows from the counts by one of the two numbers.
struct MarginalFeatures {
    double small, large, non_uniformity, variance;
};

inline MarginalFeatures marginal_features(const std::vector<std::int64_t>& count,
                                          const std::vector<double>& value, double total) {
    const double* x = value.data();
    const auto sum = [&](const auto& weight) {
        return lane_sum(value.size(), [&](std::size_t n) { return as_double(count[n]) * weight(n); });
    };
    const double mu = sum([&](std::size_t n) { return x[n]; }) / total;
    return {sum([&](std::size_t n) { return 1 / (x[n] * x[n]); }) / total,
            sum([&](std::size_t n) { return x[n] * x[n]; }) / total,
            sum([&](std::size_t n) { return as_double(count[n]); }),
            sum([&](std::size_t n) { return (x[n] - mu) * (x[n] - mu); }) / total};
}

// In the order of fasttex/features/ngldm.py, of which the other families have all but the last.
inline void distribution_features(const Distribution& d, double* f) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    std::int64_t n_counted = 0;
    for (const std::int64_t count : d.by_level) n_counted += count;
    const double total = static_cast<double>(n_counted);
    std::fill(f, f + kDistributionFeatures, kNan);
    f[12] = d.n_voxels != 0 ? total / d.n_voxels : kNan;
    if (n_counted == 0) return;
    const MarginalFeatures i = marginal_features(d.by_level, d.levels, total);
    const MarginalFeatures j = marginal_features(d.by_size, d.sizes, total);
    f[0] = j.small;
    f[1] = j.large;
    f[2] = i.small;
    f[3] = i.large;
    joint_emphases(d, total, f);
    f[8] = i.non_uniformity / total;
    f[9] = i.non_uniformity / (total * total);
    f[10] = FASTTEX_PLANTED(43, j.non_uniformity, i.non_uniformity) / total;
    f[11] = j.non_uniformity / (total * total);
    f[13] = i.variance;
    f[14] = FASTTEX_PLANTED(44, j.variance, j.variance + 1e-9 * j.large);
    const std::int64_t* count = d.count.data();
    f[15] = 0.0 - lane_sum(d.count.size(),
                           [&](std::size_t c) { return entropy_term(as_double(count[c]) / total); });
    f[16] = lane_sum(d.count.size(), [&](std::size_t c) {
        const double p = as_double(count[c]) / total;
        return p * p;
    });
}

}  // namespace fasttex
