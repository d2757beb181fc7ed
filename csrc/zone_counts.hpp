// How many zones are alike in level, size and border distance.
//
// Noise has about as many zones as voxels, but few different ones. Most are small: those of up to kSmall
// voxels are counted in a table [level][size][distance], as long as that is small against the number of
// voxels. The others are counted in a hash table with open addressing; sorting all zones would cost more than
// finding them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "roi_view.hpp"

namespace fasttex {

struct Zone {
    std::int64_t level, size, distance;

    bool operator==(const Zone& b) const {
        return level == b.level && size == b.size && distance == b.distance;
    }
    bool operator<(const Zone& b) const {
        if (level != b.level) return level < b.level;
        return size != b.size ? size < b.size : distance < b.distance;
    }
};

class ZoneCounts {
  public:
    ZoneCounts() = default;

    // `max_distance`: most zones are no farther from the border; `voxels`: of the whole ROI's box.
    ZoneCounts(Index n_levels, Index max_distance, Index voxels) {
        const Index cells = (n_levels + 1) * kSmall * (max_distance + 1);
        if (cells > voxels || voxels > std::numeric_limits<std::uint32_t>::max()) return;
        distances_ = max_distance + 1;
        small_.resize(static_cast<std::size_t>(cells));
    }

    void add(const Zone& zone, std::int64_t count = 1) {
        if (zone.size <= kSmall && zone.distance < distances_) {
            small_[(zone.level * kSmall + zone.size - 1) * distances_ + zone.distance] +=
                static_cast<std::uint32_t>(count);
            return;
        }
        Entry& entry = slot(zone);
        entry.count += count;
        if (entry.count > count) return;
        entry.zone = zone;
        if (++used_ * 2 > table_.size()) grow();
    }

    // Adds all zones of another count of the same levels and distances.
    void merge(const ZoneCounts& other) {
        if (small_.empty()) {
            small_ = other.small_;
            distances_ = other.distances_;
        } else {
            for (std::size_t k = 0; k < other.small_.size(); ++k) small_[k] += other.small_[k];
        }
        for (const Entry& entry : other.table_) {
            if (entry.count > 0) add(entry.zone, entry.count);
        }
    }

    // (level, size, distance, count), sorted, one after the other.
    std::vector<std::int64_t> rows() const {
        std::vector<Entry> found = entries();  // small zones, in order, then the others
        const auto rising = [](const Entry& a, const Entry& b) { return a.zone < b.zone; };
        const auto large = std::is_sorted_until(found.begin(), found.end(), rising);
        std::sort(large, found.end(), rising);
        std::inplace_merge(found.begin(), large, found.end(), rising);
        std::vector<std::int64_t> rows;
        rows.reserve(found.size() * 4);
        for (const Entry& entry : found) {
            rows.insert(rows.end(), {entry.zone.level, entry.zone.size, entry.zone.distance, entry.count});
        }
        return rows;
    }

  private:
    static constexpr std::int64_t kSmall = 16;

    struct Entry {
        Zone zone{};
        std::int64_t count = 0;
    };

    std::vector<Entry> entries() const {
        std::vector<Entry> found;
        for (std::size_t k = 0; k < small_.size(); ++k) {
            if (small_[k] == 0) continue;
            const Index at = static_cast<Index>(k), row = at / distances_;
            found.push_back({{row / kSmall, row % kSmall + 1, at % distances_}, small_[k]});
        }
        for (const Entry& entry : table_) {
            if (entry.count > 0) found.push_back(entry);
        }
        return found;
    }

    // Where the zone is, or the empty entry where it belongs. The table's length is a power of two.
    Entry& slot(const Zone& zone) {
        // Odd factors without a common pattern; the high bits of the product depend on all bits of the zone.
        const std::uint64_t mixed =
            static_cast<std::uint64_t>(zone.size) * 0x9E3779B97F4A7C15u ^
            static_cast<std::uint64_t>(zone.level << 16 | zone.distance) * 0xC2B2AE3D27D4EB4Fu;
        std::size_t at = static_cast<std::size_t>(mixed >> 32) & (table_.size() - 1);
        while (table_[at].count > 0 && !(table_[at].zone == zone)) at = (at + 1) & (table_.size() - 1);
        return table_[at];
    }

    void grow() {
        std::vector<Entry> old(table_.size() * 2);
        old.swap(table_);
        for (const Entry& entry : old) {
            if (entry.count > 0) slot(entry.zone) = entry;
        }
    }

    Index distances_ = 0;
    std::vector<std::uint32_t> small_;
    std::vector<Entry> table_ = std::vector<Entry>(64);
    std::size_t used_ = 0;
};

}  // namespace fasttex
