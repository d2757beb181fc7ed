// Gray levels from intensities (IBSI 4R0B: fixed bin size, fixed bin number; arXiv:1612.07003, section 2.7).
//
// One pass over the box: a row is read as float64, its levels are computed in double precision, and they are
// written straight into the padded buffer, 0 where the mask is not set. floor(q) + 1 clipped to 1 … n equals
// 1 + trunc(q clipped to 0 … n - 1), also where q is infinite: clipping first keeps the cast defined, and
// truncation needs no call of floor. The quotient itself is computed exactly as the definition says.
//
// Edges that lie about evenly are not searched: the line through them tells which edge is the nearest, and
// one comparison with it on which side an intensity lies.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
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

// Edges, the last of which may lie anywhere. They count as even where the nearest one to each of the others,
// by the line through them, is itself. Then the nearest to any number is one of the two around it, whatever
// is rounded: the line's arithmetic never falls where numbers rise.
class Edges {
  public:
    Edges(const double* edges, Index n) : edges_(edges), n_(n) {
        if (n < 3 || n > kMost) return;
        inverse_ = static_cast<double>(n - 2) / (edges[n - 2] - edges[0]);
        even_ = inverse_ > 0 && inverse_ <= std::numeric_limits<double>::max();
        for (Index k = 0; k < n - 1 && even_; ++k) even_ = nearest(edges[k]) == k;
    }

    // Replaces numbers by how many edges are at or below each.
    void count_below(double* FASTTEX_RESTRICT x, Index n) const {
        if (!even_) {
            for (Index k = 0; k < n; ++k)
                x[k] = static_cast<double>(std::upper_bound(edges_, edges_ + n_, x[k]) - edges_);
            return;
        }
        const double last = edges_[n_ - 1];
        for (Index k = 0; k < n; ++k) {
            const std::int32_t edge = nearest(x[k]);
            x[k] = edge + (x[k] >= edges_[edge]) + (x[k] >= last);
        }
    }

  private:
    static constexpr Index kMost = Index{1} << 30;

    std::int32_t nearest(double x) const {
        return static_cast<std::int32_t>(
            clip((x - edges_[0]) * inverse_ + 0.5, 0.0, static_cast<double>(n_ - 2)));
    }

    const double* edges_;
    Index n_;
    double inverse_ = 0;
    bool even_ = false;
};

// Replaces intensities by levels, as doubles that hold whole numbers or are truncated when they are cast.
inline void row_levels(double* x, Index n, const BinningView& item, const Edges& edges) {
    const double origin = item.origin, width = item.width, n_bins = static_cast<double>(item.n_levels);
    if (item.rule == BinRule::identity || item.rule == BinRule::edges) {
        if (item.rule == BinRule::edges) edges.count_below(x, n);
        for (Index k = 0; k < n; ++k) x[k] = clip(x[k], 1.0, n_bins);
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
    std::vector<unsigned char> spare(x.size());
    const discretize_detail::Edges edges(item.edges, item.n_edges);
    for (Index z = first; z < last; ++z) {
        for (Index y = 0; y < shape.y; ++y) {
            const unsigned char* mask = row_of_bytes(item.inside, z, y, spare.data());
            const Span span = span_of(mask, shape.x);
            if (span.empty()) continue;
            item.intensities.row(z, y, span.first, span.size(), x.data());
            discretize_detail::row_levels(x.data(), span.size(), item, edges);
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
