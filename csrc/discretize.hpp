// Gray levels from intensities (IBSI 4R0B: fixed bin size, fixed bin number; arXiv:1612.07003, section 2.7).
//
// One pass over the box: a row is read as float64, its levels are computed in double precision, and they are
// written straight into the padded buffer, 0 where the mask is not set. floor(q) + 1 clipped to 1 … n equals
// 1 + trunc(q clipped to 0 … n - 1), also where q is infinite: clipping first keeps the cast defined, and
// truncation needs no call of floor. The quotient itself is computed exactly as the definition says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "strided.hpp"

namespace fasttex {

enum class BinRule { fixed_size, fixed_number, edges, identity };

struct BinningView {
    Strided intensities;
    Strided inside;  // bool, read as bytes
    BinRule rule;
    Index n_levels, pad;
    double origin, width;
    const double* edges;
    Index n_edges;
};

namespace discretize_detail {

// NaN, which occurs outside the mask only, becomes `low`.
inline double clip(double value, double low, double high) {
    const double raised = value > low ? value : low;
    return raised < high ? raised : high;
}

template <class Quotient>
void levels_by_quotient(double* x, Index n, Index n_levels, Quotient quotient) {
    const double top =
        static_cast<double>(FASTTEX_PLANTED(11, n_levels, n_levels > 1 ? n_levels - 1 : 1) - 1);
    for (Index k = 0; k < n; ++k) {
        const double q = clip(quotient(x[k]), 0.0, top);
        const std::int32_t floored = static_cast<std::int32_t>(q);
        x[k] = FASTTEX_PLANTED(10, floored + 1, floored + (q > floored || q == 0));
    }
}

inline void levels_by_edges(double* x, Index n, const BinningView& item) {
    for (Index k = 0; k < n; ++k) {
        const Index level = std::upper_bound(item.edges, item.edges + item.n_edges, x[k]) - item.edges;
        x[k] = clip(static_cast<double>(level), 1.0, static_cast<double>(item.n_levels));
    }
}

// Replaces intensities by levels, as doubles that hold whole numbers or are truncated when they are cast.
inline void row_levels(double* x, Index n, const BinningView& item) {
    const double origin = item.origin, width = item.width, n_bins = static_cast<double>(item.n_levels);
    if (item.rule == BinRule::identity) {
        for (Index k = 0; k < n; ++k) x[k] = clip(x[k], 1.0, n_bins);
    } else if (item.rule == BinRule::edges) {
        levels_by_edges(x, n, item);
    } else if (width == 0) {
        std::fill(x, x + n, 1.0);
    } else if (item.rule == BinRule::fixed_size) {
        levels_by_quotient(x, n, item.n_levels, [=](double v) { return (v - origin) / width; });
    } else {
        levels_by_quotient(x, n, item.n_levels, [=](double v) { return n_bins * (v - origin) / width; });
    }
}

}  // namespace discretize_detail

// The planes first … last - 1. `buffer`: zeros, C order, `pad` voxels longer than the box on each side of
// each axis.
template <class Level>
void discretize(const BinningView& item, Index first, Index last, Level* buffer) {
    const Shape& shape = item.intensities.shape;
    const Index row_length = shape.x + 2 * item.pad, plane_rows = shape.y + 2 * item.pad;
    std::vector<double> x(static_cast<std::size_t>(shape.x));
    std::vector<unsigned char> mask(x.size());
    for (Index z = first; z < last; ++z) {
        for (Index y = 0; y < shape.y; ++y) {
            const unsigned char* inside =
                item.inside.data + z * item.inside.stride.z + y * item.inside.stride.y;
            for (Index k = 0; k < shape.x; ++k) mask[k] = inside[k * item.inside.stride.x];
            const Span span = span_of(mask.data(), shape.x);
            if (span.empty()) continue;
            item.intensities.row(z, y, span.first, span.size(), x.data());
            discretize_detail::row_levels(x.data(), span.size(), item);
            Level* out =
                buffer + ((z + item.pad) * plane_rows + y + item.pad) * row_length + item.pad + span.first;
            for (Index k = 0; k < span.size(); ++k) {
                const Level level = static_cast<Level>(static_cast<std::int32_t>(x[k]));
                out[k] = mask[span.first + k] ? level : Level{0};
            }
        }
    }
}

}  // namespace fasttex
