// Sets of directions, one for each voxel of a register.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "bits.hpp"
#include "simd.hpp"

namespace fasttex {

constexpr Index kMaxDirections = 13;

// Direction a is bit a of 16, in one register of 16-bit lanes or in two of 8.
template <class Level>
struct DirectionSets {
    static constexpr Index kBits = 8 * sizeof(Level);
    static constexpr std::uint64_t kHighest = std::uint64_t{1} << 63;

    std::array<Lanes<Level>, 16 / kBits> part{};

    template <Index A>
    void add(Lanes<Level> where) {
        part[A / kBits] |= where & Lanes<Level>::all(static_cast<Level>(1 << A % kBits));
    }

    bool any() const {
        auto all = part[0];
        for (std::size_t r = 1; r < part.size(); ++r) all |= part[r];
        return all.any();
    }

    // Calls visit(lane, direction) for every direction in the sets. They are listed first, the first four of
    // a word whether it has as many or not: that takes less time than a branch for each.
    template <class Visit>
    void for_each(const Visit& visit) const {
        if (!any()) return;
        constexpr Index kRegister = 8 * kRegisterBytes, kWord = 64, kAtOnce = 4;
        std::uint16_t found[16 * Lanes<Level>::n + kAtOnce];
        Index n = 0;
        for (Index r = 0; r < static_cast<Index>(part.size()); ++r) {
            std::uint64_t words[kRegister / kWord];
            std::memcpy(words, &part[r].v, sizeof words);
            for (Index w = 0; w < kRegister / kWord; ++w) {
                std::uint64_t word = words[w];
                const Index size = count_bits(word), first = r * kRegister + w * kWord;
                std::uint16_t* to = found + n;
                Index k = 0;
                do {
                    for (Index j = 0; j < kAtOnce; ++j) {
                        to[k + j] = static_cast<std::uint16_t>(first + lowest_bit(word | kHighest));
                        word &= word - 1;
                    }
                    k += kAtOnce;
                } while (k < size);
                n += size;
            }
        }
        for (Index k = 0; k < n; ++k)
            visit(found[k] % kRegister / kBits, found[k] / kRegister * kBits + found[k] % kBits);
    }

    // One number per lane.
    void store(std::uint16_t* to) const {
        Level lanes[2][Lanes<Level>::n] = {};
        for (std::size_t r = 0; r < part.size(); ++r) part[r].store(lanes[r]);
        for (Index k = 0; k < Lanes<Level>::n; ++k) {
            to[k] = static_cast<std::uint16_t>(lanes[0][k] | lanes[1][k] << 8);
        }
    }
};

namespace direction_sets_detail {

template <class Visit, Index... A>
void for_each_constant(Index n, const Visit& visit, std::integer_sequence<Index, A...>) {
    const auto visit_if = [&](auto a) {
        if (a.value < n) visit(a);
    };
    (visit_if(std::integral_constant<Index, A>{}), ...);
}

}  // namespace direction_sets_detail

// Calls visit(a) for directions 0 … n - 1, each as a constant, so that the compiler lays all of them out.
template <class Visit>
void for_each_constant(Index n, const Visit& visit) {
    direction_sets_detail::for_each_constant(n, visit, std::make_integer_sequence<Index, kMaxDirections>{});
}

}  // namespace fasttex
