//go:build peers

#include <webrtc/common.h>
#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>

#include "webrtc.h"

using namespace webrtc;

struct pv_webrtc {
  AudioProcessing *apm;
  StreamConfig stream;
};

extern "C" pv_webrtc *pv_webrtc_new(int rate) {
  Config config;
  config.Set<ExtendedFilter>(new ExtendedFilter(true));
  config.Set<DelayAgnostic>(new DelayAgnostic(true));
  pv_webrtc *p = new pv_webrtc;
  p->apm = AudioProcessing::Create(config);
  p->stream = StreamConfig(rate, 1, false);
  ProcessingConfig form = {{p->stream, p->stream, p->stream, p->stream}};
  if (p->apm->Initialize(form) != 0) return 0;
  p->apm->high_pass_filter()->Enable(true);
  EchoCancellation *echo = p->apm->echo_cancellation();
  echo->enable_drift_compensation(false);
  echo->set_suppression_level(EchoCancellation::kHighSuppression);
  echo->Enable(true);
  return p;
}

extern "C" void pv_webrtc_apply(pv_webrtc *p, float *far, float *near) {
  float *f[1] = {far}, *n[1] = {near};
  p->apm->ProcessReverseStream(f, p->stream, p->stream, f);
  p->apm->set_stream_delay_ms(0);
  p->apm->ProcessStream(n, p->stream, p->stream, n);
}
