// The two peaks of local_intensity from the sums over spheres; see features_local.hpp.
#pragma once

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
    bool whole = true, complete = true;  // all whole numbers; all finite, and none beyond the image's border
    double low = std::numeric_limits<double>::infinity(), high = -low;
};

inline Values look_at(const Strided& image, Shape start, Shape box, Shape reach) {
    Values found;
    Index rows = 0, length = 0;
    for_each_image_row(image, start, box, reach, [&](Index, Index, Index, Index n, const double* v) {
        ++rows;
        length = n;
        int finite = 1, whole = 1;
        double low = found.low, high = found.high;
        for (Index k = 0; k < n; ++k) {
            const double limited = v[k] > -1e9 && v[k] < 1e9 ? v[k] : 0.5;
            finite &= is_finite(v[k]);
            whole &= static_cast<double>(static_cast<std::int32_t>(limited)) == v[k];
            low = v[k] < low ? v[k] : low;
            high = v[k] > high ? v[k] : high;
        }
        found.low = low;
        found.high = high;
        found.complete &= finite != 0;
        found.whole &= whole != 0;
    });
    const Index expected = (box.z + 2 * reach.z) * (box.y + 2 * reach.y);
    found.complete &= rows == expected && length == box.x + 2 * reach.x;
    return found;
}

inline bool is_short(const Strided& image) {
    return image.load == load_row<std::int16_t> || image.load == load_row<std::uint16_t> ||
           image.load == load_row<std::int8_t> || image.load == load_row<std::uint8_t>;
}

// What look_at would find at worst, of integers up to 16 bits.
inline Values of_shorts(const Strided& image, Shape start, Shape box, Shape reach) {
    Values found;
    found.low = 0;
    found.high = 65535;
    found.complete = start.z >= reach.z && start.z + box.z + reach.z <= image.shape.z &&
                     start.y >= reach.y && start.y + box.y + reach.y <= image.shape.y &&
                     start.x >= reach.x && start.x + box.x + reach.x <= image.shape.x;
    return found;
}

// The mean of a sphere rises with its sum where all spheres have as many voxels: one division at the end.
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

// How many voxels each sphere has, in the order in which its center is visited.
template <class Level>
std::vector<double> counts_of(const Strided& image, Shape start, const Sphere& sphere,
                              const RoiView<Level>& roi, const Box& box, const std::vector<Span>& spans) {
    Around<std::int32_t> present(box.shape, sphere.reach);
    for_each_image_row(image, start, box.shape, sphere.reach,
                       [&](Index z, Index y, Index x, Index n, const double* v) {
                           for (Index k = 0; k < n; ++k) present.at(z, y)[x + k] = is_finite(v[k]);
                       });
    std::vector<double> counts;
    for_each_sphere(present, sphere, roi, box.first, spans,
                    [&](Index, Index, Index, double n) { counts.push_back(n); });
    return counts;
}

template <class T, class Level>
Peaks peaks_of(const Strided& image, Shape start, const Sphere& sphere, const RoiView<Level>& roi,
               const Box& box, const std::vector<Span>& spans, double base, bool complete) {
    const Around<T> around = around_of<T>(image, start, box.shape, sphere.reach, base);
    std::vector<double> counts;
    if (!complete) counts = counts_of(image, start, sphere, roi, box, spans);
    Peaks peaks;
    std::size_t k = 0;
    for_each_sphere(around, sphere, roi, box.first, spans, [&](Index z, Index y, Index x, double sum) {
        const T above = around.at(z + sphere.reach.z, y + sphere.reach.y)[x + sphere.reach.x];
        peaks.look(static_cast<double>(above), complete ? sum : sum / counts[k++], [&] {
            double intensity;
            image.row(z + start.z, y + start.y, x + start.x, 1, &intensity);
            return intensity;
        });
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
    const Values values = is_short(image) ? of_shorts(image, at, box.shape, sphere.reach)
                                          : look_at(image, at, box.shape, sphere.reach);
    const bool small = values.whole && (values.high - values.low) * n < limit;
    const Peaks peaks =
        small ? peaks_of<std::int32_t>(image, at, sphere, roi, box, spans, base, values.complete)
              : peaks_of<double>(image, at, sphere, roi, box, spans, base, values.complete);
    const double divisor = values.complete ? n : 1.0;
    out[0] = base + peaks.local / divisor;
    out[1] = base + peaks.global / divisor;
}

}  // namespace fasttex
