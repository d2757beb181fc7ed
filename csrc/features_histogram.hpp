// The compiled twin of the rows of intensity_histogram (IBSI: ZVCW); see features_intensity.hpp.
#pragma once

#include "features_intensity.hpp"
#include "log2.hpp"

namespace fasttex {

constexpr Index kHistogramFeatures = 23;

namespace histogram_detail {

using intensity_detail::kNaN;

// The gray levels that occur, rising, and the voxels of each.
struct Histogram {
    std::vector<std::int64_t> level, count;
    std::int64_t n_bins;

    std::int64_t at(std::int64_t bin) const {
        const auto place = std::lower_bound(level.begin(), level.end(), bin);
        return place != level.end() && *place == bin ? count[place - level.begin()] : 0;
    }
    double gradient(std::int64_t bin) const {
        const std::int64_t right = std::min(bin + 1, n_bins), left = std::max<std::int64_t>(bin - 1, 1);
        return static_cast<double>(at(right) - at(left)) / static_cast<double>(right - left);
    }
};

// Largest gradient and its bin, smallest and its bin; of equal ones the lowest bin. Far from levels that
// occur the gradient is 0, so that of those bins the lowest is enough: it is the first, or behind a level.
inline void gradients(const Histogram& h, double* out) {
    std::fill(out, out + 4, kNaN);
    if (h.n_bins == 1) return;
    std::int64_t last = 0;
    const auto look = [&](std::int64_t bin) {
        if (bin <= last || bin > h.n_bins) return;
        const double slope = h.gradient(bin);
        if (last == 0 || slope > out[0]) {
            out[0] = slope;
            out[1] = static_cast<double>(bin);
        }
        if (last == 0 || slope < out[2]) {
            out[2] = slope;
            out[3] = static_cast<double>(bin);
        }
        last = bin;
    };
    look(1);
    for (const std::int64_t level : h.level) {
        for (std::int64_t bin = level - 1; bin <= level + 2; ++bin) look(bin);
    }
}

// Most frequent level; of equally frequent ones the nearest to the mean, then the lower.
inline double mode(const Histogram& h, double mean) {
    const std::int64_t most = *std::max_element(h.count.begin(), h.count.end());
    double best = 0, distance = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < h.level.size(); ++k) {
        const double away = std::abs(static_cast<double>(h.level[k]) - mean);
        if (h.count[k] != most || away >= distance) continue;
        best = static_cast<double>(h.level[k]);
        distance = away;
    }
    return best;
}

template <class Level>
std::vector<std::int64_t> level_counts(const RoiView<Level>& roi) {
    const std::size_t n = static_cast<std::size_t>(roi.n_levels) + 1;
    std::vector<std::uint32_t> table(4 * n, 0);
    std::vector<std::int64_t> counts(n, 0);
    for_each_row(roi, [&](Index, Index, const Level* row, Span span) {
        Index x = span.first;
        for (; x + 4 <= span.last; x += 4) {
            for (std::size_t lane = 0; lane < 4; ++lane) ++table[lane * n + row[x + lane]];
        }
        for (; x < span.last; ++x) ++table[row[x]];
    });
    for (std::size_t k = 0; k < table.size(); ++k) counts[k % n] += table[k];
    return counts;
}

}  // namespace histogram_detail

// `level_values`: what each level stands for. `out`: kHistogramFeatures numbers.
template <class Level>
void intensity_histogram(const RoiView<Level>& roi, const std::int64_t* level_values, bool excess_kurtosis,
                         double* out) {
    using namespace histogram_detail;
    const std::vector<std::int64_t> counts = level_counts(roi);
    Histogram h{{}, {}, level_values[roi.n_levels - 1]};
    Tally tally;
    for (Index level = 1; level <= roi.n_levels; ++level) {
        if (!counts[level]) continue;
        h.level.push_back(level_values[level - 1]);
        h.count.push_back(counts[level]);
        tally.add(static_cast<double>(h.level.back()), counts[level]);
    }
    if (h.level.empty()) {
        std::fill(out, out + kHistogramFeatures, kNaN);
        return;
    }
    double row[kStatistics];
    intensity_detail::tallied_statistics(tally, excess_kurtosis, row);
    const double n = static_cast<double>(tally.total);
    const auto sums = lane_sums<2>(static_cast<Index>(tally.count.size()), [&](Index k, double* term) {
        const double p = tally.count[k] / n;
        term[0] = p * log2_of(p);
        term[1] = p * p;
    });
    std::copy(row, row + 9, out);
    out[9] = mode(h, row[0]);
    std::copy(row + 9, row + 16, out + 10);
    out[17] = 0.0 - sums[0];
    out[18] = sums[1];
    gradients(h, out + 19);
}

}  // namespace fasttex
