#include "mjpeg.h"

#include <string.h>
#include <turbojpeg.h>

struct pv_jpeg_header pv_jpeg_header(uintptr_t decoder, const uint8_t *src, size_t n) {
	struct pv_jpeg_header h = {0, 0, -1};
	int space = -1;
	if (tjDecompressHeader3((tjhandle)decoder, src, n, &h.width, &h.height, &h.sampling, &space) != 0 ||
	    (space != TJCS_YCbCr && space != TJCS_GRAY))
		h.sampling = -1;
	return h;
}

int pv_jpeg_decode(uintptr_t decoder, const uint8_t *src, size_t n, uint8_t *dst, int width, int height,
                   size_t cb, size_t cr, int y_stride, int c_stride) {
	unsigned char *planes[3] = {dst, dst + cb, dst + cr};
	int strides[3] = {y_stride, c_stride, c_stride};
	tjhandle d = (tjhandle)decoder;
	if (tjDecompressToYUVPlanes(d, src, n, planes, width, strides, height, TJFLAG_LIMITSCANS) == 0)
		return 0;
	// Many cameras pad their pictures. All other warnings mean missing pixels.
	if (tjGetErrorCode(d) == TJERR_WARNING && strstr(tjGetErrorStr2(d), "extraneous bytes") != NULL)
		return 0;
	return -1;
}
