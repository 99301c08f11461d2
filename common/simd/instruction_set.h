// The instruction sets that the project's own kernels are compiled for, in addition to the x86-64 baseline
// that the rest of the program is compiled for. Check CpuSupports() before calling such a kernel.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
// Function attributes that let the compiler use an instruction set in one function.
#define NEWSGENRE_AVX2 __attribute__((target("avx2,fma")))
#define NEWSGENRE_AVX512 \
  __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16")))
#endif

namespace newsgenre {

enum class InstructionSet {
  kAvx2,    // AVX2 and FMA
  kAvx512,  // AVX-512 with its int8 and bf16 dot products: AMD Zen 4, Intel Sapphire Rapids and later
};

// Returns whether this processor has the instruction set. Takes a few nanoseconds.
inline bool CpuSupports([[maybe_unused]] InstructionSet instruction_set) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  switch (instruction_set) {
    case InstructionSet::kAvx2:
      return avx2;
    case InstructionSet::kAvx512:
      return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16");
  }
#endif
  return false;
}

// Returns "AVX2" or "AVX-512". Reports and training states contain these names: do not change them.
inline const char* InstructionSetName(InstructionSet instruction_set) {
  switch (instruction_set) {
    case InstructionSet::kAvx2:
      return "AVX2";
    case InstructionSet::kAvx512:
      return "AVX-512";
  }
  return "";
}

}  // namespace newsgenre
