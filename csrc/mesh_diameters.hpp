// The largest distances between vertices of a mask's mesh: between two of one plane across z, y or x, and
// between any two. PyRadiomics' Maximum2DDiameterSlice, Column and Row, and Maximum3DDiameter.
//
// A vertex lies half a voxel from the center of a voxel inside, along one axis, where the neighbor is
// outside. Only what is outermost can be farthest from anything, so it does no harm to take one on all six
// sides of every voxel: then the largest distance is one between two centers, lengthened by a half step at
// either end. The same holds of the four sides in a plane through centers. A plane between centers holds as
// vertices the places where the two slices beside it differ, and nothing is lengthened.
//
// Of a line of voxels only the two ends count. Points lie in a ball about the middle of their box, which
// bounds how far apart two can be; one near the middle is far from none. Of those left in a plane only the
// corners of their convex hull count (A. Andrew's monotone chain, 1979).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "bit_rows.hpp"
#include "hull_measures.hpp"

namespace fasttex {

namespace diameter_detail {

constexpr double kSlack = 1 + 1e-9;  // for bounds, which round otherwise than distances

using Place = std::array<double, 3>;  // in voxels, so whole: (z, y, x)

inline Place operator-(const Place& a, const Place& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }

// Distances between centers, lengthened by half a step at either end along axes that allow it.
class Metric {
  public:
    Metric(const std::array<double, 3>& spacing, const std::array<bool, 3>& lengthens) {
        for (int a = 0; a < 3; ++a) {
            half_mm_[a] = spacing[a] / 2;
            if (!lengthens[a]) continue;
            axes_[n_axes_++] = a;
            reach_ = std::max(reach_, spacing[a]);
        }
    }

    double squared(const Place& apart) const { return squared(apart[0], apart[1], apart[2]); }
    double squared(double z, double y, double x) const {
        const Place apart{std::abs(z), std::abs(y), std::abs(x)};
        double largest = n_axes_ == 0 ? sum(apart, -1, -1) : 0;
        for (int i = 0; i < n_axes_; ++i) {
            for (int j = i; j < n_axes_; ++j) largest = std::max(largest, sum(apart, axes_[i], axes_[j]));
        }
        return largest;
    }
    double between_centers(const Place& apart) const { return sum(apart, -1, -1); }  // squared, too
    // By how much a distance between centers is lengthened at most.
    double reach() const { return reach_; }

  private:
    double sum(const Place& apart, int i, int j) const {
        double total = 0;
        for (int a = 0; a < 3; ++a) {
            const double side = (2 * apart[a] + (a == i) + (a == j)) * half_mm_[a];
            total += side * side;
        }
        return total;
    }

    std::array<double, 3> half_mm_;
    std::array<int, 3> axes_{};
    int n_axes_ = 0;
    double reach_ = 0;
};

// About the middle of the box of points, of which there is one at least.
class Ball {
  public:
    Ball(const std::vector<Place>& points, const Metric& metric) : metric_(metric), center_{} {
        Place low = points.front(), high = low;
        for (const Place& p : points) {
            for (int a = 0; a < 3; ++a) {
                low[a] = std::min(low[a], p[a]);
                high[a] = std::max(high[a], p[a]);
            }
        }
        for (int a = 0; a < 3; ++a) center_[a] = (low[a] + high[a]) / 2;
        radius_ = std::sqrt(metric_.between_centers(farthest_from(center_, points) - center_));
    }

    // No two points are farther apart.
    double bound() const { return (2 * radius_ + metric_.reach()) * kSlack; }

    // Leaves the points that may be one of two so far apart.
    void keep(std::vector<Place>& points, double squared) const {
        const double nearest = std::sqrt(squared) / kSlack - metric_.reach() - radius_;
        if (nearest <= 0) return;
        const double least = nearest * nearest / kSlack;
        const auto near = [&](const Place& p) { return metric_.between_centers(p - center_) < least; };
        points.erase(std::remove_if(points.begin(), points.end(), near), points.end());
    }

    Place farthest_from(const Place& place, const std::vector<Place>& points) const {
        Place best = points.front();
        double largest = 0;
        for (const Place& p : points) {
            const double squared = metric_.between_centers(p - place);
            if (squared <= largest) continue;
            largest = squared;
            best = p;
        }
        return best;
    }

    // The square of a distance between two points, mostly nearly the largest.
    double large_distance(const std::vector<Place>& points) const {
        Place from = farthest_from(center_, points), to = from;
        for (int k = 0; k < 2; ++k) {
            from = to;
            to = farthest_from(from, points);
        }
        return metric_.squared(to - from);
    }

  private:
    const Metric& metric_;
    Place center_;
    double radius_;
};

// Appends the corners of the convex hull of points in a plane, which come sorted by axes u and v.
inline void add_corners(const Place* first, const Place* last, int u, int v, std::vector<Place>& hull) {
    const auto turn = [=](const Place& o, const Place& a, const Place& b) {
        return (a[u] - o[u]) * (b[v] - o[v]) - (a[v] - o[v]) * (b[u] - o[u]);
    };
    const auto add = [&](const Place& p, std::size_t base) {
        while (hull.size() >= base + 2 && turn(hull[hull.size() - 2], hull.back(), p) <= 0) hull.pop_back();
        hull.push_back(p);
    };
    std::size_t base = hull.size();
    for (const Place* p = first; p != last; ++p) add(*p, base);
    base = hull.size() - 1;  // the last point begins the way back, and is found anew
    for (const Place* p = last; p != first; --p) add(p[-1], base);
}

// A table of the ends of lines.
struct Lines {
    Index rows, columns;
    std::vector<Ends> ends;

    Lines(Index rows_, Index columns_) : rows(rows_), columns(columns_), ends(rows * columns) {}
    Ends* row(Index u) { return ends.data() + u * columns; }
};

// Along x, of the rows of the mask; or, a step along z or y apart, of what differs between two of them.
inline Lines lines_along_x(const BitRows& mask, Index z_step, Index y_step) {
    Lines lines(mask.shape.z - z_step, mask.shape.y - y_step);
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
inline Lines lines_along_y(const BitRows& mask, Index x_step) {
    Lines lines(mask.shape.z, mask.shape.x - x_step);
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

// Lines of one plane; along v, beside each other along u.
struct Plane {
    const Ends* lines;
    Index n, stride;
    const Metric* metric;
    int u, v;
    double bound = 0;

    std::vector<Place> points() const {
        std::vector<Place> found;
        for (Index k = 0; k < n; ++k) {
            const Ends& ends = lines[k * stride];
            if (ends.empty()) continue;
            Place place{};
            place[u] = static_cast<double>(k);
            for (const std::int32_t end : {ends.first, ends.last}) {
                place[v] = static_cast<double>(end);
                found.push_back(place);
            }
        }
        return found;
    }
};

// The square of the largest distance in a plane, or `least` where that is more.
inline double farthest(const Plane& plane, double least) {
    std::vector<Place> points = plane.points(), hull;
    Ball(points, *plane.metric).keep(points, least);
    if (!points.empty()) add_corners(points.data(), points.data() + points.size(), plane.u, plane.v, hull);
    for (std::size_t a = 0; a < hull.size(); ++a) {
        for (std::size_t b = a; b < hull.size(); ++b)
            least = std::max(least, plane.metric->squared(hull[a] - hull[b]));
    }
    return least;
}

inline double largest(std::vector<Plane> planes) {
    for (Plane& plane : planes) {
        const std::vector<Place> points = plane.points();
        if (!points.empty()) plane.bound = Ball(points, *plane.metric).bound();
    }
    std::sort(planes.begin(), planes.end(), [](const Plane& a, const Plane& b) { return a.bound > b.bound; });
    double squared = 0;
    for (const Plane& plane : planes) {
        if (plane.bound <= std::sqrt(squared)) break;
        squared = farthest(plane, squared);
    }
    return std::sqrt(squared);
}

// One for each row of the tables, or for each column: of voxels, and of what differs between neighbors.
enum class Each { row, column };

inline double across(Each each, int axis, const Lines& voxels, const Lines& changes,
                     const std::array<double, 3>& spacing) {
    const Metric through_centers(spacing, {axis != 0, axis != 1, axis != 2});
    const Metric between_centers(spacing, {false, false, false});
    const int u = axis == 0 ? 1 : 0, v = axis == 2 ? 1 : 2;
    std::vector<Plane> planes;
    const auto add = [&](const Lines& lines, const Metric& metric) {
        const Ends* first = lines.ends.data();
        for (Index k = 0; each == Each::row && k < lines.rows; ++k)
            planes.push_back({first + k * lines.columns, lines.columns, 1, &metric, u, v});
        for (Index k = 0; each == Each::column && k < lines.columns; ++k)
            planes.push_back({first + k, lines.rows, lines.columns, &metric, u, v});
    };
    add(voxels, through_centers);
    add(changes, between_centers);
    return largest(std::move(planes));
}

inline double in_space(const Lines& rows, const std::array<double, 3>& spacing) {
    const Metric metric(spacing, {true, true, true});
    std::vector<Place> points, hull;
    for (Index z = 0; z < rows.rows; ++z) {
        for (Index y = 0; y < rows.columns; ++y) {
            const Ends& ends = rows.ends[z * rows.columns + y];
            if (ends.empty()) continue;
            for (const std::int32_t end : {ends.first, ends.last})
                points.push_back({static_cast<double>(z), static_cast<double>(y), static_cast<double>(end)});
        }
    }
    if (points.empty()) return 0;
    const Ball ball(points, metric);
    ball.keep(points, ball.large_distance(points));
    const Place *first = points.data(), *end = first + points.size();
    while (first != end) {
        const Place* next = std::find_if(first, end, [=](const Place& p) { return p[0] != (*first)[0]; });
        add_corners(first, next, 1, 2, hull);
        first = next;
    }
    return Spread(hull, [&](double z, double y, double x) { return metric.squared(z, y, x); })
        .largest_distance();
}

}  // namespace diameter_detail

// In mm: across z, y and x, and in space. `spacing`: mm along (z, y, x). What lies around the mask is
// outside.
inline std::array<double, 4> mesh_diameters(const MaskView& mask, const std::array<double, 3>& spacing) {
    using namespace diameter_detail;
    if (mask.shape.voxels() == 0) return {};
    const BitRows bits(mask);
    const Lines rows = lines_along_x(bits, 0, 0);
    return {across(Each::row, 0, rows, lines_along_x(bits, 1, 0), spacing),
            across(Each::column, 1, rows, lines_along_x(bits, 0, 1), spacing),
            across(Each::column, 2, lines_along_y(bits, 0), lines_along_y(bits, 1), spacing),
            in_space(rows, spacing)};
}

}  // namespace fasttex
