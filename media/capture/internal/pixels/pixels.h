#ifndef PARAVENT_PIXELS_H
#define PARAVENT_PIXELS_H

#include <stddef.h>
#include <stdint.h>

// Planes is where a 4:2:0 picture goes; width and height are even.
struct planes {
	uint8_t *y, *cb, *cr;
	ptrdiff_t y_stride, c_stride;
	int width, height;
};

// The first byte of four that carry two pixels is Y, or it is Cb.
void pv_yuyv(struct planes d, const uint8_t *src, ptrdiff_t stride);
void pv_uyvy(struct planes d, const uint8_t *src, ptrdiff_t stride);

// One plane of Cb and Cr in turns becomes two planes.
void pv_split(struct planes d, const uint8_t *src, ptrdiff_t stride);

// Four bytes a pixel: blue, green, red and one that does not matter, or red first.
void pv_bgra(struct planes d, const uint8_t *src, ptrdiff_t stride);
void pv_rgba(struct planes d, const uint8_t *src, ptrdiff_t stride);

// The mean of each two rows of src.
void pv_halve_rows(uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t stride, int width, int height);

// The mean of each two by two bytes of src.
void pv_halve_both(uint8_t *dst, ptrdiff_t dst_stride, const uint8_t *src, ptrdiff_t stride, int width, int height);

// Full range becomes limited range, in place.
void pv_limit(uint8_t *y, size_t n);
void pv_limit_chroma(uint8_t *c, size_t n);

#endif
