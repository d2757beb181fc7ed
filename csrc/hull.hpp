// The convex hull of points with whole coordinates, exactly.
//
// Quickhull (Barber, Dobkin & Huhdanpaa, ACM Trans. Math. Softw. 22:469, 1996): every point that lies outside
// is kept with one facet that it sees; the farthest point of a facet is added, the facets that it sees give
// way to a fan from their rim to the point, and their points look for a new facet. Sides are told by
// determinants of 64-bit integers, so nothing is rounded and no tolerance is needed. A facet in whose plane
// the new point lies counts as seen: then no facet is ever flat, and what lies in one plane is simply cut
// anew.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "roi_view.hpp"

namespace fasttex {

// Coordinates may differ by at most 2²⁰, so that determinants fit.
struct Point {
    std::int64_t z, y, x;
};

inline Point operator-(const Point& a, const Point& b) { return {a.z - b.z, a.y - b.y, a.x - b.x}; }
inline Point cross(const Point& a, const Point& b) {
    return {a.y * b.x - a.x * b.y, a.x * b.z - a.z * b.x, a.z * b.y - a.y * b.z};
}
inline std::int64_t dot(const Point& a, const Point& b) { return a.z * b.z + a.y * b.y + a.x * b.x; }

class Hull {
  public:
    using Triangle = std::array<std::int32_t, 3>;

    explicit Hull(const std::vector<Point>& points) : points_(points) {
        if (!start()) return;
        for (std::size_t f = 0; f < facets_.size(); ++f) {
            if (facets_[f].alive && !facets_[f].outside.empty()) add(static_cast<std::int32_t>(f));
        }
    }
    // Corners of the facets, all going round the same way; none where all points lie in one plane.
    std::vector<Triangle> triangles() const {
        std::vector<Triangle> found;
        for (const Facet& facet : facets_) {
            if (facet.alive) found.push_back(facet.corner);
        }
        return found;
    }

  private:
    struct Facet {
        Triangle corner, neighbor;  // neighbor[k] lies across the edge from corner k to the next
        Point normal;
        std::int64_t level;
        std::vector<std::int32_t> outside;
        bool alive = true;
        std::int32_t seen_by = -1;
    };
    struct Edge {
        std::int32_t from, to, beyond;
    };

    const std::vector<Point>& points_;
    std::vector<Facet> facets_;

    std::int64_t height(const Facet& facet, std::int32_t p) const {
        return dot(facet.normal, points_[p]) - facet.level;
    }

    std::int32_t make(std::int32_t a, std::int32_t b, std::int32_t c) {
        Facet facet;
        facet.corner = {a, b, c};
        facet.neighbor = {-1, -1, -1};
        facet.normal = cross(points_[b] - points_[a], points_[c] - points_[a]);
        facet.level = dot(facet.normal, points_[a]);
        facets_.push_back(std::move(facet));
        return static_cast<std::int32_t>(facets_.size()) - 1;
    }

    template <class Measure>
    std::int32_t largest(const Measure& measure) const {
        std::int32_t best = 0;
        for (std::size_t p = 1; p < points_.size(); ++p) {
            if (measure(points_[p]) > measure(points_[best])) best = static_cast<std::int32_t>(p);
        }
        return best;
    }

    // A tetrahedron, and each point outside with a facet that it sees.
    bool start() {
        if (points_.size() < 4) return false;
        const std::int32_t a = largest([](const Point& p) { return p.x; });
        const auto from_a = [&](const Point& p) { return p - points_[a]; };
        const std::int32_t b = largest([&](const Point& p) { return dot(from_a(p), from_a(p)); });
        const auto area = [&](const Point& p) {
            const Point n = cross(from_a(points_[b]), from_a(p));
            return std::abs(n.z) + std::abs(n.y) + std::abs(n.x);
        };
        std::int32_t c = largest(area);
        const Point normal = cross(from_a(points_[b]), from_a(points_[c]));
        const auto off_plane = [&](const Point& p) { return std::abs(dot(normal, from_a(p))); };
        const std::int32_t d = largest(off_plane);
        if (off_plane(points_[d]) == 0) return false;
        std::int32_t base = b;
        if (dot(normal, from_a(points_[d])) > 0) std::swap(base, c);  // the fourth lies below the first facet
        make(a, base, c);
        make(a, d, base);
        make(base, d, c);
        make(c, d, a);
        facets_[0].neighbor = {1, 2, 3};
        facets_[1].neighbor = {3, 2, 0};
        facets_[2].neighbor = {1, 3, 0};
        facets_[3].neighbor = {2, 1, 0};
        for (std::size_t p = 0; p < points_.size(); ++p) place(static_cast<std::int32_t>(p), 0);
        return true;
    }

    // Keeps a point with the first facet from `first` on that it sees; one that sees none lies inside.
    void place(std::int32_t p, std::size_t first) {
        for (std::size_t f = first; f < facets_.size(); ++f) {
            if (height(facets_[f], p) <= 0) continue;
            facets_[f].outside.push_back(p);
            return;
        }
    }

    // Facets that p sees, from one of them on, and the edges of their rim.
    void look_around(std::int32_t p, std::int32_t start, std::vector<std::int32_t>& seen,
                     std::vector<Edge>& rim) {
        seen.assign(1, start);
        facets_[start].seen_by = p;
        for (std::size_t k = 0; k < seen.size(); ++k) {
            const Triangle corner = facets_[seen[k]].corner, neighbor = facets_[seen[k]].neighbor;
            for (int e = 0; e < 3; ++e) {
                Facet& next = facets_[neighbor[e]];
                if (next.seen_by == p) continue;
                if (height(next, p) >= 0) {
                    next.seen_by = p;
                    seen.push_back(neighbor[e]);
                } else {
                    rim.push_back({corner[e], corner[(e + 1) % 3], neighbor[e]});
                }
            }
        }
    }

    void add(std::int32_t facet) {
        std::int32_t p = facets_[facet].outside.front();
        for (const std::int32_t other : facets_[facet].outside) {
            if (height(facets_[facet], other) > height(facets_[facet], p)) p = other;
        }
        std::vector<std::int32_t> seen;
        std::vector<Edge> rim;
        look_around(p, facet, seen, rim);
        const std::size_t first = facets_.size();
        fan(p, rim);
        for (const std::int32_t f : seen) {
            facets_[f].alive = false;
            const std::vector<std::int32_t> homeless = std::move(facets_[f].outside);
            facets_[f].outside.clear();
            for (const std::int32_t other : homeless) {
                if (other != p) place(other, first);
            }
        }
    }

    // New facets from the edges of the rim to p, joined to what lies beyond and to each other.
    void fan(std::int32_t p, const std::vector<Edge>& rim) {
        const std::size_t first = facets_.size();
        for (const Edge& edge : rim) {
            const std::int32_t made = make(edge.from, edge.to, p);
            facets_[made].neighbor[0] = edge.beyond;
            Facet& beyond = facets_[edge.beyond];
            for (int e = 0; e < 3; ++e) {
                if (beyond.corner[e] == edge.to && beyond.corner[(e + 1) % 3] == edge.from)
                    beyond.neighbor[e] = made;
            }
        }
        for (std::size_t f = first; f < facets_.size(); ++f) {
            for (std::size_t g = first; g < facets_.size(); ++g) {
                if (facets_[g].corner[0] != facets_[f].corner[1]) continue;
                facets_[f].neighbor[1] = static_cast<std::int32_t>(g);
                facets_[g].neighbor[2] = static_cast<std::int32_t>(f);
            }
        }
    }
};

}  // namespace fasttex
