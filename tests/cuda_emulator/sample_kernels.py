"""Small kernels for the emulator's own tests. ``-DBUG=n`` plants a fault; each fault stands in its own line."""

PRELUDE = """\
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32;
typedef unsigned long long u64; typedef long long i64; typedef int i32;
#ifndef BUG
#define BUG 0
#endif
"""

HISTOGRAM = """
template <class T>
__global__ void __launch_bounds__(256) histogram(const T* __restrict__ levels, u32* __restrict__ counts, const int n) {
    SHARED_ARR(u32, own, 16);
#if BUG != 11
    if (threadIdx.x < 16) own[threadIdx.x] = 0u;
#endif
#if BUG != 3
    __syncthreads();
#endif
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
#if BUG == 1
        ++own[levels[i]];  // shared increment
#elif BUG == 5
        atomicAdd(&own[levels[i + 1]], 1u);  // read behind the end
#else
        atomicAdd(&own[levels[i]], 1u);
#endif
    }
    __syncthreads();
#if BUG == 6
    atomicAdd(&counts[threadIdx.x], own[threadIdx.x % 16]);  // write behind the end
#elif BUG == 2
    if (threadIdx.x < 16) counts[threadIdx.x] += own[threadIdx.x];  // global increment
#else
    if (threadIdx.x < 16) atomicAdd(&counts[threadIdx.x], own[threadIdx.x]);
#endif
}
"""

COMPONENTS = """
__device__ __forceinline__ u32 root(const volatile u32* parents, u32 i) {
    while (parents[i] != i) i = parents[i];
    return i;
}
__device__ void join(u32* parents, u32 a, u32 b) {
    while (true) {
        a = root(parents, a);
        b = root(parents, b);
        if (a == b) return;
        if (a < b) { const u32 t = a; a = b; b = t; }
#if BUG == 4
        parents[a] = b; return;  // union without an atomic
#else
        const u32 old = atomicMin(&parents[a], b);
        if (old == a) return;
        a = old;
#endif
    }
}
__global__ void link(const u8* __restrict__ levels, u32* parents, const int nx, const int ny) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < nx * ny; i += gridDim.x * blockDim.x) {
        const int x = i % nx;
        if (x + 1 < nx && levels[i] == levels[i + 1]) join(parents, i, i + 1);
        if (i + nx < nx * ny && levels[i] == levels[i + nx]) join(parents, i, i + nx);
    }
}
__global__ void flatten(u32* parents, u32* labels, const int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) labels[i] = root(parents, i);
}
"""

SCAN = """
__global__ void scan(const u32* __restrict__ in, u32* __restrict__ out, const int n) {
    DYN_SHARED(u32, sums);
    const int i = threadIdx.x;
    sums[i] = i < n ? in[i] : 0u;
    __syncthreads();
    for (int step = 1; step < blockDim.x; step *= 2) {
        const u32 before = i >= step ? sums[i - step] : 0u;
#if BUG != 7
        __syncthreads();
#endif
        sums[i] += before;
        __syncthreads();
    }
    if (i < n) out[i] = sums[i];
}
__global__ void warp_scan(const int* __restrict__ in, int* __restrict__ out) {
    int value = in[threadIdx.x];
    for (int step = 1; step < 32; step *= 2) {
        const int before = __shfl_up_sync(0xffffffffu, value, step);
        if (threadIdx.x % 32 >= step) value += before;
    }
    out[threadIdx.x] = value;
}
"""

COMPACT = """
__global__ void compact(const u16* __restrict__ in, u16* __restrict__ out, u32* __restrict__ length, const int n) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
    const u32 keep = __ballot_sync(0xffffffffu, i < n && in[i] % 2 == 1);
    u32 start = 0u;
    if (lane == 0) start = atomicAdd(length, __popc(keep));
    start = __shfl_sync(0xffffffffu, start, 0);
    if (keep >> lane & 1u) out[start + __popc(keep & ((1u << lane) - 1u))] = in[i];
}
"""

STENCIL = """
template <int R>
__global__ void __launch_bounds__(64) stencil(const i32* __restrict__ in, i64* __restrict__ out, const int n) {
    SHARED_ARR(i32, tile, 64 + 2 * R);
    const int i = blockIdx.x * 64 + threadIdx.x;
    for (int t = threadIdx.x; t < 64 + 2 * R; t += 64) {
        const int from = blockIdx.x * 64 + t - R;
        tile[t] = from >= 0 && from < n ? in[from] : 0;
    }
#if BUG == 8
    if (threadIdx.x < 32) __syncthreads();  // half of the block
#elif BUG == 9
    if (threadIdx.x < 32) {
        __syncthreads();  // one line
    } else {
        __syncthreads();  // and another
    }
#else
    __syncthreads();
#endif
    i64 sum = 0;
    for (int d = -R; d <= R; ++d) sum += tile[threadIdx.x + R + d];
    if (i < n) out[i] = sum;
}
"""

LANES = """
__global__ void exchange(int* out) {
    DYN_SHARED(int, box);
    const int lane = threadIdx.x;
    box[lane] = lane * lane;
#if BUG == 1
    __shfl_sync(0xffffffffu, lane, 0);  // a shuffle is no memory barrier
#else
    __syncwarp();
#endif
    int got = box[lane ^ 1];  // of the neighbor
#if BUG == 2
    if (lane % 2) got += __shfl_xor_sync(0xffffffffu, got, 2);  // the even lanes never come
#elif BUG == 3
    if (lane < 16) got += __shfl_xor_sync(0x0000ffffu, got, 16);  // from a lane outside of the mask
#endif
    const u32 same = __match_any_sync(0xffffffffu, lane % 4);
    const u32 active = __activemask();
    out[lane] = got + 1000 * __popc(same) + (active >> lane & 1u ? 0 : 1000000);
}
__global__ void wide(const u8* in, u32* out) {
#if BUG == 4
    out[threadIdx.x] = *reinterpret_cast<const u32*>(in + 1 + 4 * threadIdx.x);  // misaligned
#else
    out[threadIdx.x] = *reinterpret_cast<const u32*>(in + 4 * threadIdx.x);
#endif
}
__global__ void copy16(const uint4* in, uint4* out) { out[threadIdx.x] = in[threadIdx.x]; }
"""

GLCM = """
template <class T>
__global__ void __launch_bounds__(256)
glcm(const T* __restrict__ levels, const int* __restrict__ steps, u32* __restrict__ counts, const int nz, const int ny,
     const int nx, const int n_levels) {
    DYN_SHARED(u32, own);
    for (int i = threadIdx.x; i < n_levels * n_levels; i += blockDim.x) own[i] = 0u;
    __syncthreads();
    // Padded by one voxel on all sides, 0 is outside. A thread owns rows along x.
    const int step = steps[blockIdx.y], rows = (nz - 2) * (ny - 2);
    for (int row = blockIdx.x * blockDim.x + threadIdx.x; row < rows; row += gridDim.x * blockDim.x) {
        const T* line = levels + ((i64)(row / (ny - 2) + 1) * ny + row % (ny - 2) + 1) * nx;
        for (int x = 1; x < nx - 1; ++x) {
            const int a = line[x], b = line[x + step];
            if (a && b) atomicAdd(&own[(a - 1) * n_levels + b - 1], 1u);
        }
    }
    __syncthreads();
    u32* mine = counts + (i64)blockIdx.y * n_levels * n_levels;
    for (int i = threadIdx.x; i < n_levels * n_levels; i += blockDim.x)
        if (own[i]) atomicAdd(&mine[i], own[i]);
}
"""
