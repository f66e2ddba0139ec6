#ifndef PARAVENT_MJPEG_H
#define PARAVENT_MJPEG_H

#include <stddef.h>
#include <stdint.h>

// A header as the picture tells it; sampling is -1 when it cannot be read.
struct pv_jpeg_header {
	int width, height, sampling;
};

struct pv_jpeg_header pv_jpeg_header(uintptr_t decoder, const uint8_t *src, size_t n);

// Decodes into three planes that lie behind each other. Returns 0, or -1 when
// the picture is damaged.
int pv_jpeg_decode(uintptr_t decoder, const uint8_t *src, size_t n, uint8_t *dst, int width, int height,
                   size_t cb, size_t cr, int y_stride, int c_stride);

#endif
