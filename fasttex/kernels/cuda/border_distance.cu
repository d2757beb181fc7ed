// City-block distance of every voxel to the outside of its mask (IBSI: the map of GLDZM).
//
// Axes are separate: along each, a voxel is at most one farther than the voxel before it, seen from both ends;
// beyond the array is outside. `distances` begin as 0 outside the mask and as far away inside.

struct Volume {
    i64 voxels, z, y, x;
};

template <int AXIS>
__global__ void border_distance(const i64* items, const i64* shares, u16* distances) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Volume item = row_of<Volume>(items, share.item);
    const i64 n = AXIS == 0 ? item.z : AXIS == 1 ? item.y : item.x;
    const i64 step = AXIS == 0 ? item.y * item.x : AXIS == 1 ? item.x : 1;
    for (i64 line = share.first + threadIdx.x; line < share.last; line += blockDim.x) {
        u16* voxel = distances + item.voxels + line / step * step * n + line % step;
        u32 far = 0;
        for (i64 k = 0; k < n; ++k, voxel += step) {
            far = min(far + 1, static_cast<u32>(*voxel));
            *voxel = static_cast<u16>(far);
        }
        far = 0;
        for (i64 k = 0; k < n; ++k) {
            voxel -= step;
            far = min(far + 1, static_cast<u32>(*voxel));
            *voxel = static_cast<u16>(far);
        }
    }
}

__global__ void begin_distances(const u8* masks, i64 n, u16* distances) {
    for (i64 p = blockIdx.x * static_cast<i64>(blockDim.x) + threadIdx.x; p < n;
         p += static_cast<i64>(gridDim.x) * blockDim.x) {
        distances[p] = masks[p] ? 65535 : 0;
    }
}
