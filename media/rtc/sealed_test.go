package rtc

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	pion "github.com/pion/rtp/codecs"

	"paravent/media/codec"
	"paravent/privacy/seal/sframe"
)

// TestASealedFrameSurvivesPackingAndTheServersLook seals frames, cuts them into
// payloads, lets a server look at the first as Galene and Janus do, and opens what
// comes together again.
func TestASealedFrameSurvivesPackingAndTheServersLook(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	body := func() []byte {
		b := make([]byte, 1+r.IntN(5000))
		for i := range b {
			b[i] = byte(r.Uint32() | 1) // no zeros: no start codes of its own
		}
		return b
	}
	units := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(append(all, 0, 0, 0, 1), p...)
		}
		return all
	}
	isKey := map[codec.Name]func(payload []byte) bool{
		codec.VP8: func(payload []byte) bool {
			var p pion.VP8Packet
			if _, err := p.Unmarshal(payload); err != nil || p.S != 1 || p.PID != 0 {
				t.Fatalf("descriptor of VP8: %+v, %v", p, err)
			}
			key := p.Payload[0]&1 == 0
			if size := binary.LittleEndian.Uint32(p.Payload[6:]); key && (size&0x3fff != 1280 || size>>16&0x3fff != 720 || !bytes.Equal(p.Payload[3:6], []byte{0x9d, 1, 0x2a})) {
				t.Errorf("the server sees size %x", size)
			}
			return key
		},
		codec.VP9: func(payload []byte) bool {
			var p pion.VP9Packet
			if _, err := p.Unmarshal(payload); err != nil || !p.B || p.Payload[0]&0xc0 != 0x80 {
				t.Fatalf("descriptor of VP9: %+v, %v", p, err)
			}
			return p.Payload[0]&0x0c == 0
		},
		codec.H264: func(payload []byte) bool {
			return payload[0]&0x1f == 24 && payload[3]&0x1f == 7 // a STAP-A with the parameter sets
		},
	}
	for _, f := range []struct {
		name codec.Name
		key  bool
		data func() []byte
	}{
		{codec.VP8, true, func() []byte {
			return append([]byte{0x10, 2, 0, 0x9d, 1, 0x2a, 0, 5, 0xd0, 2}, body()...)
		}},
		{codec.VP8, false, func() []byte { return append([]byte{0x11, 2, 0, 1, 1, 1, 1, 1, 1, 1}, body()...) }},
		{codec.VP9, true, func() []byte { return append([]byte{0x82}, body()...) }},
		{codec.VP9, false, func() []byte { return append([]byte{0x86}, body()...) }},
		{codec.H264, true, func() []byte {
			return units([]byte{9, 0xf0}, []byte{0x67, 0x42, 0xc0, 0x1f}, []byte{0x68, 0xce, 0x3c}, append([]byte{0x65}, body()...), append([]byte{0x65}, body()...))
		}},
		{codec.H264, false, func() []byte { return units(append([]byte{0x41}, body()...)) }},
	} {
		sealer, err := sframe.NewSealer(sframe.AES256GCM, 9, []byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		opener, err := sframe.NewOpener(sframe.AES256GCM, 9, []byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		p, u := newPacker(f.name, 0), newUnpacker(f.name)
		for range 300 {
			frame := f.data()
			sealed, err := sframe.SealFrame(sealer, f.name, nil, frame)
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			u.begin()
			for i, payload := range pieces(t, p, codec.Packet{Data: sealed, Codec: f.name, Keyframe: f.key}) {
				if i == 0 && (isKey[f.name](payload) != f.key || u.starts(payload) != f.key) {
					t.Fatalf("%s: a keyframe is %v, and the server or we think the other", f.name, f.key)
				}
				if got, err = u.add(got, payload); err != nil {
					t.Fatal(err)
				}
			}
			if got, err = u.end(got); err != nil {
				t.Fatal(err)
			}
			opened, err := sframe.OpenFrame(opener, f.name, nil, got)
			if f.name == codec.H264 && f.key {
				frame = frame[6:] // the delimiter is not sent
			}
			if err != nil || !bytes.Equal(opened, frame) {
				t.Fatalf("%s: %d bytes come back as %d, %v", f.name, len(frame), len(opened), err)
			}
		}
	}
}
