// Gray level co-occurrence: [a, i - 1, j - 1], how often level i has level j at offset a (IBSI: LFYI).
//
// Levels have zeros around them, so a voxel's neighbors are read without looking where it lies, and a stretch
// of the buffer is walked from end to end: padding is level 0, which is outside, and is left out like it.

// Counts a group of offsets in shared memory, in 32 bits: a share has fewer voxels than that.
template <typename Level>
__global__ void glcm(const Level* levels, const i64* items, const i64* shares, const i64* steps, i32 n_offsets,
                     u64* counts) {
    DYN_SHARED(u32, table);
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    const u32 n = static_cast<u32>(item.n_levels);
    const i64* step = steps + share.item * n_offsets + share.offset;
    const Level* buffer = levels + item.voxels;
    const u32 cells = static_cast<u32>(share.n_offsets) * n * n;
    clear(table, cells);
    __syncthreads();
    for (i64 p = share.first + threadIdx.x; p < share.last; p += blockDim.x) {
        const u32 i = buffer[p];
        if (i == 0) continue;
        u32 row = (i - 1) * n;
        for (i32 a = 0; a < share.n_offsets; ++a, row += n * n) {
            const u32 j = buffer[p + step[a]];
            if (j != 0) atomicAdd(&table[row + j - 1], 1u);
        }
    }
    __syncthreads();
    flush(table, cells, counts + item.counts + share.offset * n * n);
}

// The same where one table is larger than shared memory: every pair is added where it belongs.
template <typename Level>
__global__ void glcm_of_many_levels(const Level* levels, const i64* items, const i64* shares, const i64* steps,
                                    i32 n_offsets, u64* counts) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    const i64* step = steps + share.item * n_offsets + share.offset;
    const Level* buffer = levels + item.voxels;
    for (i64 p = share.first + threadIdx.x; p < share.last; p += blockDim.x) {
        const i64 i = buffer[p];
        if (i == 0) continue;
        u64* row = counts + item.counts + (share.offset * item.n_levels + i - 1) * item.n_levels;
        for (i32 a = 0; a < share.n_offsets; ++a, row += item.n_levels * item.n_levels) {
            const i64 j = buffer[p + step[a]];
            if (j != 0) atomicAdd(&row[j - 1], 1ull);
        }
    }
}
