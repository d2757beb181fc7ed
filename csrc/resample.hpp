// Separable linear interpolation with tables (IBSI VTM2; arXiv:1612.07003, section 2.4).
//
// Along x, then y, then z, each step a[lower]*(1 - w) + a[upper]*w in float64. Neighboring outputs share
// their inputs: a source row is interpolated along x once and kept while two output rows between it and the
// next are made, and a plane interpolated along x and y is kept likewise. So memory holds two rows and two
// planes of output size, never a whole volume between the steps. The compiler must not contract the step
// into a fused multiply-add, which would round differently (-ffp-contract=off).
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "simd.hpp"
#include "strided.hpp"

namespace fasttex {

struct AxisView {
    const std::int64_t* lower;
    const std::int64_t* upper;
    const double* weight;
    Index n;
};

struct SamplingView {
    Strided source;
    AxisView z, y, x;
};

namespace resample_detail {

// Remembers the last two lines (rows or planes) that were made.
class LastTwo {
  public:
    explicit LastTwo(Index length) : lines_{Line(length), Line(length)} {}

    void forget() { tags_[0] = tags_[1] = -1; }

    template <class Make>
    std::pair<const double*, const double*> get(Index lower, Index upper, const Make& make) {
        int a = find(lower);
        if (a < 0) a = fill(tags_[0] == upper ? 1 : 0, lower, make);
        int b = find(upper);
        if (b < 0) b = fill(1 - a, upper, make);
        return {lines_[a].data(), lines_[b].data()};
    }

  private:
    using Line = std::vector<double>;

    int find(Index tag) const { return tags_[0] == tag ? 0 : tags_[1] == tag ? 1 : -1; }

    template <class Make>
    int fill(int slot, Index tag, const Make& make) {
        make(tag, lines_[slot].data());
        tags_[slot] = tag;
        return slot;
    }

    Line lines_[2];
    Index tags_[2] = {-1, -1};
};

inline void lerp(std::pair<const double*, const double*> ends, double w, Index n,
                 double* FASTTEX_RESTRICT out) {
    const double* a = ends.first;
    const double* b = ends.second;
    const double rest = 1 - w;
    for (Index k = 0; k < n; ++k) out[k] = a[k] * rest + b[k] * w;
}

// Reads the part of a source row that the table touches, and interpolates along x.
class RowMaker {
  public:
    explicit RowMaker(const SamplingView& item) : source_(item.source) {
        const AxisView& x = item.x;
        first_ = *std::min_element(x.lower, x.lower + x.n);
        const Index last = *std::max_element(x.upper, x.upper + x.n);
        row_.resize(static_cast<std::size_t>(last - first_ + 1));
        bool all_next = true;
        for (Index k = 0; k < x.n; ++k) {
            lower_.push_back(x.lower[k] - first_);
            upper_.push_back(x.upper[k] - first_);
            weights_.push_back(1 - x.weight[k]);
            weights_.push_back(FASTTEX_PLANTED(12, x.weight[k], x.weight[0]));
            all_next &= x.upper[k] == x.lower[k] + 1;
        }
        neighbors_ = item.source.whole_numbers || all_next;
        row_.push_back(0);  // a neighbor for the last voxel
    }

    void operator()(Index z, Index y, double* FASTTEX_RESTRICT out) {
        const Index n = static_cast<Index>(lower_.size()), n_read = static_cast<Index>(row_.size()) - 1;
        source_.row(z, y, first_, n_read, row_.data());
        const double *row = row_.data(), *weight = weights_.data();
        if (neighbors_) {
            weigh_neighbors(row, lower_.data(), weight, n, out);
        } else {
            for (Index k = 0; k < n; ++k) {
                out[k] = row[lower_[k]] * weight[2 * k] + row[upper_[k]] * weight[2 * k + 1];
            }
        }
    }

  private:
    const Strided& source_;
    Index first_;
    std::vector<Index> lower_, upper_;   // from first_ on
    std::vector<double> row_, weights_;  // of lower and upper, side by side
    // Whether upper may be taken for lower + 1: it is, or its weight is 0 and so is its share, since whole
    // numbers are finite and have no negative zero.
    bool neighbors_;
};

}  // namespace resample_detail

// The new planes first … last - 1. `out`: C order, as long as the tables.
inline void resample(const SamplingView& item, Index first, Index last, double* out) {
    const Index row = item.x.n, plane = item.y.n * row;
    if (plane == 0 || item.z.n == 0) return;
    resample_detail::RowMaker make_row(item);
    resample_detail::LastTwo rows(row), planes(plane);
    const auto make_plane = [&](Index z, double* result) {
        rows.forget();
        for (Index y = 0; y < item.y.n; ++y) {
            const auto ends = rows.get(item.y.lower[y], item.y.upper[y],
                                       [&](Index tag, double* line) { make_row(z, tag, line); });
            resample_detail::lerp(ends, item.y.weight[y], row, result + y * row);
        }
    };
    for (Index z = first; z < last; ++z) {
        const auto ends = planes.get(item.z.lower[z], item.z.upper[z], make_plane);
        resample_detail::lerp(ends, item.z.weight[z], plane, out + z * plane);
    }
}

}  // namespace fasttex
