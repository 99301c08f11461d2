// Functions of a vector of fp32 values, in newsgenre::avx2 and newsgenre::avx512: Exp, Gelu, GeluTanh and
// ApplyEpilogue. Their contracts are in math.inc.
#pragma once

#include "common/simd/epilogue.h"

#define NEWSGENRE_SIMD_CODE "common/simd/math.inc"
#include "common/simd/for_each_simd.h"
