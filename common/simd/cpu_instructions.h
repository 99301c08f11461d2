// Instructions beyond those of every x86-64, for functions that the rest of the program, built for any, calls
// after a look at the processor.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
// Before a function: it may use these instructions.
#define NEWSGENRE_AVX2 __attribute__((target("avx2,fma")))
#define NEWSGENRE_AVX512 \
  __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16")))
#endif

namespace newsgenre {

// Those that functions of ours are written for.
enum class Instructions {
  kAvx2,    // with FMA
  kAvx512,  // with its products of 8 and of 16 bits, as in AMD's since Zen 4 and Intel's since Sapphire
            // Rapids
};

inline bool HasAvx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

inline bool HasAvx512() {
#if defined(__x86_64__)
  return HasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

inline bool Has(Instructions instructions) {
  return instructions == Instructions::kAvx2 ? HasAvx2() : HasAvx512();
}

inline const char* NameOf(Instructions instructions) {
  return instructions == Instructions::kAvx2 ? "AVX2" : "AVX-512";
}

}  // namespace newsgenre
