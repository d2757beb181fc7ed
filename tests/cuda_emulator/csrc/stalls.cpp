// When no thread can go on: release those that ask for the active mask, or say who waits for whom.
#include <cstring>

#include "runtime.hpp"

namespace emu {
namespace {
const char* const OPS[] = {"__syncwarp",       "__shfl_sync",     "__shfl_up_sync",
                           "__shfl_down_sync", "__shfl_xor_sync", "__ballot_sync",
                           "__any_sync",       "__all_sync",      "__match_any_sync"};

std::string lanes_text(unsigned mask) {
    std::string text;
    for (int lane = 0; lane < 32; ++lane) {
        if (!(mask >> lane & 1u)) continue;
        const int first = lane;
        while (lane < 31 && (mask >> (lane + 1) & 1u)) ++lane;
        text += (text.empty() ? "" : ",") + std::to_string(first);
        if (lane > first) text += "-" + std::to_string(lane);
    }
    return text;
}

void explain_meeting(const Block& block, const Warp& warp, const Meeting& meeting) {
    const Fiber* lanes = block.fibers.data() + 32 * (&warp - block.warps.data());
    const unsigned missing = meeting.mask & warp.lanes & ~meeting.came;
    const Fiber& first = lanes[__builtin_ctz(meeting.came)];
    const Fiber& late = lanes[__builtin_ctz(missing)];
    std::string text = where(first) + ": lanes " + lanes_text(meeting.came) + " wait in " + OPS[meeting.op] +
                       " at {0} for lanes " + lanes_text(missing) + " of the mask, which never come; lane " +
                       std::to_string(late.lane) + " waits at {1}";
    if (late.state == State::at_meeting && late.mask != meeting.mask) text += " with another mask";
    report("missing lanes", place(meeting.file, meeting.line), place(late.file, late.line), text);
}

void explain_barrier(const Block& block) {
    const Fiber *at = nullptr, *elsewhere = nullptr;
    for (const Fiber& fiber : block.fibers) {
        if (fiber.state == State::at_barrier && at == nullptr) at = &fiber;
        if (fiber.state == State::at_meeting && elsewhere == nullptr) elsewhere = &fiber;
    }
    if (at == nullptr) return;
    const std::string here = place(at->file, at->line);
    std::string text = where(*at) + ": " + std::to_string(block.arrived) + " of " +
                       std::to_string(threads_per_block) + " threads wait in __syncthreads at {0}; " +
                       std::to_string(block.done) + " have left the kernel";
    if (elsewhere != nullptr) text += ", " + where(*elsewhere) + " waits at {1}";
    report("barrier divergence", here, elsewhere ? place(elsewhere->file, elsewhere->line) : here, text);
}
}  // namespace

void explain_stall() {
    for (const Block* block : resident) {
        for (const Warp& warp : block->warps)
            for (const Meeting* meeting : warp.open) explain_meeting(*block, warp, *meeting);
        explain_barrier(*block);
    }
}

// Which lanes are active together is the hardware's choice: here all of the warp that stand at the line, or,
// under the policies that draw, any part of them.
bool release_masks() {
    bool released = false;
    for (Block* block : resident) {
        for (std::size_t w = 0; w < block->warps.size(); ++w) {
            unsigned asking = 0;
            int line = -1;
            for (unsigned i = 32 * w; i < 32 * w + 32 && i < block->fibers.size(); ++i) {
                const Fiber& fiber = block->fibers[i];
                if (fiber.state != State::at_mask || (line != -1 && fiber.line != line)) continue;
                line = fiber.line;
                asking |= 1u << fiber.lane;
            }
            if (asking == 0) continue;
            unsigned chosen = asking;
            if (request.policy >= SHUFFLED) chosen &= static_cast<unsigned>(random_bits());
            if (chosen == 0) chosen = asking;
            for (unsigned lane = 0; lane < 32; ++lane) {
                if (!(chosen >> lane & 1u)) continue;
                block->fibers[32 * w + lane].mask = chosen;
                block->fibers[32 * w + lane].state = State::ready;
            }
            released = true;
        }
    }
    return released;
}

namespace {
void* make_shared(Block& block, const void* key, std::size_t bytes, unsigned item) {
    std::size_t fixed = key ? bytes : 0;
    for (const auto& piece : block.shared)
        if (piece->key) fixed += piece->region.bytes;
    if (fixed > 48 * 1024 || fixed + request.dynamic_shared > request.shared_limit) {
        report("launch limit", "", "",
               std::to_string(fixed) + " bytes of static and " + std::to_string(request.dynamic_shared) +
                   " of dynamic shared memory are more than a block may have");
        abort_launch();
    }
    auto piece = std::make_unique<SharedPiece>();
    piece->key = key;
    piece->memory.reset(new std::uint8_t[bytes + 2 * GUARD + 128]);
    const std::uintptr_t raw = reinterpret_cast<std::uintptr_t>(piece->memory.get()) + GUARD;
    Region& region = piece->region;
    region.begin = (raw + 127) & ~std::uintptr_t(127);
    region.bytes = bytes;
    region.item = item;
    region.label = key ? "the shared array" : "the dynamic shared memory";
    region.guarded = true;
    std::uint8_t* begin = reinterpret_cast<std::uint8_t*>(region.begin);
    std::memset(begin - GUARD, GUARD_BYTE, GUARD);
    std::memset(begin, FRESH_BYTE, bytes);
    std::memset(begin + bytes, GUARD_BYTE, GUARD);
    if (checking) {
        piece->defined.reset(new std::uint8_t[bytes]());
        region.defined = piece->defined.get();
    }
    block.shared.push_back(std::move(piece));
    return begin;
}
}  // namespace
}  // namespace emu

using namespace emu;

extern "C" void* emu_shared(const void* key, unsigned long long bytes, unsigned item) {
    Block& block = *current->block;
    for (const auto& piece : block.shared)
        if (piece->key == key) return reinterpret_cast<void*>(piece->region.begin);
    return make_shared(block, key, key ? bytes : request.dynamic_shared, item);
}

extern "C" int emu_barrier(int vote, const char* file, int line) { return barrier(vote, file, line); }

extern "C" const unsigned long long* emu_meet(EmuWarpOp op, unsigned mask, unsigned long long value,
                                              unsigned* came, const char* file, int line) {
    if (!(mask >> current->lane & 1u)) {
        report("missing lanes", place(file, line), "",
               where(*current) + " calls " + OPS[op] + " at {0} with a mask that does not name it");
        abort_launch();
    }
    const Meeting* meeting = meet(op, mask, value, file, line);
    *came = meeting->came;
    return meeting->values;
}

extern "C" void emu_bad_source(int lane, const char* file, int line) {
    report("shuffle source", place(file, line), "",
           where(*current) + " asks at {0} for the value of lane " + std::to_string(lane) +
               ", which does not take part");
}

extern "C" unsigned emu_active_mask(const char* file, int line) {
    current->file = file;
    current->line = line;
    current->state = State::at_mask;
    yield();
    return current->mask;
}
