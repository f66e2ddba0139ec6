#include "net.h"
#include <stddef.h>

/* as tflite.Kind and tflite.Activation */
enum { CONV, DEPTHWISE, ADD, SCALE, MEAN, RESIZE, UPCONV, MAXPOOL, WIDEN };
enum { LINEAR, RELU, SWISH, SIGMOID };
enum { MAXTAPS = 25 };

typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int v8i __attribute__((vector_size(32), aligned(4), may_alias));

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi" /* everything is inlined: no vector crosses a call */
#endif

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
#include "kernels.h"
#undef FN
#undef ENTRY
#undef NAME
#undef MR16
#undef MR8

#if defined(__x86_64__)
#define TARGET target("avx2,fma")
#define FN static inline __attribute__((always_inline, TARGET))
#define ENTRY static __attribute__((noinline, TARGET))
#define NAME(x) x##_avx2
#define MR16 6
#define MR8 8
#undef GEMM
#undef STORE
#include "kernels.h"
#endif

int pv_net_path(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return PV_AVX2;
#endif
  return PV_BASE;
}

void pv_net_run(const pv_op *ops, int n, float *mem, const float *weights, int path) {
#if defined(__x86_64__)
  if (path == PV_AVX2) {
    run_avx2(ops, n, mem, weights);
    return;
  }
#endif
  (void)path;
  run_base(ops, n, mem, weights);
}
