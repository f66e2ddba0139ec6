package codectest

import (
	"errors"
	"math"
	"testing"

	"paravent/media/codec"
	"paravent/privacy/filter"
)

func recovers(t *testing.T, c codec.VideoCodec) {
	s := Settings()
	s.Bitrate = 2_000_000 // so that none is left out
	e := Encoder(t, c, s)
	before := Encode(t, e, s, 0, 5)
	e.ForceKeyframe()
	after := Encode(t, e, s, 5, 10)

	d := Decoder(t, c)
	needs := func(what string, pkt codec.Packet) {
		t.Helper()
		p, err := d.Decode(pkt)
		if !errors.Is(err, codec.ErrNeedKeyframe) || p != nil {
			t.Errorf("%s: picture %v, error %v", what, p != nil, err)
		}
		p.Release()
	}
	gives := func(what string, pkt codec.Packet) {
		t.Helper()
		p, err := d.Decode(pkt)
		if err != nil || p == nil {
			t.Errorf("%s: picture %v, error %v", what, p != nil, err)
		}
		p.Release()
	}
	needs("nothing yet", codec.Packet{})
	needs("the second packet first", before[1])
	gives("the first", before[0])
	gives("the second", before[1])
	broken := before[2]
	broken.Data = []byte("\x00\x00\x01\x65 this is no picture at all")
	needs("nonsense", broken)
	needs("the third, after nonsense", before[3])
	half := after[0]
	half.Data = half.Data[:20]
	needs("the head of a keyframe", half)
	needs("a packet after the head of a keyframe", after[1])
	for _, pkt := range after {
		gives("after the next keyframe", pkt)
	}
}

func garbage(t *testing.T, c codec.VideoCodec) {
	s := Settings()
	s.Width, s.Height, s.Bitrate = 64, 48, 200_000
	pkts := Encode(t, Encoder(t, c, s), s, 0, 12)
	d := Decoder(t, c)
	noise := uint32(1)
	passed := 0
	for round := range 400 {
		pkt := pkts[round%len(pkts)]
		data := append([]byte(nil), pkt.Data...)
		if len(data) == 0 {
			continue
		}
		noise = noise*1664525 + 1013904223
		switch at := int(noise>>8) % len(data); round % 4 {
		case 1:
			data = data[:at]
		case 2:
			data[at] ^= byte(noise)
		case 3:
			data = append(data[:at], pkts[int(noise>>4)%len(pkts)].Data...)
		}
		pkt.Data = data
		if p, err := d.Decode(pkts[0]); err == nil { // so that the next one is really tried
			p.Release()
		}
		p, err := d.Decode(pkt)
		switch {
		case err != nil && p != nil:
			t.Fatal("both a picture and an error")
		case err == nil && p != nil:
			passed++
			if !codec.Fits(p.Size()) {
				t.Errorf("a picture of %v", p.Size())
			}
		}
		p.Release()
	}
	clean := 0
	for _, pkt := range pkts {
		if p, err := d.Decode(pkt); err == nil && p != nil {
			clean++
			p.Release()
		}
	}
	t.Logf("%d of 400 broken packets passed, then %d of %d good ones", passed, clean, len(pkts))
	if clean < len(pkts)-2 {
		t.Errorf("after garbage only %d of %d good packets came out", clean, len(pkts))
	}
}

func refused(t *testing.T, c codec.VideoCodec) {
	for name, change := range map[string]func(*codec.VideoSettings){
		"no width":       func(s *codec.VideoSettings) { s.Width = 0 },
		"less than none": func(s *codec.VideoSettings) { s.Height = -180 },
		"too wide":       func(s *codec.VideoSettings) { s.Width = codec.MaxSide + 2 },
		"too many":       func(s *codec.VideoSettings) { s.Width, s.Height = 8000, 8000 },
		"no time":        func(s *codec.VideoSettings) { s.FPS = 0 },
		"no number":      func(s *codec.VideoSettings) { s.FPS = math.NaN() },
		"too fast":       func(s *codec.VideoSettings) { s.FPS = math.Inf(1) },
		"no bits":        func(s *codec.VideoSettings) { s.Bitrate = 0 },
		"too many bits":  func(s *codec.VideoSettings) { s.Bitrate = math.MaxInt },
		"threads":        func(s *codec.VideoSettings) { s.Threads = -1 },
		"layers":         func(s *codec.VideoSettings) { s.TemporalLayers = 4 },
	} {
		s := Settings()
		change(&s)
		e, err := c.NewEncoder(s)
		if !errors.Is(err, codec.ErrSettings) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func otherSize(t *testing.T, c codec.VideoCodec) {
	s := Settings()
	e := Encoder(t, c, s)
	if _, err := e.Encode(filter.ClearedPicture{}); err == nil {
		t.Error("no picture was encoded")
	}
	p := NewSource(t, s.Width-2, s.Height).Picture(t, 0)
	defer p.Release()
	if _, err := e.Encode(p); err == nil {
		t.Error("a picture of another size was encoded")
	}
	good := NewSource(t, s.Width, s.Height).Picture(t, 0)
	defer good.Release()
	good.Picture().Image.Cr = good.Picture().Image.Cr[:10]
	if _, err := e.Encode(good); err == nil {
		t.Error("a picture with a short plane was encoded")
	}
}

func closed(t *testing.T, c codec.VideoCodec) {
	s := Settings()
	e, d := Encoder(t, c, s), Decoder(t, c)
	p := NewSource(t, s.Width, s.Height).Picture(t, 0)
	defer p.Release()
	pkt, err := e.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := errors.Join(e.Close(), d.Close()); err != nil {
			t.Error(err)
		}
	}
	e.SetBitrate(100_000)
	e.ForceKeyframe()
	if _, err := e.Encode(p); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("Encode after Close: %v", err)
	}
	if _, err := d.Decode(pkt); !errors.Is(err, codec.ErrClosed) {
		t.Errorf("Decode after Close: %v", err)
	}
}
