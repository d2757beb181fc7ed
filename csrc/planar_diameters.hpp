// The largest distance between vertices of a mask's mesh that lie in one plane across z, y or x: PyRadiomics'
// Maximum2DDiameterSlice, Column and Row.
//
// A vertex lies in the middle between two neighbors of which one is inside. Places are counted in halves of
// voxels, so that they are whole. Of a row of vertices only the first and the last can be farthest from
// another, and of a plane only the corners of their convex hull (A. Andrew's monotone chain, 1979). Planes
// whose box is no wider than the largest distance so far are passed over.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "border_distance.hpp"

namespace fasttex {

namespace planar_detail {

constexpr std::int32_t kNone = -2;  // vertices have places from -1

struct Ends {
    std::int32_t first = kNone, last = kNone;
};

struct Point {
    std::int64_t u, v;
};

// The first and last place of vertices in every row of a plane.
using Plane = std::vector<Ends>;

inline std::int64_t cross(const Point& o, const Point& a, const Point& b) {
    return (a.u - o.u) * (b.v - o.v) - (a.v - o.v) * (b.u - o.u);
}

// Corners of the convex hull of points that come sorted.
inline std::vector<Point> hull_of(const std::vector<Point>& points) {
    std::vector<Point> hull;
    for (int turn = 0; turn < 2; ++turn) {
        const std::size_t base = hull.size();
        for (std::size_t k = 0; k < points.size(); ++k) {
            const Point& p = turn == 0 ? points[k] : points[points.size() - 1 - k];
            while (hull.size() >= base + 2 && cross(hull[hull.size() - 2], hull.back(), p) <= 0)
                hull.pop_back();
            hull.push_back(p);
        }
    }
    return hull;
}

// The square of the largest distance in a plane, in mm², if it is more than `least`. `u_mm` and `v_mm`: a
// half of a voxel across and along the rows.
inline double farthest(const Plane& rows, double u_mm, double v_mm, double least) {
    std::vector<Point> points;
    std::int64_t low = INT64_MAX, high = INT64_MIN;
    for (std::size_t u = 0; u < rows.size(); ++u) {
        const Ends& ends = rows[u];
        if (ends.first == kNone) continue;
        points.push_back({static_cast<std::int64_t>(u), ends.first});
        if (ends.last != ends.first) points.push_back({static_cast<std::int64_t>(u), ends.last});
        low = std::min<std::int64_t>(low, ends.first);
        high = std::max<std::int64_t>(high, ends.last);
    }
    if (points.empty()) return least;
    const auto squared = [=](std::int64_t u, std::int64_t v) {
        const double a = static_cast<double>(u) * u_mm, b = static_cast<double>(v) * v_mm;
        return a * a + b * b;
    };
    if (squared(points.back().u - points.front().u, high - low) <= least) return least;
    const std::vector<Point> hull = hull_of(points);
    for (std::size_t a = 0; a < hull.size(); ++a) {
        for (std::size_t b = a + 1; b < hull.size(); ++b)
            least = std::max(least, squared(hull[b].u - hull[a].u, hull[b].v - hull[a].v));
    }
    return least;
}

// Where two rows of a mask differ, the first and the last time; either may be null, which is outside.
inline Ends difference(const unsigned char* a, const unsigned char* b, Index n) {
    const auto differ = [&](Index k) { return (a ? a[k] : 0) != (b ? b[k] : 0); };
    Index first = 0, last = n - 1;
    while (first < n && !differ(first)) ++first;
    if (first == n) return {};
    while (!differ(last)) --last;
    return {static_cast<std::int32_t>(2 * first), static_cast<std::int32_t>(2 * last)};
}

inline Ends around(const Ends& inside) {
    return inside.first == kNone ? inside : Ends{inside.first - 1, inside.last + 1};
}

class Mesh {
  public:
    // `mask` holds ones and zeros; what lies around it is outside.
    explicit Mesh(const MaskView& mask) : mask_(mask) {}

    // Planes z of rows y along x; entry k stands for place k - 1.
    std::vector<Plane> rows_along_x() const {
        const Shape n = mask_.shape;
        std::vector<Plane> planes(static_cast<std::size_t>(2 * n.z + 1),
                                  Plane(static_cast<std::size_t>(2 * n.y + 1)));
        for (Index z = -1; z < n.z; ++z) {
            for (Index y = -1; y < n.y; ++y) {
                const unsigned char* here = row(z, y);
                Plane& plane = planes[2 * z + 1];
                if (z >= 0 && y >= 0) plane[2 * y + 1] = around(difference(here, nullptr, n.x));
                if (z >= 0) plane[2 * y + 2] = difference(here, row(z, y + 1), n.x);
                if (y >= 0) planes[2 * z + 2][2 * y + 1] = difference(here, row(z + 1, y), n.x);
            }
        }
        return planes;
    }

    // Planes x of rows z along y, likewise.
    std::vector<Plane> rows_along_y() const {
        const Shape n = mask_.shape;
        std::vector<Plane> planes(static_cast<std::size_t>(2 * n.x + 1),
                                  Plane(static_cast<std::size_t>(2 * n.z + 1)));
        const std::size_t width = static_cast<std::size_t>(n.x + 1);
        std::vector<unsigned char> there(width);
        std::vector<std::int32_t> first(width), last(width);
        // `find(y)` sets there[k] to whether column k has a vertex in row y, which lies at or around the row.
        const auto scan = [&](Index z_place, Index x_place, bool around_row, const auto& find) {
            std::fill(first.begin(), first.end(), static_cast<std::int32_t>(n.y));
            std::fill(last.begin(), last.end(), -1);
            for (Index y = 0; y < n.y; ++y) {
                find(y);
                const std::int32_t at = static_cast<std::int32_t>(y);
                for (std::size_t k = 0; k < width; ++k) {
                    first[k] = std::min(first[k], there[k] ? at : first[k]);
                    last[k] = there[k] ? at : last[k];
                }
            }
            for (std::size_t k = 0; k < width; ++k) {
                if (last[k] < 0) continue;
                const Ends ends{2 * first[k], 2 * last[k]};
                planes[2 * k + x_place][z_place] = around_row ? around(ends) : ends;
            }
        };
        for (Index z = -1; z < n.z; ++z) {
            there[n.x] = 0;
            if (z >= 0) {
                scan(2 * z + 1, 1, true, [&](Index y) { std::copy_n(row(z, y), n.x, there.data()); });
                scan(2 * z + 1, 0, false, [&](Index y) {
                    const unsigned char* here = row(z, y);
                    there[0] = here[0];
                    for (Index k = 1; k < n.x; ++k) there[k] = here[k - 1] ^ here[k];
                    there[n.x] = here[n.x - 1];
                });
                there[n.x] = 0;
            }
            scan(2 * z + 2, 1, false, [&](Index y) {
                const unsigned char *below = row(z, y), *above = row(z + 1, y);
                for (Index k = 0; k < n.x; ++k)
                    there[k] = static_cast<unsigned char>((below ? below[k] : 0) ^ (above ? above[k] : 0));
            });
        }
        return planes;
    }

  private:
    const unsigned char* row(Index z, Index y) const {
        const Shape& n = mask_.shape;
        return z < 0 || y < 0 || z >= n.z || y >= n.y ? nullptr : mask_.data + (z * n.y + y) * n.x;
    }

    MaskView mask_;
};

// Planes across the rows' own plane: entry [u] of plane [v] from entry [v] of plane [u].
inline std::vector<Plane> turned(const std::vector<Plane>& planes) {
    std::vector<Plane> result(planes.empty() ? 0 : planes[0].size(), Plane(planes.size()));
    for (std::size_t u = 0; u < planes.size(); ++u) {
        for (std::size_t v = 0; v < planes[u].size(); ++v) result[v][u] = planes[u][v];
    }
    return result;
}

inline double largest(const std::vector<Plane>& planes, double u_mm, double v_mm) {
    double squared = 0;
    for (const Plane& plane : planes) squared = farthest(plane, u_mm, v_mm, squared);
    return std::sqrt(squared);
}

}  // namespace planar_detail

// In mm, across z, y and x. `spacing`: mm along (z, y, x).
inline std::array<double, 3> planar_diameters(const MaskView& mask, const std::array<double, 3>& spacing) {
    const double z = spacing[0] / 2, y = spacing[1] / 2, x = spacing[2] / 2;
    const planar_detail::Mesh mesh(mask);
    const auto along_x = mesh.rows_along_x();
    return {planar_detail::largest(along_x, y, x),
            planar_detail::largest(planar_detail::turned(along_x), z, x),
            planar_detail::largest(mesh.rows_along_y(), z, y)};
}

}  // namespace fasttex
