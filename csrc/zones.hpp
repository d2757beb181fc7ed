// Zones of equal gray level with their size and smallest border distance (IBSI 9SAK for GLSZM, VMDZ for
// GLDZM; arXiv:1612.07003, sections 3.8 to 3.10).
//
// Union-find in one pass. A voxel asks which of its predecessors, the neighbors that come earlier in memory,
// have its level. None: a new label. Else it takes the label of one and unites it with the others'. Two such
// predecessors that touch each other were united before, so a table, made once per neighborhood, names for
// each set of equal predecessors the few that suffice. Labels are kept for two planes only; size and smallest
// distance grow per label. A parent is always the smaller label, so one final sweep downwards adds every
// label to its root. Roots alike in level, size and distance are counted together.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "bits.hpp"
#include "border_distance.hpp"
#include "predecessors.hpp"
#include "zone_counts.hpp"

namespace fasttex {

namespace zones_detail {

template <class Label>
struct Part {
    Label parent, size;
    std::uint16_t level;
    Distance distance;
};

// Parts of zones, united as they meet.
template <class Label>
class Forest {
  public:
    Label plant(std::uint16_t level) {
        const Label label = static_cast<Label>(parts_.size());
        parts_.push_back({label, 0, level, std::numeric_limits<Distance>::max()});
        return label;
    }

    Label unite(Label a, Label b) {
        a = root(a);
        b = root(b);
        if (a > b) std::swap(a, b);
        parts_[b].parent = a;
        return a;
    }

    void add_voxel(Label label, Distance distance) {
        Part<Label>& part = parts_[label];
        ++part.size;
        part.distance = std::min(part.distance, distance);
    }

    void count(ZoneCounts& counts) {
        for (std::size_t label = parts_.size(); label-- > 0;) {
            const Part<Label>& part = parts_[label];
            if (part.parent == label) {
                counts.add({part.level, static_cast<std::int64_t>(part.size), part.distance});
                continue;
            }
            Part<Label>& parent = parts_[part.parent];
            parent.size += part.size;
            parent.distance = std::min(parent.distance, FASTTEX_PLANTED(7, part.distance, parent.distance));
        }
    }

  private:
    Label root(Label label) {
        while (parts_[label].parent != label) {
            parts_[label].parent = parts_[parts_[label].parent].parent;
            label = parts_[label].parent;
        }
        return label;
    }

    std::vector<Part<Label>> parts_;
};

// The labels of the current plane and of the one before, with a margin.
template <class Label>
class TwoPlanes {
  public:
    explicit TwoPlanes(const Shape& shape)
        : width_(shape.x + 2),
          plane_((shape.y + 2) * width_),
          labels_(static_cast<std::size_t>(2 * plane_)) {}

    Label* row(Index z, Index y) { return labels_.data() + (z + 2) % 2 * plane_ + (y + 1) * width_ + 1; }

  private:
    Index width_, plane_;
    std::vector<Label> labels_;
};

constexpr Index kLanes = 32;

// sets[x], bit p: whether predecessor p of voxel x has its level. The bits are gathered in lanes as wide as
// the levels, so that comparisons need not be widened one by one.
template <class Level>
void equal_predecessors(const Level* row, const std::vector<Index>& steps, Index n, std::uint16_t* sets) {
    constexpr std::size_t kBits = 8 * sizeof(Level);
    Level equal[2][kLanes] = {};
    for (std::size_t p = 0; p < steps.size(); ++p) {
        const Level* FASTTEX_RESTRICT beside = row + steps[p];
        Level* FASTTEX_RESTRICT lanes = equal[p / kBits];
        const Level bit = static_cast<Level>(1u << p % kBits);
        for (Index x = 0; x < n; ++x) {
            lanes[x] = static_cast<Level>(lanes[x] | (bit & -static_cast<Level>(row[x] == beside[x])));
        }
    }
    for (Index x = 0; x < n; ++x) sets[x] = static_cast<std::uint16_t>(equal[0][x] | equal[1][x] << 8);
}

template <class Label, class Level>
void find_zones(const RoiView<Level>& roi, const Predecessors& predecessors, const Distance* distance,
                ZoneCounts& counts) {
    const std::vector<Index> steps = roi.steps(predecessors.offsets);
    std::vector<std::uint16_t> sets(static_cast<std::size_t>(roi.shape.x));
    std::array<const Label*, kMaxPredecessors> labels_beside{};
    TwoPlanes<Label> labels(roi.shape);
    Forest<Label> forest;
    for_each_row(roi, [&](Index z, Index y, const Level* row, Span span) {
        const Distance* distance_row = distance + (z * roi.shape.y + y) * roi.shape.x;
        Label* label_row = labels.row(z, y);
        for (std::size_t p = 0; p < steps.size(); ++p) {
            const Offset& o = predecessors.offsets[p];
            labels_beside[p] = labels.row(z + o.z, y + o.y) + o.x;
        }
        for_each_block<kLanes>(span, roi.shape.x, [&](Index x, auto n, Index) {
            equal_predecessors(row + x, steps, n, sets.data() + x);
        });
        for (Index x = span.first; x < span.last; ++x) {
            if (row[x] == 0) continue;
            std::uint64_t some = predecessors.sufficient[sets[x]];
            Label label;
            if (some == 0) {
                label = forest.plant(row[x]);
            } else {
                label = labels_beside[lowest_bit(some)][x];
                while (some &= some - 1) {
                    const Label other = labels_beside[lowest_bit(some)][x];
                    label = FASTTEX_PLANTED(6, forest.unite(label, other), label);
                }
            }
            label_row[x] = label;
            forest.add_voxel(label, distance_row[x]);
        }
    });
    forest.count(counts);
}

}  // namespace zones_detail

// `distance`: C order, shape of the levels. Returns rows (level, size, distance, count), sorted.
template <class Level>
std::vector<std::int64_t> zones(const RoiView<Level>& roi, const Predecessors& predecessors,
                                const Distance* distance) {
    ZoneCounts counts;
    if (static_cast<std::uint64_t>(roi.shape.voxels()) <= std::numeric_limits<std::uint32_t>::max()) {
        zones_detail::find_zones<std::uint32_t>(roi, predecessors, distance, counts);
    } else {
        zones_detail::find_zones<std::uint64_t>(roi, predecessors, distance, counts);
    }
    return counts.rows();
}

}  // namespace fasttex
