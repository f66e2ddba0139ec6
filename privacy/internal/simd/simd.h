#ifndef PV_SIMD_H
#define PV_SIMD_H

enum { PV_BASE = 1, PV_AVX2 = 2 };

/* the fastest path that this machine has */
int pv_simd_path(void);

/* sigmoid of vector.h, for 8 values */
void pv_simd_sigmoid(float *x, int path);

typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int v8i __attribute__((vector_size(32), aligned(4), may_alias));

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi" /* everything is inlined: no vector crosses a call */
#endif

/* what functions for AVX2 are declared with, beside FN and ENTRY */
#define PV_TARGET_AVX2 target("avx2,fma")
#endif
