// City-block distance to the border of a mask (the map of IBSI's GLDZM, VMDZ; arXiv:1612.07003,
// section 3.10).
//
// The city-block distance is separable: the distance along x alone, then along every other axis the smaller
// of a voxel's value and its neighbor's plus one, once in each direction. Beyond the array all is outside
// (distance 0). A planar item takes no steps along z.
#pragma once

#include <algorithm>
#include <cstdint>

#include "roi_view.hpp"

namespace fasttex {

using Distance = std::uint16_t;

struct MaskView {
    const unsigned char* data;  // C order, nonzero inside
    Shape shape;
};

namespace border_distance_detail {

constexpr std::int32_t kFar = 65535;

inline void along_row(const unsigned char* inside, Index n, Distance* out) {
    std::int32_t distance = 0;
    for (Index x = 0; x < n; ++x) {
        distance = inside[x] ? std::min(distance + 1, kFar) : 0;
        out[x] = static_cast<Distance>(distance);
    }
    distance = 0;
    for (Index x = n - 1; x >= 0; --x) {
        distance = std::min<std::int32_t>(out[x], std::min(distance + 1, kFar));
        out[x] = static_cast<Distance>(distance);
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

// Both ways through `lines` lines of n voxels each, one after the other in memory.
inline void sweep(Distance* out, Index lines, Index n, Index backward_lines) {
    step_from_outside(n, out);
    for (Index k = 1; k < lines; ++k) step_from(out + (k - 1) * n, n, out + k * n);
    step_from_outside(n, out + (lines - 1) * n);
    for (Index k = backward_lines - 2; k >= 0; --k) step_from(out + (k + 1) * n, n, out + k * n);
}

}  // namespace border_distance_detail

enum class Steps { in_slice, in_volume };

// `out`: C order, shape of the mask.
inline void border_distance(const MaskView& mask, Steps steps, Distance* out) {
    const Shape& shape = mask.shape;
    const Index plane = shape.y * shape.x;
    if (shape.voxels() == 0) return;
    for (Index z = 0; z < shape.z; ++z) {
        for (Index y = 0; y < shape.y; ++y) {
            const Index at = z * plane + y * shape.x;
            border_distance_detail::along_row(mask.data + at, shape.x, out + at);
        }
        border_distance_detail::sweep(out + z * plane, shape.y, shape.x, shape.y);
    }
    if (steps == Steps::in_slice) return;
    border_distance_detail::sweep(out, shape.z, plane, FASTTEX_PLANTED(13, shape.z, Index{0}));
}

}  // namespace fasttex
