// Lets g++ compile the text of CUDA kernels: what NVRTC knows without an #include, and no more.
#pragma once
#include "abi.hpp"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __restrict__ __restrict

typedef EmuIndex uint3;
typedef EmuIndex dim3;

// By value and not instrumented: check mode must not take them for memory of the kernel. They never change
// for a thread, so the compiler may keep what it read.
__attribute__((const)) EMU_HOST uint3 emu_thread_idx() { return emu_self->thread; }
__attribute__((const)) EMU_HOST uint3 emu_block_idx() { return emu_self->block; }
__attribute__((const)) EMU_HOST dim3 emu_block_dim() { return emu_self->block_dim; }
__attribute__((const)) EMU_HOST dim3 emu_grid_dim() { return emu_self->grid_dim; }
#define threadIdx (emu_thread_idx())
#define blockIdx (emu_block_idx())
#define blockDim (emu_block_dim())
#define gridDim (emu_grid_dim())
constexpr int warpSize = 32;

// Shared memory: on a GPU these two are `extern __shared__` and `__shared__ T name[N]`.
#define DYN_SHARED(T, name) T* const name = static_cast<T*>(emu_shared(nullptr, 0, sizeof(T)))
#define SHARED_ARR(T, name, N)     \
    static char emu_key_of_##name; \
    T(&name)[N] = *static_cast<T(*)[N]>(emu_shared(&emu_key_of_##name, sizeof(T[N]), sizeof(T)))

#define EMU_VECTOR(base, T, align)                                     \
    struct alignas(2 * sizeof(T)) base##2 { T x, y; };                 \
    struct base##3 { T x, y, z; };                                     \
    struct alignas(align) base##4 { T x, y, z, w; };                   \
    inline base##2 make_##base##2(T x, T y) { return {x, y}; }         \
    inline base##3 make_##base##3(T x, T y, T z) { return {x, y, z}; } \
    inline base##4 make_##base##4(T x, T y, T z, T w) { return {x, y, z, w}; }
#define uint3 emu_uint3  // uint3 is there already, by the name of the indices
EMU_VECTOR(uchar, unsigned char, 4)
EMU_VECTOR(short, short, 8)
EMU_VECTOR(ushort, unsigned short, 8)
EMU_VECTOR(int, int, 16)
EMU_VECTOR(uint, unsigned, 16)
EMU_VECTOR(float, float, 16)
EMU_VECTOR(longlong, long long, 16)
EMU_VECTOR(ulonglong, unsigned long long, 16)
EMU_VECTOR(double, double, 16)
#undef uint3

// The overloads of min and max that CUDA has: mixed signs give the unsigned type.
#define EMU_MIN_MAX(A, B, R)                                                                  \
    inline R min(A a, B b) {                                                                  \
        return static_cast<R>(a) < static_cast<R>(b) ? static_cast<R>(a) : static_cast<R>(b); \
    }                                                                                         \
    inline R max(A a, B b) {                                                                  \
        return static_cast<R>(a) > static_cast<R>(b) ? static_cast<R>(a) : static_cast<R>(b); \
    }
EMU_MIN_MAX(int, int, int)
EMU_MIN_MAX(unsigned, unsigned, unsigned)
EMU_MIN_MAX(int, unsigned, unsigned)
EMU_MIN_MAX(unsigned, int, unsigned)
EMU_MIN_MAX(long long, long long, long long)
EMU_MIN_MAX(unsigned long long, unsigned long long, unsigned long long)
EMU_MIN_MAX(long long, unsigned long long, unsigned long long)
EMU_MIN_MAX(unsigned long long, long long, unsigned long long)
#define EMU_FLOAT_MIN_MAX(A, B, R)                                                          \
    inline R min(A a, B b) { return __builtin_fmin(static_cast<R>(a), static_cast<R>(b)); } \
    inline R max(A a, B b) { return __builtin_fmax(static_cast<R>(a), static_cast<R>(b)); }
EMU_FLOAT_MIN_MAX(float, float, float)
EMU_FLOAT_MIN_MAX(double, double, double)
EMU_FLOAT_MIN_MAX(float, double, double)
EMU_FLOAT_MIN_MAX(double, float, double)

// The standard functions that a kernel may use, without the headers: those bring names that NVRTC lacks.
typedef decltype(sizeof(0)) size_t;
inline int abs(int v) { return v < 0 ? -v : v; }
inline long long abs(long long v) { return v < 0 ? -v : v; }
inline long long llabs(long long v) { return abs(v); }
#define EMU_MATH(name)                                            \
    inline double name(double v) { return __builtin_##name(v); }  \
    inline float name(float v) { return __builtin_##name##f(v); } \
    inline float name##f(float v) { return __builtin_##name##f(v); }
EMU_MATH(fabs)
EMU_MATH(floor)
EMU_MATH(ceil)
EMU_MATH(trunc)
EMU_MATH(rint)
EMU_MATH(round)
EMU_MATH(sqrt)
inline double abs(double v) { return __builtin_fabs(v); }
inline float abs(float v) { return __builtin_fabsf(v); }
inline double fmin(double a, double b) { return __builtin_fmin(a, b); }
inline double fmax(double a, double b) { return __builtin_fmax(a, b); }
inline float fminf(float a, float b) { return __builtin_fminf(a, b); }
inline float fmaxf(float a, float b) { return __builtin_fmaxf(a, b); }
inline double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
inline float fmaf(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline bool isnan(double v) { return __builtin_isnan(v); }
inline bool isinf(double v) { return __builtin_isinf(v); }
inline bool isfinite(double v) { return __builtin_isfinite(v); }

inline int __popc(unsigned v) { return __builtin_popcount(v); }
inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
inline int __ffs(int v) { return __builtin_ffs(v); }
inline int __ffsll(long long v) { return __builtin_ffsll(v); }
inline int __clz(int v) { return v == 0 ? 32 : __builtin_clz(static_cast<unsigned>(v)); }
inline int __clzll(long long v) { return v == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(v)); }
inline unsigned __brev(unsigned v) {
    unsigned reversed = 0;
    for (int bit = 0; bit < 32; ++bit) reversed |= (v >> bit & 1u) << (31 - bit);
    return reversed;
}
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned long long>(a) * b >> 32; }
inline int __mulhi(int a, int b) { return static_cast<int>(static_cast<long long>(a) * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}

// Arithmetic that is never contracted, and conversions with a stated rounding.
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dsub_rn(double a, double b) { return a - b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline int __double2int_rd(double v) { return static_cast<int>(__builtin_floor(v)); }
inline int __float2int_rd(float v) { return static_cast<int>(__builtin_floorf(v)); }
#define EMU_BITS(name, R, T)                 \
    inline R name(T v) {                     \
        R r;                                 \
        __builtin_memcpy(&r, &v, sizeof(r)); \
        return r;                            \
    }
EMU_BITS(__double_as_longlong, long long, double)
EMU_BITS(__longlong_as_double, double, long long)
EMU_BITS(__float_as_int, int, float)
EMU_BITS(__float_as_uint, unsigned, float)
EMU_BITS(__int_as_float, float, int)
EMU_BITS(__uint_as_float, float, unsigned)

template <class T>
__attribute__((always_inline)) inline T __ldg(const T* address) {
    return *address;
}
// Threads run one at a time here, so the order of memory is kept without fences.
inline void __threadfence() {}
inline void __threadfence_block() {}

#include "shim_atomics.hpp"
#include "shim_warp.hpp"

// ---- from here to the runtime: parameter lists, and how a launch calls a kernel ----
namespace emu {
template <class T>
struct Code {  // structs by their size; bare char and long have no place in a signature
    static_assert(__is_class(T),
                  "a kernel's parameters are u8 to u64, i32, i64, bool, float, double, structs");
    static constexpr const char* value = "V";
};
#define EMU_CODE(T, text)                          \
    template <>                                    \
    struct Code<T> {                               \
        static constexpr const char* value = text; \
    };
EMU_CODE(bool, "?")
EMU_CODE(signed char, "i1")
EMU_CODE(unsigned char, "u1")
EMU_CODE(short, "i2")
EMU_CODE(unsigned short, "u2")
EMU_CODE(int, "i4")
EMU_CODE(unsigned, "u4")
EMU_CODE(long long, "i8")
EMU_CODE(unsigned long long, "u8")
EMU_CODE(float, "f4")
EMU_CODE(double, "f8")
template <class T>
struct Kind {
    static constexpr const char* prefix = "";
    typedef T type;
};
template <class T>
struct Kind<T*> {
    static constexpr const char* prefix = "*";
    typedef T type;
};
template <class T>
struct Kind<const T*> {
    static constexpr const char* prefix = "c*";
    typedef T type;
};
template <class T>
struct Kind<volatile T*> {
    static constexpr const char* prefix = "*";
    typedef T type;
};
template <class T>
struct Kind<const volatile T*> {
    static constexpr const char* prefix = "c*";
    typedef T type;
};

struct Parameter {
    const char *prefix, *code;
    unsigned long long bytes;
};
template <class F>
struct Signature;
template <class... A>
struct Signature<void (*)(A...)> {
    static const Parameter* list() {
        static const Parameter parameters[] = {
            {Kind<A>::prefix, Code<typename Kind<A>::type>::value, sizeof(typename Kind<A>::type)}...,
            {nullptr, nullptr, 0}};
        return parameters;
    }
};
template <int... I>
struct Places {};
template <int N, int... I>
struct CountTo {
    typedef typename CountTo<N - 1, N - 1, I...>::type type;
};
template <int... I>
struct CountTo<0, I...> {
    typedef Places<I...> type;
};
template <class... A, int... I>
EMU_HOST void spread(void (*kernel)(A...), void** arguments, Places<I...>) {
    kernel(*static_cast<A*>(arguments[I])...);
}
template <class... A>
EMU_HOST void call(void (*kernel)(A...), void** arguments) {
    spread(kernel, arguments, typename CountTo<sizeof...(A)>::type());
}
}  // namespace emu
#define EMU_KERNEL(number, ...)                                                                   \
    extern "C" __attribute__((no_sanitize("thread"))) void emu_entry_##number(void** arguments) { \
        emu::call(&__VA_ARGS__, arguments);                                                       \
    }                                                                                             \
    extern "C" const emu::Parameter* emu_signature_##number() {                                   \
        return emu::Signature<decltype(&__VA_ARGS__)>::list();                                    \
    }
