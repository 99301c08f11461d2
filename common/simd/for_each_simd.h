// Includes NEWSGENRE_SIMD_CODE, a file of functions written by floats.h's names, once for each instruction
// set, in its namespace: newsgenre::avx2 and newsgenre::avx512. There NEWSGENRE_SIMD stands before each
// function. No include guard: one includes it for each such file.
#include "common/simd/floats.h"

#if defined(__x86_64__)

#define NEWSGENRE_SIMD NEWSGENRE_AVX2
namespace newsgenre::avx2 {
#include NEWSGENRE_SIMD_CODE
}
#undef NEWSGENRE_SIMD
#define NEWSGENRE_SIMD NEWSGENRE_AVX512
namespace newsgenre::avx512 {
#include NEWSGENRE_SIMD_CODE
}
#undef NEWSGENRE_SIMD

#endif

#undef NEWSGENRE_SIMD_CODE
