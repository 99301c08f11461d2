// Compiles one source file for several instruction sets: the project's only SIMD mechanism.
//
// Write the code once, in a .inc file, with the vector type and functions of floats.h and with NEWSGENRE_SIMD
// before each function that uses them. Then include it:
//
//   #define NEWSGENRE_SIMD_CODE "common/simd/row_norm.inc"
//   #include "common/simd/for_each_simd.h"
//
// That defines the functions in the namespaces newsgenre::avx2 and newsgenre::avx512. select_kernel.h picks
// one of them at run time. Two more macros, which this header undefines, change the list of namespaces:
//   NEWSGENRE_SIMD_PORTABLE   adds newsgenre::portable, compiled for every processor. The code must be plain
//                             C++ without floats.h, which the compiler vectorizes.
//   NEWSGENRE_SIMD_AVX2_ONLY  leaves out newsgenre::avx512.
//
// No include guard: each .inc file needs an #include of its own.
#include "common/simd/floats.h"

#if defined(NEWSGENRE_SIMD_PORTABLE)
#define NEWSGENRE_SIMD
namespace newsgenre::portable {
#include NEWSGENRE_SIMD_CODE
}
#undef NEWSGENRE_SIMD
#endif

#if defined(__x86_64__)
#define NEWSGENRE_SIMD NEWSGENRE_AVX2
namespace newsgenre::avx2 {
#include NEWSGENRE_SIMD_CODE
}
#undef NEWSGENRE_SIMD
#endif

#if defined(__x86_64__) && !defined(NEWSGENRE_SIMD_AVX2_ONLY)
#define NEWSGENRE_SIMD NEWSGENRE_AVX512
namespace newsgenre::avx512 {
#include NEWSGENRE_SIMD_CODE
}
#undef NEWSGENRE_SIMD
#endif

#undef NEWSGENRE_SIMD_AVX2_ONLY
#undef NEWSGENRE_SIMD_CODE
#undef NEWSGENRE_SIMD_PORTABLE
