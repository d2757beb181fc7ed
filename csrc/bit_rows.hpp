// A mask as rows of bits, 64 voxels a word, and where lines of voxels begin and end.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bits.hpp"
#include "border_distance.hpp"

namespace fasttex {

// The first and the last voxel of a line; none where last < first.
struct Ends {
    std::int32_t first = 0, last = -1;
    bool empty() const { return last < first; }
};

class BitRows {
  public:
    explicit BitRows(const MaskView& mask)
        : shape(mask.shape), words((mask.shape.x + kBlock - 1) / kBlock), bits_(shape.z * shape.y * words) {
        const Index whole = shape.x / kBlock, rest = shape.x % kBlock;
        const unsigned char* row = mask.data;
        std::uint64_t* out = bits_.data();
        unsigned char tail[kBlock] = {};
        for (Index k = 0; k < shape.z * shape.y; ++k, row += shape.x) {
            for (Index w = 0; w < whole; ++w) *out++ = nonzero_lanes(row + w * kBlock);
            if (rest == 0) continue;
            std::copy_n(row + whole * kBlock, rest, tail);
            *out++ = nonzero_lanes(tail);
        }
    }

    const Shape shape;
    const Index words;  // of a row

    const std::uint64_t* row(Index z, Index y) const { return bits_.data() + (z * shape.y + y) * words; }

  private:
    std::vector<std::uint64_t> bits_;
};

// The ends of a row whose words are word(0), word(1) ...
template <class Word>
Ends ends_of_row(Index words, const Word& word) {
    Index low = 0, high = words - 1;
    while (low < words && word(low) == 0) ++low;
    if (low == words) return {};
    while (word(high) == 0) --high;
    return {static_cast<std::int32_t>(low * kBlock + lowest_bit(word(low))),
            static_cast<std::int32_t>(high * kBlock + highest_bit(word(high)))};
}

// The ends across rows of 64 neighboring lines, whose bits are word(0), word(1) ... word(rows - 1). `out` is
// written where a line has a voxel.
template <class Word>
void ends_across_rows(Index rows, const Word& word, Ends* out) {
    std::uint64_t all = 0;
    for (Index k = 0; k < rows; ++k) all |= word(k);
    std::uint64_t left = all;
    for (Index k = 0; left != 0; ++k) {
        for (std::uint64_t found = left & word(k); found != 0; found &= found - 1)
            out[lowest_bit(found)].first = static_cast<std::int32_t>(k);
        left &= ~word(k);
    }
    left = all;
    for (Index k = rows - 1; left != 0; --k) {
        for (std::uint64_t found = left & word(k); found != 0; found &= found - 1)
            out[lowest_bit(found)].last = static_cast<std::int32_t>(k);
        left &= ~word(k);
    }
}

// A table of the ends of lines.
struct LineEnds {
    Index rows, columns;
    std::vector<Ends> ends;

    LineEnds(Index rows_, Index columns_) : rows(rows_), columns(columns_), ends(rows * columns) {}
    Ends* row(Index u) { return ends.data() + u * columns; }
};

// Along x, of the rows of the mask; or, a step along z or y apart, of what differs between two of them.
inline LineEnds lines_along_x(const BitRows& mask, Index z_step, Index y_step) {
    LineEnds lines(mask.shape.z - z_step, mask.shape.y - y_step);
    for (Index z = 0; z < lines.rows; ++z) {
        for (Index y = 0; y < lines.columns; ++y) {
            const std::uint64_t *here = mask.row(z, y), *there = mask.row(z + z_step, y + y_step);
            const bool alone = here == there;
            lines.row(z)[y] =
                ends_of_row(mask.words, [=](Index k) { return alone ? here[k] : here[k] ^ there[k]; });
        }
    }
    return lines;
}

// Along y, of the columns of the mask in every slice; or of what differs between two beside each other.
inline LineEnds lines_along_y(const BitRows& mask, Index x_step) {
    LineEnds lines(mask.shape.z, mask.shape.x - x_step);
    for (Index z = 0; z < lines.rows; ++z) {
        for (Index k = 0; k * kBlock < lines.columns; ++k) {
            const Index rest = lines.columns - k * kBlock;
            const std::uint64_t within = rest < kBlock ? low_bits(rest) : ~std::uint64_t{0};
            const auto word = [&](Index y) {
                const std::uint64_t* row = mask.row(z, y) + k;
                if (x_step == 0) return row[0];
                const std::uint64_t next = k + 1 < mask.words ? row[1] : 0;
                return (row[0] ^ (row[0] >> 1 | next << (kBlock - 1))) & within;
            };
            ends_across_rows(mask.shape.y, word, lines.row(z) + k * kBlock);
        }
    }
    return lines;
}

}  // namespace fasttex
