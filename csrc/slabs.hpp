// Work split into slabs: whole items, and planes of large items, shared by threads.
//
// An item is split only where that pays: a slab has at least kWorthASlab voxels, and as many as its counts
// have cells, since every slab of a split item counts for itself and is added to the item afterwards. Sums of
// integers do not depend on their order: nor does any result on the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

#include "canary.hpp"
#include "parallel.hpp"
#include "roi_view.hpp"

namespace fasttex {

struct Slab {
    std::size_t item;
    Index part, parts;  // which of the item's slabs
    Index first, last;  // planes
};

// Size of an item: its planes, the voxels of each, and how many cells each slab of it counts in.
struct Extent {
    Index planes, voxels_per_plane, cells;
};

constexpr Index kWorthASlab = 1 << 15;
inline bool split_finely = false;           // for tests: slabs of one plane, whatever that costs
constexpr std::size_t kSlabsPerThread = 2;  // not all take equally long
constexpr Index kMaxSlab = Index{1} << 31;  // voxels: 32 bits can count them

// Several slabs per thread, since not all take equally long; fewer where it costs to join them.
inline std::vector<Slab> slabs_of(const std::vector<Extent>& items, std::size_t threads) {
    Index all = 0;
    for (const Extent& e : items) all += e.planes * e.voxels_per_plane;
    const Index share = threads > 1 ? all / static_cast<Index>(kSlabsPerThread * threads) + 1 : kMaxSlab;
    std::vector<Slab> slabs;
    for (std::size_t n = 0; n < items.size(); ++n) {
        const Extent& e = items[n];
        const Index smallest = split_finely ? 1 : std::max(kWorthASlab, e.cells);
        const Index per_plane = std::max<Index>(1, e.voxels_per_plane);
        const Index voxels = std::min(kMaxSlab, std::max(share, smallest));
        const Index planes = std::max<Index>(1, voxels / per_plane);
        const Index parts = std::max<Index>(1, (e.planes + planes - 1) / planes);
        for (Index p = 0; p < parts; ++p) {
            slabs.push_back({n, p, parts, p * e.planes / parts, (p + 1) * e.planes / parts});
        }
    }
    return slabs;
}

// Calls work(slab) for all slabs, on some threads.
template <class Work>
void for_each_slab(const std::vector<Extent>& items, std::size_t threads, const Work& work) {
    const std::vector<Slab> slabs = slabs_of(items, threads);
    parallel_for(slabs.size(), threads, [&](std::size_t n) { work(slabs[n]); });
}

// Calls count(slab, sums) for all slabs and adds what they count to `results`, zeros of items[n].cells each.
template <class Count>
void count_in_slabs(const std::vector<Extent>& items, const std::vector<std::int64_t*>& results,
                    std::size_t threads, const Count& count) {
    std::vector<std::mutex> guards(items.size());
    for_each_slab(items, threads, [&](const Slab& slab) {
        const Extent& item = items[slab.item];
        std::int64_t* result = results[slab.item];
        if (slab.parts == 1) {
            count(slab, result);
            return;
        }
        std::vector<std::int64_t> sums(static_cast<std::size_t>(item.cells));
        count(slab, sums.data());
        const std::lock_guard<std::mutex> lock(guards[slab.item]);
        for (Index k = 0; k < FASTTEX_PLANTED(17, item.cells, item.cells / 2); ++k) result[k] += sums[k];
    });
}

}  // namespace fasttex
