#include "shim.h"

#include <string.h>

int pv_h264_open_encoder(pv_h264_encoder *e, const pv_h264_settings *s) {
  SEncParamExt p;
  int quiet = WELS_LOG_QUIET;
  int err = WelsCreateSVCEncoder(&e->svc);
  if (err != 0) return err;
  (*e->svc)->SetOption(e->svc, ENCODER_OPTION_TRACE_LEVEL, &quiet);
  err = (*e->svc)->GetDefaultParams(e->svc, &p);
  if (err != 0) return err;

  e->width = s->width;
  e->height = s->height;
  p.iUsageType = s->screen ? SCREEN_CONTENT_REAL_TIME : CAMERA_VIDEO_REAL_TIME;
  p.iPicWidth = s->width;
  p.iPicHeight = s->height;
  p.fMaxFrameRate = s->fps;
  p.iTargetBitrate = s->bitrate;
  p.iMaxBitrate = UNSPECIFIED_BIT_RATE;
  p.iRCMode = RC_BITRATE_MODE;
  p.bEnableFrameSkip = true;
  p.iTemporalLayerNum = s->layers;
  p.iSpatialLayerNum = 1;
  p.iComplexityMode = LOW_COMPLEXITY;
  p.uiIntraPeriod = 0;  // no keyframe but the first and those asked for
  p.eSpsPpsIdStrategy = CONSTANT_ID;
  p.iEntropyCodingModeFlag = 0;  // CAVLC: the baseline has no other
  p.iMultipleThreadIdc = (unsigned short)s->threads;
  p.bEnableDenoise = false;
  p.bEnableLongTermReference = false;
  p.bEnableSceneChangeDetect = s->screen != 0;
  p.sSpatialLayers[0].iVideoWidth = s->width;
  p.sSpatialLayers[0].iVideoHeight = s->height;
  p.sSpatialLayers[0].fFrameRate = s->fps;
  p.sSpatialLayers[0].iSpatialBitrate = s->bitrate;
  p.sSpatialLayers[0].iMaxSpatialBitrate = UNSPECIFIED_BIT_RATE;
  p.sSpatialLayers[0].uiProfileIdc = PRO_BASELINE;
  if (s->threads > 1) {
    p.sSpatialLayers[0].sSliceArgument.uiSliceMode = SM_FIXEDSLCNUM_SLICE;
    p.sSpatialLayers[0].sSliceArgument.uiSliceNum = (unsigned)s->threads;
  } else {
    p.sSpatialLayers[0].sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
  }
  return (*e->svc)->InitializeExt(e->svc, &p);
}

int pv_h264_set_bitrate(pv_h264_encoder *e, int bps) {
  SBitrateInfo rate = {.iLayer = SPATIAL_LAYER_ALL, .iBitrate = bps};
  return (*e->svc)->SetOption(e->svc, ENCODER_OPTION_BITRATE, &rate);
}

int pv_h264_force_keyframe(pv_h264_encoder *e) { return (*e->svc)->ForceIntraFrame(e->svc, true); }

static size_t layer_size(const SLayerBSInfo *l) {
  size_t n = 0;
  for (int i = 0; i < l->iNalCount; i++) n += (size_t)l->pNalLengthInByte[i];
  return n;
}

int pv_h264_encode(pv_h264_encoder *e, const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int ystride, int cstride,
              int64_t ms, size_t *size, int *key, int *layer) {
  SSourcePicture pic;
  memset(&pic, 0, sizeof pic);
  memset(&e->info, 0, sizeof e->info);
  pic.iColorFormat = videoFormatI420;
  pic.iPicWidth = e->width;
  pic.iPicHeight = e->height;
  pic.iStride[0] = ystride;
  pic.iStride[1] = pic.iStride[2] = cstride;
  pic.pData[0] = (unsigned char *)y;
  pic.pData[1] = (unsigned char *)cb;
  pic.pData[2] = (unsigned char *)cr;
  pic.uiTimeStamp = ms;
  *size = 0;
  *key = *layer = 0;
  int err = (*e->svc)->EncodeFrame(e->svc, &pic, &e->info);
  if (err != 0 || e->info.eFrameType == videoFrameTypeSkip || e->info.eFrameType == videoFrameTypeInvalid) {
    e->info.iLayerNum = 0;
    return err;
  }
  for (int i = 0; i < e->info.iLayerNum; i++) {
    *size += layer_size(&e->info.sLayerInfo[i]);
    *layer = e->info.sLayerInfo[i].uiTemporalId;
  }
  *key = e->info.eFrameType == videoFrameTypeIDR;
  return 0;
}

void pv_h264_copy(pv_h264_encoder *e, uint8_t *out) {
  for (int i = 0; i < e->info.iLayerNum; i++) {
    size_t n = layer_size(&e->info.sLayerInfo[i]);
    memcpy(out, e->info.sLayerInfo[i].pBsBuf, n);
    out += n;
  }
}

void pv_h264_close_encoder(pv_h264_encoder *e) {
  if (e->svc == NULL) return;
  (*e->svc)->Uninitialize(e->svc);
  WelsDestroySVCEncoder(e->svc);
  e->svc = NULL;
}

int pv_h264_open_decoder(pv_h264_decoder *d) {
  SDecodingParam p;
  int quiet = WELS_LOG_QUIET;
  memset(&p, 0, sizeof p);
  p.eEcActiveIdc = ERROR_CON_DISABLE;  // a hole is a hole: the caller asks for a keyframe
  p.sVideoProperty.size = sizeof p.sVideoProperty;
  p.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
  long err = WelsCreateDecoder(&d->svc);
  if (err != 0) return (int)err;
  (*d->svc)->SetOption(d->svc, DECODER_OPTION_TRACE_LEVEL, &quiet);
  return (int)(*d->svc)->Initialize(d->svc, &p);
}

int pv_h264_decode(pv_h264_decoder *d, const uint8_t *data, int size) {
  memset(&d->info, 0, sizeof d->info);
  memset(d->plane, 0, sizeof d->plane);
  int state = (*d->svc)->DecodeFrameNoDelay(d->svc, data, size, d->plane, &d->info);
  if (d->info.iBufferStatus != 1) memset(d->plane, 0, sizeof d->plane);
  return state;
}

void pv_h264_close_decoder(pv_h264_decoder *d) {
  if (d->svc == NULL) return;
  (*d->svc)->Uninitialize(d->svc);
  WelsDestroyDecoder(d->svc);
  d->svc = NULL;
  memset(d->plane, 0, sizeof d->plane);
}
