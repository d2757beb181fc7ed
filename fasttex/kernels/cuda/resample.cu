// Separable interpolation with tables: along x, then y, then z, each step a·(1 - w) + b·w in float64.
//
// Every new voxel is made from its eight old ones at once: the same operations in the same order as axis after
// axis, hence the same bits, as long as no product is fused with a sum.

struct Grid {
    i64 source;                  // where the old voxels begin
    i64 old_height, old_width;   // old rows per plane, voxels per row
    i64 result;                  // where the new voxels begin
    i64 height, width;           // new rows per plane, voxels per row
    i64 z, y, x;                 // where the tables of the axes begin
};

__device__ __forceinline__ double mix(double a, double b, double w) { return a * (1.0 - w) + b * w; }

// Shares are new rows, threads go along them.
template <typename Source>
__global__ void resample(const Source* sources, const i64* items, const i64* shares, const i64* lower,
                         const i64* upper, const double* weights, double* results) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Grid item = row_of<Grid>(items, share.item);
    const Source* source = sources + item.source;
    for (i64 row = share.first + threadIdx.y; row < share.last; row += blockDim.y) {
        const i64 z = item.z + row / item.height, y = item.y + row % item.height;
        const Source* corner[4];
        for (i32 k = 0; k < 4; ++k) {
            const i64 plane = k / 2 ? upper[z] : lower[z], line = k % 2 ? upper[y] : lower[y];
            corner[k] = source + (plane * item.old_height + line) * item.old_width;
        }
        const double w_y = weights[y], w_z = weights[z];
        for (i64 n = threadIdx.x; n < item.width; n += blockDim.x) {
            const i64 a = lower[item.x + n], b = upper[item.x + n];
            const double w = weights[item.x + n];
            double along_x[4];
            for (i32 k = 0; k < 4; ++k) {
                along_x[k] = mix(static_cast<double>(corner[k][a]), static_cast<double>(corner[k][b]), w);
            }
            const double below = mix(along_x[0], along_x[1], w_y);
            const double above = mix(along_x[2], along_x[3], w_y);
            results[item.result + row * item.width + n] = mix(below, above, w_z);
        }
    }
}
