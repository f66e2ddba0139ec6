#include "sample.h"
#include <stddef.h>

/* The compiler vectorises the loops; on amd64 it does so twice. */
#define INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__)
#define AVX2 __attribute__((noinline, target("avx2,fma")))
#endif

INLINE void line_of(float *restrict line, const uint8_t *restrict src, int stride, const pv_span *r, int n) {
  const float first = r->first * r->scale, last = r->last * r->scale, scale = r->scale;
  const uint8_t *end = src + (size_t)(r->n - 1) * stride;
  if (r->n == 1) {
    for (int x = 0; x < n; x++) line[x] = first * src[x];
    return;
  }
  for (int x = 0; x < n; x++) line[x] = first * src[x] + last * end[x];
  src += stride;
  for (; src + stride < end; src += 2 * (size_t)stride)
    for (int x = 0; x < n; x++) line[x] += scale * (float)(src[x] + src[x + stride]);
  if (src < end)
    for (int x = 0; x < n; x++) line[x] += scale * src[x];
}

INLINE void plane(float *restrict dst, int w, int h, const uint8_t *src, int stride, const pv_span *cols,
                  const pv_span *rows, float *restrict line) {
  const int x0 = cols[0].start, n = cols[w - 1].start + cols[w - 1].n - x0;
  for (int y = 0; y < h; y++, dst += w) {
    line_of(line, src + (size_t)rows[y].start * stride + x0, stride, rows + y, n);
    for (int x = 0; x < w; x++) {
      const pv_span c = cols[x];
      const float *p = line + (c.start - x0), *last = p + c.n - 1;
      float sum = c.first * *p + c.last * *last, mid = 0; /* where n is 1, last counts nothing */
      for (p++; p < last; p++) mid += *p;
      dst[x] = (sum + mid) * c.scale;
    }
  }
}

INLINE float share(float v) {
  v *= 1.f / 255;
  v = v > 0 ? v : 0;
  return v < 1 ? v : 1;
}

INLINE void colour(float *restrict dst, int n, const float *restrict y, const float *restrict cb, const float *restrict cr) {
  for (int i = 0; i < n; i++) {
    const float l = 1.1643836f * (y[i] - 16), b = cb[i] - 128, r = cr[i] - 128;
    dst[3 * i] = share(l + 1.5960267f * r);
    dst[3 * i + 1] = share(l - .3917623f * b - .8129676f * r);
    dst[3 * i + 2] = share(l + 2.0172321f * b);
  }
}

#ifdef AVX2
AVX2 static void plane_avx2(float *dst, int w, int h, const uint8_t *src, int stride, const pv_span *cols,
                            const pv_span *rows, float *line) {
  plane(dst, w, h, src, stride, cols, rows, line);
}

AVX2 static void colour_avx2(float *dst, int n, const float *y, const float *cb, const float *cr) {
  colour(dst, n, y, cb, cr);
}

static int avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

void pv_sample_plane(float *dst, int w, int h, const uint8_t *src, int stride, const pv_span *cols, const pv_span *rows,
                     float *line) {
#ifdef AVX2
  if (avx2()) {
    plane_avx2(dst, w, h, src, stride, cols, rows, line);
    return;
  }
#endif
  plane(dst, w, h, src, stride, cols, rows, line);
}

void pv_sample_colour(float *dst, int n, const float *y, const float *cb, const float *cr) {
#ifdef AVX2
  if (avx2()) {
    colour_avx2(dst, n, y, cb, cr);
    return;
  }
#endif
  colour(dst, n, y, cb, cr);
}
