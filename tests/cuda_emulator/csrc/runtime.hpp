// What the scheduler and the checker share: fibers, warps, blocks, the launch, and its reports.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "abi.hpp"

namespace emu {

// A piece of memory that a kernel may touch. `defined` holds a byte per byte: 1 once it was written.
struct Cell;
struct Region {
    std::uintptr_t begin = 0;
    std::size_t bytes = 0;
    std::uint8_t* defined = nullptr;
    Cell* cells = nullptr;  // per granule of 1 << shift bytes, made at the first access
    int shift = 0;          // of a granule; gets finer when smaller accesses come
    std::size_t item = 1;
    std::string label;
    bool guarded = false;  // GUARD bytes of GUARD_BYTE lie before and behind it
};
constexpr int QUIET_ATOMICS = 4096;  // in a row; then others get their turn, so that a spin lock ends
constexpr std::size_t GUARD = 512;
constexpr std::uint8_t FRESH_BYTE = 0xCB, GUARD_BYTE = 0xFD;

enum class State : std::uint8_t { ready, at_barrier, at_meeting, at_mask, done };

// Lanes of a warp that meet at one intrinsic.
struct Meeting {
    EmuWarpOp op;
    unsigned mask, came, left;
    const char* file;
    int line;
    unsigned long long values[32];
};

struct Block;
struct Warp {
    unsigned lanes = 0;  // that exist, and have not left the kernel
    std::vector<Meeting*> open;
    std::vector<std::uint32_t>
        seen;  // check mode: [lane][other], the time of other that lane has synced with
};

struct Fiber {
    EmuThread self;  // first: emu_self points here
    void* stack_pointer = nullptr;
    void* stack = nullptr;
    State state = State::ready;
    unsigned number = 0, lane = 0;  // in the block, in the warp
    std::uint32_t id = 0;           // over the launch, from 1
    std::uint32_t time = 0;         // of the block, when this thread last synchronized
    Warp* warp = nullptr;
    Block* block = nullptr;
    Meeting* meeting = nullptr;
    const char* file = nullptr;
    int line = 0;
    unsigned mask = 0;
};

struct SharedPiece {
    const void* key = nullptr;
    Region region;
    std::unique_ptr<std::uint8_t[]> memory, defined;
};

struct Block {
    EmuIndex index;
    std::vector<Fiber> fibers;
    std::vector<Warp> warps;
    std::vector<std::unique_ptr<SharedPiece>> shared;
    unsigned arrived = 0, done = 0;
    int votes = 0, result = 0;
    std::uint32_t time = 1, barrier_time = 0;
};

enum Policy { FORWARD, REVERSE, SHUFFLED, PREEMPTING };

// Filled in by Python (ctypes): keep the order in launching.py.
struct Request {
    void (*entry)(void**);
    void** arguments;
    unsigned grid[3], block[3];
    unsigned long long dynamic_shared, shared_limit, seed;
    int policy, resident_threads, checking, time_limit_s;
};

extern Fiber* current;
extern bool checking;
extern std::uintptr_t stacks_begin, stacks_bytes;
extern std::vector<Region> arguments;
extern std::vector<Block*> resident;
extern std::uint32_t threads_per_block;
extern Request request;

std::uint64_t random_bits();
void yield();                      // lets other threads go on; comes back later
void maybe_preempt();              // yields now and then, under the policy that does
void tick();                       // called often: ends a launch that takes too long
[[noreturn]] void abort_launch();  // leaves the kernel for good: the report says why

// kind, two places as "pc:<number>" or "file:line", and a text in which {0} and {1} stand for them.
void report(const char* kind, const std::string& first, const std::string& second, const std::string& text);
std::string place(const void* pc);
std::string place(const char* file, int line);
std::string where(const Fiber& fiber);  // "block (0,0,0) thread (5,0,0)"
std::string name_of(std::uint32_t id);

// blocks.cpp
// Blocks come in an order that needs no memory: number -> (step * number + start) mod count.
struct BlockOrder {
    std::uint64_t count, step = 1, start = 0;
    explicit BlockOrder(std::uint64_t n);
    std::uint64_t at(std::uint64_t i) const;
};
Block* admit(std::uint64_t number);
void retire(Block* block);

// scheduler.cpp
int barrier(int vote, const char* file, int line);
Meeting* meet(EmuWarpOp op, unsigned mask, unsigned long long value, const char* file, int line);

// stalls.cpp: when no thread can go on
void explain_stall();
bool release_masks();

// checker.cpp
enum class Access { read, write, volatile_read, volatile_write, atomic };
void access(const void* address, std::size_t bytes, Access how, bool aligned, const void* pc);
void sync_lanes(const Meeting& meeting, Block& block, Warp& warp);  // orders what these lanes did
void forget_cells(Region& region);
void check_guards(const Region& region);
void set_static_data(const void* inside_module);

// crashes.cpp: signals of the processor while a kernel runs
void catch_crashes();
void release_crashes();

// fibers.cpp
void switch_to(Fiber& fiber);
void switch_back(Fiber& fiber);
void* take_stack();
void free_stack(void* stack);
void start_stack(Fiber& fiber, void (*body)());
}  // namespace emu
