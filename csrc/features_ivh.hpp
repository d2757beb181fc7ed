// The compiled twin of the rows of ivh (IBSI: P88C); see features_intensity.hpp.
#pragma once

#include "features_intensity.hpp"

namespace fasttex {

constexpr Index kIvhFeatures = 6;

// Intensities on the axis of the intensity-volume histogram; `step` 0 for a continuous one.
struct IvhView {
    const double* x;
    Index n;
    double low, high, step;
};

namespace intensity_detail {

// To the nearest whole number, ties to even.
inline double rounded(double v) {
    constexpr double kWhole = 4503599627370496.0;  // from here on all doubles are
    if (v >= 0) return v < kWhole ? (v + kWhole) - kWhole : v;
    return v > -kWhole ? (v - kWhole) + kWhole : v;
}

inline double steps_of(double v, const IvhView& axis) {
    const double above = v - axis.low;
    return axis.step != 0 ? rounded(above / axis.step) : above;
}

// The fractions of voxels at either place of the axis or above it; undefined where the axis has no length.
template <class Weight>
void set_fractions(const double* x, Index n, const Weight& weight, const IvhView& axis, double length,
                   const double* place, double* out) {
    if (!(length > 0)) return;
    const auto counts = lane_sums<2>(n, [&](Index k, double* term) {
        const double s = steps_of(x[k], axis);
        term[0] = s >= place[0] ? weight(k) : 0.0;
        term[1] = s >= place[1] ? weight(k) : 0.0;
    });
    out[0] = counts[0] / static_cast<double>(axis.n);
    out[1] = counts[1] / static_cast<double>(axis.n);
}

}  // namespace intensity_detail

// `out`: kIvhFeatures numbers.
inline void ivh(const IvhView& axis, double* out) {
    using namespace intensity_detail;
    std::fill(out, out + kIvhFeatures, kNaN);
    if (axis.n == 0) return;
    const auto steps = [&](double v) { return steps_of(v, axis); };
    const Index percent[2] = {10, 90};
    const double length = steps(axis.high);
    Index rank[2];
    double place[2], at[2];
    for (int k = 0; k < 2; ++k) {
        rank[1 - k] = axis.n - 1 - axis.n * percent[k] / 100;
        place[k] = length * static_cast<double>(percent[k]) / 100;
        if (axis.step != 0 && length > 0) {
            const std::int64_t whole = static_cast<std::int64_t>(length) * percent[k];
            place[k] = static_cast<double>((whole + 99) / 100);
        }
    }
    const Range range = range_of(axis.x, axis.n);
    Tally counted;
    if (axis.step != 0 && tally(axis.x, axis.n, range, counted)) {
        for (int k = 0; k < 2; ++k) at[k] = counted.at(rank[k]);
        const Counted weight{counted.count.data()};
        const Index n = static_cast<Index>(counted.value.size());
        set_fractions(counted.value.data(), n, weight, axis, length, place, out);
    } else {
        select(axis.x, axis.n, range, rank, 2, at);
        set_fractions(axis.x, axis.n, Once{}, axis, length, place, out);
    }
    for (int k = 0; k < 2; ++k) {
        const double more = steps(at[1 - k]);
        out[2 + k] = axis.step != 0 ? axis.low + (more + 1) * axis.step : axis.low + more;
    }
    out[4] = out[0] - out[1];
    out[5] = out[2] - out[3];
}

}  // namespace fasttex
