#include "kernels.h"
#include <string.h>

#if defined(__clang__)
#define PV_APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define PV_APART _Pragma("GCC ivdep")
#endif

/* The same source is compiled for every instruction set that is chosen from at
   run time. The attribute, unlike target_clones, needs no support of the
   system's loader. */
#define PV(name) base_##name
#define PV_TARGET
#include "kernels_body.h"
#undef PV
#undef PV_TARGET

#if (defined(__x86_64__) || defined(__i386__)) && !defined(PV_BASELINE)
#define PV(name) avx2_##name
#define PV_TARGET __attribute__((target("avx2")))
#include "kernels_body.h"
#define PV_CHOOSE(name, arg) do { if (avx2) avx2_##name(arg); else base_##name(arg); } while (0)
int pv_compose_has_avx2(void) { __builtin_cpu_init(); return __builtin_cpu_supports("avx2") != 0; }
#else
#define PV_CHOOSE(name, arg) do { (void)avx2; base_##name(arg); } while (0)
int pv_compose_has_avx2(void) { return 0; }
#endif

void pv_compose_shrink(int avx2, pv_shrink s) { PV_CHOOSE(shrink, &s); }
void pv_compose_refine(int avx2, pv_refine r) { PV_CHOOSE(refine, &r); }
void pv_compose_gather(int avx2, pv_gather g) { PV_CHOOSE(gather, &g); }
void pv_compose_draw(int avx2, pv_draw d) { PV_CHOOSE(draw, &d); }
