// Level differences and dependences (IBSI: IPET for NGTDM, REK0 for NGLDM), each [i - 1, c].
//
// A voxel of level i with c neighbors of sum t adds |c·i - t| to `difference_sums` and 1 to `voxels` at c, and 1
// to `dependences` at the number of neighbors that differ by `alpha` at most. Levels stand for `values`, which
// begin for each item at `extra`; the value of level 0, which is outside, is not used.

struct Around {
    i64 difference;
    u32 neighbors, alike;
};

template <typename Level>
__device__ __forceinline__ Around look_around(const Level* voxel, const i64* step, i32 n_offsets, const i64* value,
                                              i64 alpha) {
    const i64 level = value[*voxel];
    i64 sum = 0;
    Around around = {0, 0, 0};
    for (i32 a = 0; a < n_offsets; ++a) {
        const Level beside = voxel[step[a]];
        if (beside == 0) continue;
        const i64 other = value[beside], apart = other - level;
        sum += other;
        around.neighbors += 1;
        around.alike += (apart < 0 ? -apart : apart) <= alpha;
    }
    const i64 difference = static_cast<i64>(around.neighbors) * level - sum;
    around.difference = difference < 0 ? -difference : difference;
    return around;
}

// Counts in shared memory, in 32 bits: the host cuts shares so small that the sums of differences fit as well.
template <typename Level>
__global__ void neighborhood(const Level* levels, const i64* items, const i64* shares, const i64* steps,
                             i32 n_offsets, i64 alpha, const i64* values, u64* difference_sums, u64* voxels,
                             u64* dependences) {
    DYN_SHARED(u32, table);
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    const u32 columns = static_cast<u32>(n_offsets) + 1;
    const u32 cells = static_cast<u32>(item.n_levels) * columns;
    u32 *differences = table, *alone = table + cells, *alike = table + 2 * cells;
    clear(table, 3 * cells);
    __syncthreads();
    for (i64 p = share.first + threadIdx.x; p < share.last; p += blockDim.x) {
        const Level* voxel = levels + item.voxels + p;
        if (*voxel == 0) continue;
        const Around around =
            look_around(voxel, steps + share.item * n_offsets, n_offsets, values + item.extra, alpha);
        const u32 row = (*voxel - 1u) * columns;
        if (around.difference) atomicAdd(&differences[row + around.neighbors], static_cast<u32>(around.difference));
        atomicAdd(&alone[row + around.neighbors], 1u);
        atomicAdd(&alike[row + around.alike], 1u);
    }
    __syncthreads();
    flush(differences, cells, difference_sums + item.counts);
    flush(alone, cells, voxels + item.counts);
    flush(alike, cells, dependences + item.counts);
}

// The same where tables are larger than shared memory, or sums larger than 32 bits.
template <typename Level>
__global__ void neighborhood_of_many_levels(const Level* levels, const i64* items, const i64* shares,
                                            const i64* steps, i32 n_offsets, i64 alpha, const i64* values,
                                            u64* difference_sums, u64* voxels, u64* dependences) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    for (i64 p = share.first + threadIdx.x; p < share.last; p += blockDim.x) {
        const Level* voxel = levels + item.voxels + p;
        if (*voxel == 0) continue;
        const Around around =
            look_around(voxel, steps + share.item * n_offsets, n_offsets, values + item.extra, alpha);
        const i64 row = item.counts + (*voxel - 1) * static_cast<i64>(n_offsets + 1);
        if (around.difference) atomicAdd(&difference_sums[row + around.neighbors], static_cast<u64>(around.difference));
        atomicAdd(&voxels[row + around.neighbors], 1ull);
        atomicAdd(&dependences[row + around.alike], 1ull);
    }
}
