// City-block distance of every voxel to the outside of its mask (IBSI: the map of GLDZM).
//
// Axes are separate: along each, a voxel is at most one farther than the voxel before it, seen from both ends;
// beyond the array is outside.

struct Volume {
    i64 voxels, z, y, x;
};

// Along z (AXIS 0) or y (1), from the distances along the axes before it. Shares are lines, a thread walks along each.
template <int AXIS>
__global__ void border_distance(const i64* items, const i64* shares, u16* distances) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Volume item = row_of<Volume>(items, share.item);
    const i64 n = AXIS == 0 ? item.z : item.y, step = AXIS == 0 ? item.y * item.x : item.x;
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

// The distance along x alone. Shares are rows, a warp walks along each: whoever is outside among its 32 voxels shows
// in a ballot, and `far` is how many voxels lie between them and the last one outside before.
__global__ void distance_along_rows(const u8* masks, const i64* items, const i64* shares, u16* distances) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Volume item = row_of<Volume>(items, share.item);
    const u32 lane = threadIdx.x, all = 0xffffffffu;
    for (i64 row = share.first + threadIdx.y; row < share.last; row += blockDim.y) {
        const i64 begin = item.voxels + row * item.x;
        u32 far = 0;
        for (i64 base = 0; base < item.x; base += 32) {
            const i64 x = base + lane;
            const bool inside = x < item.x && masks[begin + x];
            const u32 outside = __ballot_sync(all, !inside), before = outside & ((2u << lane) - 1);
            const u32 distance = before ? lane + __clz(static_cast<int>(before)) - 31 : far + lane + 1;
            if (x < item.x) distances[begin + x] = static_cast<u16>(distance);
            far = outside ? __clz(static_cast<int>(outside)) : far + 32;
        }
        far = 0;
        for (i64 base = (item.x - 1) / 32 * 32; base >= 0; base -= 32) {
            const i64 x = base + lane;
            const bool inside = x < item.x && masks[begin + x];
            const u32 outside = __ballot_sync(all, !inside), behind = outside & ~((1u << lane) - 1);
            const u32 distance = behind ? __ffs(static_cast<int>(behind)) - 1 - lane : far + 32 - lane;
            if (x < item.x && distance < distances[begin + x]) distances[begin + x] = static_cast<u16>(distance);
            far = outside ? __ffs(static_cast<int>(outside)) - 1 : far + 32;
        }
    }
}
