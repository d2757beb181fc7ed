// Runs a grid: a CUDA thread is a fiber, several blocks are resident at once, one fiber runs at a time.
#include <algorithm>
#include <cstring>
#include <ctime>

#include "runtime.hpp"

extern "C" {
EmuThread* emu_self = nullptr;
}

namespace emu {
Fiber* current = nullptr;
bool checking = false;
std::vector<Region> arguments;
std::vector<Block*> resident;
std::uint32_t threads_per_block = 1;
Request request;

namespace {
std::uint64_t random_state = 1;
bool aborted = false;
std::time_t started = 0;
std::uint32_t ticks = 0;

void body() {
    request.entry(request.arguments);
    current->state = State::done;
    switch_back(*current);
    __builtin_unreachable();
}

void run(Fiber& fiber) {
    if (fiber.stack == nullptr) {
        fiber.stack = take_stack();
        start_stack(fiber, body);
    }
    current = &fiber;
    emu_self = &fiber.self;
    switch_to(fiber);
    emu_self = nullptr;
    current = nullptr;
}

void release_barrier(Block& block) {
    const Fiber& first = block.fibers[0];
    for (const Fiber& fiber : block.fibers) {
        if (fiber.line == first.line && std::strcmp(fiber.file, first.file) == 0) continue;
        report("barriers at two lines", place(first.file, first.line), place(fiber.file, fiber.line),
               where(first) + " waits at {0}, " + where(fiber) + " at {1}");
        break;
    }
    block.result = block.votes;
    block.votes = 0;
    block.arrived = 0;
    block.barrier_time = ++block.time;
    for (Fiber& fiber : block.fibers) {
        fiber.state = State::ready;
        fiber.time = block.time;
    }
}

void finish(Meeting& meeting, Block& block, Warp& warp) {
    if (meeting.op == EMU_SYNC && checking) sync_lanes(meeting, block, warp);
    meeting.left = meeting.came;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if (!(meeting.came >> lane & 1u)) continue;
        const std::size_t warp_number = static_cast<std::size_t>(&warp - block.warps.data());
        block.fibers[32 * warp_number + lane].state = State::ready;
    }
    warp.open.erase(std::find(warp.open.begin(), warp.open.end(), &meeting));
}

// Lanes that have left the kernel are not waited for, as on a GPU since Volta.
bool complete(const Meeting& meeting, const Warp& warp) {
    return (meeting.mask & warp.lanes & ~meeting.came) == 0;
}

void leave(Fiber& fiber) {
    Block& block = *fiber.block;
    free_stack(fiber.stack);
    fiber.stack = nullptr;
    ++block.done;
    Warp& warp = *fiber.warp;
    warp.lanes &= ~(1u << fiber.lane);
    const std::vector<Meeting*> open = warp.open;
    for (Meeting* meeting : open)
        if (complete(*meeting, warp)) finish(*meeting, block, warp);
}

void set_order(std::vector<Fiber*>& order, bool changed) {
    if (changed) {
        order.clear();
        for (Block* block : resident)
            for (Fiber& fiber : block->fibers) order.push_back(&fiber);
        if (request.policy == REVERSE) std::reverse(order.begin(), order.end());
    }
    if (request.policy < SHUFFLED) return;
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_bits() % i]);
}

void run_grid() {
    const std::uint64_t blocks = std::uint64_t(request.grid[0]) * request.grid[1] * request.grid[2];
    const BlockOrder block_order(blocks);
    const std::size_t most = std::max<std::size_t>(1, request.resident_threads / threads_per_block);
    std::vector<Fiber*> order;
    std::uint64_t next = 0;
    while (!aborted && (next < blocks || !resident.empty())) {
        bool changed = false, progress = false;
        while (next < blocks && resident.size() < most) {
            resident.push_back(admit(block_order.at(next++)));
            changed = true;
        }
        tick();
        set_order(order, changed);
        for (Fiber* fiber : order) {
            if (fiber->state != State::ready) continue;
            progress = true;
            run(*fiber);
            if (aborted) break;
            if (fiber->state == State::done) leave(*fiber);
        }
        if (!progress && !release_masks()) {
            explain_stall();
            aborted = true;
        }
        for (std::size_t i = resident.size(); i-- > 0;) {
            if (resident[i]->done < threads_per_block) continue;
            retire(resident[i]);
            resident.erase(resident.begin() + static_cast<std::ptrdiff_t>(i));
            order.clear();
        }
        if (order.empty() && !resident.empty()) set_order(order, true);
    }
    for (Block* block : resident) retire(block);
    resident.clear();
}
}  // namespace

std::uint64_t random_bits() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545F4914F6CDD1Dull >> 16;
}

void yield() { switch_back(*current); }

void maybe_preempt() {
    if (request.policy == PREEMPTING && random_bits() % 16 == 0) yield();
}

void tick() {
    if ((++ticks & 0xffffu) != 0 || std::time(nullptr) - started <= request.time_limit_s) return;
    report("too long", "", "", "the launch did not end in " + std::to_string(request.time_limit_s) + " s");
    if (current != nullptr) abort_launch();
    aborted = true;
}

void abort_launch() {
    aborted = true;
    switch_back(*current);
    __builtin_unreachable();
}

// Whoever came last lets all go on at once; the others wait in the scheduler.
int barrier(int vote, const char* file, int line) {
    Fiber& me = *current;
    Block& block = *me.block;
    me.file = file;
    me.line = line;
    block.votes += vote != 0;
    me.state = State::at_barrier;
    if (++block.arrived == threads_per_block) release_barrier(block);
    yield();
    return block.result;
}

Meeting* meet(EmuWarpOp op, unsigned mask, unsigned long long value, const char* file, int line) {
    Fiber& me = *current;
    Warp& warp = *me.warp;
    me.file = file;
    me.line = line;
    me.mask = mask;
    static std::vector<Meeting*> pool;
    Meeting* meeting = nullptr;
    for (Meeting* other : warp.open)
        if (other->op == op && other->mask == mask && other->line == line) meeting = other;
    if (meeting == nullptr) {
        if (pool.empty()) pool.push_back(new Meeting());
        meeting = pool.back();
        pool.pop_back();
        *meeting = Meeting{op, mask, 0, 0, file, line, {}};
        warp.open.push_back(meeting);
    }
    meeting->came |= 1u << me.lane;
    meeting->values[me.lane] = value;
    me.state = State::at_meeting;
    if (complete(*meeting, warp)) finish(*meeting, *me.block, warp);
    yield();
    meeting->left &= ~(1u << me.lane);
    if (meeting->left == 0) pool.push_back(meeting);  // read by the caller before anyone else runs
    return meeting;
}
}  // namespace emu

extern "C" int emu_launch(const emu::Request* wanted) {
    using namespace emu;
    request = *wanted;
    checking = request.checking != 0;
    random_state = request.seed * 0x9E3779B97F4A7C15ull + 0x1234567;
    aborted = false;
    threads_per_block = request.block[0] * request.block[1] * request.block[2];
    set_static_data(reinterpret_cast<const void*>(request.entry));
    started = std::time(nullptr);
    catch_crashes();
    run_grid();
    release_crashes();
    for (Region& region : arguments) {
        check_guards(region);
        forget_cells(region);
    }
    arguments.clear();
    return aborted;
}
