// How many zones are alike in level, size and border distance: a hash table with open addressing.
//
// Noise has about as many zones as voxels, but few different ones; sorting all zones would cost more than
// finding them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

namespace fasttex {

struct Zone {
    std::int64_t level, size, distance;

    bool operator==(const Zone& b) const {
        return level == b.level && size == b.size && distance == b.distance;
    }
    bool operator<(const Zone& b) const {
        return std::tie(level, size, distance) < std::tie(b.level, b.size, b.distance);
    }
};

class ZoneCounts {
  public:
    void add(const Zone& zone) {
        Entry& entry = slot(zone);
        if (entry.count++ > 0) return;
        entry.zone = zone;
        if (++used_ * 2 > table_.size()) grow();
    }

    // (level, size, distance, count), sorted, one after the other.
    std::vector<std::int64_t> rows() const {
        std::vector<Entry> found;
        for (const Entry& entry : table_) {
            if (entry.count > 0) found.push_back(entry);
        }
        std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) { return a.zone < b.zone; });
        std::vector<std::int64_t> rows;
        rows.reserve(found.size() * 4);
        for (const Entry& entry : found) {
            rows.insert(rows.end(), {entry.zone.level, entry.zone.size, entry.zone.distance, entry.count});
        }
        return rows;
    }

  private:
    struct Entry {
        Zone zone{};
        std::int64_t count = 0;
    };

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

    std::vector<Entry> table_ = std::vector<Entry>(64);
    std::size_t used_ = 0;
};

}  // namespace fasttex
