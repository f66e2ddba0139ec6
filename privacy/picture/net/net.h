#ifndef PV_NET_H
#define PV_NET_H
#include <stdint.h>

/* One layer, as op in op.go. in, by and out count values from the start of mem,
 * w and b from the start of the weights. */
typedef struct {
  int32_t kind, act;
  int32_t ih, iw, ic; /* the input; ic as it is stored */
  int32_t oh, ow, oc; /* the output; oc as it is stored */
  int32_t kh, kw, sh, sw, pt, pl;
  int32_t rc; /* input channels that a convolution reads */
  int32_t in, by, out;
  int32_t w, b;
} pv_op;

/* Runs n layers on a path of simd.h. Neither allocates nor keeps anything. */
void pv_net_run(const pv_op *ops, int n, float *mem, const float *weights, int path);
#endif
