#include "net.h"
#include "../../internal/simd/simd.h"
#include <stddef.h>

enum { MATVEC, TANH, SIGMOID, GRU }; /* as in net.go */

/* what the compiler's target has: SSE2 on amd64, NEON on arm64 */
#define FN static inline __attribute__((always_inline))
#define ENTRY static __attribute__((noinline))
#define NAME(x) x##_base
#include "../../internal/simd/vector.h"
#include "kernels.h"
#undef FN
#undef ENTRY
#undef NAME

#if defined(__x86_64__)
#define FN static inline __attribute__((always_inline, PV_TARGET_AVX2))
#define ENTRY static __attribute__((noinline, PV_TARGET_AVX2))
#define NAME(x) x##_avx2
#undef BLOCK
#include "../../internal/simd/vector.h"
#include "kernels.h"
#endif

void pv_sound_run(const pv_sound_op *ops, int n, float *mem, const float *weights, int path) {
#if defined(__x86_64__)
  if (path == PV_AVX2) {
    run_avx2(ops, n, mem, weights);
    return;
  }
#endif
  (void)path;
  run_base(ops, n, mem, weights);
}
