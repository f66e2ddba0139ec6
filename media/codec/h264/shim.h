// What Go needs of openh264, whose interface is tables of functions. Every
// function returns 0, or what openh264 returned, unless it says otherwise.

#ifndef PARAVENT_H264_SHIM_H
#define PARAVENT_H264_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <wels/codec_api.h>

typedef struct {
  int width, height;
  float fps;
  int bitrate;  // bits per second
  int threads;
  int layers;  // temporal
  int screen;
} pv_settings;

typedef struct {
  ISVCEncoder *svc;
  SFrameBSInfo info;  // of the last pv_encode
  int width, height;
} pv_encoder;

typedef struct {
  ISVCDecoder *svc;
  SBufferInfo info;        // of the last pv_decode
  unsigned char *plane[3]; // of the last pv_decode; NULL without a picture
} pv_decoder;

int pv_open_encoder(pv_encoder *e, const pv_settings *s);
int pv_set_bitrate(pv_encoder *e, int bps);
int pv_force_keyframe(pv_encoder *e);

// pv_encode borrows the planes until it returns. It sets the number of bytes
// made, 0 if the picture was left out, whether it is an IDR, and the temporal
// layer.
int pv_encode(pv_encoder *e, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int ystride, int cstride,
              int64_t ms, size_t *size, int *key, int *layer);

// pv_copy writes the bytes that pv_encode made to out, which has room for them.
void pv_copy(pv_encoder *e, uint8_t *out);
void pv_close_encoder(pv_encoder *e);

int pv_open_decoder(pv_decoder *d);

// pv_decode borrows data until it returns.
int pv_decode(pv_decoder *d, const uint8_t *data, int size);
void pv_close_decoder(pv_decoder *d);

#endif
