// Selects one of the kernels that for_each_simd.h has defined.
#pragma once

#include "common/simd/floats.h"
#include "common/simd/instruction_set.h"

// NEWSGENRE_SELECT_KERNEL(kernel, width, fallback) returns a pointer to newsgenre::avx512::kernel or
// newsgenre::avx2::kernel: the first whose instruction set this processor supports and whose vector length
// divides `width`. It returns `fallback`, a function or nullptr, if neither does. `width` is kAnyWidth for
// kernels that take every width.
#if defined(__x86_64__)
#define NEWSGENRE_SELECT_KERNEL(kernel, width, fallback)           \
  (::newsgenre::SelectsAvx512(width) ? ::newsgenre::avx512::kernel \
   : ::newsgenre::SelectsAvx2(width) ? ::newsgenre::avx2::kernel   \
                                     : (fallback))
#else
#define NEWSGENRE_SELECT_KERNEL(kernel, width, fallback) (fallback)
#endif

namespace newsgenre {

inline constexpr int64_t kAnyWidth = 0;  // passes every check of the width

#if defined(__x86_64__)
inline bool SelectsAvx512(int64_t width) {
  return width % avx512::kLanes == 0 && CpuSupports(InstructionSet::kAvx512);
}
inline bool SelectsAvx2(int64_t width) {
  return width % avx2::kLanes == 0 && CpuSupports(InstructionSet::kAvx2);
}
#endif

}  // namespace newsgenre
