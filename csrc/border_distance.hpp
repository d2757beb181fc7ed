// City-block distance to the border of a mask (the distance map of IBSI's GLDZM, VMDZ; arXiv:1612.07003,
// section 3.10).
//
// The city-block distance is separable: the distance along x alone, then along every other axis the smaller
// of a voxel's value and its neighbor's plus one, once in each direction. Beyond the array all is outside
// (distance 0). A planar item takes no steps along z. Along x a stretch of n voxels inside has the distances
// min(k + 1, n - k); along z some columns at a time are swept both ways while they are in the cache.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "roi_view.hpp"

namespace fasttex {

using Distance = std::uint16_t;

struct MaskView {
    const unsigned char* data;  // C order, nonzero inside
    Shape shape;
};

namespace border_distance_detail {

constexpr Index kFar = 65535;

// `out` is 0 already.
inline void along_row(const unsigned char* inside, Index n, Distance* out) {
    for (Index x = 0; x < n;) {
        if (!inside[x]) {
            const Span rest = span_of(inside + x, n - x);
            if (rest.empty()) return;
            x += rest.first;
        }
        const void* end = std::memchr(inside + x, 0, static_cast<std::size_t>(n - x));
        const Index length = end ? static_cast<const unsigned char*>(end) - inside - x : n - x;
        for (Index k = 0; k < length; ++k) {
            out[x + k] = static_cast<Distance>(std::min(std::min(k + 1, length - k), kFar));
        }
        x += length;
    }
}

// At most one more than the neighbor at the same place of another row or plane.
inline void step_from(const Distance* FASTTEX_RESTRICT neighbor, Index n, Distance* FASTTEX_RESTRICT out) {
    for (Index k = 0; k < n; ++k) {
        const Distance next = static_cast<Distance>(neighbor[k] + (neighbor[k] < kFar));
        out[k] = std::min(out[k], next);
    }
}

inline void step_from_outside(Index n, Distance* out) {
    for (Index k = 0; k < n; ++k) out[k] = std::min<Distance>(out[k], 1);
}

// Both ways through `lines` lines of n voxels each, `stride` voxels apart.
inline void sweep(Distance* out, Index lines, Index stride, Index n, Index backward_lines) {
    step_from_outside(n, out);
    for (Index k = 1; k < lines; ++k) step_from(out + (k - 1) * stride, n, out + k * stride);
    step_from_outside(n, out + (lines - 1) * stride);
    for (Index k = backward_lines - 2; k >= 0; --k) step_from(out + (k + 1) * stride, n, out + k * stride);
}

}  // namespace border_distance_detail

enum class Steps { in_slice, in_volume };

// The distance within each of the planes first … last - 1. `out`: zeros, C order, shape of the mask.
inline void border_distance_in_planes(const MaskView& mask, Index first, Index last, Distance* out) {
    const Shape& shape = mask.shape;
    const Index plane = shape.y * shape.x;
    if (shape.voxels() == 0) return;
    for (Index z = first; z < last; ++z) {
        for (Index y = 0; y < shape.y; ++y) {
            const Index at = z * plane + y * shape.x;
            border_distance_detail::along_row(mask.data + at, shape.x, out + at);
        }
        border_distance_detail::sweep(out + z * plane, shape.y, shape.x, shape.x, shape.y);
    }
}

// From the distance within planes to that in the volume, for the rows first … last - 1 of all planes.
inline void border_distance_across_planes(const Shape& shape, Index first, Index last, Distance* out) {
    constexpr Index kColumns = 4096;
    const Index plane = shape.y * shape.x;
    if (shape.voxels() == 0) return;
    for (Index at = first * shape.x; at < last * shape.x; at += kColumns) {
        const Index n = std::min(kColumns, last * shape.x - at);
        border_distance_detail::sweep(out + at, shape.z, plane, n, FASTTEX_PLANTED(13, shape.z, Index{0}));
    }
}

}  // namespace fasttex
