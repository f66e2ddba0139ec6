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
} pv_h264_settings;

typedef struct {
  ISVCEncoder *svc;
  SFrameBSInfo info;  // of the last pv_h264_encode
  int width, height;
} pv_h264_encoder;

typedef struct {
  ISVCDecoder *svc;
  SBufferInfo info;        // of the last pv_h264_decode
  unsigned char *plane[3]; // of the last pv_h264_decode; NULL without a picture
} pv_h264_decoder;

int pv_h264_open_encoder(pv_h264_encoder *e, const pv_h264_settings *s);
int pv_h264_set_bitrate(pv_h264_encoder *e, int bps);
int pv_h264_force_keyframe(pv_h264_encoder *e);

// pv_h264_encode borrows the planes until it returns. It sets the number of bytes
// made, 0 if the picture was left out, whether it is an IDR, and the temporal
// layer.
int pv_h264_encode(pv_h264_encoder *e, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int ystride, int cstride,
              int64_t ms, size_t *size, int *key, int *layer);

// pv_h264_copy writes the bytes that pv_h264_encode made to out, which has room for them.
void pv_h264_copy(pv_h264_encoder *e, uint8_t *out);
void pv_h264_close_encoder(pv_h264_encoder *e);

int pv_h264_open_decoder(pv_h264_decoder *d);

// pv_h264_decode borrows data until it returns.
int pv_h264_decode(pv_h264_decoder *d, const uint8_t *data, int size);
void pv_h264_close_decoder(pv_h264_decoder *d);

#endif
