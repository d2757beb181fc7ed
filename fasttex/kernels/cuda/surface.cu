// Corner patterns of marching cubes: [pattern], how many cubes have it (IBSI: HCUG).
//
// Masks have a voxel of outside around them. A voxel of the buffer stands for the cube whose lowest corner it is;
// where that cube would reach into the next row or plane, all its corners are padding. So no voxel needs to know
// where it lies: empty cubes are not counted here, and the host, who knows how many cubes there are, counts them.
__global__ void surface(const u8* masks, const i64* items, const i64* shares, u64* counts) {
    SHARED_ARR(u32, table, 256);
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    const i64 row = item.n_levels, plane = item.extra;  // voxels from row to row, and from plane to plane
    clear(table, 256);
    __syncthreads();
    for (i64 p = share.first + threadIdx.x; p < share.last; p += blockDim.x) {
        const u8* corner = masks + item.voxels + p;
        u32 pattern = 0;
        for (i32 z = 0; z < 2; ++z) {
            for (i32 y = 0; y < 2; ++y) {
                const u8* edge = corner + z * plane + y * row;
                pattern |= (edge[0] | edge[1] << 1) << (4 * z + 2 * y);
            }
        }
        if (pattern) atomicAdd(&table[pattern], 1u);
    }
    __syncthreads();
    flush(table, 256, counts + item.counts);
}
