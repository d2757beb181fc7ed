// What a compiled kernel knows of the runtime: plain C names, so that both sides can be built apart.
#pragma once

struct EmuIndex {
    unsigned x, y, z;
};

// The running CUDA thread, as far as kernels may see it.
struct EmuThread {
    EmuIndex thread, block, block_dim, grid_dim;
    int quiet_atomics;  // how many more atomics may go by before the runtime is asked
};

enum EmuWarpOp { EMU_SYNC, EMU_SHFL, EMU_UP, EMU_DOWN, EMU_XOR, EMU_BALLOT, EMU_ANY, EMU_ALL, EMU_MATCH };

extern "C" {
extern EmuThread* emu_self;
// __syncthreads: returns for how many threads of the block `vote` was not zero.
int emu_barrier(int vote, const char* file, int line);
// A meeting of the lanes of `mask`: the values they brought, by lane; `came` tells who was there.
const unsigned long long* emu_meet(EmuWarpOp op, unsigned mask, unsigned long long value, unsigned* came,
                                   const char* file, int line);
void emu_bad_source(int lane, const char* file, int line);
unsigned emu_active_mask(const char* file, int line);
void emu_atomic(const void* address, unsigned size, void* pc);
// The block's piece of shared memory for `key`; 0 bytes and no key: the dynamic one.
void* emu_shared(const void* key, unsigned long long bytes, unsigned item);
}

#if defined(__SANITIZE_THREAD__)
#define EMU_HOST __attribute__((noinline, no_sanitize("thread"))) inline
#else
#define EMU_HOST inline
#endif
#define EMU_LINE const char *file = __builtin_FILE(), int line = __builtin_LINE()
