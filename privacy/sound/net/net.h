#ifndef PV_SOUND_NET_H
#define PV_SOUND_NET_H
#include <stdint.h>

/* One step of a frame, as op in net.go. */
typedef struct {
  int32_t kind;
  int32_t in, out, by; /* from the start of mem */
  int32_t rows, cols;
  int32_t w, b; /* from the start of the weights; b < 0 adds to what is in out */
} pv_sound_op;

/* Runs n steps on a path of simd.h. Neither allocates nor keeps anything. */
void pv_sound_run(const pv_sound_op *ops, int n, float *mem, const float *weights, int path);
#endif
