// Corner patterns of marching cubes: all that area and volume of a ROI's mesh depend on (IBSI: C0JK, RNU0).
//
// Each cube has eight voxel centers for corners; the mask has one more voxel of outside on every side. Bit
// 4z + 2y + x of a pattern says whether corner (z, y, x) is inside. A row of patterns is put together a byte
// a cube: two planes give two bits of each voxel column, two of these rows four, and two neighbors in the row
// all eight; compilers turn this into whole vectors. Eight patterns at a time are then looked at: most are
// outside or inside altogether and need no table.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "border_distance.hpp"

namespace fasttex {

constexpr Index kPatterns = 256;

namespace surface_detail {

using Byte = unsigned char;

// Corners (0, ·) and (1, ·) of one row: bits 0 and 4. A row beyond the mask is null.
inline void join_planes(const Byte* below, const Byte* above, Index n, Byte* FASTTEX_RESTRICT out) {
    for (Index x = 0; x < n; ++x) out[x] = below ? below[x] != 0 : 0;
    if (!above) return;
    for (Index x = 0; x < n; ++x) out[x] = static_cast<Byte>(out[x] | (above[x] != 0) << 4);
}

// `front` and `back`: rows y - 1 and y as join_planes made them, between zeros. n patterns.
inline void join_rows(const Byte* front, const Byte* back, Index n, Byte* FASTTEX_RESTRICT out) {
    for (Index x = 0; x < n; ++x) {
        const int left = front[x] | back[x] << 2;
        const int right = front[x + 1] | back[x + 1] << 2;
        out[x] = static_cast<Byte>(left | right << 1);
    }
}

// Counts a row of patterns, whole words of it; those all outside are left out. Returns how many lie in words
// that are inside altogether, which the tables leave out too.
inline std::int64_t count(const Byte* patterns, Index n_words, std::int64_t (*tables)[kPatterns]) {
    std::int64_t all_inside = 0;
    for (Index k = 0; k < n_words; ++k, patterns += 8) {
        std::uint64_t word;
        std::memcpy(&word, patterns, sizeof word);
        if (word == 0) continue;
        if (word == ~std::uint64_t{0}) {
            all_inside += FASTTEX_PLANTED(15, 8, 1);
            continue;
        }
        for (Index b = 0; b < 8; ++b) ++tables[b % 4][patterns[b]];  // neighbors often are alike
    }
    return all_inside;
}

}  // namespace surface_detail

// Calls visit(z, y, patterns, n_words) for each row of cubes between planes z - 1 and z, from `first` to
// `last` - 1, and rows y - 1 and y. Cube x lies between voxels x - 1 and x; behind the last are words of 0. A
// volume has one such layer of cubes more than planes.
template <class Visit>
void for_each_row_of_cubes(const MaskView& mask, Index first, Index last, const Visit& visit) {
    using surface_detail::Byte;
    const Shape& shape = mask.shape;
    const Index n_words = (shape.x + 8) / 8;  // shape.x + 1 patterns, and some of 0 behind them
    const Index length = 8 * n_words;
    std::vector<Byte> front(length + 1), back(length + 1), patterns(length);
    const auto row = [&](Index z, Index y) {
        const bool beyond = z < 0 || z >= shape.z || y >= shape.y;
        return beyond ? nullptr : mask.data + (z * shape.y + y) * shape.x;
    };
    for (Index z = first; z < FASTTEX_PLANTED(16, last, std::min(last, shape.z)); ++z) {
        for (Index y = 0; y <= shape.y; ++y) {
            surface_detail::join_planes(row(z - 1, y), row(z, y), shape.x, back.data() + 1);
            surface_detail::join_rows(front.data(), back.data(), length, patterns.data());
            visit(z, y, static_cast<const Byte*>(patterns.data()), n_words);
            front.swap(back);  // behind the last row all is outside: so it is before the next plane's
        }
    }
}

// Adds the cubes between planes z - 1 and z, for z from `first` to `last` - 1, to `cases`, 256 zeros at
// first.
inline void surface(const MaskView& mask, Index first, Index last, std::int64_t* cases) {
    using surface_detail::Byte;
    const Shape& shape = mask.shape;
    std::int64_t tables[4][kPatterns] = {}, all_inside = 0;
    for_each_row_of_cubes(mask, first, last, [&](Index, Index, const Byte* patterns, Index n_words) {
        all_inside += surface_detail::count(patterns, n_words, tables);
    });
    std::int64_t others = all_inside;
    cases[kPatterns - 1] += all_inside;
    for (Index p = 1; p < kPatterns; ++p) {
        for (const auto& table : tables) {
            cases[p] += table[p];
            others += table[p];
        }
    }
    cases[0] += (last - first) * (shape.y + 1) * (shape.x + 1) - others;
}

// For each pattern: how many cubes have it, and the sums of their indices z, y and x. Of the two patterns
// without a surface all are 0. `sums`: kPatterns rows of four zeros.
inline void surface_places(const MaskView& mask, std::int64_t* sums) {
    using surface_detail::Byte;
    const auto add = [=](Index z, Index y, Index x, Byte pattern) {
        std::int64_t* row = sums + 4 * static_cast<Index>(pattern);
        row[0] += 1;
        row[1] += z;
        row[2] += y;
        row[3] += x;
    };
    for_each_row_of_cubes(mask, 0, mask.shape.z + 1,
                          [&](Index z, Index y, const Byte* patterns, Index n_words) {
                              for (Index k = 0; k < n_words; ++k) {
                                  std::uint64_t word;
                                  std::memcpy(&word, patterns + 8 * k, sizeof word);
                                  if (word == 0 || word == ~std::uint64_t{0}) continue;
                                  for (Index x = 8 * k; x < 8 * (k + 1); ++x) add(z, y, x, patterns[x]);
                              }
                          });
    std::fill_n(sums, 4, 0);
    std::fill_n(sums + 4 * (kPatterns - 1), 4, 0);
}

}  // namespace fasttex
