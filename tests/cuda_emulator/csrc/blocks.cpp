// Blocks: in which order they come, how they begin and end.
#include <cstring>

#include "runtime.hpp"

namespace emu {
namespace {
std::vector<std::unique_ptr<Block>> spare;

EmuIndex unravel(std::uint64_t number, const unsigned* size) {
    const std::uint64_t x = size[0], y = size[1];
    return {static_cast<unsigned>(number % x), static_cast<unsigned>(number / x % y),
            static_cast<unsigned>(number / x / y)};
}

void set_up(Block& block, unsigned i, std::uint64_t number) {
    Fiber& fiber = block.fibers[i];
    fiber.self.thread = unravel(i, request.block);
    fiber.self.block = block.index;
    std::memcpy(&fiber.self.block_dim, request.block, sizeof(EmuIndex));
    std::memcpy(&fiber.self.grid_dim, request.grid, sizeof(EmuIndex));
    fiber.self.quiet_atomics = checking || request.policy == PREEMPTING ? 0 : QUIET_ATOMICS;
    fiber.number = i;
    fiber.lane = i % 32;
    fiber.id = static_cast<std::uint32_t>(number * threads_per_block + i + 1);
    fiber.time = 1;
    fiber.block = &block;
    fiber.warp = &block.warps[i / 32];
    fiber.warp->lanes |= 1u << fiber.lane;
}
}  // namespace

Block* admit(std::uint64_t number) {
    std::unique_ptr<Block> made;
    if (spare.empty()) {
        made = std::make_unique<Block>();
    } else {
        made = std::move(spare.back());
        spare.pop_back();
    }
    Block* block = made.release();
    block->index = unravel(number, request.grid);
    block->arrived = block->done = 0;
    block->votes = 0;
    block->time = 1;
    block->barrier_time = 0;
    block->fibers.assign(threads_per_block, Fiber());
    block->warps.resize((threads_per_block + 31) / 32);
    for (Warp& warp : block->warps) {
        warp.lanes = 0;
        warp.open.clear();
        warp.seen.assign(checking ? 32 * 32 : 0, 0);
    }
    for (unsigned i = 0; i < threads_per_block; ++i) set_up(*block, i, number);
    return block;
}

void retire(Block* block) {
    for (Fiber& fiber : block->fibers)
        if (fiber.stack != nullptr) free_stack(fiber.stack);
    for (auto& piece : block->shared) {
        check_guards(piece->region);
        forget_cells(piece->region);
    }
    block->shared.clear();
    spare.emplace_back(block);
}

BlockOrder::BlockOrder(std::uint64_t n) : count(n) {
    if (request.policy < SHUFFLED) return;
    start = random_bits() % n;
    do {
        step = random_bits() % n | 1u;
    } while (std::__gcd(step, n) != 1);
}

std::uint64_t BlockOrder::at(std::uint64_t i) const {
    if (request.policy == REVERSE) return count - 1 - i;
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(step) * i + start) % count);
}
}  // namespace emu
