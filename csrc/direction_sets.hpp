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

    // Calls visit(lane, direction) for every direction in the sets.
    template <class Visit>
    void for_each(const Visit& visit) const {
        constexpr Index kWords = kRegisterBytes / 8, kLanesPerWord = 64 / kBits;
        for (Index r = 0; r < static_cast<Index>(part.size()); ++r) {
            std::uint64_t words[kWords];
            std::memcpy(words, &part[r].v, sizeof words);
            for (Index w = 0; w < kWords; ++w) {
                for (std::uint64_t word = words[w]; word; word &= word - 1) {
                    const Index bit = lowest_bit(word);
                    visit(w * kLanesPerWord + bit / kBits, r * kBits + bit % kBits);
                }
            }
        }
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
