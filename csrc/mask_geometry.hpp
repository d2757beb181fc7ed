// Where the voxels of a mask lie: their moments, and the mesh vertices that may be corners of its convex
// hull.
//
// Everything comes from the mask's runs along x. Of the mesh, whose vertices lie halfway between a voxel
// inside and a neighbor outside, only the outermost of each line of voxels can be corners of the hull. For
// either direction of each axis they are a height map; of each of its rows, and then of each column, only the
// corners of the row's own hull in the plane are kept. All coordinates are whole, in halves of voxels.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "hull.hpp"
#include "runs.hpp"

namespace fasttex {

using Triple = std::array<std::int64_t, 3>;

struct VoxelCenters {
    std::int64_t n = 0;
    Triple first{}, low{}, high{};   // Σ k; the first and the last voxel along (z, y, x)
    std::int64_t second[3][3] = {};  // Σ k·l
    int rank = 0;                    // dimension of what the centers span: 3, or 2 for a plane ...
};

namespace geometry_detail {

constexpr std::int32_t kFar = std::numeric_limits<std::int32_t>::max() / 4;

// The least heights of the lines along one axis, by the other two axes u and v; kFar where there is none.
struct HeightMap {
    Index rows, columns;
    std::vector<std::int32_t> height;

    HeightMap(Index rows_, Index columns_) : rows(rows_), columns(columns_), height(rows_ * columns_, kFar) {}

    std::int32_t* row(Index u) { return height.data() + u * columns; }

    void lower(Index u, Index first, Index last, std::int32_t h) {
        std::int32_t* at = row(u);
        for (Index v = first; v < last; ++v) at[v] = at[v] < h ? at[v] : h;
    }
    // Leaves the corners of the lower hull of each row, then of each column.
    void thin() {
        std::vector<Index> chain;
        for (Index u = 0; u < rows; ++u) thin_line(height.data() + u * columns, columns, 1, chain);
        for (Index v = 0; v < columns; ++v) thin_line(height.data() + v, rows, columns, chain);
    }

  private:
    static void thin_line(std::int32_t* line, Index n, Index stride, std::vector<Index>& chain) {
        chain.clear();
        for (Index k = 0; k < n; ++k) {
            if (line[k * stride] == kFar) continue;
            while (chain.size() > 1 && above(line, stride, chain[chain.size() - 2], chain.back(), k)) {
                line[chain.back() * stride] = kFar;
                chain.pop_back();
            }
            chain.push_back(k);
        }
    }
    // Whether b does not lie below the line from a to c.
    static bool above(const std::int32_t* line, Index stride, Index a, Index b, Index c) {
        const std::int64_t to_b = line[b * stride] - line[a * stride],
                           to_c = line[c * stride] - line[a * stride];
        return to_b * (c - a) >= to_c * (b - a);
    }
};

// Grows with what points span, told exactly.
struct Span3 {
    Point origin{}, along{}, normal{};
    int rank = -1;

    void add(const Point& p) {
        if (rank == 3) return;
        const Point d = p - origin, n = cross(along, d);
        if (rank < 0) {
            origin = p;
            rank = 0;
        } else if (rank == 0 && (d.z || d.y || d.x)) {
            along = d;
            rank = 1;
        } else if (rank == 1 && (n.z || n.y || n.x)) {
            normal = n;
            rank = 2;
        } else if (rank == 2 && dot(normal, d) != 0) {
            rank = 3;
        }
    }
};

inline void add_sums(VoxelCenters& c, Index z, Index y, Index first, Index last) {
    const std::int64_t n = last - first, sum = n * (first + last - 1) / 2;
    const auto squares_below = [](std::int64_t k) { return (k - 1) * k * (2 * k - 1) / 6; };
    c.n += n;
    c.first[0] += n * z;
    c.first[1] += n * y;
    c.first[2] += sum;
    c.second[0][0] += n * z * z;
    c.second[0][1] += n * z * y;
    c.second[0][2] += sum * z;
    c.second[1][1] += n * y * y;
    c.second[1][2] += sum * y;
    c.second[2][2] += squares_below(last) - squares_below(first);
}

inline void widen(VoxelCenters& c, Index z, Index y, Index first, Index last) {
    if (c.n == 0) {
        c.low = {z, y, first};
        c.high = {z, y, last - 1};
    }
    c.low = {c.low[0], std::min<std::int64_t>(c.low[1], y), std::min<std::int64_t>(c.low[2], first)};
    c.high = {z, std::max<std::int64_t>(c.high[1], y), std::max<std::int64_t>(c.high[2], last - 1)};
}

inline void add_run(VoxelCenters& c, Index z, Index y, Index first, Index last) {
    widen(c, z, y, first, last);
    add_sums(c, z, y, first, last);
}

// What add_run leaves out.
inline void complete(VoxelCenters& c) {
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < i; ++j) c.second[i][j] = c.second[j][i];
    }
}

struct Lines {
    HeightMap z, y, x;

    explicit Lines(const Shape& n) : z(n.y, n.x), y(n.z, n.x), x(n.z, n.y) {}

    void collect(std::int64_t sign, std::vector<Point>& points) {
        const auto each = [&](HeightMap& map, const auto& point) {
            map.thin();
            for (Index u = 0; u < map.rows; ++u) {
                for (Index v = 0; v < map.columns; ++v) {
                    const std::int64_t h = map.row(u)[v];
                    if (h != kFar) points.push_back(point(2 * u, 2 * v, sign * h));
                }
            }
        };
        each(z, [](Index u, Index v, std::int64_t h) { return Point{h, u, v}; });
        each(y, [](Index u, Index v, std::int64_t h) { return Point{u, h, v}; });
        each(x, [](Index u, Index v, std::int64_t h) { return Point{u, v, h}; });
    }
};

}  // namespace geometry_detail

// All but their rank.
inline VoxelCenters centers_of(const MaskView& mask) {
    VoxelCenters found;
    for (Index z = 0; z < mask.shape.z; ++z) {
        for (Index y = 0; y < mask.shape.y; ++y) {
            for_each_run(
                mask.data + (z * mask.shape.y + y) * mask.shape.x, mask.shape.x,
                [&](Index first, Index last) { geometry_detail::add_run(found, z, y, first, last); });
        }
    }
    geometry_detail::complete(found);
    return found;
}

struct MaskGeometry {
    VoxelCenters centers;
    std::vector<Point> vertices;  // in halves of voxels
};

inline MaskGeometry geometry_of(const MaskView& mask) {
    using namespace geometry_detail;
    MaskGeometry found;
    Lines low(mask.shape), high(mask.shape);
    Span3 span;
    for (Index z = 0; z < mask.shape.z; ++z) {
        for (Index y = 0; y < mask.shape.y; ++y) {
            const unsigned char* row = mask.data + (z * mask.shape.y + y) * mask.shape.x;
            const auto at_z = static_cast<std::int32_t>(2 * z), at_y = static_cast<std::int32_t>(2 * y);
            for_each_run(row, mask.shape.x, [&](Index first, Index last) {
                add_run(found.centers, z, y, first, last);
                span.add({z, y, first});
                span.add({z, y, last - 1});
                low.z.lower(y, first, last, at_z - 1);
                high.z.lower(y, first, last, -at_z - 1);
                low.y.lower(z, first, last, at_y - 1);
                high.y.lower(z, first, last, -at_y - 1);
                low.x.lower(z, y, y + 1, static_cast<std::int32_t>(2 * first - 1));
                high.x.lower(z, y, y + 1, static_cast<std::int32_t>(1 - 2 * last));
            });
        }
    }
    complete(found.centers);
    found.centers.rank = span.rank;
    low.collect(1, found.vertices);
    high.collect(-1, found.vertices);
    return found;
}

}  // namespace fasttex
