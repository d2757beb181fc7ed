// Check mode: is this access inside, aligned, defined, and ordered with those of other threads?
#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <cstring>

#include "runtime.hpp"

namespace emu {
// One earlier access. `place` is 2 * (offset in the module) + (1 if atomic).
struct Earlier {
    std::uint32_t id, time, place;
};
// All zeros: never touched. Two writers and two readers are kept, the latest first.
struct Cell {
    Earlier writers[2], readers[2];
};

namespace {
std::uintptr_t module_begin = 0, module_end = 0;

int find_module(dl_phdr_info* info, std::size_t, void* wanted) {
    const std::uintptr_t inside = reinterpret_cast<std::uintptr_t>(wanted);
    std::uintptr_t low = UINTPTR_MAX, high = 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD) continue;
        low = std::min<std::uintptr_t>(low, info->dlpi_addr + segment.p_vaddr);
        high = std::max<std::uintptr_t>(high, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
    }
    if (inside < low || inside >= high) return 0;
    module_begin = low;
    module_end = high;
    return 1;
}

const char* verb(bool write, bool atomic) {
    if (atomic) return write ? "atomic or volatile write" : "volatile read";
    return write ? "write" : "read";
}

std::string element(const Region& region, std::uintptr_t address) {
    const std::ptrdiff_t offset = static_cast<std::ptrdiff_t>(address - region.begin);
    const std::ptrdiff_t item = static_cast<std::ptrdiff_t>(region.item);
    std::ptrdiff_t index = offset / item, rest = offset % item;
    if (rest < 0) {
        rest += item;
        --index;
    }
    return region.label + "[" + std::to_string(index) + "]" +
           (rest ? " + " + std::to_string(rest) + " bytes" : "");
}

bool holds(const Region& region, std::uintptr_t address) { return address - region.begin < region.bytes; }

Region* find(std::uintptr_t address) {
    for (auto& piece : current->block->shared)
        if (holds(piece->region, address)) return &piece->region;
    for (Region& region : arguments)
        if (holds(region, address)) return &region;
    return nullptr;
}

std::size_t distance(const Region& region, std::uintptr_t address) {
    if (address < region.begin) return region.begin - address;
    return address < region.begin + region.bytes ? 0 : address - region.begin - region.bytes;
}

// No region holds the address: name the nearest one, which is what the kernel meant.
void outside(std::uintptr_t address, std::size_t bytes, bool write, const void* pc) {
    const std::string what =
        where(*current) + ": " + verb(write, false) + " of " + std::to_string(bytes) + " bytes at {0}";
    if (address >= module_begin && address < module_end) {
        if (!write) return;  // a constant table
        report("write to a constant", place(pc), "", what + ": device-wide variables are not supported");
        return abort_launch();
    }
    for (const Block* block : resident)
        for (const auto& piece : block->shared)
            if (block != current->block && holds(piece->region, address)) {
                report("foreign shared memory", place(pc), "",
                       what + ": " + element(piece->region, address) + " of another block, of " +
                           where(block->fibers[0]));
                return abort_launch();
            }
    const Region* nearest = nullptr;
    const auto consider = [&](const Region& region) {
        if (nearest == nullptr || distance(region, address) < distance(*nearest, address)) nearest = &region;
    };
    for (const Region& region : arguments) consider(region);
    for (const auto& piece : current->block->shared) consider(piece->region);
    std::string text = what + ", to no memory of this launch";
    if (nearest != nullptr && distance(*nearest, address) < (std::size_t(1) << 30))
        text = what + ", to " + element(*nearest, address) + ", which has " +
               std::to_string(nearest->bytes / nearest->item) + " elements";
    report("out of bounds", place(pc), "", text);
    abort_launch();
}

bool ordered(const Earlier& earlier, const Fiber& me) {
    if (earlier.id == 0 || earlier.id == me.id) return true;
    const std::uint32_t number = earlier.id - 1 - (me.id - 1 - me.number);  // in my block, else too large
    if (number >= threads_per_block) return false;
    if (earlier.time < me.block->barrier_time) return true;
    return number / 32 == me.number / 32 && earlier.time < me.warp->seen[32 * me.lane + number % 32];
}

void race(const Region& region, std::uintptr_t address, const Earlier& earlier, bool earlier_write,
          bool write, bool atomic, const void* pc) {
    const void* old_pc = reinterpret_cast<const void*>(module_begin + (earlier.place >> 1));
    report("race", place(pc), place(old_pc),
           where(*current) + ": " + verb(write, atomic) + " of " + element(region, address) +
               " at {0}, and a " + verb(earlier_write, earlier.place & 1u) + " at {1} by " +
               name_of(earlier.id) + ", with no barrier between");
}

void remember(Earlier* slots, const Earlier& now, const Fiber& me) {
    if (slots[0].id == now.id) {
        const bool weaker = slots[0].time == now.time && !(slots[0].place & 1u) && (now.place & 1u);
        if (!weaker) slots[0] = now;
        return;
    }
    if (!ordered(slots[0], me)) slots[1] = slots[0];
    slots[0] = now;
}

void check_race(Region& region, std::uintptr_t address, Cell& cell, Access how, const void* pc) {
    const Fiber& me = *current;
    const bool write = how != Access::read && how != Access::volatile_read;
    const bool atomic = how != Access::read && how != Access::write;
    Earlier* mine = write ? cell.writers : cell.readers;
    if (mine[0].id == me.id && mine[0].time == me.time && (!(mine[0].place & 1u) || atomic)) return;
    for (const Earlier& earlier : cell.writers)
        if (!ordered(earlier, me) && !(atomic && (earlier.place & 1u)))
            race(region, address, earlier, true, write, atomic, pc);
    if (write)
        for (const Earlier& earlier : cell.readers)
            if (!ordered(earlier, me) && !(atomic && (earlier.place & 1u)))
                race(region, address, earlier, false, write, atomic, pc);
    const auto offset = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pc) - module_begin);
    remember(mine, {me.id, me.time, offset << 1 | (atomic ? 1u : 0u)}, me);
}

// Cells start as large as the items; a smaller access splits all of the region's.
void refine(Region& region, std::size_t offset_and_bytes) {
    int shift = region.shift;
    if (region.cells == nullptr) shift = __builtin_ctzll(region.item | 16);
    while (offset_and_bytes & ((std::size_t(1) << shift) - 1)) --shift;
    if (region.cells != nullptr && shift == region.shift) return;
    const std::size_t count = (region.bytes >> shift) + 1;
    Cell* finer = static_cast<Cell*>(std::calloc(count, sizeof(Cell)));
    if (region.cells != nullptr)
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t coarse = i >> (region.shift - shift);
            if (coarse <= region.bytes >> region.shift) finer[i] = region.cells[coarse];
        }
    std::free(region.cells);
    region.cells = finer;
    region.shift = shift;
}

void check_defined(const Region& region, std::uintptr_t address, std::size_t bytes, const void* pc) {
    const std::uint8_t* defined = region.defined + (address - region.begin);
    for (std::size_t i = 0; i < bytes; ++i) {
        if (defined[i]) continue;
        report("uninitialised read", place(pc), "",
               where(*current) + ": read of " + element(region, address + i) + " at {0}, which nobody wrote");
        return;
    }
}
}  // namespace

void access(const void* pointer, std::size_t bytes, Access how, bool aligned, const void* pc) {
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(pointer);
    if (address - stacks_begin < stacks_bytes || current == nullptr) return;
    const bool write = how != Access::read && how != Access::volatile_read;
    tick();
    maybe_preempt();
    Region* region = find(address);
    if (region == nullptr) return outside(address, bytes, write, pc);
    if (address + bytes > region->begin + region->bytes)
        return outside(region->begin + region->bytes, bytes, write, pc);
    if (aligned && address % bytes != 0) {
        report("misaligned", place(pc), "",
               where(*current) + ": " + verb(write, false) + " of " + std::to_string(bytes) +
                   " bytes at {0}, to " + element(*region, address));
        abort_launch();
    }
    if (how != Access::write && how != Access::volatile_write) check_defined(*region, address, bytes, pc);
    const std::size_t offset = address - region->begin;
    if (write) std::memset(region->defined + offset, 1, bytes);
    if (region->cells == nullptr || ((offset | bytes) & ((std::size_t(1) << region->shift) - 1)))
        refine(*region, offset | bytes);
    const std::size_t first = offset >> region->shift, last = (offset + bytes - 1) >> region->shift;
    for (std::size_t cell = first; cell <= last; ++cell)
        check_race(*region, address, region->cells[cell], how, pc);
}

void sync_lanes(const Meeting& meeting, Block& block, Warp& warp) {
    const std::uint32_t now = ++block.time;
    Fiber* lanes = block.fibers.data() + 32 * (&warp - block.warps.data());
    std::uint32_t joined[32] = {};
    for (unsigned lane = 0; lane < 32; ++lane) {
        if (!(meeting.came >> lane & 1u)) continue;
        for (unsigned other = 0; other < 32; ++other)
            joined[other] = std::max(joined[other], warp.seen[32 * lane + other]);
    }
    for (unsigned lane = 0; lane < 32; ++lane)
        if (meeting.came >> lane & 1u) joined[lane] = now;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if (!(meeting.came >> lane & 1u)) continue;
        std::memcpy(&warp.seen[32 * lane], joined, sizeof(joined));
        lanes[lane].time = now;
    }
}

void forget_cells(Region& region) {
    std::free(region.cells);
    region.cells = nullptr;
}

// Plain mode sees writes just outside only here, and without their line.
void check_guards(const Region& region) {
    if (!region.guarded) return;
    const std::uint8_t* begin = reinterpret_cast<const std::uint8_t*>(region.begin);
    for (std::size_t i = 0; i < GUARD; ++i) {
        const bool before = begin[-1 - static_cast<std::ptrdiff_t>(i)] != GUARD_BYTE;
        if (!before && begin[region.bytes + i] == GUARD_BYTE) continue;
        report("out of bounds", "", "",
               "written " + std::string(before ? "before" : "behind") + " " + region.label +
                   "; check mode names the line");
        return;
    }
}

void set_static_data(const void* inside_module) {
    dl_iterate_phdr(find_module, const_cast<void*>(inside_module));
}

std::string place(const void* pc) {
    return "pc:" + std::to_string(reinterpret_cast<std::uintptr_t>(pc) - module_begin - 1);
}
}  // namespace emu
