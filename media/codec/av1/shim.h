// What Go needs of dav1d in calls that keep no pointer to Go memory. Every
// function returns 0 or a negative error of dav1d.

#ifndef PARAVENT_AV1_SHIM_H
#define PARAVENT_AV1_SHIM_H

#include <dav1d/dav1d.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  Dav1dContext *ctx;
  Dav1dPicture picture;  // of the last pv_av1_decode; data[0] is NULL without one
} pv_av1_decoder;

int pv_av1_open_decoder(pv_av1_decoder *d, int threads, unsigned max_pixels);

// pv_av1_decode borrows data until it returns, and copies it.
int pv_av1_decode(pv_av1_decoder *d, const uint8_t *data, size_t size);
void pv_av1_close_decoder(pv_av1_decoder *d);

#endif
