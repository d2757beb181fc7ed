// Level differences and dependences within a neighborhood, in one pass (IBSI IPET for NGTDM and REK0 for
// NGLDM; arXiv:1612.07003, sections 3.11 and 3.12).
//
// For a block of a row at a time and one offset after the other, three sums grow side by side: how many
// neighbors lie inside, the sum of their levels, and how many differ by at most alpha. Then each voxel adds
// to the cells of its level. With c neighbors of sum t the grey tone difference is |i - t/c| = |c*i - t| / c:
// the integer |c*i - t| is summed by level and c, so nothing is rounded. Levels that stand for consecutive
// values may be used in place of the values: a common shift leaves every difference as it is. Other values,
// which occur where levels were compacted, are looked up voxel by voxel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include "roi_view.hpp"

namespace fasttex {

// Zeros, [i][number], int64, rows as long as the number of offsets + 1.
struct NeighborhoodCounts {
    std::int64_t* difference_sums;
    std::int64_t* voxels;
    std::int64_t* dependences;
    Index n_numbers;

    void add(Index level, Index neighbors, std::int64_t difference, Index dependent) const {
        if (FASTTEX_PLANTED(8, false, neighbors == 0)) return;
        const Index row = (level - 1) * n_numbers;
        difference_sums[row + neighbors] += difference;
        ++voxels[row + neighbors];
        ++dependences[row + dependent];
    }
};

// What the levels stand for: values[level - 1].
struct LevelValues {
    const std::int64_t* values;
    std::int64_t alpha;

    bool consecutive(Index n_levels) const {
        for (Index i = 1; i < n_levels; ++i) {
            if (values[i] != values[i - 1] + 1) return false;
        }
        return true;
    }
};

namespace neighborhood_detail {

constexpr Index kLanes = 32;

// The three sums of neighboring voxels of a row.
template <class Level, class Count, class Sum>
struct BlockSums {
    void add(const Level* row, const Level* beside, Level alpha, Index n) {
        Count* FASTTEX_RESTRICT c = neighbors;
        Count* FASTTEX_RESTRICT d = dependent;
        Sum* FASTTEX_RESTRICT t = sums;
        for (Index x = 0; x < n; ++x) {
            const Level i = row[x], j = beside[x];
            const Level apart = static_cast<Level>(std::max(i, j) - std::min(i, j));
            const bool like = FASTTEX_PLANTED(9, apart <= alpha, apart < alpha || apart == 0);
            c[x] = static_cast<Count>(c[x] + (j != 0));
            d[x] = static_cast<Count>(d[x] + ((j != 0) & like));
            t[x] = static_cast<Sum>(t[x] + j);
        }
    }

    Count neighbors[kLanes] = {}, dependent[kLanes] = {};
    Sum sums[kLanes] = {};
};

template <class Count, class Sum, class Level>
void count_levels(const RoiView<Level>& roi, const std::vector<Index>& steps, std::int64_t alpha,
                  const NeighborhoodCounts& counts) {
    const Level within = static_cast<Level>(std::min<std::int64_t>(alpha, std::numeric_limits<Level>::max()));
    for_each_row(roi, [&](Index, Index, const Level* row, Span span) {
        for_each_block<kLanes>(span, roi.shape.x, [&](Index start, auto n, Index fresh) {
            BlockSums<Level, Count, Sum> block;
            for (const Index step : steps) block.add(row + start, row + start + step, within, n);
            for (Index x = fresh; x < std::min(start + n, span.last); ++x) {
                if (row[x] == 0) continue;
                const std::int64_t c = block.neighbors[x - start], t = block.sums[x - start];
                counts.add(row[x], c, std::abs(c * row[x] - t), block.dependent[x - start]);
            }
        });
    });
}

template <class Level>
void count_values(const RoiView<Level>& roi, const std::vector<Index>& steps, const LevelValues& levels,
                  const NeighborhoodCounts& counts) {
    const auto value = [&](Level level) { return levels.values[level - 1]; };
    for_each_row(roi, [&](Index, Index, const Level* row, Span span) {
        for (const Level* voxel = row + span.first; voxel != row + span.last; ++voxel) {
            if (*voxel == 0) continue;
            const std::int64_t i = value(*voxel);
            std::int64_t c = 0, t = 0, dependent = 0;
            for (const Index step : steps) {
                if (voxel[step] == 0) continue;
                const std::int64_t j = value(voxel[step]);
                ++c;
                t += j;
                dependent += std::abs(j - i) <= levels.alpha;
            }
            counts.add(*voxel, c, std::abs(c * i - t), dependent);
        }
    });
}

}  // namespace neighborhood_detail

template <class Level>
void neighborhood(const RoiView<Level>& roi, const Offsets& offsets, const LevelValues& levels,
                  const NeighborhoodCounts& counts) {
    const std::vector<Index> steps = roi.steps(offsets);
    using namespace neighborhood_detail;
    if (levels.alpha < 0 || !levels.consecutive(roi.n_levels) || steps.size() > 65535) {
        count_values(roi, steps, levels, counts);
    } else if (sizeof(Level) == 1 && steps.size() <= 255) {
        count_levels<std::uint8_t, std::uint16_t>(roi, steps, levels.alpha, counts);
    } else {
        count_levels<std::uint16_t, std::uint32_t>(roi, steps, levels.alpha, counts);
    }
}

}  // namespace fasttex
