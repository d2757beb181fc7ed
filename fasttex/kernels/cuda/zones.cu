// Connected zones of equal level (IBSI: 9SAK) and how near each comes to the border (VMDZ).
//
// Union-find over the whole buffer: a voxel's parent is a voxel of its zone with a lower index, and a root is its
// own. Roots are joined by atomicMin on the higher one, after Komura (2015) and Playne and Hawick (2018): whoever
// comes first, a zone's root is in the end its lowest voxel. Indices count within the item's buffer, in 32 bits.

// The root, as far as it can be seen; voxels on the way get parents nearer to it, which shortens later walks
// (Jaiganesh and Burtscher 2018). Whatever stands as a parent, old or new, is in the voxel's zone and lower than the
// voxel. So an old view does no harm, nor a union that such a parent overwrites: `join` asks the atomic who was
// really there, and goes on to join what it answers.
__device__ __forceinline__ u32 root_of(falling_u32* parents, u32 p) {
    u32 before = p, parent = parents[p];
    for (u32 next = parents[parent]; next != parent; next = parents[parent]) {
        parents[before] = next;
        before = parent;
        parent = next;
    }
    return parent;
}

__device__ __forceinline__ void join(u32* parents, u32 a, u32 b) {
    for (;;) {
        a = root_of(parents, a);
        b = root_of(parents, b);
        if (a == b) return;
        const u32 high = max(a, b), low = min(a, b);
        const u32 before = atomicMin(&parents[high], low);
        if (before == high) return;
        // Another thread has given `high` a parent meanwhile: that one and `low` are to be joined.
        a = before;
        b = low;
    }
}

// Every voxel's parent is the first of its run along x, as far as the warp sees it.
template <typename Level>
__global__ void zones_begin(const Level* levels, const i64* items, const i64* shares, u32* parents) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    const u32 lane = threadIdx.x % 32;
    for (i64 base = share.first + threadIdx.x - lane; base < share.last; base += blockDim.x) {
        const i64 p = base + lane;
        const u32 level = p < share.last ? levels[item.voxels + p] : 0;
        const u32 before = __shfl_up_sync(0xffffffffu, level, 1);
        const u32 starts = __ballot_sync(0xffffffffu, lane == 0 || level != before);
        const u32 start = 31 - __clz(static_cast<int>(starts & ((2u << lane) - 1)));
        if (p < share.last) parents[item.voxels + p] = static_cast<u32>(base) + start;
    }
}

// Joins touching voxels of one level. A voxel looks back along `steps`, one of each pair of opposite directions, all
// of them positive and x the first. Where it goes on a run along x, it is joined with the voxel before it: by
// `zones_begin`, or here at the seams. Once it is joined with a neighbor, `touching` says which other neighbors touch
// that one: they are joined with it by a voxel before this one, and need not be looked at.
template <typename Level>
__global__ void zones_join(const Level* levels, const i64* items, const i64* shares, const i64* steps,
                           const u32* touching, i32 n_offsets, u32* parents) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    const Level* buffer = levels + item.voxels;
    const i64* step = steps + share.item * n_offsets;
    for (i64 p = share.first + threadIdx.x; p < share.last; p += blockDim.x) {
        const Level level = buffer[p];
        if (level == 0) continue;
        const bool goes_on = buffer[p - 1] == level;
        if (goes_on && (p - share.first) % 32 == 0) {
            join(parents + item.voxels, static_cast<u32>(p), static_cast<u32>(p - 1));
        }
        u32 done = goes_on ? touching[0] : 0;
        for (i32 a = 1; a < n_offsets; ++a) {
            if (done >> a & 1) continue;
            const i64 q = p - step[a];
            if (buffer[q] != level) continue;
            done |= touching[a];
            // Where both voxels go on a run along x, the voxels before them are neighbors alike, and join.
            if (goes_on && buffer[q - 1] == level) continue;
            join(parents + item.voxels, static_cast<u32>(p), static_cast<u32>(q));
        }
    }
}

// Sizes and least distances of zones, at their roots. `distances` has the layout of `levels`, or is not read where
// `with_distances` is 0.
template <typename Level>
__global__ void zones_measure(const Level* levels, const i64* items, const i64* shares, u32* parents,
                              const u16* distances, i32 with_distances, u32* sizes, u32* nearest) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    const u32 lane = threadIdx.x % 32, nowhere = 0xffffffffu;
    for (i64 base = share.first + threadIdx.x - lane; base < share.last; base += blockDim.x) {
        const i64 p = base + lane;
        const bool inside = p < share.last && levels[item.voxels + p] != 0;
        const u32 root = inside ? root_of(parents + item.voxels, static_cast<u32>(p)) : nowhere;
        const u32 same = __match_any_sync(0xffffffffu, root);
        if (!inside) continue;
        if (__ffs(static_cast<int>(same)) - 1 == static_cast<int>(lane)) {
            atomicAdd(&sizes[item.voxels + root], static_cast<u32>(__popc(same)));
        }
        if (with_distances) {
            const u32 distance = distances[item.voxels + p];
            falling_u32* least = nearest + item.voxels + root;
            if (distance < *least) atomicMin(&nearest[item.voxels + root], distance);
        }
    }
}

// A zone: of which item, and the three numbers of its row.
struct Zone {
    u32 item, level, size, distance;
};

// Counts the zones of up to `small` voxels, nearly all, in a table [i - 1, size - 1, distance] of the item, which
// has `extra` columns; lists larger ones.
template <typename Level>
__global__ void zones_list(const Level* levels, const i64* items, const i64* shares, const u32* parents,
                           const u32* sizes, const u32* nearest, i32 with_distances, i32 small, u32* table,
                           u32* n_large, u32* large) {
    const Share share = row_of<Share>(shares, blockIdx.x);
    const Item item = row_of<Item>(items, share.item);
    for (i64 p = share.first + threadIdx.x; p < share.last; p += blockDim.x) {
        const u32 level = levels[item.voxels + p];
        if (level == 0 || parents[item.voxels + p] != p) continue;
        const u32 size = sizes[item.voxels + p];
        const u32 distance = with_distances ? nearest[item.voxels + p] : 0;
        if (size <= static_cast<u32>(small)) {
            atomicAdd(&table[item.counts + ((level - 1) * static_cast<i64>(small) + size - 1) * item.extra + distance],
                      1u);
        } else {
            const Zone zone = {static_cast<u32>(share.item), level, size, distance};
            reinterpret_cast<Zone*>(large)[atomicAdd(n_large, 1u)] = zone;
        }
    }
}
