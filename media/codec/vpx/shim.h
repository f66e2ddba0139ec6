// What Go needs of libvpx in calls that keep no pointer to Go memory. Every
// function returns 0 or a vpx_codec_err_t, unless it says otherwise.

#ifndef PARAVENT_VPX_SHIM_H
#define PARAVENT_VPX_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

typedef struct {
  int vp9;
  int width, height;
  int speed;    // VP8E_SET_CPUUSED
  int threads;
  int layers;   // temporal
  int screen;
  unsigned kbps;
  unsigned max_intra_percent;
} pv_vpx_settings;

typedef struct {
  vpx_codec_ctx_t ctx;
  vpx_codec_enc_cfg_t cfg;
  vpx_codec_iter_t iter;
  int open, vp9;
} pv_vpx_encoder;

typedef struct {
  vpx_codec_ctx_t ctx;
  vpx_image_t *image;     // of the last pv_vpx_decode; owned by ctx
  struct pv_vpx_buffers *buffers;
  int open;
} pv_vpx_decoder;

int pv_vpx_open_encoder(pv_vpx_encoder *e, const pv_vpx_settings *s);
int pv_vpx_set_bitrate(pv_vpx_encoder *e, unsigned kbps);

// pv_vpx_encode borrows the planes until it returns. pts and duration are in
// units of 1/90000 s.
int pv_vpx_encode(pv_vpx_encoder *e, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int ystride, int cstride,
              int64_t pts, unsigned long duration, long flags, int layer);

// pv_vpx_next returns 1 and the next run of bytes that pv_vpx_encode made, or 0.
int pv_vpx_next(pv_vpx_encoder *e, void **data, size_t *size, int *key);
void pv_vpx_close_encoder(pv_vpx_encoder *e);

// pv_vpx_open_decoder opens a decoder that never takes more than max_buffer bytes
// for one picture.
int pv_vpx_open_decoder(pv_vpx_decoder *d, int vp9, int threads, size_t max_buffer);

// pv_vpx_decode borrows data until it returns. Afterwards d->image is the picture
// to show, or NULL. It returns VPX_CODEC_CORRUPT_FRAME for a picture with
// holes.
int pv_vpx_decode(pv_vpx_decoder *d, const uint8_t *data, unsigned size);
void pv_vpx_close_decoder(pv_vpx_decoder *d);

#endif
