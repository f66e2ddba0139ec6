#include <stddef.h>
#include <stdint.h>

/* Writes w × h pixels of tight RGBA from I420 in limited-range BT.601. */
void paravent_rgba(uint8_t *out, const uint8_t *y, int ystride, const uint8_t *u, const uint8_t *v,
                   int cstride, int w, int h);

/* Writes w × h bytes, each the mean of k × k bytes of in. k is at most 64. */
void paravent_shrink(uint8_t *out, int ostride, int w, int h, const uint8_t *in, int istride, int k);
