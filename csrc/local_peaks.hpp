// The two peaks of local_intensity from the sums over spheres; see features_local.hpp.
#pragma once

#include <stdexcept>

#include "features_local.hpp"

namespace fasttex {

namespace local_detail {

struct Box {
    Shape first, shape;
};

template <class Level>
Box box_of(const RoiView<Level>& roi) {
    const Shape& n = roi.shape;
    Shape low = n, high{0, 0, 0};
    for_each_row(roi, [&](Index z, Index y, const Level*, Span span) {
        low = {std::min(low.z, z), std::min(low.y, y), std::min(low.x, span.first)};
        high = {std::max(high.z, z + 1), std::max(high.y, y + 1), std::max(high.x, span.last)};
    });
    return {low, {high.z - low.z, high.y - low.y, high.x - low.x}};
}

struct Values {
    bool whole = true, finite = true;
    double low = std::numeric_limits<double>::infinity(), high = -low;
};

inline Values look_at(const Strided& image, Shape start, Shape box, Shape reach) {
    const auto low = [](Index s, Index r) { return std::max<Index>(0, s - r); };
    const auto high = [](Index s, Index n, Index r, Index length) { return std::min(length, s + n + r); };
    const Index first = low(start.x, reach.x), n = high(start.x, box.x, reach.x, image.shape.x) - first;
    std::vector<double> v(n);
    Values found;
    for (Index z = low(start.z, reach.z); z < high(start.z, box.z, reach.z, image.shape.z); ++z) {
        for (Index y = low(start.y, reach.y); y < high(start.y, box.y, reach.y, image.shape.y); ++y) {
            image.row(z, y, first, n, v.data());
            int finite = 1, whole = 1;
            double least = found.low, most = found.high;
            for (Index k = 0; k < n; ++k) {
                const double limited = v[k] > -1e9 && v[k] < 1e9 ? v[k] : 0.5;
                finite &= is_finite(v[k]);
                whole &= static_cast<double>(static_cast<std::int32_t>(limited)) == v[k];
                least = v[k] < least ? v[k] : least;
                most = v[k] > most ? v[k] : most;
            }
            found.low = least;
            found.high = most;
            found.finite &= finite != 0;
            found.whole &= whole != 0;
        }
    }
    return found;
}

inline bool is_short(const Strided& image) {
    return image.load == load_row<std::int16_t> || image.load == load_row<std::uint16_t> ||
           image.load == load_row<std::int8_t> || image.load == load_row<std::uint8_t>;
}

// What look_at would find at worst, of integers up to 16 bits.
inline Values of_shorts() {
    Values found;
    found.low = 0;
    found.high = 65535;
    return found;
}

// How many voxels of the sphere around a voxel lie in the image. A row of the sphere that lies in it is cut
// at both ends alone, so of the others only how many there are of each half-width matters.
class BorderCounts {
  public:
    BorderCounts(const Sphere& sphere, Shape start, Shape image)
        : sphere_(sphere), start_(start), image_(image), rows_(sphere.reach.x + 1, 0) {}

    // The same for all voxels of a span of a row, or 0 where some rows of their spheres are cut.
    double of_all(Index z, Index y, Span span) {
        look_at_rows(z, y);
        const Index left = span.first + start_.x, right = image_.x - span.last - start_.x;
        return left >= sphere_.reach.x && right >= sphere_.reach.x ? uncut_ : 0;
    }

    // Of a voxel of the row that `of_all` was asked for.
    double at(Index x) const {
        const Index left = x + start_.x, right = image_.x - 1 - left;
        if (left >= sphere_.reach.x && right >= sphere_.reach.x) return uncut_;
        Index n = 0;
        for (Index width = 0; width <= sphere_.reach.x; ++width)
            n += rows_[width] * (1 + std::min(width, left) + std::min(width, right));
        return static_cast<double>(n);
    }

  private:
    const Sphere& sphere_;
    Shape start_, image_;
    std::vector<Index> rows_;  // by half-width
    double uncut_ = 0;

    void look_at_rows(Index z, Index y) {
        std::fill(rows_.begin(), rows_.end(), 0);
        const auto beyond = [](Index k, Index n) { return k < 0 || k >= n; };
        Index n = 0;
        for (const SphereRow& row : sphere_.rows) {
            if (beyond(y + start_.y + row.dy, image_.y)) continue;
            const Index slices = !beyond(z + start_.z + row.dz, image_.z) +
                                 (row.dz != 0 && !beyond(z + start_.z - row.dz, image_.z));
            rows_[row.width] += slices;
            n += slices * (2 * row.width + 1);
        }
        uncut_ = static_cast<double>(n);
    }
};

// `above` is x - base, which may be rounded: only `exact()`, which gives x, tells two that are alike apart.
struct Peaks {
    double highest = -std::numeric_limits<double>::infinity(), highest_above = highest, local = highest,
           global = highest;

    template <class Exact>
    void look(double above, double mean, const Exact& exact) {
        global = std::max(global, mean);
        if (above < highest_above) return;
        const double intensity = exact();
        if (above > highest_above || intensity > highest) {
            highest = intensity;
            highest_above = above;
            local = mean;
        } else if (intensity == highest) {
            local = std::max(local, mean);
        }
    }
};

// The highest of a row, eight at a time.
template <class T>
T highest_of(const T* values, Index n) {
    constexpr Index kLanes = 8;
    T most[kLanes];
    std::fill(most, most + kLanes, std::numeric_limits<T>::lowest());
    Index x = 0;
    for (; x + kLanes <= n; x += kLanes)
        for (Index k = 0; k < kLanes; ++k) most[k] = values[x + k] > most[k] ? values[x + k] : most[k];
    for (; x < n; ++x) most[0] = std::max(most[0], values[x]);
    return *std::max_element(most, most + kLanes);
}

// How many voxels each sphere has, in the order in which its center is visited.
template <class Level>
std::vector<double> counts_of(const Strided& image, Shape start, const Sphere& sphere,
                              const RoiView<Level>& roi, const Box& box, const std::vector<Span>& spans) {
    ImageRows rows(image, start, box.shape, sphere.reach);
    const auto read = [&](Index z, Index y, std::int32_t* out) {
        rows(z, y, out, [](double v) { return static_cast<std::int32_t>(is_finite(v)); });
    };
    std::vector<double> counts;
    for_each_sphere_row<std::int32_t>(
        box.shape, sphere, read, roi, box.first, spans,
        [&](Index, Index, Span span, const Level* levels, const std::int32_t*, const std::int32_t* n) {
            for (Index x = span.first; x < span.last; ++x)
                if (levels[x]) counts.push_back(n[x]);
        });
    return counts;
}

template <class T, class Level>
Peaks peaks_of(const Strided& image, Shape start, const Sphere& sphere, const RoiView<Level>& roi,
               const Box& box, const std::vector<Span>& spans, double base, bool finite) {
    ImageRows rows(image, start, box.shape, sphere.reach);
    const auto read = [&](Index z, Index y, T* out) {
        rows(z, y, out, [base](double v) { return static_cast<T>((is_finite(v) ? v : base) - base); });
    };
    std::vector<double> counts;
    if (!finite) counts = counts_of(image, start, sphere, roi, box, spans);
    BorderCounts border(sphere, start, image.shape);
    Peaks peaks;
    std::size_t k = 0;
    for_each_sphere_row<T>(
        box.shape, sphere, read, roi, box.first, spans,
        [&](Index z, Index y, Span span, const Level* levels, const T* above, const T* sums) {
            const double all = finite ? border.of_all(z, y, span) : 0;
            // Where all spheres have as many voxels, the highest sum has the highest mean. Most rows have
            // neither peak, not even with the voxels outside.
            const auto highest = [span](const T* row) {
                return static_cast<double>(highest_of(row + span.first, span.size()));
            };
            if (all > 0 && highest(above) < peaks.highest_above && highest(sums) / all <= peaks.global)
                return;
            for (Index x = span.first; x < span.last; ++x) {
                if (!levels[x]) continue;
                const double n = finite ? border.at(x) : counts[k++];
                peaks.look(static_cast<double>(above[x]), static_cast<double>(sums[x]) / n, [&] {
                    double intensity;
                    image.row(z + start.z, y + start.y, x + start.x, 1, &intensity);
                    return intensity;
                });
            }
        });
    return peaks;
}

}  // namespace local_detail

// `start`: index of voxel (0, 0, 0) of the ROI in `image`, where intensities inside are finite. `out`:
// kPeaks.
template <class Level>
void local_intensity(const Strided& image, Shape start, const RoiView<Level>& roi, const Sphere& sphere,
                     double* out) {
    using namespace local_detail;
    const Box box = box_of(roi);
    std::fill(out, out + kPeaks, std::numeric_limits<double>::quiet_NaN());
    if (box.shape.z <= 0) return;
    const auto holds = [](Index first, Index n, Index length) { return first >= 0 && first + n <= length; };
    if (!holds(start.z, roi.shape.z, image.shape.z) || !holds(start.y, roi.shape.y, image.shape.y) ||
        !holds(start.x, roi.shape.x, image.shape.x))
        throw std::invalid_argument("the surroundings do not hold the ROI's box");
    const Shape at{start.z + box.first.z, start.y + box.first.y, start.x + box.first.x};
    std::vector<Span> spans(static_cast<std::size_t>(box.shape.z * box.shape.y), Span{0, 0});
    double base = 0;
    bool found = false;
    for_each_row(roi, [&](Index z, Index y, const Level*, Span span) {
        spans[(z - box.first.z) * box.shape.y + y - box.first.y] = {span.first - box.first.x,
                                                                    span.last - box.first.x};
        if (!found) image.row(z + start.z, y + start.y, span.first + start.x, 1, &base);
        found = true;
    });
    const double n = sphere.voxels(), limit = 2147483647.0;
    const Values values = is_short(image) ? of_shorts() : look_at(image, at, box.shape, sphere.reach);
    const bool small = values.whole && (values.high - values.low) * n < limit;
    const Peaks peaks = small
                            ? peaks_of<std::int32_t>(image, at, sphere, roi, box, spans, base, values.finite)
                            : peaks_of<double>(image, at, sphere, roi, box, spans, base, values.finite);
    out[0] = base + peaks.local;
    out[1] = base + peaks.global;
}

}  // namespace fasttex
