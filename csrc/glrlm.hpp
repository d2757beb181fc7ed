// Gray level runs (IBSI TP0I; arXiv:1612.07003, section 3.7).
//
// One pass carries, per direction and voxel, the voxel's place k in its run: the place of the voxel before it
// plus one where both have the same level, else 0. The places of one row are made from those of the row
// before (for directions within a plane) or of a row of the plane before, so two rows or two planes per
// direction are kept. No end of a run is looked for: with P[k] voxels of a level at place k there are
// P[r - 1] - P[r] runs of length r, since each run that reaches place k has one voxel there. P[0] follows
// from the number of voxels of the level, so only voxels equal to their predecessor are counted one by one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "bits.hpp"
#include "roi_view.hpp"

namespace fasttex {

namespace glrlm_detail {

// The places of one direction, for as many rows as later rows look back at.
template <class Place>
class Places {
  public:
    Places(const Offset& offset, const Shape& shape)
        : planes_(offset.z + 1),
          rows_(offset.z ? shape.y + 2 : offset.y + 1),
          width_(shape.x + 2 + kBlock),
          places_(static_cast<std::size_t>(planes_ * rows_ * width_)) {}

    // y from -1 to the number of rows; what lies outside the box is never taken for a run, whatever it holds.
    Place* row(Index z, Index y) {
        return places_.data() + ((z + planes_) % planes_ * rows_ + (y + 1) % rows_) * width_ + 1;
    }

  private:
    Index planes_, rows_, width_;
    std::vector<Place> places_;
};

constexpr Index kLanes = 32;

// `before` and `before_place`: the row of the predecessors, shifted so that index x is the predecessor of x.
template <class Level, class Place>
void carry(const Level* row, const Level* before, const Place* FASTTEX_RESTRICT before_place, Index n,
           Place* FASTTEX_RESTRICT place) {
    for (Index x = 0; x < n; ++x) {
        const bool goes_on = (row[x] == before[x]) & (row[x] != 0);
        place[x] = static_cast<Place>(static_cast<Place>(before_place[x] + 1) & static_cast<Place>(-goes_on));
    }
}

template <class Level, class Place>
void carry_along_row(const Level* row, Span span, Place* place) {
    Place k = 0;
    for (Index x = span.first; x < span.last; ++x) {
        const bool goes_on = (row[x] == row[x - 1]) & (row[x] != 0);
        k = static_cast<Place>(static_cast<Place>(k + 1) & static_cast<Place>(-goes_on));
        place[x] = k;
    }
}

// counts[level - 1][k] += 1 for every voxel at a place k > 0.
template <class Level, class Place>
void count_places(const Level* row, const Place* place, Span span, Index longest, std::int64_t* counts) {
    for (Index x = span.first; x < span.last; x += kBlock) {
        std::uint64_t later = nonzero_lanes(place + x);
        if (span.last - x < kBlock) later &= low_bits(span.last - x);
        for (; later; later &= later - 1) {
            const Index at = x + lowest_bit(later);
            ++counts[(row[at] - 1) * longest + place[at]];
        }
    }
}

// From voxels at each place to runs of each length. Counts never rise with the place: the first 0 ends them.
inline void runs_from_places(std::int64_t voxels, Index longest, std::int64_t* counts) {
    std::int64_t later = 0;
    for (Index k = 1; k < longest && counts[k]; ++k) later += counts[k];
    counts[0] = voxels - later;
    for (Index k = 0; k + 1 < longest && counts[k]; ++k) counts[k] -= counts[k + 1];
}

template <class Place, class Level>
void count(const RoiView<Level>& roi, const Offsets& ahead, std::int64_t* counts) {
    const Index longest = std::max({roi.shape.z, roi.shape.y, roi.shape.x}), matrix = roi.n_levels * longest;
    std::vector<Places<Place>> places;
    for (const Offset& o : ahead) places.emplace_back(o, roi.shape);
    std::vector<std::int64_t> voxels(static_cast<std::size_t>(roi.n_levels) + 1);
    for_each_row(roi, [&](Index z, Index y, const Level* row, Span span) {
        for (Index x = span.first; x < span.last; ++x) ++voxels[row[x]];
        for (std::size_t a = 0; a < ahead.size(); ++a) {
            const Offset& o = ahead[a];
            Place* place = places[a].row(z, y);
            if (o.z == 0 && o.y == 0) {
                carry_along_row(row, span, place);
            } else {
                const Place* before = places[a].row(z - FASTTEX_PLANTED(5, o.z, Index{0}), y - o.y) - o.x;
                const Level* levels_before = row - roi.step(o);
                for_each_block<kLanes>(span, roi.shape.x, [&](Index x, auto n, Index) {
                    carry(row + x, levels_before + x, before + x, n, place + x);
                });
            }
            count_places(row, place, span, longest, counts + static_cast<Index>(a) * matrix);
        }
    });
    for (std::size_t a = 0; a < ahead.size(); ++a) {
        for (Index i = 0; i < roi.n_levels; ++i, counts += longest) {
            if (voxels[i + 1]) runs_from_places(voxels[i + 1], longest, counts);
        }
    }
}

}  // namespace glrlm_detail

// `counts`: zeros, [offset][i][run], int64, runs up to the longest side. Offsets reach one voxel far; an
// offset and its opposite have the same runs.
template <class Level>
void glrlm(const RoiView<Level>& roi, const Offsets& offsets, std::int64_t* counts) {
    Offsets ahead;
    for (const Offset& o : offsets) ahead.push_back(points_ahead(o) ? o : -o);
    const Index longest = std::max({roi.shape.z, roi.shape.y, roi.shape.x});
    if (longest <= FASTTEX_PLANTED(4, 256, 65536)) {
        glrlm_detail::count<std::uint8_t>(roi, ahead, counts);
    } else if (longest <= 65536) {
        glrlm_detail::count<std::uint16_t>(roi, ahead, counts);
    } else {
        glrlm_detail::count<std::uint32_t>(roi, ahead, counts);
    }
}

}  // namespace fasttex
