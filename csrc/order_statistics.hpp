// What lies at given ranks of unsorted numbers, without sorting them all.
//
// Whole numbers of a moderate range (most images) are counted: a table entry per number, and everything that
// follows works on the numbers that occur. Other numbers go into equal bins from the lowest to the highest;
// only those of the bins that hold a wanted rank are sorted. Which bin a number falls in rises with the
// number, whatever is rounded, so the result is exact.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "lanes.hpp"

namespace fasttex {

// Numbers, rising, and how often each occurs.
struct Tally {
    std::vector<double> value, count;
    Index total = 0;

    void add(double v, std::int64_t n) {
        value.push_back(v);
        count.push_back(static_cast<double>(n));
        total += static_cast<Index>(n);
    }
    double at(Index rank) const {
        Index below = 0;
        for (std::size_t k = 0; k + 1 < value.size(); ++k) {
            below += static_cast<Index>(count[k]);
            if (rank < below) return value[k];
        }
        return value.back();
    }
};

namespace order_detail {

constexpr Index kPiece = 1024;
constexpr double kLargestTable = 1 << 20;
constexpr double kLargestWhole = 1e15;
constexpr Index kMaxBins = 8192;

// Copies the numbers that lie in marked bins; `bin` of each of a block is at hand.
template <class Visit>
void for_each_bin(const double* x, Index n, double lowest, double scale, Index n_bins, const Visit& visit) {
    std::int32_t bin[kPiece];
    const double top = static_cast<double>(n_bins - 1);
    for (Index begin = 0; begin < n; begin += kPiece) {
        const Index size = std::min(kPiece, n - begin);
        for (Index k = 0; k < size; ++k) {
            const double q = (x[begin + k] - lowest) * scale;
            bin[k] = static_cast<std::int32_t>(q < top ? q : top);
        }
        for (Index k = 0; k < size; ++k) visit(x[begin + k], bin[k]);
    }
}

inline void select_in(std::vector<double>& x, const Index* rank, Index n_ranks, double* out) {
    auto first = x.begin();
    for (Index r = 0; r < n_ranks; ++r) {
        std::nth_element(first, x.begin() + rank[r], x.end());
        out[r] = x[rank[r]];
        first = x.begin() + rank[r];
    }
}

}  // namespace order_detail

// Counts whole numbers; false, and nothing counted, where some are not whole or the range is too large.
inline bool tally(const double* x, Index n, Range range, Tally& found) {
    using namespace order_detail;
    const double width = range.high - range.low;
    if (!(width < kLargestTable && width <= 4.0 * static_cast<double>(n) + 1024)) return false;
    if (!(range.low > -kLargestWhole && range.low < kLargestWhole)) return false;
    if (static_cast<double>(static_cast<std::int64_t>(range.low)) != range.low) return false;
    std::vector<std::uint32_t> table[2];
    for (auto& half : table) half.resize(static_cast<std::size_t>(width) + 1);
    std::int32_t place[kPiece];
    for (Index begin = 0; begin < n; begin += kPiece) {
        const Index size = std::min(kPiece, n - begin);
        std::int32_t broken = 0;
        for (Index k = 0; k < size; ++k) {
            place[k] = static_cast<std::int32_t>(x[begin + k] - range.low);
            broken |= range.low + static_cast<double>(place[k]) != x[begin + k];
        }
        if (broken) return false;
        for (Index k = 0; k < size; ++k) ++table[k & 1][place[k]];  // neighbors often are alike
    }
    for (std::size_t k = 0; k < table[0].size(); ++k) {
        const std::int64_t times = std::int64_t{table[0][k]} + table[1][k];
        if (times) found.add(range.low + static_cast<double>(k), times);
    }
    return true;
}

// Sets out[r] to what would stand at rank[r] if x were sorted; ranks rise.
inline void select(const double* x, Index n, Range range, const Index* rank, Index n_ranks, double* out) {
    using namespace order_detail;
    Index n_bins = 16;
    while (n_bins < kMaxBins && 8 * n_bins < n) n_bins *= 2;
    const double scale = static_cast<double>(n_bins) / (range.high - range.low);
    if (!(scale > 0 && scale < std::numeric_limits<double>::max()) || n < 64) {
        std::vector<double> copy(x, x + n);
        select_in(copy, rank, n_ranks, out);
        return;
    }
    std::vector<std::uint32_t> size(n_bins, 0);
    std::vector<Index> lower(n_ranks);
    for_each_bin(x, n, range.low, scale, n_bins, [&](double, std::int32_t bin) { ++size[bin]; });
    std::vector<unsigned char> wanted(n_bins, 0);
    Index below = 0, taken = 0, r = 0;
    for (Index bin = 0; bin < n_bins && r < n_ranks; below += size[bin], ++bin) {
        if (rank[r] >= below + size[bin]) continue;
        wanted[bin] = 1;
        for (; r < n_ranks && rank[r] < below + size[bin]; ++r) lower[r] = rank[r] - below + taken;
        taken += size[bin];
    }
    std::vector<double> kept;
    kept.reserve(taken);
    for_each_bin(x, n, range.low, scale, n_bins, [&](double value, std::int32_t bin) {
        if (wanted[bin]) kept.push_back(value);
    });
    select_in(kept, lower.data(), n_ranks, out);
}

}  // namespace fasttex
