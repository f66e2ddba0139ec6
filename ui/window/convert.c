//go:build !nowindow

#include "convert.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define RGBA(r, g, b) ((uint32_t)(r) << 24 | (uint32_t)(g) << 16 | (uint32_t)(b) << 8 | 0xffu)
#else
#define RGBA(r, g, b) ((uint32_t)(r) | (uint32_t)(g) << 8 | (uint32_t)(b) << 16 | 0xff000000u)
#endif

/* ITU-R BT.601, limited range, in 1/64: 255/219, 2·(1−Kr)·255/224, … */
enum { KY = 75, KRV = 102, KGU = 25, KGV = 52, KBU = 129, CHUNK = 256 };

static inline int byte(int v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

static inline void row(uint32_t *restrict out, const uint8_t *restrict y, const int *restrict r,
                       const int *restrict g, const int *restrict b, int n) {
  for (int i = 0; i < n; i++) {
    int l = (y[i] - 16) * KY + 32;
    out[i] = RGBA(byte((l + r[i]) >> 6), byte((l + g[i]) >> 6), byte((l + b[i]) >> 6));
  }
}

WIDE void paravent_rgba(uint8_t *out, const uint8_t *y, int ystride, const uint8_t *u,
                        const uint8_t *v, int cstride, int w, int h) {
  int r[CHUNK], g[CHUNK], b[CHUNK];
  for (int j = 0; j < h; j += 2) {
    const uint8_t *ur = u + (size_t)(j / 2) * cstride, *vr = v + (size_t)(j / 2) * cstride;
    for (int x = 0; x < w; x += CHUNK) {
      int n = w - x < CHUNK ? w - x : CHUNK;
      for (int i = 0; i < (n + 1) / 2; i++) {
        int cu = ur[x / 2 + i] - 128, cv = vr[x / 2 + i] - 128;
        r[2 * i] = r[2 * i + 1] = KRV * cv;
        g[2 * i] = g[2 * i + 1] = -KGU * cu - KGV * cv;
        b[2 * i] = b[2 * i + 1] = KBU * cu;
      }
      for (int k = j; k < j + 2 && k < h; k++)
        row((uint32_t *)(out + ((size_t)k * w + x) * 4), y + (size_t)k * ystride + x, r, g, b, n);
    }
  }
}

enum { WINDOW = 1024 }; /* bytes of a row summed up at once; at least the largest k */

/* Writes the means of n squares, of which column holds the sums of each k bytes
   that are below each other. With a constant k the loops unroll. */
static inline __attribute__((always_inline)) void means(uint8_t *restrict out,
                                                        const uint16_t *restrict column, int n, int k) {
  uint32_t half = (uint32_t)(k * k) / 2, recip = (65536 + half) / (uint32_t)(k * k);
  for (int i = 0; i < n; i++) {
    uint32_t sum = half;
    for (int c = 0; c < k; c++) sum += column[i * k + c];
    uint32_t mean = sum * recip >> 16;
    out[i] = (uint8_t)(mean > 255 ? 255 : mean);
  }
}

WIDE void paravent_shrink(uint8_t *out, int ostride, int w, int h, const uint8_t *in, int istride,
                          int k) {
  uint16_t column[WINDOW];
  int most = WINDOW / k;
  for (int j = 0; j < h; j++) {
    for (int x = 0; x < w; x += most) {
      int n = w - x < most ? w - x : most;
      const uint8_t *box = in + (size_t)j * k * istride + (size_t)x * k;
      for (int i = 0; i < n * k; i++) column[i] = box[i];
      for (int a = 1; a < k; a++) {
        const uint8_t *below = box + (size_t)a * istride;
        for (int i = 0; i < n * k; i++) column[i] += below[i];
      }
      uint8_t *o = out + (size_t)j * ostride + x;
      switch (k) {
        case 2: means(o, column, n, 2); break;
        case 3: means(o, column, n, 3); break;
        case 4: means(o, column, n, 4); break;
        default: means(o, column, n, k);
      }
    }
  }
}
