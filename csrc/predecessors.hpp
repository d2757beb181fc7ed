// For each set of predecessors of equal level, the few whose labels must be looked at.
//
// Predecessors that touch each other and have the same level are in one zone already when the voxel after
// both is reached: the later one had the earlier among its own predecessors. So one of each connected group
// of the set suffices. Of the 13 predecessors in a volume no set needs more than four.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "direction_sets.hpp"

namespace fasttex {

struct Predecessors {
    Offsets offsets;
    std::vector<std::uint16_t> sufficient;  // one set of predecessors for each set of equal ones
};

namespace predecessors_detail {

// touching[p]: the predecessors that predecessor p touches.
inline std::vector<unsigned> touching(const Offsets& offsets) {
    std::vector<unsigned> result(offsets.size());
    for (std::size_t p = 0; p < offsets.size(); ++p) {
        for (std::size_t q = 0; q < offsets.size(); ++q) {
            const Offset apart = offsets[q] - offsets[p];
            for (const Offset& o : offsets) {
                if (apart == o || apart == -o) result[p] |= 1u << q;
            }
        }
    }
    return result;
}

inline std::size_t lowest(unsigned set) {
    std::size_t p = 0;
    while (!(set >> p & 1u)) ++p;
    return p;
}

// Takes the group of the lowest member out of `set`.
inline unsigned without_first_group(unsigned set, const std::vector<unsigned>& touching) {
    unsigned todo = set & (~set + 1);
    set ^= todo;
    while (todo) {
        const std::size_t p = lowest(todo);
        todo &= todo - 1;
        todo |= set & touching[p];
        set &= ~touching[p];
    }
    return set;
}

inline Predecessors make(Offsets offsets) {
    const std::vector<unsigned> touch = touching(offsets);
    Predecessors result{std::move(offsets), std::vector<std::uint16_t>(std::size_t{1} << touch.size())};
    for (unsigned set = 1; set < result.sufficient.size(); ++set) {
        // The first group's lowest member, and what the rest needs, which is a smaller set and done before.
        const unsigned rest = without_first_group(set, touch);
        result.sufficient[set] = static_cast<std::uint16_t>((set & (~set + 1)) | result.sufficient[rest]);
    }
    return result;
}

}  // namespace predecessors_detail

// `offsets`: one of each pair of opposite directions. Tables are remembered, since they take longer to make
// than the zones of a small ROI to find.
inline std::shared_ptr<const Predecessors> predecessors_of(const Offsets& offsets) {
    static std::mutex guard;
    static std::vector<std::shared_ptr<const Predecessors>> made;
    constexpr std::size_t kRemembered = 8;
    Offsets earlier;
    for (const Offset& o : offsets) earlier.push_back(points_ahead(o) ? -o : o);
    const std::lock_guard<std::mutex> lock(guard);
    for (const auto& known : made) {
        if (known->offsets == earlier) return known;
    }
    if (made.size() == kRemembered) made.clear();
    made.push_back(std::make_shared<const Predecessors>(predecessors_detail::make(std::move(earlier))));
    return made.back();
}

}  // namespace fasttex
