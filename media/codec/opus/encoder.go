package opus

/*
#include "shim.h"
*/
import "C"

import (
	"errors"
	"time"
	"unsafe"

	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/privacy/filter"
)

// maxPacket is the size of the largest packet made here: 120 ms in six frames of
// 1275 bytes and what binds them together; RFC 6716, section 3.2.
const maxPacket = 6*1275 + 8

// nothing is the size of a packet that says only that there is silence: its
// table of contents, and at most a count of frames.
const nothing = 2

// ErrEmpty is returned for a ClearedSound that holds nothing.
var ErrEmpty = errors.New("no sound to encode")

type encoder struct {
	c          *C.OpusEncoder // nil after Close
	dtx, fec   bool
	complexity int
	bitrate    int // bits per second
	loss       int // percent
	samples    int // in a packet
	soon       int // in a packet, from the next one on
	constant   bool
	have       int // samples that wait for a packet
	first      time.Duration
	quiet      bool // the last packet was left out
	pcm        [codec.MaxSound]float32
	out        [maxPacket]byte
}

func newEncoder(s codec.SoundSettings) (*encoder, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.PacketFor == 0 {
		s.PacketFor = 20 * time.Millisecond
	}
	var code C.int
	c := C.opus_encoder_create(frame.Rate, 1, C.OPUS_APPLICATION_VOIP, &code)
	if code != C.OPUS_OK {
		return nil, problem("open encoder for", code)
	}
	e := &encoder{
		c:          c,
		dtx:        s.DTX,
		fec:        s.FEC,
		complexity: s.Complexity,
		samples:    int(s.PacketFor/frame.BlockFor) * frame.BlockLen,
	}
	e.soon = e.samples
	for _, code := range []C.int{
		C.pv_opus_voice(c),
		C.pv_opus_complexity(c, C.opus_int32(s.Complexity)),
		C.pv_opus_dtx(c, cbool(s.DTX)),
	} {
		if code != C.OPUS_OK {
			return nil, errors.Join(problem("set up", code), e.Close())
		}
	}
	e.SetBitrate(s.Bitrate)
	return e, nil
}

func cbool(b bool) C.opus_int32 {
	if b {
		return 1
	}
	return 0
}

// Encode implements codec.SoundEncoder. Real-time: it does not allocate. Blocks
// that do not follow each other in time do not come into one packet.
func (e *encoder) Encode(s filter.ClearedSound) (codec.Packet, error) {
	if e.c == nil {
		return codec.Packet{}, codec.ErrClosed
	}
	if s == (filter.ClearedSound{}) {
		return codec.Packet{}, ErrEmpty
	}
	at := s.At()
	if e.have > 0 {
		due := e.first + time.Duration(e.have/frame.BlockLen)*frame.BlockFor
		if (at - due).Abs() >= frame.BlockFor {
			e.have = 0
		}
	}
	if e.have == 0 {
		e.first = at
		if e.samples != e.soon {
			e.samples = e.soon
			e.adapt()
		}
	}
	e.have += copy(e.pcm[e.have:], s.Block()[:])
	if e.have < e.samples {
		return codec.Packet{}, nil
	}
	e.have = 0
	return e.encode()
}

// encode makes a packet of the samples that came together, and wipes them.
func (e *encoder) encode() (codec.Packet, error) {
	pcm := e.pcm[:e.samples]
	silent := true
	for _, v := range pcm {
		if v != 0 {
			silent = false
			break
		}
	}
	n := C.opus_encode_float(e.c, (*C.float)(unsafe.SliceData(pcm)), C.int(e.samples),
		(*C.uchar)(&e.out[0]), C.opus_int32(len(e.out)))
	clear(pcm)
	if n < 0 {
		return codec.Packet{}, problem("encode", n)
	}
	// libopus repeats the silence every 400 ms, for the sake of the noise in it.
	// Where there is no noise, there is nothing to repeat. The first packet of a
	// silence goes out all the same, though it is nearly empty: without it the
	// other side takes the pause for a loss, and invents what was never said.
	was := e.quiet
	e.quiet = e.dtx && (n <= nothing || e.quiet && silent)
	pkt := codec.Packet{Codec: codec.Opus, At: e.first}
	if !e.quiet || !was {
		pkt.Data = e.out[:n]
		pkt.Keyframe = true
	}
	return pkt, nil
}

// SetBitrate implements codec.SoundEncoder. It holds from the next packet on.
func (e *encoder) SetBitrate(bps int) {
	e.bitrate = min(max(bps, codec.MinSoundBitrate), codec.MaxSoundBitrate)
	e.adapt()
}

// Shape implements codec.SoundEncoder.
func (e *encoder) Shape(packetFor time.Duration, constant bool) {
	s := codec.SoundSettings{Bitrate: codec.MinSoundBitrate, PacketFor: packetFor}
	if e.c == nil || packetFor == 0 || s.Check() != nil {
		return
	}
	e.soon = int(packetFor/frame.BlockFor) * frame.BlockLen
	e.constant = constant
	e.adapt()
}

// ExpectLoss implements codec.SoundEncoder.
func (e *encoder) ExpectLoss(percent int) {
	e.loss = min(max(percent, 0), 100)
	e.adapt()
}

// adapt tells libopus the bitrate and the loss, and keeps it from sending less
// than wideband (8 kHz), which it would do by itself at a low bitrate, and
// sooner where it makes room for FEC. So FEC is for bitrates that carry it in
// wideband.
func (e *encoder) adapt() {
	if e.c == nil {
		return
	}
	constant := e.constant && e.bitrate >= wideConstantFrom && e.samples <= constantUpTo
	worth, width := e.worth(constant), C.opus_int32(C.OPUS_AUTO)
	if worth <= wideFrom {
		width = C.OPUS_BANDWIDTH_WIDEBAND
	}
	fec := e.fec && (e.loss <= fecPatience || worth > wideFECFrom*(125-min(e.loss, 25))/100)
	C.pv_opus_bitrate(e.c, C.opus_int32(e.bitrate))
	C.pv_opus_loss(e.c, C.opus_int32(e.loss))
	C.pv_opus_bandwidth(e.c, width)
	C.pv_opus_fec(e.c, cbool(fec))
	C.pv_opus_vbr(e.c, cbool(!constant))
}

// The limits of libopus 1.3, in its opus_encoder.c, with the hysteresis at its
// worst.
const (
	wideFrom    = 9_000 + 700    // bits per second: mono_voice_bandwidth_thresholds
	wideFECFrom = 16_000 + 1_000 // bits per second: fec_thresholds
	// Below this the limit of a packet's size makes SILK narrower: 8000 in its
	// reckoning, which rounds packets of 60 ms to 16 a second.
	wideConstantFrom = 8_500
	// Longer packets are several frames of Opus in one, which are filled up to their
	// size also where there is silence in them.
	constantUpTo = 6 * frame.BlockLen
	fecPatience  = 5 // percent of loss up to which FEC narrows nothing: decide_fec
)

// worth is the bitrate by which libopus decides: what is left of it in packets
// of 20 ms, at full complexity and without loss (compute_equiv_rate).
func (e *encoder) worth(constant bool) int {
	n := e.bitrate
	if rate := frame.Rate / e.samples; rate > 50 {
		n -= 60 * (rate - 50)
	}
	if constant {
		n -= n / 12
	}
	n = n * (90 + e.complexity) / 100
	if e.complexity < 2 {
		n = n * 4 / 5
	}
	return n - n*e.loss/(6*e.loss+10)
}

// Close implements codec.SoundEncoder. It may be called again.
func (e *encoder) Close() error {
	if e.c != nil {
		C.opus_encoder_destroy(e.c)
		e.c = nil
		clear(e.pcm[:])
	}
	return nil
}
