// A register of lanes: the only file that knows that processors compute on several voxels at a time.
//
// With GCC and Clang a register is their vector extension, as wide as the instruction set that the file is
// compiled for; elsewhere it is an array, and the compiler is left to do what it can. Comparisons give lanes
// of all ones or all zeros. Nothing here rounds, so all widths give the same numbers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>

#include "roi_view.hpp"

// Unrolls the loop that follows so far and no farther: where GCC unrolls a loop over stored lanes to its end,
// it fetches every lane from the register by itself, which is slower than to load it.
#if defined(__GNUC__) && !defined(__clang__)
#define FASTTEX_PRAGMA(text) _Pragma(#text)
#define FASTTEX_UNROLL(times) FASTTEX_PRAGMA(GCC unroll times)
#else
#define FASTTEX_UNROLL(times)
#endif

// Whether the compiler has vector types. FASTTEX_NO_VECTORS tests what is compiled where it has none.
#if (defined(__GNUC__) || defined(__clang__)) && !defined(FASTTEX_NO_VECTORS)
#define FASTTEX_VECTORS 1
#else
#define FASTTEX_VECTORS 0
#endif

namespace fasttex {

#if defined(__AVX2__)
constexpr std::size_t kRegisterBytes = 32;
#else
constexpr std::size_t kRegisterBytes = 16;
#endif

// Lanes of T: unsigned integers, or doubles where no bits are meant.
template <class T>
struct Lanes {
    static constexpr Index n = kRegisterBytes / sizeof(T);

#if FASTTEX_VECTORS
    typedef T Vector __attribute__((vector_size(kRegisterBytes)));
    Vector v;

    friend Lanes operator&(Lanes a, Lanes b) { return {a.v & b.v}; }
    friend Lanes operator|(Lanes a, Lanes b) { return {a.v | b.v}; }
    friend Lanes operator+(Lanes a, Lanes b) { return {a.v + b.v}; }
    friend Lanes operator-(Lanes a, Lanes b) { return {a.v - b.v}; }
    friend Lanes operator*(Lanes a, Lanes b) { return {a.v * b.v}; }
    friend Lanes operator/(Lanes a, Lanes b) { return {a.v / b.v}; }
    friend Lanes operator==(Lanes a, Lanes b) { return {(Vector)(a.v == b.v)}; }
    friend Lanes operator~(Lanes a) { return {~a.v}; }
    friend Lanes min(Lanes a, Lanes b) { return {a.v < b.v ? a.v : b.v}; }
    friend Lanes max(Lanes a, Lanes b) { return {a.v > b.v ? a.v : b.v}; }
#else
    T v[n];

    template <class Combine>
    static Lanes each(Lanes a, Lanes b, Combine combine) {
        Lanes result;
        for (Index k = 0; k < n; ++k) result.v[k] = static_cast<T>(combine(a.v[k], b.v[k]));
        return result;
    }
    friend Lanes operator&(Lanes a, Lanes b) { return each(a, b, std::bit_and<>()); }
    friend Lanes operator|(Lanes a, Lanes b) { return each(a, b, std::bit_or<>()); }
    friend Lanes operator+(Lanes a, Lanes b) { return each(a, b, std::plus<>()); }
    friend Lanes operator-(Lanes a, Lanes b) { return each(a, b, std::minus<>()); }
    friend Lanes operator*(Lanes a, Lanes b) { return each(a, b, std::multiplies<>()); }
    friend Lanes operator/(Lanes a, Lanes b) { return each(a, b, std::divides<>()); }
    friend Lanes operator==(Lanes a, Lanes b) {
        return each(a, b, [](T x, T y) { return x == y ? ~0 : 0; });
    }
    friend Lanes operator~(Lanes a) {
        return each(a, a, [](T x, T) { return ~x; });
    }
    friend Lanes min(Lanes a, Lanes b) {
        return each(a, b, [](T x, T y) { return std::min(x, y); });
    }
    friend Lanes max(Lanes a, Lanes b) {
        return each(a, b, [](T x, T y) { return std::max(x, y); });
    }
#endif
    Lanes& operator&=(Lanes b) { return *this = *this & b; }
    Lanes& operator|=(Lanes b) { return *this = *this | b; }
    Lanes& operator+=(Lanes b) { return *this = *this + b; }
    Lanes& operator-=(Lanes b) { return *this = *this - b; }

    static Lanes load(const T* from) {
        Lanes result;
        std::memcpy(&result.v, from, sizeof result.v);
        return result;
    }

    // The same where all lanes lie between `begin` and `end`; lanes that do not are 0. `at` counts from
    // begin.
    static Lanes load_within(const T* begin, const T* end, Index at) {
        const Index length = end - begin;
        if (at >= 0 && at + n <= length) return load(begin + at);
        T lanes[n] = {};
        const Index first = std::max<Index>(-at, 0), last = std::min(n, length - at);
        if (first < last) std::memcpy(lanes + first, begin + at + first, (last - first) * sizeof(T));
        return load(lanes);
    }

    static Lanes all(T value) {
        T lanes[n];
        std::fill(lanes, lanes + n, value);
        return load(lanes);
    }

    // All ones in the first `some` lanes, zeros in the others.
    static Lanes first(Index some) {
        T lanes[2 * n] = {};
        std::fill(lanes, lanes + n, static_cast<T>(~T{0}));
        return load(lanes + n - some);
    }

    void store(T* to) const { std::memcpy(to, &v, sizeof v); }

    // Whether a bit is set in any lane.
    bool any() const {
        std::uint64_t words[kRegisterBytes / sizeof(std::uint64_t)], set = 0;
        std::memcpy(words, &v, sizeof v);
        for (const std::uint64_t word : words) set |= word;
        return set != 0;
    }
};

using Bytes = Lanes<std::uint8_t>;
using Words = Lanes<std::uint16_t>;
using Doubles = Lanes<double>;

// All ones where a lane is below 0, else zeros.
inline Lanes<std::uint64_t> negative(Doubles a) {
#if FASTTEX_VECTORS
    return {(Lanes<std::uint64_t>::Vector)(a.v < 0.0)};
#else
    Lanes<std::uint64_t> result;
    for (Index k = 0; k < Doubles::n; ++k) result.v[k] = a.v[k] < 0 ? ~std::uint64_t{0} : 0;
    return result;
#endif
}

// As many 16-bit lanes as a register has of 8 bits, in an order that depends on the register alone.
struct WideLanes {
    Words half[2];

    void store(std::uint16_t* to) const {
        half[0].store(to);
        half[1].store(to + Words::n);
    }
};

// Two times 8 bits joined to 16.
inline WideLanes join(Bytes low, Bytes high) {
    WideLanes joined;
#if FASTTEX_VECTORS && (defined(__clang__) || __GNUC__ >= 12)
#if defined(__AVX2__)
    const Bytes::Vector a = __builtin_shufflevector(  // within 128 bits: one instruction
        low.v, high.v, 0, 32, 1, 33, 2, 34, 3, 35, 4, 36, 5, 37, 6, 38, 7, 39, 16, 48, 17, 49, 18, 50, 19, 51,
        20, 52, 21, 53, 22, 54, 23, 55);
    const Bytes::Vector b =
        __builtin_shufflevector(low.v, high.v, 8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47,
                                24, 56, 25, 57, 26, 58, 27, 59, 28, 60, 29, 61, 30, 62, 31, 63);
#else
    const Bytes::Vector a =
        __builtin_shufflevector(low.v, high.v, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const Bytes::Vector b =
        __builtin_shufflevector(low.v, high.v, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#endif
    std::memcpy(&joined.half[0].v, &a, sizeof a);
    std::memcpy(&joined.half[1].v, &b, sizeof b);
#else
    std::uint8_t bytes[2][Bytes::n];
    std::uint16_t words[Bytes::n];
    low.store(bytes[0]);
    high.store(bytes[1]);
    for (Index k = 0; k < Bytes::n; ++k)
        words[k] = static_cast<std::uint16_t>(bytes[0][k] | bytes[1][k] << 8);
    for (Index h = 0; h < 2; ++h) joined.half[h] = Words::load(words + h * Words::n);
#endif
    return joined;
}

// out[k] = values[at[k]]·weights[2·k] + values[at[k] + 1]·weights[2·k + 1]. Two at a time: each product is
// rounded, then their sum, as one by one.
inline void weigh_neighbors(const double* values, const Index* at, const double* weights, Index n,
                            double* out) {
    Index k = 0;
#if FASTTEX_VECTORS && (defined(__clang__) || __GNUC__ >= 12)
    typedef double Two __attribute__((vector_size(16)));
    const auto product = [&](Index j) {
        Two pair, weight;
        std::memcpy(&pair, values + at[j], sizeof pair);
        std::memcpy(&weight, weights + 2 * j, sizeof weight);
        return pair * weight;
    };
    for (; k + 2 <= n; k += 2) {
        const Two p = product(k), q = product(k + 1);
        const Two sum = __builtin_shufflevector(p, q, 0, 2) + __builtin_shufflevector(p, q, 1, 3);
        std::memcpy(out + k, &sum, sizeof sum);
    }
#endif
    for (; k < n; ++k) out[k] = values[at[k]] * weights[2 * k] + values[at[k] + 1] * weights[2 * k + 1];
}

}  // namespace fasttex
