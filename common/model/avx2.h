// AVX2 with FMA, for functions that the rest of the program, built for any x86-64, calls after a look at the
// processor.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
// Before a function: it may use these instructions.
#define NEWSGENRE_AVX2 __attribute__((target("avx2,fma")))
#endif

namespace newsgenre {

inline bool HasAvx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

}  // namespace newsgenre
