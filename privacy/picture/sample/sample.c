#include "sample.h"
#include <stddef.h>

/* The compiler vectorises the loops; on amd64 it does so twice. */
#define INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__) && !defined(PV_BASELINE)
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

INLINE float between(float v, float low, float high) {
  v = v > low ? v : low;
  return v < high ? v : high;
}

/* clamped last: what comes after a clamp keeps the compiler from vectorising it */
INLINE void colour_line(float *restrict dst, int n, float black, float white, const float *restrict y,
                        const float *restrict cb, const float *restrict cr) {
  const float unit = (white - black) * (1.f / 255);
  for (int i = 0; i < n; i++) {
    const float l = 1.1643836f * (y[i] - 16), b = cb[i] - 128, r = cr[i] - 128;
    dst[3 * i] = between(black + unit * (l + 1.5960267f * r), black, white);
    dst[3 * i + 1] = between(black + unit * (l - .3917623f * b - .8129676f * r), black, white);
    dst[3 * i + 2] = between(black + unit * (l + 2.0172321f * b), black, white);
  }
}

INLINE void colour(float *dst, int w, int h, int stride, float black, float white, const float *y, const float *cb,
                   const float *cr) {
  for (; h > 0; h--, dst += stride, y += w, cb += w, cr += w) colour_line(dst, w, black, white, y, cb, cr);
}

#ifdef AVX2
AVX2 static void plane_avx2(float *dst, int w, int h, const uint8_t *src, int stride, const pv_span *cols,
                            const pv_span *rows, float *line) {
  plane(dst, w, h, src, stride, cols, rows, line);
}

AVX2 static void colour_avx2(float *dst, int w, int h, int stride, float black, float white, const float *y,
                             const float *cb, const float *cr) {
  colour(dst, w, h, stride, black, white, y, cb, cr);
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

void pv_sample_colour(float *dst, int w, int h, int stride, float black, float white, const float *y, const float *cb,
                      const float *cr) {
#ifdef AVX2
  if (avx2()) {
    colour_avx2(dst, w, h, stride, black, white, y, cb, cr);
    return;
  }
#endif
  colour(dst, w, h, stride, black, white, y, cb, cr);
}
