#include "shim.h"

#include <string.h>

int pv_av1_open_decoder(pv_av1_decoder *d, int threads, unsigned max_pixels) {
  Dav1dSettings s;
  dav1d_default_settings(&s);
  s.n_threads = threads;
  s.max_frame_delay = 1;  // a picture comes out of the call that its data went into
  s.all_layers = 0;       // of spatial layers only the largest
  s.frame_size_limit = max_pixels;
  s.logger.callback = NULL;
  return dav1d_open(&d->ctx, &s);
}

// take keeps the newest picture.
static int take(pv_av1_decoder *d) {
  for (;;) {
    Dav1dPicture p;
    memset(&p, 0, sizeof p);
    int err = dav1d_get_picture(d->ctx, &p);
    if (err == DAV1D_ERR(EAGAIN)) return 0;
    if (err < 0) return err;
    if (d->picture.data[0] != NULL) dav1d_picture_unref(&d->picture);
    d->picture = p;
  }
}

int pv_av1_decode(pv_av1_decoder *d, const uint8_t *data, size_t size) {
  Dav1dData in;
  memset(&in, 0, sizeof in);
  if (d->picture.data[0] != NULL) dav1d_picture_unref(&d->picture);
  memset(&d->picture, 0, sizeof d->picture);
  uint8_t *copy = dav1d_data_create(&in, size);
  if (copy == NULL) return DAV1D_ERR(ENOMEM);
  memcpy(copy, data, size);
  while (in.sz > 0) {
    size_t before = in.sz;
    int err = dav1d_send_data(d->ctx, &in);
    if (err < 0 && err != DAV1D_ERR(EAGAIN)) {
      dav1d_data_unref(&in);
      return err;
    }
    int got = take(d);
    if (got < 0 || (err < 0 && in.sz == before && d->picture.data[0] == NULL)) {
      dav1d_data_unref(&in);
      return got < 0 ? got : err;
    }
  }
  return take(d);
}

void pv_av1_close_decoder(pv_av1_decoder *d) {
  if (d->picture.data[0] != NULL) dav1d_picture_unref(&d->picture);
  memset(&d->picture, 0, sizeof d->picture);
  if (d->ctx != NULL) dav1d_close(&d->ctx);
  d->ctx = NULL;
}
