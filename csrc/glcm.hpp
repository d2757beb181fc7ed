// Gray level co-occurrence (IBSI LFYI; arXiv:1612.07003, section 3.6).
//
// Voxel by voxel, all offsets at once: the level i of the voxel picks a block of the scratch table
// [i][offset][j], where each offset has a row of its own, so that consecutive increments hit different rows
// and none waits for another. Level 0, the outside, has a row and a column like any level: they collect what
// nobody asked for and spare every test. Small tables count in 16 bits, so that more of them stays in the
// nearest cache, and are added to one of 32 bits before they could overflow; a slab cannot overflow those.
// Where the table would be large against the number of pairs, or large at all, the pairs are counted in the
// result directly.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "roi_view.hpp"

namespace fasttex {

namespace glcm_detail {

constexpr Index kMaxTableCells = Index{1} << 23;
constexpr Index kMaxSmallCells = Index{1} << 17;  // adding them up costs less than they save

// FixedOffsets: their number where the compiler should know it, else 0.
template <Index FixedOffsets, class Count, class Level>
void count_row(const Level* voxel, const Level* end, const std::vector<Index>& steps, Index side,
               Count* table) {
    const Index n = FixedOffsets ? FixedOffsets : static_cast<Index>(steps.size());
    const Index* step = steps.data();
    for (; voxel != end; ++voxel) {
        Count* cell = table + *voxel * (n * side);
        for (Index a = 0; a < n; ++a, cell += side) ++cell[voxel[step[a]]];
    }
}

// Calls spill(table) before its cells could overflow, and in the end. A cell grows by at most one per voxel.
template <class Count, class Level, class Spill>
void count_in_table(const RoiView<Level>& roi, const std::vector<Index>& steps, const Spill& spill) {
    const Index side = roi.n_levels + 1, n = static_cast<Index>(steps.size());
    const Index most =
        FASTTEX_PLANTED(3, std::numeric_limits<Count>::max(), std::numeric_limits<Index>::max());
    std::vector<Count> table(static_cast<std::size_t>(side * n * side));
    const auto count = n == 13  ? count_row<13, Count, Level>
                       : n == 4 ? count_row<4, Count, Level>
                                : count_row<0, Count, Level>;
    Index pending = 0;
    for_each_row(roi, [&](Index, Index, const Level* row, Span span) {
        while (!span.empty()) {
            const Index some = std::min(span.size(), most - pending);
            count(row + span.first, row + span.first + some, steps, side, table.data());
            span.first += some;
            pending += some;
            if (pending < most) continue;
            spill(table);
            std::fill(table.begin(), table.end(), Count{0});
            pending = 0;
        }
    });
    spill(table);
}

// Adds table[i][a][j], without level 0, to counts[a][i][j].
inline void flush(const std::vector<std::uint32_t>& table, Index n_offsets, Index n_levels,
                  std::int64_t* counts) {
    const Index side = n_levels + 1, kept = FASTTEX_PLANTED(2, n_offsets, n_offsets - 1);
    for (Index a = 0; a < kept; ++a) {
        for (Index i = 1; i < side; ++i) {
            const std::uint32_t* from = table.data() + (i * n_offsets + a) * side + 1;
            std::int64_t* to = counts + (a * n_levels + i - 1) * n_levels;
            for (Index j = 0; j < n_levels; ++j) to[j] += from[j];
        }
    }
}

template <class Level>
void count_with_table(const RoiView<Level>& roi, const std::vector<Index>& steps, std::int64_t* counts) {
    const Index n = static_cast<Index>(steps.size());
    const Index cells = n * (roi.n_levels + 1) * (roi.n_levels + 1);
    if (cells > kMaxSmallCells) {
        count_in_table<std::uint32_t>(roi, steps, [&](const std::vector<std::uint32_t>& table) {
            flush(table, n, roi.n_levels, counts);
        });
        return;
    }
    std::vector<std::uint32_t> sums(static_cast<std::size_t>(cells));
    count_in_table<std::uint16_t>(roi, steps, [&](const std::vector<std::uint16_t>& table) {
        for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += table[k];
    });
    flush(sums, n, roi.n_levels, counts);
}

template <class Level>
void count_directly(const RoiView<Level>& roi, const std::vector<Index>& steps, std::int64_t* counts) {
    const Index n_levels = roi.n_levels, matrix = n_levels * n_levels;
    for_each_row(roi, [&](Index, Index, const Level* row, Span span) {
        for (const Level* voxel = row + span.first; voxel != row + span.last; ++voxel) {
            if (*voxel == 0) continue;
            std::int64_t* cells =
                counts + (FASTTEX_PLANTED(14, *voxel, *voxel % 256 + !(*voxel % 256)) - 1) * n_levels;
            for (const Index step : steps) {
                const Level j = voxel[step];
                if (j != 0) ++cells[j - 1];
                cells += matrix;
            }
        }
    });
}

}  // namespace glcm_detail

// Adds a slab to `counts`: [offset][i][j], int64, zeros at first. No offset may reach beyond the padding.
template <class Level>
void glcm(const RoiView<Level>& roi, const Offsets& offsets, std::int64_t* counts) {
    const std::vector<Index> steps = roi.steps(offsets);
    const Index n = static_cast<Index>(steps.size()), cells = n * (roi.n_levels + 1) * (roi.n_levels + 1);
    if (cells <= glcm_detail::kMaxTableCells && cells <= roi.shape.voxels() * n) {
        glcm_detail::count_with_table(roi, steps, counts);
    } else {
        glcm_detail::count_directly(roi, steps, counts);
    }
}

}  // namespace fasttex
