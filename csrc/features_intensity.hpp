// The compiled twin of the rows of intensity_statistics (IBSI: UHIW), and what the histogram's share with it.
//
// The definitions are the NumPy rows of fasttex/features; here each family is one function that fills a row.
// Numbers come either as they are or tallied (see order_statistics.hpp), and then every sum runs over the
// different numbers with their counts. No function of the C library takes part but the square root, so all
// builds give the same bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "order_statistics.hpp"

namespace fasttex {

constexpr Index kStatistics = 18;

namespace intensity_detail {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

inline double divide(double a, double b) { return b != 0 ? a / b : kNaN; }

struct Once {
    static constexpr bool kAlike = true;
    double operator()(Index) const { return 1.0; }
    static Once of(const double*) { return {}; }
};

struct Counted {
    static constexpr bool kAlike = false;
    const double* count;
    double operator()(Index k) const { return count[k]; }
    static Counted of(const double* count) { return {count}; }
};

// Percentiles interpolated linearly between ranks, as numpy.percentile does it.
struct Percentile {
    Index below, above;
    double part;

    Percentile(double percent, Index n) {
        const double place = static_cast<double>(n - 1) * (percent / 100);
        below = static_cast<Index>(place);
        above = std::min(below + 1, n - 1);
        part = place - static_cast<double>(below);
    }
    double between(double a, double b) const {
        const double step = b - a;
        return part >= 0.5 ? b - step * (1 - part) : a + step * part;
    }
};

constexpr int kPercentiles = 5;
constexpr double kPercents[kPercentiles] = {10, 25, 50, 75, 90};

struct Ordered {
    Range range;
    double percentile[kPercentiles];
};

// `at(ranks, n, out)` looks ten rising ranks up.
template <class Lookup>
void set_percentiles(Index n, const Lookup& at, double* out) {
    Index rank[2 * kPercentiles];
    double found[2 * kPercentiles];
    for (int p = 0; p < kPercentiles; ++p) {
        const Percentile percentile(kPercents[p], n);
        rank[2 * p] = percentile.below;
        rank[2 * p + 1] = percentile.above;
    }
    // Of very few numbers the upper rank of one may lie above the lower of the next.
    Index sorted[2 * kPercentiles];
    std::copy(rank, rank + 2 * kPercentiles, sorted);
    std::sort(sorted, sorted + 2 * kPercentiles);
    at(sorted, 2 * kPercentiles, found);
    const auto value = [&](Index r) {
        return found[std::find(sorted, sorted + 2 * kPercentiles, r) - sorted];
    };
    for (int p = 0; p < kPercentiles; ++p)
        out[p] = Percentile(kPercents[p], n).between(value(rank[2 * p]), value(rank[2 * p + 1]));
}

// Factors that bring a number near 1 without rounding, in two steps, as one might overflow; 1 where the
// fourth power is not in danger anyway.
struct Scale {
    double first = 1, second = 1;

    explicit Scale(double largest) {
        if (largest > 1e-60 && largest < 1e60) return;
        int exponent = 0;
        for (double v = largest; v >= 2 && exponent < 1100; v /= 2) ++exponent;
        for (double v = largest; v < 1 && v > 0 && exponent > -1100; v *= 2) --exponent;
        for (int k = 0; k < std::abs(exponent); ++k) {
            double& factor = k % 2 ? first : second;
            factor *= exponent > 0 ? 0.5 : 2.0;
        }
    }
    double operator()(double x) const { return x * first * second; }
};

struct Deviations {
    double mean, correction;
    double operator()(double x) const { return (x - mean) - correction; }
};

// The mean, and what was lost when it was rounded.
template <class Weight>
Deviations deviations_of(const double* x, Index n, const Weight& weight, double* voxels) {
    const auto sums = lane_sums<2>(n, [&](Index k, double* term) {
        term[0] = x[k] * weight(k);
        term[1] = weight(k);
    });
    *voxels = sums[1];
    const double mean = sums[0] / sums[1];
    const auto lost = lane_sums<1>(n, [&](Index k, double* term) { term[0] = (x[k] - mean) * weight(k); });
    return {mean, lost[0] / sums[1]};
}

// The numbers from low to high: sums without branches over what was packed together take less time than sums
// that leave numbers out.
template <class Weight>
class Kept {
  public:
    Kept(const double* x, Index n, const Weight& weight, double low, double high)
        : x_(new double[static_cast<std::size_t>(n)]), weight_(Weight::kAlike ? 0 : n) {
        Index size = 0;
        for (Index begin = 0; begin < n; begin += kLaneBlock) {
            for (Index k = begin; k < std::min(n, begin + kLaneBlock); ++k) {
                x_[size] = x[k];
                if constexpr (!Weight::kAlike) weight_[size] = weight(k);
                size += (x[k] >= low) & (x[k] <= high);
            }
            end_.push_back(size);
        }
    }

    // Calls visit(x, weight, n) for what was kept of each block of numbers.
    template <class Visit>
    void for_each_block(const Visit& visit) const {
        Index begin = 0;
        for (const Index end : end_) {
            if (end > begin) visit(x_.get() + begin, Weight::of(weight_.data() + begin), end - begin);
            begin = end;
        }
    }

  private:
    std::unique_ptr<double[]> x_;
    std::vector<double> weight_;
    std::vector<Index> end_;
};

template <class Weight>
double robust_mean_absolute_deviation(const double* x, Index n, const Weight& weight, const Ordered& order) {
    const double low = order.percentile[0], high = order.percentile[4];
    const Kept<Weight> kept(x, n, weight, low, high);
    double voxels = 0, sum = 0, lost = 0;
    Range range{high, low};
    kept.for_each_block([&](const double* v, const Weight& w, Index m) {
        const Range here = range_of(v, m);
        range = {std::min(range.low, here.low), std::max(range.high, here.high)};
        const auto sums = lane_sums<2>(m, [&](Index k, double* term) {
            term[0] = v[k] * w(k);
            term[1] = w(k);
        });
        sum += sums[0];
        voxels += sums[1];
    });
    if (voxels == 0) return kNaN;  // two voxels: both percentiles lie between them
    if (range.low == range.high) return 0.0;
    const double mean = sum / voxels;
    kept.for_each_block([&](const double* v, const Weight& w, Index m) {
        lost += lane_sums<1>(m, [&](Index k, double* term) { term[0] = (v[k] - mean) * w(k); })[0];
    });
    const Deviations d{mean, lost / voxels};
    double absolute = 0;
    kept.for_each_block([&](const double* v, const Weight& w, Index m) {
        absolute += lane_sums<1>(m, [&](Index k, double* term) { term[0] = std::abs(d(v[k])) * w(k); })[0];
    });
    return absolute / voxels;
}

struct Moments {
    double mean = 0, variance = 0, skewness = 0, kurtosis = 0, absolute = 0, robust = 0, median_absolute = 0,
           energy = 0, voxels = 0;
};

template <class Weight>
Moments moments_of(const double* x, Index n, const Weight& weight, const Ordered& order, double normal) {
    const double median = order.percentile[2];
    Moments m;
    const Deviations d = deviations_of(x, n, weight, &m.voxels);
    m.energy = lane_sums<1>(n, [&](Index k, double* t) { t[0] = x[k] * x[k] * weight(k); })[0];
    m.mean = order.range.low;
    if (order.range.low == order.range.high) return m;
    m.mean = d.mean;
    const Scale scale(std::max(std::abs(d(order.range.low)), std::abs(d(order.range.high))));
    const auto sums = lane_sums<5>(n, [&](Index k, double* term) {
        const double plain = d(x[k]), w = weight(k), scaled = scale(plain), square = scaled * scaled;
        term[0] = plain * plain * w;
        term[1] = std::abs(plain) * w;
        term[2] = square * w;
        term[3] = square * scaled * w;
        term[4] = square * square * w;
    });
    m.variance = sums[0] / m.voxels;
    m.absolute = sums[1] / m.voxels;
    const double square = sums[2] / m.voxels;
    m.skewness = sums[3] / m.voxels / (square * std::sqrt(square));
    m.kurtosis = sums[4] / m.voxels / (square * square) - normal;
    m.median_absolute =
        lane_sums<1>(n, [&](Index k, double* t) { t[0] = std::abs(x[k] - median) * weight(k); })[0] /
        m.voxels;
    m.robust = robust_mean_absolute_deviation(x, n, weight, order);
    return m;
}

// What both families share, in the order of intensity_statistics.FEATURES.
inline void fill_statistics(const Moments& m, const Ordered& order, double* out) {
    const double* p = order.percentile;
    const double row[kStatistics] = {m.mean,
                                     m.variance,
                                     m.skewness,
                                     m.kurtosis,
                                     p[2],
                                     order.range.low,
                                     p[0],
                                     p[4],
                                     order.range.high,
                                     p[3] - p[1],
                                     order.range.high - order.range.low,
                                     m.absolute,
                                     m.robust,
                                     m.median_absolute,
                                     divide(std::sqrt(m.variance), m.mean),
                                     divide(p[3] - p[1], p[3] + p[1]),
                                     m.energy,
                                     std::sqrt(m.energy / m.voxels)};
    std::copy(row, row + kStatistics, out);
}

inline void tallied_statistics(const Tally& t, bool excess_kurtosis, double* out) {
    Ordered order{{t.value.front(), t.value.back()}, {}};
    const auto at = [&](const Index* rank, Index n, double* found) {
        for (Index r = 0; r < n; ++r) found[r] = t.at(rank[r]);
    };
    set_percentiles(t.total, at, order.percentile);
    const Index n = static_cast<Index>(t.value.size());
    const Counted weight{t.count.data()};
    const Moments m = moments_of(t.value.data(), n, weight, order, excess_kurtosis ? 3.0 : 0.0);
    fill_statistics(m, order, out);
}

}  // namespace intensity_detail

// Σ (x + shift)²
inline double shifted_energy(const double* x, Index n, double shift) {
    return lane_sums<1>(n, [=](Index k, double* t) { t[0] = (x[k] + shift) * (x[k] + shift); })[0];
}

// `out`: kStatistics numbers.
inline void intensity_statistics(const double* x, Index n, bool excess_kurtosis, double* out) {
    using namespace intensity_detail;
    if (n == 0) {
        std::fill(out, out + kStatistics, kNaN);
        return;
    }
    Ordered order{range_of(x, n), {}};
    Tally counted;
    if (tally(x, n, order.range, counted)) return tallied_statistics(counted, excess_kurtosis, out);
    const auto at = [&](const Index* rank, Index n_ranks, double* found) {
        select(x, n, order.range, rank, n_ranks, found);
    };
    set_percentiles(n, at, order.percentile);
    fill_statistics(moments_of(x, n, Once{}, order, excess_kurtosis ? 3.0 : 0.0), order, out);
}

}  // namespace fasttex
