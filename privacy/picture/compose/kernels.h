/* The inner loops of compositing. Nothing here allocates, blocks or calls back. */
#ifndef PARAVENT_COMPOSE_KERNELS_H
#define PARAVENT_COMPOSE_KERNELS_H
#include <stdint.h>

/* One plane and the grid it is averaged onto. edges has gw+1 entries. */
typedef struct {
  const uint8_t *src; int32_t stride, w, h;
  uint8_t *dst; int32_t gw, gh;
  const int32_t *edges; uint16_t *column; uint32_t *prefix;
} pv_shrink;

/* coef holds gh rows of gw+1: slope in the upper half, offset in the lower. */
typedef struct {
  const uint8_t *luma, *person; int32_t w, h;
  int32_t *coef, *sums; float *slope, *offset, *line;
} pv_refine;

/* cells holds four planes of cw*ch: weight, then luma, Cb and Cr times weight. */
typedef struct {
  const uint8_t *luma, *cb, *cr, *person; int32_t w, h;
  uint32_t *cells; int32_t cw, ch;
  const int32_t *edges; uint32_t *sums; uint8_t *line;
} pv_gather;

/* Where each of n positions lies between two of fewer ones: the first, and the
   weight of the second in 1/256. */
typedef struct { const int32_t *at; const int16_t *weight; } pv_steps;

typedef struct {
  uint8_t *y, *cb, *cr; int32_t ys, cs, w, h;
  const int32_t *coef; int32_t gw; pv_steps gx, gy;
  uint8_t *older, *shown; int32_t moves;
  const uint8_t *by, *bcb, *bcr; int32_t bys, bcs; /* a picture, or */
  const int32_t *blur; int32_t cw, ch;             /* three planes of ch rows of cw+1 */
  pv_steps bx, byy, cx, cy;
  int16_t *rows; uint8_t *line;
} pv_draw;

int pv_compose_has_avx2(void);
void pv_compose_shrink(int avx2, pv_shrink s);
void pv_compose_refine(int avx2, pv_refine r);
void pv_compose_gather(int avx2, pv_gather g);
void pv_compose_draw(int avx2, pv_draw d);
#endif
