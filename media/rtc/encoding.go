package rtc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// An encoding is one size of an outgoing track: one stream of RTP packets. To
// pion it is a TrackLocal.
type encoding struct {
	outlet *Outlet
	rid    string // names the size; empty if there is only one

	mu     sync.Mutex // guards everything that follows
	out    webrtc.TrackLocalWriter
	codec  codec.Name // as settled; empty before, and if the other side takes none
	clock  int64      // Hz
	valve  *valve
	packer packer
	emit   func(payload []byte, last bool) error // e.write, made once
	header rtp.Header
	base   uint32 // random: RFC 3550, section 5.1
	levels uint8  // the extension that tells whether somebody speaks
	frames uint64
	began  bool        // a keyframe was sent
	told   int         // bits per second, as asked last
	turn   *time.Timer // of a packet that waits for room; nil before the first
}

var _ webrtc.TrackLocal = (*encoding)(nil)

func newEncoding(o *Outlet, rid string) *encoding {
	e := &encoding{outlet: o, rid: rid, base: rand.Uint32()}
	e.emit = e.write
	e.header = rtp.Header{Version: 2, SequenceNumber: uint16(rand.Uint32())}
	return e
}

func (e *encoding) ID() string       { return e.outlet.id }
func (e *encoding) RID() string      { return e.rid }
func (e *encoding) StreamID() string { return e.outlet.stream }

func (e *encoding) Kind() webrtc.RTPCodecType {
	if e.outlet.isSound() {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// Bind is called by pion when the description is settled.
func (e *encoding) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	name, chosen, ok := pick(e.outlet.codecs, c.CodecParameters())
	if !ok && !e.outlet.maybe {
		return chosen, fmt.Errorf("the other side takes no %s: %w", e.outlet.codecs[0], webrtc.ErrUnsupportedCodec)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if name != e.codec { // the first time, as a rule
		e.codec, e.clock, e.packer = name, clockOf(name), newPacker(name, uint16(rand.Uint32()))
		e.began = false
	}
	if !ok { // pion would take an error for the end of the whole description
		e.out = nil
		return offers(e.outlet.codecs[0])[0], nil
	}
	e.out = c.WriteStream()
	e.valve = e.outlet.peer.valves.of(uint32(c.SSRC()))
	e.valve.shut.Store(e.outlet.muted.Load())
	e.header.SSRC = uint32(c.SSRC())
	e.header.PayloadType = uint8(chosen.PayloadType)
	e.header.Extension, e.header.Extensions, e.levels = false, nil, 0
	for _, x := range c.HeaderExtensions() {
		id := uint8(x.ID)
		var err error
		switch {
		case x.URI == sdp.SDESMidURI && e.rid != "":
			err = e.header.SetExtension(id, []byte(e.outlet.transceiver.Mid()))
		case x.URI == sdp.SDESRTPStreamIDURI && e.rid != "":
			err = e.header.SetExtension(id, []byte(e.rid))
		case x.URI == sdp.AudioLevelURI:
			e.levels = id
		}
		if err != nil {
			return chosen, fmt.Errorf("extension: %w", err)
		}
	}
	return chosen, nil
}

// pick returns which of our codecs to send and in which form: where there are
// several, the one that the other side names first.
func pick(ours []codec.Name, settled []webrtc.RTPCodecParameters) (codec.Name, webrtc.RTPCodecParameters, bool) {
	for _, c := range settled {
		name, ok := codecNamed(c.MimeType)
		if !ok || !slices.Contains(ours, name) {
			continue
		}
		for _, form := range offers(name) { // in our order of preference
			for _, c := range settled {
				if c.PayloadType == form.PayloadType && strings.EqualFold(c.MimeType, form.MimeType) && c.MimeType != webrtc.MimeTypeRTX {
					return name, c, true
				}
			}
		}
		return name, c, true // under a number of its own
	}
	return "", webrtc.RTPCodecParameters{}, false
}

// Unbind is called by pion when the track is taken back.
func (e *encoding) Unbind(webrtc.TrackLocalContext) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.out = nil
	return nil
}

// send cuts p into packets. Until the way is open, and until a keyframe comes,
// it drops p. Real-time.
func (e *encoding) send(p codec.Packet) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.out == nil || e.packer == nil {
		return nil
	}
	sound := e.outlet.isSound()
	if !sound && !e.began {
		if !p.Keyframe {
			e.outlet.asks.Put(sfu.Ask{Layer: e.outlet.index(e), Keyframe: true})
			return nil
		}
		e.began = true
	}
	e.header.Timestamp = e.base + uint32(int64(p.At/time.Microsecond)*(e.clock/1000)/1000)
	if sound && e.levels != 0 {
		e.level(len(p.Data) - p.Sealed)
	}
	if err := e.packer.pack(p, e.emit); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	e.frames++
	return nil
}

// Levels of sound after RFC 6464: a bit that says whether somebody speaks, and
// decibels below full scale.
const (
	speaking = 0x80 | 25
	silent   = 127
	// mostSilent is the size of the largest packet that is taken for silence:
	// Opus needs next to nothing for zeros, which is what a gate lets through.
	mostSilent = 12
)

// level tells the server, which orders the room by it, whether somebody speaks
// and no more than that: the extension is not encrypted end to end, and the
// height of a voice is nobody's business.
func (e *encoding) level(size int) {
	v := byte(speaking)
	if size <= mostSilent {
		v = silent
	}
	if x := e.header.GetExtension(e.levels); len(x) == 1 {
		x[0] = v
		return
	}
	_ = e.header.SetExtension(e.levels, []byte{v}) // the id was negotiated
}

func (e *encoding) write(payload []byte, last bool) error {
	switch sound := e.outlet.isSound(); {
	case sound && e.outlet.peer.lane != nil:
		e.outlet.peer.lane.Urgent()
	case !sound && !e.room(len(payload)):
		return nil
	}
	e.header.SequenceNumber++
	e.header.Marker = last && !e.outlet.isSound()
	_, err := e.out.WriteRTP(&e.header, payload)
	return err
}

// around is how many bytes a packet of a picture has around its payload, with IPv6.
const around = 40 + 8 + 12 + 20 + 16

// room waits until the guard has room for a packet of a picture, and reports whether
// it is still to be sent. While it waits, the encoding can be muted and taken back.
func (e *encoding) room(n int) bool {
	p := e.outlet.peer
	if p.lane == nil {
		return true
	}
	for wait := p.lane.Patient(n + around); wait > 0; wait = p.lane.Patient(n + around) {
		wait = min(wait, mostWait)
		if e.turn == nil {
			e.turn = time.NewTimer(wait)
		} else {
			e.turn.Reset(wait)
		}
		e.mu.Unlock()
		select {
		case <-e.turn.C:
		case <-p.done:
		}
		e.mu.Lock()
		if p.closing() || e.out == nil || e.outlet.muted.Load() || e.outlet.done.Load() {
			e.began = false
			return false
		}
	}
	return true
}

// mostWait is how long at most a packet that waits does not notice that it is not
// wanted any more.
const mostWait = 10 * time.Millisecond
