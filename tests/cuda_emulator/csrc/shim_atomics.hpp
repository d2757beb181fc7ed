// CUDA's integer atomics, overload for overload. There are no others here: sums of floats depend on the
// order.
#pragma once

#define EMU_ATOMIC_1(name, T, result)                                                                   \
    EMU_HOST T name(T* address, T value) {                                                              \
        if (--emu_self->quiet_atomics < 0) emu_atomic(address, sizeof(T), __builtin_return_address(0)); \
        const T old = *address;                                                                         \
        *address = result;                                                                              \
        return old;                                                                                     \
    }
#define EMU_ATOMIC_CAS(T)                                                                               \
    EMU_HOST T atomicCAS(T* address, T compare, T value) {                                              \
        if (--emu_self->quiet_atomics < 0) emu_atomic(address, sizeof(T), __builtin_return_address(0)); \
        const T old = *address;                                                                         \
        if (old == compare) *address = value;                                                           \
        return old;                                                                                     \
    }

EMU_ATOMIC_1(atomicAdd, int, static_cast<int>(static_cast<unsigned>(old) + static_cast<unsigned>(value)))
EMU_ATOMIC_1(atomicAdd, unsigned, old + value)
EMU_ATOMIC_1(atomicAdd, unsigned long long, old + value)
EMU_ATOMIC_1(atomicSub, int, static_cast<int>(static_cast<unsigned>(old) - static_cast<unsigned>(value)))
EMU_ATOMIC_1(atomicSub, unsigned, old - value)
EMU_ATOMIC_1(atomicInc, unsigned, old >= value ? 0u : old + 1u)
EMU_ATOMIC_1(atomicDec, unsigned, old == 0u || old > value ? value : old - 1u)
#define EMU_ATOMIC_ORDER(T)                               \
    EMU_ATOMIC_1(atomicMin, T, value < old ? value : old) \
    EMU_ATOMIC_1(atomicMax, T, value > old ? value : old)
EMU_ATOMIC_ORDER(int)
EMU_ATOMIC_ORDER(unsigned)
EMU_ATOMIC_ORDER(long long)
EMU_ATOMIC_ORDER(unsigned long long)
#define EMU_ATOMIC_BITS(T)                  \
    EMU_ATOMIC_1(atomicAnd, T, old& value)  \
    EMU_ATOMIC_1(atomicOr, T, old | value)  \
    EMU_ATOMIC_1(atomicXor, T, old ^ value) \
    EMU_ATOMIC_1(atomicExch, T, value)      \
    EMU_ATOMIC_CAS(T)
EMU_ATOMIC_BITS(int)
EMU_ATOMIC_BITS(unsigned)
EMU_ATOMIC_BITS(unsigned long long)
EMU_ATOMIC_CAS(unsigned short)
