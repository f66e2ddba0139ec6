#ifndef PV_SAMPLE_H
#define PV_SAMPLE_H
#include <stdint.h>

/* as span in sample.go */
typedef struct {
  int32_t start, n;
  float first, last, scale;
} pv_span;

/* Scales one plane to dst, w by h cells. line has room for a line of src. */
void pv_sample_plane(float *dst, int w, int h, const uint8_t *src, int stride, const pv_span *cols, const pv_span *rows,
                     float *line);

/* Turns h rows of w cells of luma and chroma into red, green and blue, black to
 * white, each row stride values after the one before. */
void pv_sample_colour(float *dst, int w, int h, int stride, float black, float white, const float *y, const float *cb,
                      const float *cr);
#endif
