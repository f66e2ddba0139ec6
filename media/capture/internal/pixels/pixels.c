#include "pixels.h"

// Plain loops without a branch inside, over pointers that do not overlap: so
// the compiler turns them into vector instructions on every processor.
// Products stay within 16 bits, where the oldest vector units are fastest.

static inline void yuyv_rows(uint8_t *restrict y0, uint8_t *restrict y1, uint8_t *restrict cb, uint8_t *restrict cr,
                             const uint8_t *restrict a, const uint8_t *restrict b, int pairs, int luma, int chroma) {
	for (int i = 0; i < pairs; i++) {
		y0[2 * i] = a[4 * i + luma];
		y0[2 * i + 1] = a[4 * i + 2 + luma];
		y1[2 * i] = b[4 * i + luma];
		y1[2 * i + 1] = b[4 * i + 2 + luma];
	}
	for (int i = 0; i < pairs; i++) {
		cb[i] = (uint8_t)((a[4 * i + chroma] + b[4 * i + chroma] + 1) >> 1);
		cr[i] = (uint8_t)((a[4 * i + chroma + 2] + b[4 * i + chroma + 2] + 1) >> 1);
	}
}

void pv_yuyv(struct planes d, const uint8_t *src, ptrdiff_t stride) {
	for (int v = 0; v < d.height; v += 2)
		yuyv_rows(d.y + v * d.y_stride, d.y + (v + 1) * d.y_stride, d.cb + v / 2 * d.c_stride, d.cr + v / 2 * d.c_stride,
		          src + v * stride, src + (v + 1) * stride, d.width / 2, 0, 1);
}

void pv_uyvy(struct planes d, const uint8_t *src, ptrdiff_t stride) {
	for (int v = 0; v < d.height; v += 2)
		yuyv_rows(d.y + v * d.y_stride, d.y + (v + 1) * d.y_stride, d.cb + v / 2 * d.c_stride, d.cr + v / 2 * d.c_stride,
		          src + v * stride, src + (v + 1) * stride, d.width / 2, 1, 0);
}

static void split_row(uint8_t *restrict cb, uint8_t *restrict cr, const uint8_t *restrict src, int n) {
	for (int i = 0; i < n; i++) {
		cb[i] = src[2 * i];
		cr[i] = src[2 * i + 1];
	}
}

void pv_split(struct planes d, const uint8_t *src, ptrdiff_t stride) {
	for (int v = 0; v < d.height / 2; v++)
		split_row(d.cb + v * d.c_stride, d.cr + v * d.c_stride, src + v * stride, d.width / 2);
}

// ITU-R BT.601, limited range, in 1/256.

static inline void luma_row(uint8_t *restrict y, const uint8_t *restrict px, int n, int red, int blue) {
	for (int i = 0; i < n; i++) {
		uint16_t r = px[4 * i + red], g = px[4 * i + 1], b = px[4 * i + blue];
		y[i] = (uint8_t)((uint16_t)(66 * r + 129 * g + 25 * b + 16 * 256 + 128) >> 8);
	}
}

static inline void chroma_row(uint8_t *restrict cb, uint8_t *restrict cr, const uint8_t *restrict p,
                              const uint8_t *restrict q, int pairs, int red, int blue) {
	for (int i = 0; i < pairs; i++) {
		const uint8_t *a = p + 8 * i, *b = q + 8 * i;
		uint16_t r = (uint16_t)(a[red] + a[red + 4] + b[red] + b[red + 4] + 2) >> 2;
		uint16_t g = (uint16_t)(a[1] + a[5] + b[1] + b[5] + 2) >> 2;
		uint16_t l = (uint16_t)(a[blue] + a[blue + 4] + b[blue] + b[blue + 4] + 2) >> 2;
		cb[i] = (uint8_t)((uint16_t)(112 * l - 38 * r - 74 * g + 128 * 256 + 128) >> 8);
		cr[i] = (uint8_t)((uint16_t)(112 * r - 94 * g - 18 * l + 128 * 256 + 128) >> 8);
	}
}

void pv_bgra(struct planes d, const uint8_t *src, ptrdiff_t stride) {
	for (int v = 0; v < d.height; v += 2) {
		const uint8_t *a = src + v * stride, *b = a + stride;
		luma_row(d.y + v * d.y_stride, a, d.width, 2, 0);
		luma_row(d.y + (v + 1) * d.y_stride, b, d.width, 2, 0);
		chroma_row(d.cb + v / 2 * d.c_stride, d.cr + v / 2 * d.c_stride, a, b, d.width / 2, 2, 0);
	}
}

void pv_rgba(struct planes d, const uint8_t *src, ptrdiff_t stride) {
	for (int v = 0; v < d.height; v += 2) {
		const uint8_t *a = src + v * stride, *b = a + stride;
		luma_row(d.y + v * d.y_stride, a, d.width, 0, 2);
		luma_row(d.y + (v + 1) * d.y_stride, b, d.width, 0, 2);
		chroma_row(d.cb + v / 2 * d.c_stride, d.cr + v / 2 * d.c_stride, a, b, d.width / 2, 0, 2);
	}
}

static void mean_row(uint8_t *restrict dst, const uint8_t *restrict a, const uint8_t *restrict b, int n) {
	for (int i = 0; i < n; i++)
		dst[i] = (uint8_t)((a[i] + b[i] + 1) >> 1);
}

void pv_halve_rows(uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t stride, int width, int height) {
	for (int v = 0; v < height; v++)
		mean_row(dst + v * dst_stride, src + 2 * v * stride, src + (2 * v + 1) * stride, width);
}

static void mean_square_row(uint8_t *restrict dst, const uint8_t *restrict a, const uint8_t *restrict b, int n) {
	for (int i = 0; i < n; i++)
		dst[i] = (uint8_t)((uint16_t)(a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) >> 2);
}

void pv_halve_both(uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t stride, int width, int height) {
	for (int v = 0; v < height; v++)
		mean_square_row(dst + v * dst_stride, src + 2 * v * stride, src + (2 * v + 1) * stride, width);
}

// 219/255 and 224/255 in 1/256, rounded so that the ends meet exactly: 0 and
// 255 become 16 and 235, and in the colour planes 16 and 240.

void pv_limit(uint8_t *y, size_t n) {
	for (size_t i = 0; i < n; i++)
		y[i] = (uint8_t)((uint16_t)(220 * y[i] + 16 * 256 + 110) >> 8);
}

void pv_limit_chroma(uint8_t *c, size_t n) {
	for (size_t i = 0; i < n; i++)
		c[i] = (uint8_t)((uint16_t)(225 * c[i] + 16 * 256) >> 8);
}
