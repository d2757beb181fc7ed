// Zones of equal gray level with their size and smallest border distance (IBSI 9SAK for GLSZM, VMDZ for
// GLDZM; arXiv:1612.07003, sections 3.8 to 3.10).
//
// Union-find in one pass. A voxel asks which of its predecessors, the neighbors that come earlier in memory,
// have its level. None: a new label. Else it takes the label of one and unites it with the others'. Two such
// predecessors that touch each other were united before, so a table, made once per neighborhood, names for
// each set of equal predecessors the few that suffice. Size and smallest distance grow per label, and labels
// are kept for two planes only: now and then the labels that no voxel of the current plane has any more are
// counted and forgotten, and the others are numbered anew, so that all of them stay in the caches.
//
// A slab begins and ends within the ROI: its zones that reach another slab are left open, together with the
// labels of its first and last plane, and are united with those of its neighbors in the end.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "bits.hpp"
#include "border_distance.hpp"
#include "direction_sets.hpp"
#include "predecessors.hpp"
#include "walk.hpp"
#include "zone_counts.hpp"

namespace fasttex {

namespace zones_detail {

using Label = std::uint32_t;

// A part of a zone; parts that meet are united to the one with the smallest label.
struct Part {
    Label parent;
    std::uint16_t level;
    Distance distance;
    std::int64_t size;
};

// Label 0 belongs to voxels outside.
class Forest {
  public:
    // Room for so many more labels, which are then made without asking.
    void reserve(Index labels) {
        if (next_ + static_cast<std::size_t>(labels) >= parts_.size())
            parts_.resize(2 * parts_.size() + labels);
    }

    // The label of the next part. Who makes many keeps it at hand, and sets it in the end.
    Label next() const { return next_; }
    void set_next(Label next) { next_ = next; }

    // Makes a part without voxels, which is the next one's again unless `next` moves on.
    Label prepare(Label next, std::uint16_t level) {
        parts_[next] = {next, level, std::numeric_limits<Distance>::max(), 0};
        return next;
    }

    Label unite(Label a, Label b) {
        a = root(a);
        b = root(b);
        if (a > b) std::swap(a, b);
        parts_[b].parent = a;
        return a;
    }

    void add_voxel(Label label, Distance distance) {
        Part& part = parts_[label];
        ++part.size;
        part.distance = std::min(part.distance, distance);
    }

    // Takes over all parts of another forest; its labels grow by what is returned.
    Label join(const Forest& other) {
        const Label shift = next_ - 1;
        reserve(static_cast<Index>(other.next_));
        for (Label label = 1; label < other.next_; ++label, ++next_) {
            parts_[next_] = other.parts_[label];
            parts_[next_].parent += shift;
        }
        return shift;
    }

    // Counts the zones whose labels stand in none of `planes`, forgets them, and numbers the others anew.
    // What branches on single labels would be mispredicted; so conditions become numbers here.
    void settle(const std::vector<std::vector<Label>*>& planes, ZoneCounts& counts) {
        for (Label label = next_ - 1; label > 0; --label) {
            const Part& part = parts_[label];
            Part& parent = parts_[part.parent];
            parent.size += part.parent == label ? 0 : part.size;
            parent.distance = std::min(parent.distance, FASTTEX_PLANTED(7, part.distance, parent.distance));
        }
        std::vector<Label> renamed(next_);
        Label kept = 1;
        for (std::vector<Label>* plane : planes) {
            for (Label& label : *plane) {
                Label& name = renamed[root(label)];
                name = name == 0 && label != 0 ? kept : name;
                kept += name == kept;
                label = name;
            }
        }
        std::vector<Part> live(kept);
        std::vector<Label> finished(next_);
        std::size_t n_finished = 0;
        for (Label label = 1; label < next_; ++label) {
            const Part& part = parts_[label];
            const Label name = renamed[label];  // not 0 for roots alone
            live[name] = {name, part.level, part.distance, part.size};
            finished[n_finished] = label;
            n_finished += part.parent == label && name == 0;
        }
        for (std::size_t n = 0; n < n_finished; ++n) {
            const Part& part = parts_[finished[n]];
            counts.add({part.level, part.size, part.distance});
        }
        live[0] = Part{};
        std::copy(live.begin(), live.end(), parts_.begin());
        next_ = kept;
    }

  private:
    // Most labels are a root's child or a root: the first step needs no question.
    Label root(Label label) {
        label = parts_[label].parent;
        while (parts_[label].parent != label) {
            parts_[label].parent = parts_[parts_[label].parent].parent;
            label = parts_[label].parent;
        }
        return label;
    }

    std::vector<Part> parts_ = std::vector<Part>(1);
    Label next_ = 1;
};

// The labels of a plane with a margin of one voxel.
struct Plane {
    Index width;
    std::vector<Label> labels;

    explicit Plane(const Shape& shape)
        : width(shape.x + 2), labels(static_cast<std::size_t>((shape.y + 2) * width)) {}

    Label* row(Index y) { return labels.data() + (y + 1) * width + 1; }
};

}  // namespace zones_detail

// The zones of a slab: those counted, and those that may go on in the slab before it or behind it.
template <class Level>
struct ZonesOfSlab {
    RoiView<Level> slab;
    const Predecessors& predecessors;
    ZoneCounts counts;
    zones_detail::Forest open;
    zones_detail::Plane first, last;  // labels of the open zones there

    // `roi`: the shape of all slabs together. `distance`: C order, the planes of the slab; null where it is
    // not asked for.
    ZonesOfSlab(const RoiView<Level>& slab_, const Shape& roi, const Predecessors& predecessors_,
                const Distance* distance, bool goes_on_before, bool goes_on_behind)
        : slab(slab_),
          predecessors(predecessors_),
          counts(slab.n_levels, (std::min({roi.z > 1 ? roi.z : roi.x, roi.y, roi.x}) + 1) / 2, roi.voxels()),
          first(slab.shape),
          last(slab.shape),
          previous_(slab.shape),
          steps_(slab.steps(predecessors.offsets)),
          sets_(static_cast<std::size_t>(slab.shape.x + Lanes<Level>::n)) {
        for (const Index step : steps_) reach_ = std::max(reach_, std::abs(step));
        if (!distance) no_distance_.resize(static_cast<std::size_t>(slab.shape.x));
        find(distance, goes_on_before);
        settle(goes_on_before, goes_on_behind);
    }

    // Unites zones with those of the slab before, in a forest where labels are larger by what is given.
    void meet(ZonesOfSlab& before, zones_detail::Label shift, zones_detail::Label shift_before,
              zones_detail::Forest& all) {
        std::uint64_t across = 0;
        for (std::size_t p = 0; p < steps_.size(); ++p)
            across |= std::uint64_t{predecessors.offsets[p].z != 0} << p;
        Label done = 0, done_before = 0;  // along a row the same zones meet again and again
        for_each_row(slab.slab(0, 1), [&](Index, Index y, const Level* row, Span span) {
            look_back(row, span, true);
            for (Index x = span.first; x < span.last; ++x) {
                if (row[x] == 0) continue;
                std::uint64_t some = predecessors.sufficient[sets_[x] & across];
                for (; some; some &= some - 1) {
                    const Offset& o = predecessors.offsets[lowest_bit(some)];
                    const Label mine = FASTTEX_PLANTED(19, *this, before).first.row(y)[x] + shift;
                    const Label theirs = before.last.row(y + o.y)[x + o.x] + shift_before;
                    if (mine != done || theirs != done_before) all.unite(theirs, mine);
                    done = mine;
                    done_before = theirs;
                }
            }
        });
    }

  private:
    using Label = zones_detail::Label;
    static constexpr std::size_t kManyLabels = 1 << 15;

    void settle(bool keep_first, bool keep_last) {
        std::vector<std::vector<Label>*> planes;
        if (keep_first) planes.push_back(&first.labels);
        if (keep_last) planes.push_back(&last.labels);
        open.settle(planes, counts);
    }

    void find(const Distance* distance, bool keep_first) {
        std::size_t many = kManyLabels;
        for (Index z = 0; z < slab.shape.z; ++z) {
            std::swap(last.labels, previous_.labels);
            std::fill(last.labels.begin(), last.labels.end(), 0);
            for (Index y = 0; y < slab.shape.y; ++y) {
                const Level* row = slab.row(z, y);
                const Span span = span_of(row, slab.shape.x);
                if (!span.empty()) {
                    const Distance* distance_row =
                        distance ? distance + (z * slab.shape.y + y) * slab.shape.x : no_distance_.data();
                    find_in_row(row, span, y, distance_row, z > 0);
                }
            }
            if (z == 0) first = last;
            if (open.next() > many) {
                settle(keep_first, true);
                many = std::max(kManyLabels, std::size_t{2} * open.next());
            }
        }
    }

    // The sets of predecessors of equal level. Those in the plane before the slab are another slab's, which
    // may not have been walked yet.
    void look_back(const Level* row, Span span, bool has_plane_before) {
        const auto visit = [&](const Level* at, Lanes<Level> level, auto look) {
            DirectionSets<Level> equal;
            for_each_constant(static_cast<Index>(steps_.size()),
                              [&](auto p) { equal.template add<p.value>(level == look(steps_[p.value])); });
            equal.store(sets_.data() + (at - row));
        };
        for_each_register(slab, row + span.first, row + span.last, reach_, visit);
        if (has_plane_before) return;
        unsigned in_plane = 0;
        for (std::size_t p = 0; p < steps_.size(); ++p) in_plane |= (predecessors.offsets[p].z == 0) << p;
        for (Index x = span.first; x < span.last; ++x)
            sets_[x] = static_cast<std::uint16_t>(sets_[x] & in_plane);
    }

    void find_in_row(const Level* row, Span span, Index y, const Distance* distance, bool has_plane_before) {
        look_back(row, span, has_plane_before);
        open.reserve(span.size());
        Label* labels = last.row(y);
        std::array<const Label*, kMaxDirections + 1> beside{};
        for (std::size_t p = 0; p < steps_.size(); ++p) {
            const Offset& o = predecessors.offsets[p];
            beside[p] = (o.z ? previous_ : last).row(y + o.y) + o.x;
        }
        beside[kMaxDirections] = labels;  // no predecessor: its own label, a new one
        const std::uint16_t *sets = sets_.data(), *sufficient = predecessors.sufficient.data();
        Label next = open.next();
        for (Index x = span.first; x < span.last; ++x) {
            if (row[x] == 0) continue;
            std::uint64_t some = sufficient[sets[x]];
            labels[x] = open.prepare(next, row[x]);  // read again below: a choice would be mispredicted
            next += some == 0;
            Label label = beside[lowest_bit(some | 1u << kMaxDirections)][x];
            while (some &= some - 1) {
                const Label other = beside[lowest_bit(some)][x];
                label = FASTTEX_PLANTED(6, open.unite(label, other), label);
            }
            labels[x] = label;
            open.add_voxel(label, distance[x]);
        }
        open.set_next(next);
    }

    zones_detail::Plane previous_;
    std::vector<Index> steps_;
    Index reach_ = 0;
    std::vector<std::uint16_t> sets_;
    std::vector<Distance> no_distance_;
};

// Unites the zones of the slabs of a ROI, which are given in order and with which this is done. Returns rows
// (level, size, distance, count), sorted.
template <class Level>
std::vector<std::int64_t> unite_zones(std::vector<ZonesOfSlab<Level>*> slabs) {
    zones_detail::Forest all;
    ZoneCounts counts = std::move(slabs[0]->counts);
    for (std::size_t k = 1; k < slabs.size(); ++k) counts.merge(slabs[k]->counts);
    std::vector<zones_detail::Label> shift;
    for (const ZonesOfSlab<Level>* slab : slabs) shift.push_back(all.join(slab->open));
    for (std::size_t k = 1; k < slabs.size(); ++k) slabs[k]->meet(*slabs[k - 1], shift[k], shift[k - 1], all);
    all.settle({}, counts);
    return counts.rows();
}

}  // namespace fasttex
