// Views of a ROI's padded level buffer, and the walk over its rows.
//
// Levels lie in a buffer with zeros around them, x fastest; 0 means outside. So no kernel asks where the
// border is: a neighbor that does not exist reads as level 0. Each row is walked from its first to its last
// voxel inside the ROI only. Kernels that compute on whole registers read beyond the rows, and with steps of
// several voxels even beyond the padding: what lies outside the buffer reads as 0, too.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "canary.hpp"

#define FASTTEX_RESTRICT __restrict

namespace fasttex {

using Index = std::ptrdiff_t;

struct Offset {
    Index z, y, x;
};

using Offsets = std::vector<Offset>;

inline bool operator==(const Offset& a, const Offset& b) { return a.z == b.z && a.y == b.y && a.x == b.x; }
inline Offset operator-(const Offset& a, const Offset& b) { return {a.z - b.z, a.y - b.y, a.x - b.x}; }
inline Offset operator-(const Offset& a) { return {-a.z, -a.y, -a.x}; }

// Whether a voxel at this offset comes later when voxels are walked in memory order.
inline bool points_ahead(const Offset& o) {
    return o.z > 0 || (o.z == 0 && (o.y > 0 || (o.y == 0 && o.x > 0)));
}

struct Shape {
    Index z, y, x;
    Index voxels() const { return z * y * x; }
};

// The interior of a padded buffer; `origin` is voxel (0, 0, 0), strides count voxels, and the buffer reaches
// from `begin` up to `end`.
template <class Level>
struct RoiView {
    const Level* origin;
    Shape shape;
    Index plane_stride, row_stride;
    Index n_levels;
    const Level* begin;
    const Level* end;

    // The same buffer, of which only the planes first … last - 1 are walked.
    RoiView slab(Index first, Index last) const {
        RoiView part = *this;
        part.origin += first * plane_stride;
        part.shape.z = last - first;
        return part;
    }

    const Level* row(Index z, Index y) const { return origin + z * plane_stride + y * row_stride; }
    Index step(const Offset& o) const { return o.z * plane_stride + o.y * row_stride + o.x; }
    std::vector<Index> steps(const Offsets& offsets) const {
        std::vector<Index> result;
        for (const Offset& o : offsets) result.push_back(step(o));
        return result;
    }
};

// From the first voxel inside to one past the last; empty where first == last.
struct Span {
    Index first, last;
    bool empty() const { return first >= last; }
    Index size() const { return last - first; }
};

template <class T>
Span span_of(const T* row, Index n) {
    constexpr Index kLanes = sizeof(std::uint64_t) / sizeof(T);
    const auto clear = [row](Index x) {
        std::uint64_t word;
        std::memcpy(&word, row + x, sizeof word);
        return word == 0;
    };
    Index first = 0, last = n;
    while (first + kLanes <= n && clear(first)) first += kLanes;
    while (first < n && row[first] == 0) ++first;
    while (last - kLanes >= first && clear(last - kLanes)) last -= kLanes;
    while (last > first && row[last - 1] == 0) --last;
    return {first, FASTTEX_PLANTED(1, last, last - 1)};
}

// Covers the span with blocks of a fixed number of voxels, which compilers turn into whole vectors: calls
// visit(start, n, fresh), where n is that number as a constant. A block may begin before `fresh`, the first
// voxel that no block covered yet, and end behind the span, but never leaves the row. Rows shorter than a
// block take a smaller one; the shortest are visited once, with the span's length as n.
template <Index Lanes, class Visit>
void for_each_block(Span span, Index row_length, const Visit& visit) {
    constexpr Index kSmallest = 16;
    if (row_length >= Lanes) {
        for (Index fresh = span.first; fresh < span.last;) {
            const Index start = std::min(fresh, row_length - Lanes);
            visit(start, std::integral_constant<Index, Lanes>{}, fresh);
            fresh = start + Lanes;
        }
    } else if constexpr (Lanes > kSmallest) {
        for_each_block<Lanes / 2>(span, row_length, visit);
    } else {
        visit(span.first, span.size(), span.first);
    }
}

// Calls visit(z, y, row, span) for every row that holds a voxel, in memory order.
template <class Level, class Visit>
void for_each_row(const RoiView<Level>& roi, Visit&& visit) {
    for (Index z = 0; z < roi.shape.z; ++z) {
        for (Index y = 0; y < roi.shape.y; ++y) {
            const Level* row = roi.row(z, y);
            const Span span = span_of(row, roi.shape.x);
            if (!span.empty()) visit(z, y, row, span);
        }
    }
}

}  // namespace fasttex
