// The largest distances between vertices of a mask's mesh: between two of one plane across z, y or x, and
// between any two. PyRadiomics' Maximum2DDiameterSlice, Column and Row, and Maximum3DDiameter.
//
// A vertex lies half a voxel from the center of a voxel inside, along one axis, where the neighbor is
// outside. Only what is outermost can be farthest from anything, so it does no harm to take one on all six
// sides of every voxel: then the largest distance is one between two centers, lengthened by half a step at
// either end. The same holds of the four sides in a plane through centers. A plane between centers holds as
// vertices the places where the two slices beside it differ, and nothing is lengthened.
//
// Of a line of voxels only the two ends count. Planes are looked at from that of the largest box on, until no
// box is as large as the distance found. Points lie in a ball about the middle of their box: one near the
// middle is far from none. Of those left in a plane only the corners of their convex hull count (A. Andrew's
// monotone chain, 1979).
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

// In voxels, so whole: (z, y, x); or across a plane, across its lines and along them.
using Place = std::array<double, 3>;

inline Place operator-(const Place& a, const Place& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }

// Distances between centers, lengthened by a step along that axis, of those that allow it, where this gives
// most. Half a step along each of two axes never gives more.
class Metric {
  public:
    Metric(const std::array<double, 3>& spacing, const std::array<bool, 3>& lengthens) : reach_(0) {
        for (int a = 0; a < 3; ++a) {
            spacing_[a] = std::abs(spacing[a]);
            step_[a] = lengthens[a] ? 1 : 0;
            reach_ = std::max(reach_, step_[a] * spacing_[a]);
        }
    }

    double squared(const Place& apart) const { return squared(apart[0], apart[1], apart[2]); }
    double squared(double z, double y, double x) const {
        const Place apart{std::abs(z), std::abs(y), std::abs(x)};
        Place plain, longer;
        for (int a = 0; a < 3; ++a) {
            plain[a] = square(apart[a] * spacing_[a]);
            longer[a] = square((apart[a] + step_[a]) * spacing_[a]);
        }
        return std::max({longer[0] + plain[1] + plain[2], plain[0] + longer[1] + plain[2],
                         plain[0] + plain[1] + longer[2]});
    }
    double between_centers(const Place& apart) const {  // squared, too
        return square(apart[0] * spacing_[0]) + square(apart[1] * spacing_[1]) +
               square(apart[2] * spacing_[2]);
    }
    // By how much a distance between centers is lengthened at most.
    double reach() const { return reach_; }

  private:
    static double square(double side) { return side * side; }

    std::array<double, 3> spacing_, step_;
    double reach_;
};

// From the first to the last place along each axis; empty at first.
struct Box {
    static constexpr double kFar = 1e300;
    Place low{kFar, kFar, kFar}, high{-kFar, -kFar, -kFar};

    bool empty() const { return low[0] > high[0]; }
    void widen(const Place& p) {
        for (int a = 0; a < 3; ++a) {
            low[a] = std::min(low[a], p[a]);
            high[a] = std::max(high[a], p[a]);
        }
    }
};

// About the middle of the box of points. `Points` have for_each(visit), which calls visit(place).
template <class Points>
class Ball {
  public:
    Ball(const Points& points, const Box& box, const Metric& metric) : points_(points), metric_(metric) {
        for (int a = 0; a < 3; ++a) center_[a] = (box.low[a] + box.high[a]) / 2;
        outermost_ = farthest_from(center_);
        radius_ = std::sqrt(metric_.between_centers(outermost_ - center_));
    }

    // The points that may be one of two so far apart.
    std::vector<Place> able(double squared) const {
        const double nearest = std::max(0.0, std::sqrt(squared) / kSlack - metric_.reach() - radius_);
        const double least = nearest * nearest / kSlack;
        std::vector<Place> found;
        points_.for_each([&](const Place& p) {
            if (metric_.between_centers(p - center_) >= least) found.push_back(p);
        });
        return found;
    }

    // The square of a distance between two points, mostly nearly the largest.
    double large_distance() const { return metric_.squared(farthest_from(outermost_) - outermost_); }

  private:
    Place farthest_from(const Place& place) const {
        Place best = place;
        double largest = 0;
        points_.for_each([&](const Place& p) {
            const double squared = metric_.between_centers(p - place);
            if (squared <= largest) return;
            largest = squared;
            best = p;
        });
        return best;
    }

    const Points& points_;
    const Metric& metric_;
    Place center_, outermost_;
    double radius_;
};

// Appends the corners of the convex hull of points with equal first coordinate, which come sorted.
inline void add_corners(const Place* first, const Place* last, std::vector<Place>& hull) {
    const auto turn = [](const Place& o, const Place& a, const Place& b) {
        return (a[1] - o[1]) * (b[2] - o[2]) - (a[2] - o[2]) * (b[1] - o[1]);
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

// Calls visit(place) for both ends of a line at u and v.
template <class Visit>
void for_each_end(double u, double v, const Ends& ends, const Visit& visit) {
    if (ends.empty()) return;
    visit(Place{u, v, static_cast<double>(ends.first)});
    visit(Place{u, v, static_cast<double>(ends.last)});
}

// Lines of one plane, beside each other.
struct Plane {
    const Ends* lines;
    Index n, stride;
    const Metric* metric;
    Box box{};
    double bound = -1;  // the square of no smaller distance than the largest in the plane

    template <class Visit>
    void for_each(const Visit& visit) const {
        for (Index k = 0; k < n; ++k) for_each_end(0, static_cast<double>(k), lines[k * stride], visit);
    }

    void find_bound() {
        for_each([&](const Place& p) { box.widen(p); });
        // Rounds like the distances themselves.
        if (!box.empty()) bound = metric->squared(box.high - box.low);
    }
};

// The square of the largest distance in a plane, or `least` where that is more.
inline double farthest(const Plane& plane, double least) {
    const std::vector<Place> points = Ball(plane, plane.box, *plane.metric).able(least);
    if (points.empty()) return least;
    std::vector<Place> hull;
    add_corners(points.data(), points.data() + points.size(), hull);
    for (std::size_t a = 0; a < hull.size(); ++a) {
        for (std::size_t b = a; b < hull.size(); ++b)
            least = std::max(least, plane.metric->squared(hull[a] - hull[b]));
    }
    return least;
}

inline double largest(std::vector<Plane> planes) {
    for (Plane& plane : planes) plane.find_bound();
    std::sort(planes.begin(), planes.end(), [](const Plane& a, const Plane& b) { return a.bound > b.bound; });
    double squared = 0;
    for (const Plane& plane : planes) {
        if (plane.bound <= squared) break;
        squared = farthest(plane, squared);
    }
    return std::sqrt(squared);
}

// One for each row of the tables, or for each column: of voxels, and of what differs between neighbors.
// `spacing`: across the planes, across their lines and along them.
enum class Each { row, column };

inline double across(Each each, const LineEnds& voxels, const LineEnds& changes,
                     const std::array<double, 3>& spacing) {
    const Metric through_centers(spacing, {false, true, true});
    const Metric halfway(spacing, {false, false, false});
    std::vector<Plane> planes;
    const auto add = [&](const LineEnds& lines, const Metric& metric) {
        const Ends* first = lines.ends.data();
        for (Index k = 0; each == Each::row && k < lines.rows; ++k)
            planes.push_back({first + k * lines.columns, lines.columns, 1, &metric});
        for (Index k = 0; each == Each::column && k < lines.columns; ++k)
            planes.push_back({first + k, lines.rows, lines.columns, &metric});
    };
    add(voxels, through_centers);
    add(changes, halfway);
    return largest(std::move(planes));
}

// Lines along x, of all rows of a volume.
struct Volume {
    const LineEnds& lines;

    template <class Visit>
    void for_each(const Visit& visit) const {
        for (Index z = 0; z < lines.rows; ++z) {
            for (Index y = 0; y < lines.columns; ++y) {
                const Ends& ends = lines.ends[z * lines.columns + y];
                for_each_end(static_cast<double>(z), static_cast<double>(y), ends, visit);
            }
        }
    }
};

inline double in_space(const LineEnds& rows, const std::array<double, 3>& spacing) {
    const Metric metric(spacing, {true, true, true});
    const Volume volume{rows};
    Box box;
    volume.for_each([&](const Place& p) { box.widen(p); });
    if (box.empty()) return 0;
    const Ball ball(volume, box, metric);
    const std::vector<Place> points = ball.able(ball.large_distance());
    std::vector<Place> hull;
    const Place *first = points.data(), *end = first + points.size();
    while (first != end) {
        const Place* next = std::find_if(first, end, [=](const Place& p) { return p[0] != (*first)[0]; });
        add_corners(first, next, hull);
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
    for (const double side : spacing) {
        const double nan = side - side;
        if (!std::isfinite(side)) return {nan, nan, nan, nan};
    }
    const BitRows bits(mask);
    const LineEnds rows = lines_along_x(bits, 0, 0);
    const auto [z, y, x] = spacing;
    return {across(Each::row, rows, lines_along_x(bits, 1, 0), {z, y, x}),
            across(Each::column, rows, lines_along_x(bits, 0, 1), {y, z, x}),
            across(Each::column, lines_along_y(bits, 0), lines_along_y(bits, 1), {x, z, y}),
            in_space(rows, spacing)};
}

}  // namespace fasttex
