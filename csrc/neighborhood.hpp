// Level differences and dependences within a neighborhood, in one pass (IBSI IPET for NGTDM and REK0 for
// NGLDM; arXiv:1612.07003, sections 3.11 and 3.12).
//
// For a register of voxels and one neighbor after the other, three sums grow side by side: how many neighbors
// lie outside, the sum of their levels, and how many differ by at most alpha. With c neighbors of sum t the
// grey tone difference is |i - t/c| = |c*i - t| / c: the integer |c*i - t| is summed by level and c, so
// nothing is rounded. A table cell packs that sum below the number of voxels, so that one addition does for
// both; before either could overflow the cells are unpacked. Levels that stand for consecutive values are
// used in place of the values: a common shift leaves every difference as it is. Other values, which occur
// where levels were compacted, and very many levels are looked up voxel by voxel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "roi_view.hpp"
#include "simd.hpp"
#include "walk.hpp"

namespace fasttex {

// Zeros: difference_sums, voxels and dependences, each [i][number] with numbers from 0 to that of the
// offsets.
struct NeighborhoodCounts {
    std::int64_t* counts;
    Index n_levels, n_numbers;

    std::int64_t* row(Index table, Index level) const {
        return counts + (table * n_levels + level - 1) * n_numbers;
    }
};

// What the levels stand for: values[level - 1].
struct LevelValues {
    const std::int64_t* values;
    std::int64_t alpha;

    bool consecutive(Index n_levels) const {
        for (Index i = 1; i < n_levels; ++i) {
            if (values[i] != values[i - 1] + 1) return false;
        }
        return true;
    }
};

namespace neighborhood_detail {

// Sums of 16 bits of a register of levels that are added one after the other.
template <class Level>
struct LevelSum;

template <>
struct LevelSum<std::uint16_t> {
    Words sum{};

    explicit LevelSum(Index) {}
    void add(Words levels) { sum += levels; }
    Words take() const { return sum; }
};

template <>
struct LevelSum<std::uint8_t> {
    WideLanes sum{};
    Bytes some{};  // few enough that they fit 8 bits
    Index room, capacity;

    explicit LevelSum(Index n_levels) : room(255 / n_levels), capacity(room) {}

    void add(Bytes levels) {
        some += levels;
        if (--room == 0) spill();
    }
    void spill() {
        const WideLanes wide = join(some, Bytes{});
        for (int h = 0; h < 2; ++h) sum.half[h] += wide.half[h];
        some = Bytes{};
        room = capacity;
    }
    WideLanes take() {
        spill();
        return sum;
    }
};

// The sums of one register, as 16-bit lanes in one order.
template <Index N>
struct Numbers {
    std::uint16_t differences[N], neighbor_cells[N], dependence_cells[N];

    void set(Index first, Words i, Words neighbors, Words dependent, Words sum, Words stride) {
        const Words product = i * neighbors;
        (max(product, sum) - min(product, sum)).store(differences + first);
        (i * stride + neighbors).store(neighbor_cells + first);
        (i * stride + dependent).store(dependence_cells + first);
    }
    void set(Words i, Words neighbors, Words dependent, Words sum, Words stride) {
        set(0, i, neighbors, dependent, sum, stride);
    }
    void set(Bytes i, Bytes neighbors, Bytes dependent, const WideLanes& sum, Words stride) {
        const WideLanes level = join(i, Bytes{}), c = join(neighbors, Bytes{}), d = join(dependent, Bytes{});
        for (Index h = 0; h < 2; ++h) {
            set(h * Words::n, level.half[h], c.half[h], d.half[h], sum.half[h], stride);
        }
    }
};

// Cells [level][number], rows of `stride` cells.
class Tables {
  public:
    Tables(const NeighborhoodCounts& counts, Index stride)
        : counts_(counts),
          stride_(stride),
          differences_(static_cast<std::size_t>((counts.n_levels + 1) * stride)),
          dependences_(differences_.size()) {}

    template <Index N>
    void add(const Numbers<N>& numbers) {
        FASTTEX_UNROLL(8)
        for (Index k = 0; k < N; ++k) {
            differences_[numbers.neighbor_cells[k]] += kOneVoxel + numbers.differences[k];
            ++dependences_[numbers.dependence_cells[k]];
        }
        pending_ += N;
        if (pending_ > kMaxPending) flush();
    }

    void flush() {
        for (Index i = 1; i <= counts_.n_levels; ++i) {
            for (Index c = FASTTEX_PLANTED(8, 0, 1); c < counts_.n_numbers; ++c) {
                const std::uint64_t cell = differences_[i * stride_ + c];
                counts_.row(0, i)[c] +=
                    static_cast<std::int64_t>(cell % FASTTEX_PLANTED(18, kOneVoxel, 1 << 12));
                counts_.row(1, i)[c] += static_cast<std::int64_t>(cell / kOneVoxel);
                counts_.row(2, i)[c] += dependences_[i * stride_ + c];
            }
        }
        std::fill(differences_.begin(), differences_.end(), 0);
        std::fill(dependences_.begin(), dependences_.end(), 0);
        pending_ = 0;
    }

  private:
    // 2^23 differences below 2^16 sum to less than 2^40.
    static constexpr std::uint64_t kOneVoxel = std::uint64_t{1} << 40;
    static constexpr Index kMaxPending = Index{1} << 23;

    NeighborhoodCounts counts_;
    Index stride_, pending_ = 0;
    std::vector<std::uint64_t> differences_;
    std::vector<std::uint32_t> dependences_;
};

// FixedSteps: their number where the compiler should know it, else 0.
template <Index FixedSteps, bool SameLevel, class Level>
void count_levels(const RoiView<Level>& roi, const std::vector<Index>& steps, std::int64_t alpha,
                  Index stride, const NeighborhoodCounts& counts) {
    using Register = Lanes<Level>;
    const Index n = FixedSteps ? FixedSteps : static_cast<Index>(steps.size());
    const Index* step = steps.data();
    Index reach = 0;
    for (const Index s : steps) reach = std::max(reach, std::abs(s));
    const auto within = Register::all(static_cast<Level>(std::min<std::int64_t>(alpha, Level(~Level{0}))));
    Tables tables(counts, stride);
    for_each_register(roi, reach, [&](const Level*, Register level, auto look) {
        Register outside{}, alike{};
        LevelSum<Level> sum(roi.n_levels);
        for (Index a = 0; a < n; ++a) {
            const auto beside = look(step[a]);
            const auto no_voxel = beside == Register{};
            outside -= no_voxel;
            if constexpr (SameLevel) {
                alike -= beside == level;
            } else {
                const auto apart = max(beside, level) - min(beside, level);
                alike -= (FASTTEX_PLANTED(9, min(apart, within), Register{}) == apart) & ~no_voxel;
            }
            sum.add(beside);
        }
        Numbers<Register::n> numbers;
        const auto neighbors = Register::all(static_cast<Level>(n)) - outside;
        numbers.set(level, neighbors, alike, sum.take(), Words::all(static_cast<std::uint16_t>(stride)));
        tables.add(numbers);
    });
    tables.flush();
}

template <class Level>
void count_values(const RoiView<Level>& roi, const std::vector<Index>& steps, const LevelValues& levels,
                  const NeighborhoodCounts& counts) {
    const auto value = [&](Level level) { return levels.values[level - 1]; };
    for_each_row(roi, [&](Index, Index, const Level* row, Span span) {
        for (const Level* voxel = row + span.first; voxel != row + span.last; ++voxel) {
            if (*voxel == 0) continue;
            const std::int64_t i = value(*voxel);
            std::int64_t c = 0, t = 0, dependent = 0;
            for (const Index step : steps) {
                if (voxel[step] == 0) continue;
                const std::int64_t j = value(voxel[step]);
                ++c;
                t += j;
                dependent += std::abs(j - i) <= levels.alpha;
            }
            counts.row(0, *voxel)[c] += std::abs(c * i - t);
            ++counts.row(1, *voxel)[c];
            ++counts.row(2, *voxel)[dependent];
        }
    });
}

}  // namespace neighborhood_detail

// Adds a slab to `counts`.
template <class Level>
void neighborhood(const RoiView<Level>& roi, const Offsets& offsets, const LevelValues& levels,
                  const NeighborhoodCounts& counts) {
    using namespace neighborhood_detail;
    const std::vector<Index> steps = roi.steps(offsets);
    const Index n = static_cast<Index>(steps.size()), stride = counts.n_numbers | 1;
    if (levels.alpha < 0 || n > 255 || (roi.n_levels + 1) * stride > 65536 ||
        !levels.consecutive(roi.n_levels)) {
        count_values(roi, steps, levels, counts);
    } else if (levels.alpha > 0) {
        count_levels<0, false>(roi, steps, levels.alpha, stride, counts);
    } else if (n == 26) {
        count_levels<26, true>(roi, steps, 0, stride, counts);
    } else {
        count_levels<0, true>(roi, steps, 0, stride, counts);
    }
}

}  // namespace fasttex
