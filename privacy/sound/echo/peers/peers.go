//go:build peers

// Package peers holds the echo cancellers that Debian has, for comparison in the
// tests of echo: libspeexdsp-dev and libwebrtc-audio-processing-dev 0.3. Nothing
// of the program imports it, and without the tag peers it is not built.
package peers

/*
#cgo pkg-config: speexdsp webrtc-audio-processing
#cgo CXXFLAGS: -std=c++11 -O2 -w
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
#include "webrtc.h"

static SpeexEchoState *pv_echo(int frame, int tail, int rate) {
	SpeexEchoState *s = speex_echo_state_init(frame, tail);
	speex_echo_ctl(s, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
	return s;
}

static SpeexPreprocessState *pv_rest(SpeexEchoState *echo, int frame, int rate) {
	SpeexPreprocessState *s = speex_preprocess_state_init(frame, rate);
	int off = 0;
	speex_preprocess_ctl(s, SPEEX_PREPROCESS_SET_ECHO_STATE, echo);
	speex_preprocess_ctl(s, SPEEX_PREPROCESS_SET_DENOISE, &off);
	return s;
}
*/
import "C"

import (
	"unsafe"

	"paravent/media/frame"
)

// Speex is speexdsp's canceller with a tail of 200 ms, and its suppressor.
type Speex struct {
	echo *C.SpeexEchoState
	rest *C.SpeexPreprocessState
}

// NewSpeex returns a Speex, which is never freed.
func NewSpeex() *Speex {
	e := C.pv_echo(frame.BlockLen, frame.Rate/5, frame.Rate)
	return &Speex{e, C.pv_rest(e, frame.BlockLen, frame.Rate)}
}

// Apply changes s.Near.
func (p *Speex) Apply(s *frame.Sound) {
	var near, far, out [frame.BlockLen]C.spx_int16_t
	for i := range near {
		near[i] = C.spx_int16_t(32767 * max(-1, min(1, s.Near[i])))
		far[i] = C.spx_int16_t(32767 * max(-1, min(1, s.Far[i])))
	}
	C.speex_echo_cancellation(p.echo, &near[0], &far[0], &out[0])
	C.speex_preprocess_run(p.rest, &out[0])
	for i, v := range out {
		s.Near[i] = float32(v) / 32768
	}
}

// WebRTC is the canceller of WebRTC as of 2015, which finds the delay by itself.
type WebRTC struct{ p *C.pv_webrtc }

// NewWebRTC returns a WebRTC, which is never freed.
func NewWebRTC() *WebRTC { return &WebRTC{C.pv_webrtc_new(frame.Rate)} }

// Apply changes s.Near.
func (p *WebRTC) Apply(s *frame.Sound) {
	C.pv_webrtc_apply(p.p, (*C.float)(unsafe.Pointer(&s.Far)), (*C.float)(unsafe.Pointer(&s.Near)))
}
