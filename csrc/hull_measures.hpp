// Volume, area and diameter of the convex hull of points in halves of voxels.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "hull.hpp"

namespace fasttex {

struct HullMeasures {
    double volume = 0, area = 0, diameter = 0;
};

// Points in blocks of neighbors: pairs of blocks whose boxes lie too close to each other are left out.
// `squared(z, y, x)`: of the distance of two so far apart; the larger, the farther they are along any axis.
template <class Squared>
class Spread {
  public:
    using Place = std::array<double, 3>;

    Spread(std::vector<Place> points, Squared squared) : points_(std::move(points)), squared_(squared) {
        divide(0, points_.size());
    }

    double largest_distance() const {
        double largest = 0;
        std::size_t far = 0;
        for (int k = 0; k < 3; ++k) far = farthest_from(far, largest);  // mostly nearly the largest
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            for (std::size_t j = i; j < blocks_.size(); ++j) {
                if (bound(blocks_[i], blocks_[j]) > largest) compare(blocks_[i], blocks_[j], largest);
            }
        }
        return std::sqrt(largest);
    }

  private:
    static constexpr std::size_t kBlock = 16;
    struct Block {
        std::size_t first, last;
        Place low, high;
    };
    std::vector<Place> points_;
    Squared squared_;
    std::vector<Block> blocks_;

    // Halves points across the longest side of their box until a block holds them.
    void divide(std::size_t first, std::size_t last) {
        Block block{first, last, points_[first], points_[first]};
        int longest = 0;
        for (int a = 0; a < 3; ++a) {
            for (std::size_t p = first; p < last; ++p) {
                block.low[a] = std::min(block.low[a], points_[p][a]);
                block.high[a] = std::max(block.high[a], points_[p][a]);
            }
            if (block.high[a] - block.low[a] > block.high[longest] - block.low[longest]) longest = a;
        }
        if (last - first <= kBlock) {
            blocks_.push_back(block);
            return;
        }
        const std::size_t middle = (first + last) / 2;
        const auto at = [&](std::size_t p) { return points_.begin() + static_cast<std::ptrdiff_t>(p); };
        std::nth_element(at(first), at(middle), at(last),
                         [=](const Place& p, const Place& q) { return p[longest] < q[longest]; });
        divide(first, middle);
        divide(middle, last);
    }
    double squared(std::size_t p, std::size_t q) const {
        const Place &a = points_[p], &b = points_[q];
        return squared_(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    }
    std::size_t farthest_from(std::size_t p, double& largest) const {
        std::size_t best = p;
        double distance = 0;
        for (std::size_t q = 0; q < points_.size(); ++q) {
            const double d = squared(p, q);
            if (d > distance) {
                distance = d;
                best = q;
            }
        }
        largest = std::max(largest, distance);
        return best;
    }
    // Rounds like the distances themselves do, so no pair's is larger.
    double bound(const Block& a, const Block& b) const {
        double side[3];
        for (int k = 0; k < 3; ++k) side[k] = std::max(a.high[k] - b.low[k], b.high[k] - a.low[k]);
        return squared_(side[0], side[1], side[2]);
    }
    void compare(const Block& a, const Block& b, double& largest) const {
        for (std::size_t p = a.first; p < a.last; ++p) {
            if (bound({p, p + 1, points_[p], points_[p]}, b) <= largest) continue;
            for (std::size_t q = b.first; q < b.last; ++q) largest = std::max(largest, squared(p, q));
        }
    }
};

inline HullMeasures measure_hull(const std::vector<Point>& points, const double* spacing) {
    const double h[3] = {spacing[0] / 2, spacing[1] / 2, spacing[2] / 2};
    HullMeasures found;
    std::int64_t volume = 0;
    std::vector<char> is_corner(points.size(), 0);
    for (const Hull::Triangle& t : Hull(points).triangles()) {
        const Point a = points[t[0]], normal = cross(points[t[1]] - a, points[t[2]] - a);
        volume += dot(normal, a - points[0]);
        const double z = static_cast<double>(normal.z) * h[1] * h[2],
                     y = static_cast<double>(normal.y) * h[2] * h[0],
                     x = static_cast<double>(normal.x) * h[0] * h[1];
        found.area += std::sqrt(z * z + y * y + x * x) / 2;
        for (const std::int32_t corner : t) is_corner[corner] = 1;
    }
    found.volume = static_cast<double>(volume < 0 ? -volume : volume) / 6 * (h[0] * h[1] * h[2]);
    std::vector<std::array<double, 3>> corners;
    for (std::size_t p = 0; p < points.size(); ++p) {
        if (!is_corner[p]) continue;
        const Point& at = points[p];
        corners.push_back({static_cast<double>(at.z) * h[0], static_cast<double>(at.y) * h[1],
                           static_cast<double>(at.x) * h[2]});
    }
    const auto squared = [](double z, double y, double x) { return z * z + y * y + x * x; };
    if (!corners.empty()) found.diameter = Spread(corners, squared).largest_distance();
    return found;
}

}  // namespace fasttex
