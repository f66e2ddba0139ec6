package rtc

import (
	"bytes"
	"math/rand/v2"
	"testing"

	pion "github.com/pion/rtp/codecs"

	"paravent/media/codec"
	"paravent/media/sfu/sfutest"
)

// pieces packs a frame and returns copies of the payloads.
func pieces(t testing.TB, p packer, pkt codec.Packet) (out [][]byte) {
	t.Helper()
	lasts := 0
	err := p.pack(pkt, func(b []byte, last bool) error {
		if len(b) > maxPayload {
			t.Errorf("a payload of %d bytes", len(b))
		}
		out = append(out, bytes.Clone(b))
		if last {
			lasts++
		}
		return nil
	})
	if err != nil || lasts != 1 {
		t.Fatalf("pack: %v, %d ends", err, lasts)
	}
	return out
}

func picturesOf() []codec.Name { return []codec.Name{codec.VP8, codec.VP9, codec.H264} }

func TestWhatIsPackedIsUnpackedUnchanged(t *testing.T) {
	for _, name := range picturesOf() {
		frame := sfutest.Frame(name)
		u := newUnpacker(name)
		ps := pieces(t, newPacker(name, 0x7fff), codec.Packet{Data: frame, Keyframe: true})
		if len(ps) < 3 {
			t.Errorf("%s: %d payloads of %d bytes", name, len(ps), len(frame))
		}
		if !u.starts(ps[0]) {
			t.Errorf("%s: the first payload of a keyframe starts nothing", name)
		}
		u.begin()
		var got []byte
		for i, p := range ps {
			var err error
			if i > 0 && name != codec.H264 && u.starts(p) {
				t.Errorf("%s: payload %d starts a picture", name, i)
			}
			if got, err = u.add(got, p); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		got, err := u.end(got)
		if err != nil || !bytes.Equal(got, frame) {
			t.Errorf("%s: %d bytes of %d came back, %v", name, len(got), len(frame), err)
		}
	}
}

// Pion's own readers, which servers use, must agree with our descriptors.
func TestPionReadsOurDescriptors(t *testing.T) {
	p := newPacker(codec.VP8, 41)
	for i, pkt := range []codec.Packet{
		{Data: []byte{0x10, 1, 2, 3}, Keyframe: true},
		{Data: []byte{0x11, 1, 2, 3}, Temporal: 1, Sync: true},
		{Data: []byte{0x11, 1, 2, 3}},
	} {
		var v pion.VP8Packet
		if _, err := v.Unmarshal(pieces(t, p, pkt)[0]); err != nil {
			t.Fatal(err)
		}
		if v.PictureID != uint16(42+i) || v.S != 1 || int(v.TID) != pkt.Temporal || v.Y == 1 != pkt.Sync {
			t.Errorf("VP8 picture %d: %+v", i, v)
		}
		if want := []uint8{1, 1, 2}[i]; v.TL0PICIDX != want {
			t.Errorf("VP8 picture %d: TL0PICIDX %d, want %d", i, v.TL0PICIDX, want)
		}
	}
	p = newPacker(codec.VP9, 41)
	for i, c := range []struct {
		pkt  codec.Packet
		refs []uint8
	}{
		{codec.Packet{Keyframe: true}, nil},
		{codec.Packet{Temporal: 2, Sync: true}, []uint8{1}},
		{codec.Packet{Temporal: 1, Sync: true}, []uint8{2}},
		{codec.Packet{Temporal: 2}, []uint8{3, 1, 2}},
		{codec.Packet{}, []uint8{4}},
		{codec.Packet{}, []uint8{1}},
		{codec.Packet{Keyframe: true}, nil},
		{codec.Packet{}, []uint8{1}},
	} {
		c.pkt.Data = []byte{0x82, 1, 2, 3}
		var v pion.VP9Packet
		if _, err := v.Unmarshal(pieces(t, p, c.pkt)[0]); err != nil {
			t.Fatal(err)
		}
		if v.PictureID != uint16(42+i) || !v.B || !v.E || v.P == c.pkt.Keyframe || int(v.TID) != c.pkt.Temporal || !bytes.Equal(v.PDiff, c.refs) {
			t.Errorf("VP9 picture %d: %+v, want references %v", i, v, c.refs)
		}
	}
}

func TestAV1PayloadsBecomeATemporalUnit(t *testing.T) {
	// A sequence header and a frame, as low-overhead OBUs behind a delimiter.
	frame := make([]byte, 3000)
	for i := range frame {
		frame[i] = byte(i)
	}
	unit := append([]byte{0x12, 0, 0x0a, 3, 1, 2, 3, 0x32, 0xb8, 0x17}, frame...)
	var payloader pion.AV1Payloader
	u := newUnpacker(codec.AV1)
	u.begin()
	var got []byte
	for i, p := range payloader.Payload(1000, unit) {
		if starts := u.starts(p); starts != (i == 0) {
			t.Errorf("payload %d starts a picture: %v", i, starts)
		}
		var err error
		if got, err = u.add(got, p); err != nil {
			t.Fatal(err)
		}
	}
	got, err := u.end(got)
	if err != nil || !bytes.Equal(got, unit) {
		t.Errorf("%d bytes of %d came back, %v:\n% x\n% x", len(got), len(unit), err, got[:16], unit[:16])
	}
}

func TestH264ParameterSetsTravelTogether(t *testing.T) {
	ps := pieces(t, newPacker(codec.H264, 0), codec.Packet{Data: sfutest.Frame(codec.H264), Keyframe: true})
	if ps[0][0]&nalType != nalStapA {
		t.Errorf("the first payload is of type %d, want STAP-A", ps[0][0]&nalType)
	}
	if ps[1][0]&nalType != nalFuA || ps[1][1] != 0x80|nalIDR || ps[len(ps)-1][1] != 0x40|nalIDR {
		t.Error("the slice is not cut after RFC 6184, section 5.8")
	}
}

func FuzzUnpack(f *testing.F) {
	for i, name := range []codec.Name{codec.VP8, codec.VP9, codec.H264, codec.AV1} {
		if p := newPacker(name, 7); p != nil {
			for _, b := range pieces(f, p, codec.Packet{Data: sfutest.Frame(name), Keyframe: true}) {
				f.Add(byte(i), b, []byte{})
			}
		}
	}
	f.Add(byte(3), []byte{0x08, 0x0a, 1, 2}, []byte{0x40, 0x30, 1, 2, 3})
	f.Fuzz(func(t *testing.T, which byte, a, b []byte) {
		name := []codec.Name{codec.VP8, codec.VP9, codec.H264, codec.AV1}[which%4]
		u := newUnpacker(name)
		u.starts(a)
		u.begin()
		frame, err := u.add(nil, a)
		if err == nil {
			frame, err = u.add(frame, b)
		}
		if err == nil {
			frame, _ = u.end(frame)
		}
		if len(frame) > 8*(len(a)+len(b))+16 {
			t.Errorf("%d bytes became %d", len(a)+len(b), len(frame))
		}
		codec.IsKeyframe(name, frame)
	})
}

func FuzzParsePacket(f *testing.F) {
	f.Add([]byte{0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9})
	f.Add([]byte{0xb1, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 9, 9, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := parsePacket(b)
		if ok && len(p.payload) > len(b)-12 {
			t.Errorf("a payload of %d bytes in a packet of %d", len(p.payload), len(b))
		}
	})
}

func BenchmarkPack(b *testing.B) {
	for _, name := range append(picturesOf(), codec.Opus) {
		b.Run(string(name), func(b *testing.B) {
			p, pkt := newPacker(name, 0), codec.Packet{Data: sfutest.Frame(name), Keyframe: true}
			emit := func([]byte, bool) error { return nil }
			b.SetBytes(int64(len(pkt.Data)))
			b.ReportAllocs()
			for b.Loop() {
				_ = p.pack(pkt, emit)
			}
		})
	}
}

// shuffle is the same every time.
func shuffle(n int, swap func(i, j int)) { rand.New(rand.NewPCG(1, 2)).Shuffle(n, swap) }

func TestZerosAtTheEndOfASealedPictureAreItsOwn(t *testing.T) {
	unit := []byte{0x65, 0xb8, 1, 2, 3, 12, 0}
	data := append([]byte{0, 0, 0, 1}, unit...)
	for sealed, want := range map[int][]byte{30: unit, 0: unit[:len(unit)-1]} {
		ps := pieces(t, newPacker(codec.H264, 0), codec.Packet{Data: data, Keyframe: true, Sealed: sealed})
		if len(ps) != 1 || !bytes.Equal(ps[0], want) {
			t.Errorf("sealed %d: %x, want %x", sealed, ps, want)
		}
	}
}
