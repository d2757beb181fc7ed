// Gray levels from intensities (IBSI: 4R0B), by the rules of `Binning`, in float64.
//
// Shares are rows of the item, threads go along them. Level 0 is outside.

struct Bins {
    i64 voxels;              // where the item's intensities begin, rows without gaps
    i64 height, width;       // rows per plane, voxels per row
    i64 levels;              // where voxel (0, 0, 0) lies in the buffer of levels
    i64 row, plane;          // voxels from row to row and from plane to plane in that buffer
    i64 rule, n_levels;
    i64 edges, n_edges;      // where the item's edges begin, and how many they are
};

#define FBS 0
#define FBN 1
#define EDGES 2
#define IDENTITY 3

__device__ __forceinline__ double edges_up_to(double x, const double* edges, i64 n) {
    i64 low = 0, high = n;
    while (low < high) {
        const i64 middle = (low + high) / 2;
        if (edges[middle] <= x) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return static_cast<double>(low);
}

// `scales`: origin and width of every item.
template <typename Source, typename Level>
__global__ void discretize(const Source* intensities, const u8* inside, const i64* items, const i64* shares,
                           const double* scales, const double* edges, Level* levels) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Bins item = row_of<Bins>(items, share.item);
    const double origin = scales[2 * share.item], width = scales[2 * share.item + 1];
    const double highest = static_cast<double>(item.n_levels);
    for (i64 row = share.first + threadIdx.y; row < share.last; row += blockDim.y) {
        const i64 from = item.voxels + row * item.width;
        Level* to = levels + item.levels + row / item.height * item.plane + row % item.height * item.row;
        for (i64 x = threadIdx.x; x < item.width; x += blockDim.x) {
            if (!inside[from + x]) continue;
            const double intensity = static_cast<double>(intensities[from + x]);
            double level = 1.0;
            if (item.rule == IDENTITY) {
                level = intensity;
            } else if (item.rule == EDGES) {
                level = edges_up_to(intensity, edges + item.edges, item.n_edges);
            } else if (width != 0.0) {
                const double scaled = item.rule == FBS ? intensity - origin : highest * (intensity - origin);
                level = floor(scaled / width) + 1.0;
            }
            to[x] = static_cast<Level>(level < 1.0 ? 1.0 : level > highest ? highest : level);
        }
    }
}
