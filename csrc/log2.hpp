// Logarithm and exponential that give the same bits wherever they are compiled.
//
// Those of the standard library differ from one library to the next, and stand in the way of vectors. These
// are made of operations that IEEE 754 fixes, without a branch, so that loops over them become vectors whose
// lanes hold what the loop would have given.
#pragma once

#include <cstdint>
#include <cstring>

namespace fasttex {

namespace bits {

inline double as_double(std::uint64_t bits) {
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

inline std::uint64_t of(double x) {
    std::uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

constexpr std::uint64_t kTwo52 = 0x4330000000000000;  // 2^52: its last bit counts ones
constexpr std::uint64_t kTwo84 = 0x4530000000000000;  // 2^84: its last bit counts 2^32

}  // namespace bits

// A count as a double, rounded once. Instruction sets before AVX-512 convert no vectors of 64 bits, so both
// halves are put behind the leading one of a power of two, which is then taken away.
inline double as_double(std::int64_t count) {
    const std::uint64_t n = static_cast<std::uint64_t>(count);
    const double high = bits::as_double((n >> 32) | bits::kTwo84);
    const double low = bits::as_double((n & 0xFFFFFFFF) | bits::kTwo52);
    return (high - (0x1p84 + 0x1p52)) + low;
}

// The base 2 logarithm of a positive normal number, to a few units in the last place, near 1 as well: there
// the whole part is 0, and the rest is relatively exact.
//
// x = 2^k·m with m in [√½, √2), and ln m = 2·artanh s = 2·(s + s³/3 + s⁵/5 + …) with s = (m − 1)/(m + 1) and
// |s| < 0.172, so that ten terms are enough.
inline double log2_of(double x) {
    constexpr std::uint64_t kRootHalf = 0x3FE6A09E667F3BCD, kOne = 0x3FF0000000000000;
    constexpr std::uint64_t kFraction = 0x000FFFFFFFFFFFFF;
    constexpr double kTwoOverLn2 = 2.8853900817779268147;
    const std::uint64_t shifted = bits::of(x) + (kOne - kRootHalf);
    const double k = bits::as_double((shifted >> 52) | bits::kTwo52) - (0x1p52 + 1023.0);
    const double m = bits::as_double((shifted & kFraction) + kRootHalf);
    const double s = (m - 1.0) / (m + 1.0);
    const double z = s * s, zz = z * z;
    const double even = 1.0 + zz * (1.0 / 5 + zz * (1.0 / 9 + zz * (1.0 / 13 + zz * (1.0 / 17))));
    const double odd = 1.0 / 3 + zz * (1.0 / 7 + zz * (1.0 / 11 + zz * (1.0 / 15 + zz * (1.0 / 19))));
    return k + kTwoOverLn2 * s * (even + z * odd);
}

// p·log₂ p, and 0 for 0: what is added changes no quotient of two counts but 0, and costs no branch.
inline double entropy_term(double p) { return p * log2_of(p + 0x1p-1000); }

// 1 − e^(−x) for x >= 0.
//
// −x = k·ln 2 + r with |r| <= (ln 2)/2, and e^r − 1 from its series; what remains is exact but for one
// rounding, as powers of two are.
inline double one_minus_exp(double x) {
    constexpr double kLn2High = 0x1.62e42fefa38p-1, kLn2Low = 0x1.ef35793c7673p-45;
    if (!(x < 700)) return 1.0;
    const std::int64_t k = -static_cast<std::int64_t>(x * 1.4426950408889634 + 0.5);
    const double whole = static_cast<double>(k);
    const double r = (-x - whole * kLn2High) - whole * kLn2Low;
    double tail = 0;
    for (int n = 18; n >= 2; --n) tail = (1.0 + tail) * (r / n);
    const double scale = bits::as_double(static_cast<std::uint64_t>(1023 + k) << 52);
    return (1.0 - scale) - scale * (r * (1.0 + tail));
}

}  // namespace fasttex
