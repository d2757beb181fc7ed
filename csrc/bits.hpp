// Sets of voxels as bits of a word: walking the set ones skips the others without a test each.
#pragma once

#include <cstdint>
#include <cstring>

#ifdef _MSC_VER
#include <intrin.h>
#endif

#include "roi_view.hpp"

namespace fasttex {

constexpr Index kBlock = 64;  // lanes of one word of bits

// Index of the lowest set bit; `bits` is not 0.
inline Index lowest_bit(std::uint64_t bits) {
#ifdef _MSC_VER
    unsigned long index;
    _BitScanForward64(&index, bits);
    return static_cast<Index>(index);
#else
    return __builtin_ctzll(bits);
#endif
}

// Index of the highest set bit; `bits` is not 0.
inline Index highest_bit(std::uint64_t bits) {
#ifdef _MSC_VER
    unsigned long index;
    _BitScanReverse64(&index, bits);
    return static_cast<Index>(index);
#else
    return 63 - __builtin_clzll(bits);
#endif
}

// How many bits are set.
inline Index count_bits(std::uint64_t bits) {
#ifdef _MSC_VER
    bits -= bits >> 1 & 0x5555555555555555u;  // in twos, in fours, in eights, and all together
    bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
    return static_cast<Index>((bits + (bits >> 4) & 0x0F0F0F0F0F0F0F0Fu) * 0x0101010101010101u >> 56);
#else
    return __builtin_popcountll(bits);
#endif
}

// The lowest n bits, n < 64.
inline std::uint64_t low_bits(Index n) { return (std::uint64_t{1} << n) - 1; }

// Bit k: whether lanes[k] is not 0. Reads kBlock lanes.
template <class T>
std::uint64_t nonzero_lanes(const T* lanes) {
    unsigned char flags[kBlock];
    for (Index k = 0; k < kBlock; ++k) flags[k] = lanes[k] != 0;
    std::uint64_t bits = 0;
    for (Index k = 0; k < kBlock; k += 8) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        for (Index b = 0; b < 8; ++b) bits |= static_cast<std::uint64_t>(flags[k + b]) << (k + b);
#else
        // The factor moves the lowest bit of byte b to bit 56 + b; no two bits meet, so nothing carries.
        std::uint64_t word;
        std::memcpy(&word, flags + k, sizeof word);
        bits |= (word * 0x0102040810204080u >> 56) << k;
#endif
    }
    return bits;
}

}  // namespace fasttex
