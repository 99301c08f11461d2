// Functions of a vector of fp32 values, in newsgenre::avx2 and newsgenre::avx512: Exp, Gelu, GeluTanh,
// Finished.
#pragma once

#include "common/model/cpu/after.h"

#define NEWSGENRE_SIMD_CODE "common/model/cpu/math.inc"
#include "common/model/cpu/for_each_simd.h"
