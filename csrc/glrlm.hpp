// Gray level runs (IBSI TP0I; arXiv:1612.07003, section 3.7).
//
// Most runs are short, so none is followed from its start. For a register of voxels and every direction the
// levels one, two and three steps back and one step ahead say at once whether the voxel continues a run (a
// pair), whether a run of three or more ends here (a triple), and whether it is longer. Of longer runs, which
// are rare, the length is found by walking back. With R runs of length r of a level there are Σ R triples
// over r >= 3, Σ (r - 1)·R pairs and Σ r·R voxels: the runs of three, two and one follow. Pairs and triples
// of 8-bit levels are counted in tables [level][set of directions], which need no branch; 16-bit levels have
// few equal neighbors, which are counted one by one. Nothing is carried from voxel to voxel: slabs are
// independent.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "direction_sets.hpp"
#include "roi_view.hpp"
#include "simd.hpp"
#include "walk.hpp"

namespace fasttex {

namespace glrlm_detail {

// Counts sets of 8-bit lanes by level, one table [level][set] for each register of them. Small counters keep
// the tables in the nearest cache; before they could overflow they are added to large ones.
class SetTable {
  public:
    explicit SetTable(Index n_levels)
        : size_((n_levels + 1) * kSets), recent_(static_cast<std::size_t>(2 * size_)) {}

    void add(Bytes level, const DirectionSets<std::uint8_t>& sets) {
        std::uint16_t at[2][Bytes::n];
        join(sets.part[0], level).store(at[0]);
        join(sets.part[1], level).store(at[1]);
        std::uint16_t *first = recent_.data(), *second = first + size_;
        FASTTEX_UNROLL(8)
        for (Index k = 0; k < Bytes::n; ++k) {
            ++first[at[0][k]];
            ++second[at[1][k]];
        }
        pending_ += Bytes::n;
        if (pending_ > FASTTEX_PLANTED(4, 65535, 1 << 30) - Bytes::n) keep();
    }

    // Adds the sets of a level to out[direction · stride] of each of their directions. Returns how many sets
    // there are.
    std::int64_t add_to(std::int64_t* out, Index stride, Index n_directions, Index level) const {
        std::int64_t all = 0;
        for (Index r = 0; r < 2; ++r) {
            const Index first = r * DirectionSets<std::uint8_t>::kBits,
                        n_bits = std::min(n_directions - first, DirectionSets<std::uint8_t>::kBits);
            if (n_bits <= 0) break;
            std::array<std::uint32_t, kSets> number;
            const Index row = r * size_ + level * kSets, n_sets = Index{1} << n_bits;
            for (Index k = 0; k < n_sets; ++k) number[k] = recent_[row + k];
            for (Index k = 0; k < n_sets && !kept_.empty(); ++k) number[k] += kept_[row + k];
            // The upper half has the highest bit; without that bit it joins the lower half.
            for (Index bit = n_bits - 1; bit >= 0; --bit) {
                const Index half = Index{1} << bit;
                std::uint32_t with_bit = 0;
                for (Index k = 0; k < half; ++k) {
                    with_bit += number[half + k];
                    number[k] += number[half + k];
                }
                if (with_bit) out[(first + bit) * stride] += with_bit;  // else there may be no room for it
            }
            all = number[0];
        }
        return all;
    }

  private:
    static constexpr Index kSets = 256;  // the last five directions have 32

    void keep() {
        kept_.resize(recent_.size());
        for (std::size_t k = 0; k < recent_.size(); ++k) kept_[k] += recent_[k];
        std::fill(recent_.begin(), recent_.end(), std::uint16_t{0});
        pending_ = 0;
    }

    Index size_, pending_ = 0;
    std::vector<std::uint16_t> recent_;
    std::vector<std::uint32_t> kept_;
};

// The result while slabs are added to it: [direction][level][k] holds the numbers of voxels, of pairs, of
// triples, and from k = 3 on of runs of k + 1 voxels.
struct RunSums {
    std::int64_t* sums;
    Index n_directions, n_levels, longest;

    std::int64_t* row(Index direction, Index level) const {
        return sums + (direction * n_levels + level - 1) * longest;
    }
};

// For each register of voxels: their number by level, and the pairs and triples by level and direction.
template <class Level>
class Tally {
  public:
    explicit Tally(const RunSums& result) : result_(result), voxels_(result.n_levels + 1) {}

    void add(Lanes<Level> level, const DirectionSets<Level>& pairs, const DirectionSets<Level>& triples) {
        Level i[Lanes<Level>::n];
        level.store(i);
        for (const Level each : i) ++voxels_[each];
        pairs.for_each([&](Index k, Index a) { ++result_.row(a, i[k])[1]; });
        triples.for_each([&](Index k, Index a) { ++result_.row(a, i[k])[2]; });
    }

    void flush() const {
        for (Index a = 0; a < result_.n_directions; ++a) {
            for (Index i = 1; i <= result_.n_levels; ++i) result_.row(a, i)[0] += voxels_[i];
        }
    }

  private:
    RunSums result_;
    std::vector<std::int64_t> voxels_;
};

template <>
class Tally<std::uint8_t> {
  public:
    explicit Tally(const RunSums& result)
        : result_(result), pairs_(result.n_levels), triples_(result.n_levels) {}

    void add(Bytes level, const DirectionSets<std::uint8_t>& pairs,
             const DirectionSets<std::uint8_t>& triples) {
        pairs_.add(level, pairs);
        if (triples.any()) triples_.add(level, triples);
    }

    void flush() const {
        const Index n = result_.n_directions, stride = result_.n_levels * result_.longest;
        for (Index i = 1; n && i <= result_.n_levels; ++i) {
            const std::int64_t voxels = pairs_.add_to(result_.row(0, i) + 1, stride, n, i);
            triples_.add_to(result_.row(0, i) + 2, stride, n, i);
            for (Index a = 0; a < n; ++a) result_.row(a, i)[0] += voxels;
        }
    }

  private:
    RunSums result_;
    SetTable pairs_, triples_;
};

// The length of the run of four or more that ends at a voxel. A word's worth of levels before is compared at
// a time: few runs are so long that it takes a second look. The level before a run always lies in the buffer.
template <class Level>
Index length_back(const Level* voxel, Index step, const Level* begin) {
    constexpr Index kBits = 8 * sizeof(Level), kTogether = 64 / kBits;
    constexpr std::uint64_t kEach = ~std::uint64_t{0} / static_cast<Level>(~Level{0});
    Index length = 4;
    for (; voxel - begin >= (length + kTogether - 1) * step; length += kTogether) {
        std::uint64_t other = kEach * *voxel;
        for (Index k = 0; k < kTogether; ++k)
            other ^= std::uint64_t{voxel[-(length + k) * step]} << k * kBits;
        if (other) return length + lowest_bit(other) / kBits;
    }
    while (voxel[-length * step] == *voxel) ++length;
    return length;
}

template <class Level>
void count(const RoiView<Level>& roi, const std::vector<Index>& steps, const RunSums& result) {
    const Index farthest = steps.empty() ? 0 : *std::max_element(steps.begin(), steps.end());
    Tally<Level> tally(result);
    for_each_register(roi, 3 * farthest, [&](const Level* at, Lanes<Level> level, auto look) {
        DirectionSets<Level> pairs, triples, longer;
        const auto inside = ~(level == Lanes<Level>{});
        for_each_constant(result.n_directions, [&](auto a) {
            const Index step = steps[a.value];
            auto same = inside & (level == look(-step));
            pairs.template add<a.value>(same);
            same &= (level == look(-2 * step)) & ~(level == look(step));
            triples.template add<a.value>(same);
            same &= level == look(FASTTEX_PLANTED(5, -3, -2) * step);
            longer.template add<a.value>(same);
        });
        tally.add(level, pairs, triples);
        longer.for_each(
            [&](Index k, Index a) { ++result.row(a, at[k])[length_back(at + k, steps[a], roi.begin) - 1]; });
    });
    tally.flush();
}

}  // namespace glrlm_detail

// Adds a slab to `sums`, zeros at first: [offset][i][k], int64, k up to the longest side of the ROI. Offsets
// reach one voxel far; an offset and its opposite have the same runs.
template <class Level>
void glrlm(const RoiView<Level>& slab, const Offsets& offsets, Index longest, std::int64_t* sums) {
    Offsets ahead;
    for (const Offset& o : offsets) ahead.push_back(points_ahead(o) ? o : -o);
    const std::vector<Index> steps = slab.steps(ahead);
    const glrlm_detail::RunSums result{sums, static_cast<Index>(steps.size()), slab.n_levels, longest};
    glrlm_detail::count(slab, steps, result);
}

// Once all slabs are added: from sums to the numbers of runs of each length, [offset][i][run].
inline void finish_glrlm(Index n_rows, Index longest, std::int64_t* sums) {
    for (std::int64_t* r = sums; r != sums + n_rows * longest; r += longest) {
        if (r[0] == 0) continue;
        std::int64_t runs = 0, excess = 0;  // of runs of four and more: Σ R and Σ (length - 3)·R
        for (Index k = longest - 1; k >= 3; --k) excess += runs += r[k];
        if (longest > 2) {
            r[2] -= runs;
            r[1] -= 2 * r[2] + excess + 2 * runs;
            r[0] -= 3 * r[2] + excess + 3 * runs;
        }
        if (longest > 1) r[0] -= 2 * r[1];
    }
}

}  // namespace fasttex
