// Sums of doubles that come out with the same bits on every instruction set.
//
// Terms go in turn to eight accumulators, as many as compilers keep in vectors of any width, and these are
// added in a fixed order. Every block of 1,024 terms is added up by itself: the error grows with the number
// of blocks and the terms of a lane in one block, not with the number of terms.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "roi_view.hpp"

namespace fasttex {

constexpr Index kLanes = 8;
constexpr Index kLaneBlock = 1024;

inline double total_of(const double* lane) {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

// Σ term(n) over n = 0 … size - 1, for terms that are dear: they are written to a block before they are
// added, since compilers make vectors of a loop that only writes, and of one that only adds.
template <class Term>
double lane_sum(std::size_t size, const Term& term) {
    constexpr std::size_t kBlock = 16 * kLanes;
    double lane[kLanes] = {}, block[kBlock];
    for (std::size_t start = 0; start < size; start += kBlock) {
        const std::size_t here = std::min(kBlock, size - start);
        for (std::size_t n = 0; n < here; ++n) block[n] = term(start + n);
        std::size_t n = 0;
        for (; n + kLanes <= here; n += kLanes) {
            for (std::size_t l = 0; l < kLanes; ++l) lane[l] += block[n + l];
        }
        for (std::size_t l = 0; n + l < here; ++l) lane[l] += block[n + l];
    }
    return total_of(lane);
}

// Σ of N terms each: `terms(k, out)` sets out[0] … out[N - 1] for element k.
template <int N, class Terms>
std::array<double, N> lane_sums(Index n, const Terms& terms) {
    std::array<double, N> total{};
    for (Index begin = 0; begin < n; begin += kLaneBlock) {
        const Index end = std::min(n, begin + kLaneBlock);
        double lanes[N][kLanes] = {};
        Index k = begin;
        for (; k + kLanes <= end; k += kLanes) {
            for (Index l = 0; l < kLanes; ++l) {
                double term[N];
                terms(k + l, term);
                for (int j = 0; j < N; ++j) lanes[j][l] += term[j];
            }
        }
        for (Index l = 0; k < end; ++k, ++l) {
            double term[N];
            terms(k, term);
            for (int j = 0; j < N; ++j) lanes[j][l] += term[j];
        }
        for (int j = 0; j < N; ++j) total[j] += total_of(lanes[j]);
    }
    return total;
}

struct Range {
    double low, high;
};

// Smallest and largest; low > high where there are none.
inline Range range_of(const double* x, Index n) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    double low[kLanes], high[kLanes];
    std::fill(low, low + kLanes, kInfinity);
    std::fill(high, high + kLanes, -kInfinity);
    const auto look = [&](double v, Index l) {
        low[l] = v < low[l] ? v : low[l];
        high[l] = v > high[l] ? v : high[l];
    };
    Index k = 0;
    for (; k + kLanes <= n; k += kLanes) {
        for (Index l = 0; l < kLanes; ++l) look(x[k + l], l);
    }
    for (Index l = 0; k < n; ++k, ++l) look(x[k], l);
    return {*std::min_element(low, low + kLanes), *std::max_element(high, high + kLanes)};
}

}  // namespace fasttex
