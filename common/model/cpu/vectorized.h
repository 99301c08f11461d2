// For plain loops: the compiler makes such a function for the instructions of several generations of
// processors, and the loader takes the best that the machine has.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define NEWSGENRE_VECTORIZED __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define NEWSGENRE_VECTORIZED
#endif
