// Sums of doubles in a fixed order that vectors of any width keep.
//
// Term n goes to lane n mod 8 and the lanes are added in one order at the end. A register of two, four or
// eight doubles holds some of the lanes, so every instruction set rounds alike. Terms are written to a block
// before they are added: compilers make vectors of a loop that only writes, and of one that only adds.
#pragma once

#include <algorithm>
#include <cstddef>

namespace fasttex {

constexpr std::size_t kLanes = 8;

inline double total_of(const double (&lane)[kLanes]) {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

// Σ term(n) over n = 0 … size − 1.
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

}  // namespace fasttex
