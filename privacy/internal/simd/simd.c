#include "simd.h"

#define FN static inline __attribute__((always_inline))
#define NAME(x) x##_base
#include "vector.h"
#undef FN
#undef NAME

#if defined(__x86_64__) && !defined(PV_BASELINE)
#define FN static inline __attribute__((always_inline, PV_TARGET_AVX2))
#define NAME(x) x##_avx2
#include "vector.h"

__attribute__((PV_TARGET_AVX2)) static void for_avx2(float *x) {
  store_avx2(x, sigmoid_avx2(load_avx2(x)));
}
#endif

int pv_simd_path(void) {
#if defined(__x86_64__) && !defined(PV_BASELINE)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return PV_AVX2;
#endif
  return PV_BASE;
}

void pv_simd_sigmoid(float *x, int path) {
#if defined(__x86_64__) && !defined(PV_BASELINE)
  if (path == PV_AVX2) {
    for_avx2(x);
    return;
  }
#endif
  (void)path;
  store_base(x, sigmoid_base(load_base(x)));
}
