// The smallest box around one label of a volume in C order.
//
// The first and the last voxel of the label, searched from either end, say where it begins and ends along z.
// Of each plane between, only what lies outside of the box found so far is looked at: what comes before and
// behind its rows, and what sticks out of them on either side.
#pragma once

#include <cstdint>

#include "simd.hpp"

namespace fasttex {

struct LabelBox {
    Shape first{0, 0, 0}, stop{0, 0, 0};  // empty where the label does not occur
};

namespace label_box_detail {

// Whether a label is among as many values as some registers hold.
template <Index Registers, class T>
bool in_block(const T* values, Lanes<T> label) {
    Lanes<T> found = Lanes<T>::load(values) == label;
    for (Index k = 1; k < Registers; ++k) found = found | (Lanes<T>::load(values + k * Lanes<T>::n) == label);
    return found.any();
}

// Index of the first of n values that is the label; n where there is none.
template <class T>
Index find_first(const T* values, Index n, T label) {
    constexpr Index kOne = Lanes<T>::n, kFour = 4 * kOne;
    const Lanes<T> wanted = Lanes<T>::all(label);
    Index k = 0;
    while (k + kFour <= n && !in_block<4>(values + k, wanted)) k += kFour;
    while (k + kOne <= n && !in_block<1>(values + k, wanted)) k += kOne;
    if (n - k < kOne && n >= kOne && !in_block<1>(values + n - kOne, wanted)) return n;
    while (k < n && values[k] != label) ++k;
    return k;
}

// One past the last of n values that is the label; 0 where there is none.
template <class T>
Index find_stop(const T* values, Index n, T label) {
    constexpr Index kOne = Lanes<T>::n, kFour = 4 * kOne;
    const Lanes<T> wanted = Lanes<T>::all(label);
    const bool wide = n >= kOne;
    while (n >= kFour && !in_block<4>(values + n - kFour, wanted)) n -= kFour;
    while (n >= kOne && !in_block<1>(values + n - kOne, wanted)) n -= kOne;
    if (n < kOne && wide && !in_block<1>(values, wanted)) return 0;
    while (n > 0 && values[n - 1] != label) --n;
    return n;
}

}  // namespace label_box_detail

template <class T>
LabelBox label_box(const T* labels, Shape n, T label) {
    using namespace label_box_detail;
    const Index first = find_first(labels, n.voxels(), label);
    if (first == n.voxels()) return {};
    const Index plane = n.y * n.x, last = find_stop(labels, n.voxels(), label) - 1, y = first % plane / n.x;
    LabelBox box{{first / plane, y, first % n.x}, {last / plane + 1, y + 1, first % n.x + 1}};
    for (Index z = box.first.z; z < box.stop.z; ++z) {
        const T* rows = labels + z * plane;
        const Index before = box.first.y * n.x, behind = box.stop.y * n.x;
        const Index lowest = find_first(rows, before, label);
        if (lowest < before) box.first.y = lowest / n.x;
        const Index end = find_stop(rows + behind, plane - behind, label);
        if (end > 0) box.stop.y += (end - 1) / n.x + 1;
        for (Index at = box.first.y; at < box.stop.y; ++at) {
            const T* row = rows + at * n.x;
            box.first.x = find_first(row, box.first.x, label);
            box.stop.x += find_stop(row + box.stop.x, n.x - box.stop.x, label);
        }
    }
    return box;
}

}  // namespace fasttex
