#include "shim.h"

#include <stdlib.h>
#include <string.h>

// Shares of the bitrate up to and with each temporal layer, in percent, as
// WebRTC has them (modules/video_coding/utility/simulcast_rate_allocator.cc).
static const unsigned shares[3][3] = {{100, 100, 100}, {60, 100, 100}, {40, 60, 100}};

static void set_rates(vpx_codec_enc_cfg_t *cfg, unsigned kbps) {
  cfg->rc_target_bitrate = kbps;
  if (cfg->ts_number_layers < 2) {
    cfg->ts_target_bitrate[0] = cfg->layer_target_bitrate[0] = kbps;
  } else {
    for (unsigned i = 0; i < cfg->ts_number_layers; i++) {
      unsigned rate = kbps * shares[cfg->ts_number_layers - 1][i] / 100;
      cfg->ts_target_bitrate[i] = cfg->layer_target_bitrate[i] = rate > 0 ? rate : 1;
    }
  }
  cfg->ss_target_bitrate[0] = kbps;
}

static void set_layers(vpx_codec_enc_cfg_t *cfg, int layers) {
  static const unsigned order[3][4] = {{0, 0, 0, 0}, {0, 1, 0, 1}, {0, 2, 1, 2}};
  cfg->ss_number_layers = 1;
  cfg->ts_number_layers = layers;
  if (layers > 1) {
    cfg->ts_periodicity = layers == 3 ? 4 : 2;
    cfg->temporal_layering_mode = VP9E_TEMPORAL_LAYERING_MODE_BYPASS;  // pv_vpx_encode's flags rule
    for (int i = 0; i < layers; i++) cfg->ts_rate_decimator[i] = 1u << (layers - 1 - i);
    for (unsigned i = 0; i < cfg->ts_periodicity; i++) cfg->ts_layer_id[i] = order[layers - 1][i];
  } else {
    cfg->ts_periodicity = 1;
    cfg->ts_rate_decimator[0] = 1;
    cfg->ts_layer_id[0] = 0;
  }
}

static int log2_of(int n) {
  int l = 0;
  while (n > 1) n >>= 1, l++;
  return l;
}

// CONTROL gives up at the first control that fails.
#define CONTROL(name, value)                                          \
  do {                                                                \
    vpx_codec_err_t err = vpx_codec_control(&e->ctx, name, value);    \
    if (err != VPX_CODEC_OK) return err;                              \
  } while (0)

static int control_vp8(pv_vpx_encoder *e, const pv_vpx_settings *s) {
  int partitions = log2_of(s->threads);
  CONTROL(VP8E_SET_NOISE_SENSITIVITY, 0);
  CONTROL(VP8E_SET_TOKEN_PARTITIONS, partitions > 3 ? 3 : partitions);
  CONTROL(VP8E_SET_STATIC_THRESHOLD, s->screen ? 100 : 1);
  CONTROL(VP8E_SET_SCREEN_CONTENT_MODE, s->screen ? 1 : 0);
  return VPX_CODEC_OK;
}

static int control_vp9(pv_vpx_encoder *e, const pv_vpx_settings *s) {
  CONTROL(VP9E_SET_NOISE_SENSITIVITY, 0);
  CONTROL(VP8E_SET_STATIC_THRESHOLD, 1);
  CONTROL(VP9E_SET_TUNE_CONTENT, s->screen ? VP9E_CONTENT_SCREEN : VP9E_CONTENT_DEFAULT);
  CONTROL(VP9E_SET_AQ_MODE, 3);  // cyclic refresh, the one that keeps a constant bitrate
  CONTROL(VP9E_SET_TILE_COLUMNS, log2_of(s->threads));
  CONTROL(VP9E_SET_ROW_MT, s->threads > 1);
  CONTROL(VP9E_SET_FRAME_PARALLEL_DECODING, 0);
  CONTROL(VP9E_SET_FRAME_PERIODIC_BOOST, 0);
  if (s->layers > 1) {
    vpx_svc_extra_cfg_t svc;
    memset(&svc, 0, sizeof svc);
    for (int i = 0; i < s->layers; i++) {
      svc.max_quantizers[i] = e->cfg.rc_max_quantizer;
      svc.min_quantizers[i] = e->cfg.rc_min_quantizer;
      svc.speed_per_layer[i] = s->speed;
    }
    svc.scaling_factor_num[0] = svc.scaling_factor_den[0] = 1;
    svc.temporal_layering_mode = e->cfg.temporal_layering_mode;
    CONTROL(VP9E_SET_SVC, 1);
    CONTROL(VP9E_SET_SVC_PARAMETERS, &svc);
  }
  return VPX_CODEC_OK;
}

int pv_vpx_open_encoder(pv_vpx_encoder *e, const pv_vpx_settings *s) {
  vpx_codec_iface_t *iface = s->vp9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx();
  vpx_codec_err_t err = vpx_codec_enc_config_default(iface, &e->cfg, 0);
  if (err != VPX_CODEC_OK) return err;

  e->vp9 = s->vp9;
  e->cfg.g_w = s->width;
  e->cfg.g_h = s->height;
  e->cfg.g_threads = s->threads;
  e->cfg.g_profile = 0;
  e->cfg.g_timebase.num = 1;
  e->cfg.g_timebase.den = 90000;
  e->cfg.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  e->cfg.g_pass = VPX_RC_ONE_PASS;
  e->cfg.g_lag_in_frames = 0;
  e->cfg.rc_end_usage = VPX_CBR;
  e->cfg.rc_resize_allowed = 0;
  e->cfg.rc_dropframe_thresh = 30;
  e->cfg.rc_min_quantizer = 2;
  e->cfg.rc_max_quantizer = 56;
  e->cfg.rc_undershoot_pct = s->vp9 ? 50 : 100;
  e->cfg.rc_overshoot_pct = s->vp9 ? 50 : 15;
  e->cfg.rc_buf_initial_sz = 500;
  e->cfg.rc_buf_optimal_sz = 600;
  e->cfg.rc_buf_sz = 1000;
  e->cfg.kf_mode = VPX_KF_DISABLED;
  set_layers(&e->cfg, s->layers);
  set_rates(&e->cfg, s->kbps);

  err = vpx_codec_enc_init(&e->ctx, iface, &e->cfg, 0);
  if (err != VPX_CODEC_OK) return err;
  e->open = 1;
  CONTROL(VP8E_SET_CPUUSED, s->speed);
  CONTROL(VP8E_SET_MAX_INTRA_BITRATE_PCT, s->max_intra_percent);
  CONTROL(VP8E_SET_ENABLEAUTOALTREF, 0);
  return s->vp9 ? control_vp9(e, s) : control_vp8(e, s);
}

int pv_vpx_set_bitrate(pv_vpx_encoder *e, unsigned kbps) {
  set_rates(&e->cfg, kbps);
  return vpx_codec_enc_config_set(&e->ctx, &e->cfg);
}

int pv_vpx_encode(pv_vpx_encoder *e, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int ystride, int cstride,
              int64_t pts, unsigned long duration, long flags, int layer) {
  vpx_image_t img;
  memset(&img, 0, sizeof img);
  img.fmt = VPX_IMG_FMT_I420;
  img.bit_depth = 8;
  img.bps = 12;
  img.w = img.d_w = e->cfg.g_w;
  img.h = img.d_h = e->cfg.g_h;
  img.x_chroma_shift = img.y_chroma_shift = 1;
  img.planes[VPX_PLANE_Y] = (unsigned char *)y;
  img.planes[VPX_PLANE_U] = (unsigned char *)cb;
  img.planes[VPX_PLANE_V] = (unsigned char *)cr;
  img.stride[VPX_PLANE_Y] = ystride;
  img.stride[VPX_PLANE_U] = img.stride[VPX_PLANE_V] = cstride;

  if (e->cfg.ts_number_layers > 1) {
    if (e->vp9) {
      vpx_svc_layer_id_t id;
      memset(&id, 0, sizeof id);
      id.temporal_layer_id = id.temporal_layer_id_per_spatial[0] = layer;
      CONTROL(VP9E_SET_SVC_LAYER_ID, &id);
    } else {
      CONTROL(VP8E_SET_TEMPORAL_LAYER_ID, layer);
    }
  }
  e->iter = NULL;
  return vpx_codec_encode(&e->ctx, &img, pts, duration, flags, VPX_DL_REALTIME);
}

int pv_vpx_next(pv_vpx_encoder *e, void **data, size_t *size, int *key) {
  const vpx_codec_cx_pkt_t *pkt;
  while ((pkt = vpx_codec_get_cx_data(&e->ctx, &e->iter)) != NULL) {
    if (pkt->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    *data = pkt->data.frame.buf;
    *size = pkt->data.frame.sz;
    *key = (pkt->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
    return 1;
  }
  return 0;
}

void pv_vpx_close_encoder(pv_vpx_encoder *e) {
  if (e->open) vpx_codec_destroy(&e->ctx);
  e->open = 0;
}

// VP9 pictures lie in memory that is given out here, since only so can their
// size be bounded: several frames may follow each other in one packet, and the
// header of all but the first can be found only by decoding.
enum { MAX_BUFFERS = VP9_MAXIMUM_REF_BUFFERS + VPX_MAXIMUM_WORK_BUFFERS };

typedef struct {
  uint8_t *data;
  size_t size;
  int used;
} pv_vpx_buffer;

struct pv_vpx_buffers {
  size_t max;
  pv_vpx_buffer b[MAX_BUFFERS];
};

static int take_buffer(void *priv, size_t size, vpx_codec_frame_buffer_t *fb) {
  struct pv_vpx_buffers *all = priv;
  pv_vpx_buffer *b = NULL;
  if (size > all->max) return -1;
  for (int i = 0; i < MAX_BUFFERS; i++) {
    if (all->b[i].used) continue;
    if (b == NULL || all->b[i].size >= size) b = &all->b[i];
    if (b->size >= size) break;
  }
  if (b == NULL) return -1;
  if (b->size < size) {
    free(b->data);
    b->data = calloc(1, size);
    b->size = b->data != NULL ? size : 0;
    if (b->data == NULL) return -1;
  }
  b->used = 1;
  fb->data = b->data;
  fb->size = b->size;
  fb->priv = b;
  return 0;
}

static int give_buffer(void *priv, vpx_codec_frame_buffer_t *fb) {
  pv_vpx_buffer *b = fb->priv;
  (void)priv;
  if (b != NULL) b->used = 0;
  return 0;
}

int pv_vpx_open_decoder(pv_vpx_decoder *d, int vp9, int threads, size_t max_buffer) {
  vpx_codec_dec_cfg_t cfg = {.threads = threads};
  vpx_codec_err_t err = vpx_codec_dec_init(&d->ctx, vp9 ? vpx_codec_vp9_dx() : vpx_codec_vp8_dx(), &cfg, 0);
  if (err != VPX_CODEC_OK) return err;
  d->open = 1;
  d->image = NULL;
  if (!vp9) return VPX_CODEC_OK;
  d->buffers = calloc(1, sizeof *d->buffers);
  if (d->buffers == NULL) return VPX_CODEC_MEM_ERROR;
  d->buffers->max = max_buffer;
  return vpx_codec_set_frame_buffer_functions(&d->ctx, take_buffer, give_buffer, d->buffers);
}

int pv_vpx_decode(pv_vpx_decoder *d, const uint8_t *data, unsigned size) {
  vpx_codec_iter_t iter = NULL;
  vpx_image_t *img;
  int corrupt = 0;
  d->image = NULL;
  vpx_codec_err_t err = vpx_codec_decode(&d->ctx, data, size, NULL, 0);
  while ((img = vpx_codec_get_frame(&d->ctx, &iter)) != NULL) d->image = img;
  if (err == VPX_CODEC_OK && vpx_codec_control(&d->ctx, VP8D_GET_FRAME_CORRUPTED, &corrupt) == VPX_CODEC_OK && corrupt)
    err = VPX_CODEC_CORRUPT_FRAME;
  return err;
}

void pv_vpx_close_decoder(pv_vpx_decoder *d) {
  if (d->open) vpx_codec_destroy(&d->ctx);
  d->open = 0;
  d->image = NULL;
  if (d->buffers != NULL) {
    for (int i = 0; i < MAX_BUFFERS; i++) free(d->buffers->b[i].data);
    free(d->buffers);
  }
  d->buffers = NULL;
}
