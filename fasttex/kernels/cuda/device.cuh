// What all kernels share, put in front of each. Plain CUDA C++ without headers, as NVRTC compiles it; a test
// shim compiles the same text for the host, where it defines FASTTEX_EMULATED and the two macros for shared
// memory.
//
// A launch works on a ragged batch: the voxels of all items lie in one buffer, and a row of the table `items`
// says where each item begins and what it is like. The host cuts the items into shares, one per block, and the
// table `shares` says which: a stretch of one item's voxels (or lines), and from which offset on it counts.

typedef unsigned char u8;
typedef signed char i8;
typedef unsigned short u16;
typedef short i16;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;
typedef long long i64;

#ifndef FASTTEX_EMULATED
#define DYN_SHARED(T, name)                                     \
    extern __shared__ __align__(16) unsigned char fasttex_bytes[]; \
    T* const name = reinterpret_cast<T*>(fasttex_bytes)
#define SHARED_ARR(T, name, N) __shared__ T name[N]
#endif

// A number that other threads only ever lower: an old value will do, from whatever cache. The checker has to know that
// this race is meant.
#ifdef FASTTEX_EMULATED
typedef volatile u32 falling_u32;
#else
typedef u32 falling_u32;
#endif

// A row of the table `items`. Matrix kernels: where the item's buffer begins among all voxels, how many levels
// it has, where its counts begin, and one more number that the kernel explains.
struct Item {
    i64 voxels, n_levels, counts, extra;
};

// A row of the table `shares`: voxels first <= p < last of an item, and which of the offsets: `n_offsets` of them
// from `offset` on.
struct Share {
    i64 item, first, last, offset, n_offsets;
};

template <typename Row>
__device__ __forceinline__ Row row_of(const i64* table, i64 row) {
    return reinterpret_cast<const Row*>(table)[row];
}

__device__ __forceinline__ void clear(u32* cells, u32 n) {
    for (u32 cell = threadIdx.x; cell < n; cell += blockDim.x) cells[cell] = 0;
}

// Adds a block's own counts to everybody's; most cells are empty.
__device__ __forceinline__ void flush(const u32* cells, u32 n, u64* counts) {
    for (u32 cell = threadIdx.x; cell < n; cell += blockDim.x) {
        if (cells[cell]) atomicAdd(&counts[cell], static_cast<u64>(cells[cell]));
    }
}
