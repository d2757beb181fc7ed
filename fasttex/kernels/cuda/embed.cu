// Rows of dense volumes, copied to where they belong in buffers with padding. Shares are rows.

struct Place {
    i64 dense;          // where the item's dense voxels begin
    i64 height, width;  // rows per plane, voxels per row
    i64 padded;         // where voxel (0, 0, 0) lies in the buffer with padding
    i64 row, plane;     // voxels from row to row and from plane to plane there
};

template <typename T>
__global__ void embed(const T* dense, const i64* items, const i64* shares, T* padded) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Place item = row_of<Place>(items, share.item);
    for (i64 row = share.first + threadIdx.y; row < share.last; row += blockDim.y) {
        const T* from = dense + item.dense + row * item.width;
        T* to = padded + item.padded + row / item.height * item.plane + row % item.height * item.row;
        for (i64 x = threadIdx.x; x < item.width; x += blockDim.x) to[x] = from[x];
    }
}
