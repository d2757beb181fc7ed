// Warp intrinsics: each is a meeting of the lanes named in the mask.
#pragma once

inline void __syncthreads(EMU_LINE) { emu_barrier(0, file, line); }
inline int __syncthreads_count(int predicate, EMU_LINE) { return emu_barrier(predicate, file, line); }
inline int __syncthreads_or(int predicate, EMU_LINE) { return emu_barrier(predicate, file, line) != 0; }
inline int __syncthreads_and(int predicate, EMU_LINE) { return emu_barrier(!predicate, file, line) == 0; }

EMU_HOST unsigned emu_lane() {
    const EmuThread* t = emu_self;
    return (t->thread.x + t->block_dim.x * (t->thread.y + t->block_dim.y * t->thread.z)) % 32u;
}
EMU_HOST void __syncwarp(unsigned mask = 0xffffffffu, EMU_LINE) {
    unsigned came;
    emu_meet(EMU_SYNC, mask, 0, &came, file, line);
}
inline unsigned __activemask(EMU_LINE) { return emu_active_mask(file, line); }
EMU_HOST unsigned __ballot_sync(unsigned mask, int predicate, EMU_LINE) {
    unsigned came, votes = 0;
    const unsigned long long* values = emu_meet(EMU_BALLOT, mask, predicate != 0, &came, file, line);
    for (unsigned lane = 0; lane < 32; ++lane)
        if (came >> lane & 1u) votes |= static_cast<unsigned>(values[lane]) << lane;
    return votes;
}
EMU_HOST int __any_sync(unsigned mask, int predicate, EMU_LINE) {
    unsigned came;
    const unsigned long long* values = emu_meet(EMU_ANY, mask, predicate != 0, &came, file, line);
    for (unsigned lane = 0; lane < 32; ++lane)
        if ((came >> lane & 1u) && values[lane]) return 1;
    return 0;
}
EMU_HOST int __all_sync(unsigned mask, int predicate, EMU_LINE) {
    unsigned came;
    const unsigned long long* values = emu_meet(EMU_ALL, mask, predicate != 0, &came, file, line);
    for (unsigned lane = 0; lane < 32; ++lane)
        if ((came >> lane & 1u) && !values[lane]) return 0;
    return 1;
}

template <class T>
EMU_HOST T emu_shuffle(EmuWarpOp op, unsigned mask, T value, int source, const char* file, int line) {
    unsigned long long sent = 0;
    __builtin_memcpy(&sent, &value, sizeof(T));
    unsigned came;
    const unsigned long long* values = emu_meet(op, mask, sent, &came, file, line);
    T received;
    if (came >> source & 1u) {
        __builtin_memcpy(&received, values + source, sizeof(T));
    } else {
        __builtin_memset(&received, 0xCB, sizeof(T));
        emu_bad_source(source, file, line);
    }
    return received;
}
// Lanes work in segments of `width`; a source outside of the segment means the lane's own value.
#define EMU_SHUFFLES(T)                                                                                      \
    inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, EMU_LINE) {                     \
        const int lane = static_cast<int>(emu_lane()), first = lane & ~(width - 1);                          \
        return emu_shuffle(EMU_SHFL, mask, value, first + (source & (width - 1)), file, line);               \
    }                                                                                                        \
    inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, EMU_LINE) {              \
        const int lane = static_cast<int>(emu_lane()), source = lane - static_cast<int>(delta);              \
        return emu_shuffle(EMU_UP, mask, value, source < (lane & ~(width - 1)) ? lane : source, file, line); \
    }                                                                                                        \
    inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, EMU_LINE) {            \
        const int lane = static_cast<int>(emu_lane()), source = lane + static_cast<int>(delta);              \
        return emu_shuffle(EMU_DOWN, mask, value, source > (lane | (width - 1)) ? lane : source, file,       \
                           line);                                                                            \
    }                                                                                                        \
    inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, EMU_LINE) {                   \
        const int lane = static_cast<int>(emu_lane()), source = lane ^ bits;                                 \
        return emu_shuffle(EMU_XOR, mask, value, source > (lane | (width - 1)) ? lane : source, file, line); \
    }
EMU_SHUFFLES(int)
EMU_SHUFFLES(unsigned)
EMU_SHUFFLES(long long)
EMU_SHUFFLES(unsigned long long)
EMU_SHUFFLES(float)
EMU_SHUFFLES(double)

EMU_HOST unsigned emu_match(unsigned mask, unsigned long long value, const char* file, int line) {
    unsigned came, equal = 0;
    const unsigned long long* values = emu_meet(EMU_MATCH, mask, value, &came, file, line);
    for (unsigned lane = 0; lane < 32; ++lane)
        if ((came >> lane & 1u) && values[lane] == value) equal |= 1u << lane;
    return equal;
}
inline unsigned __match_any_sync(unsigned mask, int value, EMU_LINE) {
    return emu_match(mask, static_cast<unsigned>(value), file, line);
}
inline unsigned __match_any_sync(unsigned mask, unsigned value, EMU_LINE) {
    return emu_match(mask, value, file, line);
}
inline unsigned __match_any_sync(unsigned mask, long long value, EMU_LINE) {
    return emu_match(mask, static_cast<unsigned long long>(value), file, line);
}
inline unsigned __match_any_sync(unsigned mask, unsigned long long value, EMU_LINE) {
    return emu_match(mask, value, file, line);
}
