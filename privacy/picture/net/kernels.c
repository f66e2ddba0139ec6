#include "net.h"
#include "../../internal/simd/simd.h"
#include <stddef.h>

/* as tflite.Kind and tflite.Activation */
enum { CONV, DEPTHWISE, ADD, SCALE, MEAN, RESIZE, UPCONV, MAXPOOL, WIDEN };
enum { LINEAR, RELU, SWISH, SIGMOID };
enum { MAXTAPS = 25 };

/* what the compiler's target has: SSE2 on amd64, NEON on arm64 */
#define FN static inline __attribute__((always_inline))
#define ENTRY static __attribute__((noinline))
#define NAME(x) x##_base
#if defined(__x86_64__) || defined(__i386__)
#define MR16 3 /* 16 registers of 4 values */
#define MR8 6
#else
#define MR16 6
#define MR8 8
#endif
#include "../../internal/simd/vector.h"
#include "kernels.h"
#undef FN
#undef ENTRY
#undef NAME
#undef MR16
#undef MR8

#if defined(__x86_64__) && !defined(PV_BASELINE)
#define FN static inline __attribute__((always_inline, PV_TARGET_AVX2))
#define ENTRY static __attribute__((noinline, PV_TARGET_AVX2))
#define NAME(x) x##_avx2
#define MR16 6
#define MR8 8
#undef GEMM
#undef STORE
#include "../../internal/simd/vector.h"
#include "kernels.h"
#endif

void pv_net_run(const pv_op *ops, int n, float *mem, const float *weights, int path) {
#if defined(__x86_64__) && !defined(PV_BASELINE)
  if (path == PV_AVX2) {
    run_avx2(ops, n, mem, weights);
    return;
  }
#endif
  (void)path;
  run_base(ops, n, mem, weights);
}
