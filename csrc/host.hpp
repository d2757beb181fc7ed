// What this build is and what this processor can: for diagnostics, never for a choice that changes a number.
#pragma once

#include <string>
#include <vector>

namespace fasttex {

inline std::string compiler_name() {
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#elif defined(_MSC_VER)
    return "msvc " + std::to_string(_MSC_FULL_VER);
#else
    return "unknown";
#endif
}

// The widest instruction set that the compiler was allowed to use everywhere.
inline std::string build_target() {
#if defined(__AVX512F__)
    return "avx512f";
#elif defined(__AVX2__)
    return "avx2";
#elif defined(__SSE4_2__)
    return "sse4.2";
#elif defined(__SSE2__) || defined(_M_X64)
    return "sse2";
#elif defined(__ARM_NEON) || defined(_M_ARM64)
    return "neon";
#else
    return "unknown";
#endif
}

inline bool is_optimized() {
#if defined(__OPTIMIZE__) || (defined(_MSC_VER) && !defined(_DEBUG))
    return true;
#else
    return false;
#endif
}

inline bool is_fast_math() {
#if defined(__FAST_MATH__) || defined(_M_FP_FAST)
    return true;
#else
    return false;
#endif
}

inline std::vector<std::string> cpu_features() {
    std::vector<std::string> found;
#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))
    __builtin_cpu_init();
    // The builtin takes literals only.
#define FASTTEX_CPU(name) \
    if (__builtin_cpu_supports(name)) found.emplace_back(name)
    FASTTEX_CPU("sse2");
    FASTTEX_CPU("ssse3");
    FASTTEX_CPU("sse4.1");
    FASTTEX_CPU("sse4.2");
    FASTTEX_CPU("popcnt");
    FASTTEX_CPU("avx");
    FASTTEX_CPU("avx2");
    FASTTEX_CPU("bmi");
    FASTTEX_CPU("bmi2");
    FASTTEX_CPU("fma");
    FASTTEX_CPU("avx512f");
    FASTTEX_CPU("avx512bw");
    FASTTEX_CPU("avx512vl");
    FASTTEX_CPU("avx512vbmi");
#undef FASTTEX_CPU
#endif
    return found;
}

}  // namespace fasttex
