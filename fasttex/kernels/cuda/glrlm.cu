// Gray level runs: [a, i - 1, r - 1], how many runs of level i along offset a are r voxels long (IBSI: TP0I).
//
// The last voxel of a run counts it, and finds its length by walking back: no voxel needs to know anything of
// another, and every voxel is walked over once per offset. `extra` is the longest run that the item can have.
// Runs up to `short_runs`, nearly all, are counted in shared memory; longer ones are added where they belong.
template <typename Level>
__global__ void glrlm(const Level* levels, const i64* items, const i64* shares, const i64* steps, i32 n_offsets,
                      i32 short_runs, u64* counts) {
    DYN_SHARED(u32, table);
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    const u32 n = static_cast<u32>(item.n_levels), columns = static_cast<u32>(short_runs);
    const i64* step = steps + share.item * n_offsets + share.offset;
    const Level* buffer = levels + item.voxels;
    u64* all = counts + item.counts + share.offset * item.n_levels * item.extra;
    const u32 cells = static_cast<u32>(share.n_offsets) * n * columns;
    clear(table, cells);
    __syncthreads();
    for (i64 p = share.first + threadIdx.x; p < share.last; p += blockDim.x) {
        const Level i = buffer[p];
        if (i == 0) continue;
        for (i32 a = 0; a < share.n_offsets; ++a) {
            if (buffer[p + step[a]] == i) continue;
            u32 run = 1;
            for (i64 q = p - step[a]; buffer[q] == i; q -= step[a]) ++run;
            const u32 row = static_cast<u32>(a) * n + i - 1;
            if (run <= columns) {
                atomicAdd(&table[row * columns + run - 1], 1u);
            } else {
                atomicAdd(&all[row * item.extra + run - 1], 1ull);
            }
        }
    }
    __syncthreads();
    for (u32 cell = threadIdx.x; cell < cells; cell += blockDim.x) {
        if (table[cell]) {
            atomicAdd(&all[cell / columns * item.extra + cell % columns], static_cast<u64>(table[cell]));
        }
    }
}
