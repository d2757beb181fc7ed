// A mask as runs of voxels along x: how many voxels, which box, how many pieces.
//
// Pieces are found by joining runs: two in neighboring rows (of the same or the next plane) belong together
// where they overlap or, if that counts, touch at a corner. The joined runs form trees of which the roots are
// counted; each join that meets two roots takes one away.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "border_distance.hpp"
#include "strided.hpp"

namespace fasttex {

// Calls visit(first, last) for every run of nonzero elements of a row; `last` is one past the end.
template <class T, class Visit>
void for_each_run(const T* row, Index n, const Visit& visit) {
    constexpr Index kLanes = sizeof(std::uint64_t) / sizeof(T);
    Index x = 0;
    while (true) {
        for (std::uint64_t word; x + kLanes <= n; x += kLanes) {
            std::memcpy(&word, row + x, sizeof word);
            if (word) break;
        }
        while (x < n && row[x] == 0) ++x;
        if (x == n) return;
        const Index first = x;
        if constexpr (sizeof(T) == 1) {
            const void* end = std::memchr(row + x, 0, static_cast<std::size_t>(n - x));
            x = end ? static_cast<const T*>(end) - row : n;
        } else {
            while (x < n && row[x] != 0) ++x;
        }
        visit(first, x);
    }
}

// What makes voxels of one piece.
enum class Contact { faces, corners };

struct MaskSummary {
    Index voxels = 0, pieces = 0;
    Shape first{0, 0, 0}, stop{0, 0, 0};  // the smallest box; empty where no voxel is inside
    Shape sum{0, 0, 0};                   // of the voxels' indices
};

namespace runs_detail {

struct Run {
    std::int32_t first, last;
};

class Runs {
  public:
    std::vector<Run> runs;
    std::vector<std::int32_t> parent;
    std::vector<std::size_t> row_begin;

    void add(Index first, Index last) {
        parent.push_back(static_cast<std::int32_t>(parent.size()));
        runs.push_back({static_cast<std::int32_t>(first), static_cast<std::int32_t>(last)});
    }
    // Joins the runs of two rows that touch; returns how many trees became one with another.
    Index join(std::size_t row, std::size_t other, Contact contact) {
        const Index reach = contact == Contact::corners ? 1 : 0;
        Index joined = 0;
        std::size_t a = row_begin[row], b = row_begin[other];
        while (a < row_begin[row + 1] && b < row_begin[other + 1]) {
            if (runs[a].first < runs[b].last + reach && runs[b].first < runs[a].last + reach)
                joined += unite(a, b);
            if (runs[a].last < runs[b].last) {
                ++a;
            } else {
                ++b;
            }
        }
        return joined;
    }

  private:
    std::int32_t root(std::size_t k) {
        std::int32_t at = static_cast<std::int32_t>(k);
        while (parent[at] != at) at = parent[at] = parent[parent[at]];
        return at;
    }
    Index unite(std::size_t a, std::size_t b) {
        const std::int32_t one = root(a), other = root(b);
        if (one == other) return 0;
        parent[std::max(one, other)] = std::min(one, other);
        return 1;
    }
};

}  // namespace runs_detail

inline MaskSummary summarize(const MaskView& mask, Contact contact) {
    const Shape& n = mask.shape;
    MaskSummary found;
    found.first = n;
    runs_detail::Runs all;
    all.row_begin.assign(1, 0);
    for (Index z = 0; z < n.z; ++z) {
        for (Index y = 0; y < n.y; ++y) {
            const std::size_t before = all.runs.size();
            for_each_run(mask.data + (z * n.y + y) * n.x, n.x, [&](Index first, Index last) {
                all.add(first, last);
                const Index length = last - first;
                found.voxels += length;
                found.sum = {found.sum.z + length * z, found.sum.y + length * y,
                             found.sum.x + length * (first + last - 1) / 2};
            });
            all.row_begin.push_back(all.runs.size());
            if (all.runs.size() == before) continue;
            const Index low = all.runs[before].first, high = all.runs.back().last;
            found.first = {std::min(found.first.z, z), std::min(found.first.y, y),
                           std::min(found.first.x, low)};
            found.stop = {z + 1, std::max(found.stop.y, y + 1), std::max(found.stop.x, high)};
            const std::size_t row = static_cast<std::size_t>(z * n.y + y),
                              width = static_cast<std::size_t>(n.y);
            if (y > 0) found.pieces -= all.join(row, row - 1, contact);
            if (z == 0) continue;
            found.pieces -= all.join(row, row - width, contact);
            if (contact == Contact::faces) continue;
            if (y > 0) found.pieces -= all.join(row, row - width - 1, contact);
            if (y + 1 < n.y) found.pieces -= all.join(row, row - width + 1, contact);
        }
    }
    found.pieces += static_cast<Index>(all.runs.size());
    return found;
}

// Boxes of the labels 1 … n_labels of a volume in C order, six indices each: first and stop along (z, y, x);
// all 0 for a label that does not occur. Labels are not negative.
template <class Label>
std::vector<Index> label_boxes(const Label* labels, Shape shape, Index n_labels) {
    std::vector<Index> box(static_cast<std::size_t>(6 * n_labels), 0);
    const auto widen = [&](Index label, Index z, Index y, Index first, Index last) {
        Index* b = box.data() + 6 * (label - 1);
        if (b[3] == 0) {
            const Index fresh[6] = {z, y, first, z + 1, y + 1, last};
            std::copy(fresh, fresh + 6, b);
            return;
        }
        b[1] = std::min(b[1], y);
        b[2] = std::min(b[2], first);
        b[3] = z + 1;
        b[4] = std::max(b[4], y + 1);
        b[5] = std::max(b[5], last);
    };
    for (Index z = 0; z < shape.z; ++z) {
        for (Index y = 0; y < shape.y; ++y) {
            const Label* row = labels + (z * shape.y + y) * shape.x;
            for_each_run(row, shape.x, [&](Index first, Index last) {
                for (Index begin = first, x = first + 1; x <= last; ++x) {
                    if (x < last && row[x] == row[begin]) continue;
                    widen(static_cast<Index>(row[begin]), z, y, begin, x);
                    begin = x;
                }
            });
        }
    }
    return box;
}

// The values inside a mask, as doubles in C order. `inside` holds bytes.
inline void gather(const Strided& values, const Strided& inside, double* out) {
    std::vector<unsigned char> spare(static_cast<std::size_t>(values.shape.x));
    for (Index z = 0; z < values.shape.z; ++z) {
        for (Index y = 0; y < values.shape.y; ++y) {
            const unsigned char* row = row_of_bytes(inside, z, y, spare.data());
            for_each_run(row, values.shape.x, [&](Index first, Index last) {
                values.row(z, y, first, last - first, out);
                out += last - first;
            });
        }
    }
}

}  // namespace fasttex
