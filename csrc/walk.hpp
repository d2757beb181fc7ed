// The walk over a ROI by whole registers.
//
// Rows are covered from their first voxel inside to their last. Where the next row's first voxel follows
// within a register's length, as in small ROIs, both rows are walked as one stretch of memory: the zeros
// between them are voxels outside, like any.
#pragma once

#include "roi_view.hpp"
#include "simd.hpp"

namespace fasttex {

// Calls visit(first, last), pointers, for stretches of memory that hold all voxels of the ROI, in memory
// order.
template <class Level, class Visit>
void for_each_stretch(const RoiView<Level>& roi, const Visit& visit) {
    const Level *first = nullptr, *last = nullptr;
    for_each_row(roi, [&](Index, Index, const Level* row, Span span) {
        if (first && row + span.first - last < Lanes<Level>::n) {
            last = row + span.last;
            return;
        }
        if (first) visit(first, last);
        first = row + span.first;
        last = row + span.last;
    });
    if (first) visit(first, last);
}

// Calls visit(at, level, look) for registers that cover the memory from `first` to `last`: `level` holds the
// levels from `at` on, with 0 in lanes behind `last`, and look(step) those of the voxels one step away. No
// step is longer than `reach` voxels; beyond the buffer all is 0.
template <class Level, class Visit>
void for_each_register(const RoiView<Level>& roi, const Level* first, const Level* last, Index reach,
                       const Visit& visit) {
    constexpr Index kLanes = Lanes<Level>::n;
    for (const Level* at = first; at < last; at += kLanes) {
        if (at - roi.begin >= reach && roi.end - at >= reach + kLanes) {
            auto level = Lanes<Level>::load(at);
            if (last - at < kLanes) level &= Lanes<Level>::first(last - at);
            visit(at, level, [at](Index step) { return Lanes<Level>::load(at + step); });
        } else {
            const auto look = [&](Index step) {
                return Lanes<Level>::load_within(roi.begin, roi.end, at - roi.begin + step);
            };
            visit(at, look(0) & Lanes<Level>::first(std::min(kLanes, last - at)), look);
        }
    }
}

// The same for registers that cover each voxel of the ROI once.
template <class Level, class Visit>
void for_each_register(const RoiView<Level>& roi, Index reach, const Visit& visit) {
    for_each_stretch(roi, [&](const Level* first, const Level* last) {
        for_each_register(roi, first, last, reach, visit);
    });
}

}  // namespace fasttex
