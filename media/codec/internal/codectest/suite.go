package codectest

import (
	"image"
	"math"
	"testing"
	"time"

	"paravent/media/codec"
)

// Video tries c as a whole.
func Video(t *testing.T, c codec.VideoCodec) {
	t.Run("a moving picture comes back nearly as it was", func(t *testing.T) { roundTrip(t, c, Settings()) })
	t.Run("a screen comes back nearly as it was", func(t *testing.T) {
		s := Settings()
		s.Screen = true
		roundTrip(t, c, s)
	})
	t.Run("a size that no block divides comes back nearly as it was, if it is taken", func(t *testing.T) {
		s := Settings()
		s.Width, s.Height = 330, 186
		roundTrip(t, c, s)
		s.Width, s.Height = 331, 187
		if c.Name == codec.H264 { // which takes even sides only
			return
		}
		roundTrip(t, c, s)
	})
	t.Run("several threads give the same picture", func(t *testing.T) {
		s := Settings()
		s.Width, s.Height, s.Threads, s.Bitrate = 640, 360, 2, 1_200_000
		roundTrip(t, c, s)
	})
	t.Run("a keyframe comes when asked for and at no other time", func(t *testing.T) { keyframes(t, c) })
	t.Run("the bitrate follows what was set", func(t *testing.T) { bitrate(t, c) })
	t.Run("time may stand still or run backwards", func(t *testing.T) { clock(t, c) })
	t.Run("the size may change within a track", func(t *testing.T) { sizes(t, c) })
	t.Run("a decoder waits for a keyframe and goes on at the next", func(t *testing.T) { recovers(t, c) })
	t.Run("garbage never crashes a decoder and never passes", func(t *testing.T) { garbage(t, c) })
	for _, layers := range []int{2, 3} {
		t.Run("the top layer may be left out", func(t *testing.T) { topLayer(t, c, layers) })
	}
	t.Run("settings out of range are refused", func(t *testing.T) { refused(t, c) })
	t.Run("pictures of another size are refused", func(t *testing.T) { otherSize(t, c) })
	t.Run("after Close there are errors and no crash", func(t *testing.T) { closed(t, c) })
	t.Run("a sealed picture is seen with the key and not without", func(t *testing.T) { sealed(t, c) })
	t.Run("nothing is allocated for a picture", func(t *testing.T) { allocations(t, c) })
}

// near is how near a picture must come to the original, in dB: at 30 dB the
// difference is hard to see.
const near = 30

func roundTrip(t *testing.T, c codec.VideoCodec, s codec.VideoSettings) {
	e, d := Encoder(t, c, s), Decoder(t, c)
	src := NewSource(t, s.Width, s.Height)
	shown, worst := 0, math.Inf(1)
	for n := range 40 {
		p := src.Picture(t, n)
		pkt, err := e.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if len(pkt.Data) == 0 {
			p.Release()
			continue
		}
		if pkt.Codec != c.Name || pkt.At != At(n) {
			t.Fatalf("packet of %s at %v, want %s at %v", pkt.Codec, pkt.At, c.Name, At(n))
		}
		got, err := d.Decode(pkt)
		if err != nil {
			t.Fatalf("picture %d: %v", n, err)
		}
		if got == nil {
			t.Fatalf("picture %d did not come out", n)
		}
		if got.At != At(n) {
			t.Errorf("picture %d came out as of %v", n, got.At)
		}
		shown++
		worst = min(worst, PSNR(p.Picture(), got))
		got.Release()
		p.Release()
	}
	t.Logf("%d pictures, the worst at %.1f dB", shown, worst)
	if shown < 30 || worst < near {
		t.Errorf("%d of 40 pictures, the worst at %.1f dB; want 30 and %d dB", shown, worst, near)
	}
}

func keyframes(t *testing.T, c codec.VideoCodec) {
	s := Settings()
	e := Encoder(t, c, s)
	for i, pkt := range Encode(t, e, s, 0, 100) {
		if pkt.Keyframe != (i == 0) {
			t.Errorf("packet %d: keyframe is %v", i, pkt.Keyframe)
		}
		if len(pkt.Data) > 0 && codec.IsKeyframe(c.Name, pkt.Data) != pkt.Keyframe {
			t.Errorf("packet %d: the bitstream does not say keyframe %v", i, pkt.Keyframe)
		}
	}
	e.ForceKeyframe()
	pkts := Encode(t, e, s, 100, 110)
	for i, pkt := range pkts {
		if pkt.Keyframe != (i == 0) {
			t.Errorf("after asking, packet %d: keyframe is %v", i, pkt.Keyframe)
		}
	}
	if got, ok := codec.Dimensions(c.Name, pkts[0].Data); !ok || got != image.Pt(s.Width, s.Height) {
		t.Errorf("the keyframe says %v", got)
	}
	d := Decoder(t, c)
	if p, err := d.Decode(pkts[0]); err != nil || p == nil {
		t.Errorf("a new viewer cannot start at the keyframe: %v", err)
	} else {
		p.Release()
	}
}

// bits returns the rate of a run of pictures, in bits per second.
func bits(pkts []codec.Packet) float64 {
	n := 0
	for _, p := range pkts {
		n += 8 * len(p.Data)
	}
	return float64(n) * FPS / float64(len(pkts))
}

func bitrate(t *testing.T, c codec.VideoCodec) {
	s := Settings()
	s.Bitrate = 600_000
	e := Encoder(t, c, s)
	Encode(t, e, s, 0, 50)
	n := 50
	for _, bps := range []int{600_000, 150_000, 400_000} {
		e.SetBitrate(bps)
		Encode(t, e, s, n, n+50) // two seconds to get used to it
		got := bits(Encode(t, e, s, n+50, n+150))
		n += 150
		t.Logf("asked for %d bit/s, got %.0f", bps, got)
		if got < 0.6*float64(bps) || got > 1.2*float64(bps) {
			t.Errorf("asked for %d bit/s, got %.0f", bps, got)
		}
	}
	e.SetBitrate(-1)
	e.SetBitrate(math.MaxInt)
	e.SetBitrate(0)
	if got := bits(Encode(t, e, s, n, n+100)); got > 100_000 {
		t.Errorf("asked for nothing, got %.0f bit/s", got)
	}
}

func clock(t *testing.T, c codec.VideoCodec) {
	s := Settings()
	e, src := Encoder(t, c, s), NewSource(t, s.Width, s.Height)
	for i, at := range []int{100, 100, 100, 50, 0, 51, 1_000_000, 2} {
		p := src.Picture(t, i)
		p.Picture().At = time.Duration(at) * time.Millisecond
		if _, err := e.Encode(p); err != nil {
			t.Errorf("picture at %d ms: %v", at, err)
		}
		p.Release()
	}
}

func sizes(t *testing.T, c codec.VideoCodec) {
	d := Decoder(t, c)
	for _, size := range []image.Point{{320, 180}, {640, 360}, {1280, 720}, {160, 90}, {320, 180}} {
		s := Settings()
		s.Width, s.Height, s.Bitrate = size.X, size.Y, 2_000_000
		for _, pkt := range Encode(t, Encoder(t, c, s), s, 0, 3) {
			if len(pkt.Data) == 0 {
				continue
			}
			p, err := d.Decode(pkt)
			if err != nil || p == nil {
				t.Fatalf("%v: no picture, %v", size, err)
			}
			if p.Size() != size {
				t.Errorf("a picture of %v, want %v", p.Size(), size)
			}
			p.Release()
		}
	}
}

func topLayer(t *testing.T, c codec.VideoCodec, layers int) {
	s := Settings()
	s.TemporalLayers, s.Bitrate = layers, 1_200_000
	src := NewSource(t, s.Width, s.Height)
	pkts := Encode(t, Encoder(t, c, s), s, 0, 48)
	for highest := range layers {
		d, shown, total := Decoder(t, c), 0, 0
		worst := math.Inf(1)
		for n, pkt := range pkts {
			if len(pkt.Data) == 0 {
				continue
			}
			total++
			if pkt.Temporal > highest {
				continue
			}
			p, err := d.Decode(pkt)
			if err != nil || p == nil {
				t.Fatalf("up to layer %d of %d, picture %d: %v", highest, layers, n, err)
			}
			want := src.Picture(t, n)
			worst = min(worst, PSNR(want.Picture(), p))
			want.Release()
			p.Release()
			shown++
		}
		t.Logf("up to layer %d of %d: %d of %d pictures, the worst at %.1f dB", highest, layers, shown, total, worst)
		share := math.Pow(2, float64(highest-layers+1))
		if total < 40 || math.Abs(float64(shown)-share*float64(total)) > 4 {
			t.Errorf("up to layer %d of %d: %d of %d pictures", highest, layers, shown, total)
		}
		if worst < near-2 {
			t.Errorf("up to layer %d of %d: the worst at %.1f dB", highest, layers, worst)
		}
	}
}

func allocations(t *testing.T, c codec.VideoCodec) {
	s := Settings()
	e, d := Encoder(t, c, s), Decoder(t, c)
	src, n := NewSource(t, s.Width, s.Height), 0
	once := func() {
		p := src.Picture(t, n)
		n++
		if n%7 == 0 {
			e.ForceKeyframe()
		}
		if n%11 == 0 {
			e.SetBitrate(300_000 + 1000*n)
		}
		pkt, err := e.Encode(p)
		p.Release()
		if err != nil {
			t.Fatal(err)
		}
		if len(pkt.Data) == 0 {
			return
		}
		got, err := d.Decode(pkt)
		if err != nil {
			t.Fatal(err)
		}
		got.Release()
	}
	once()
	if a := testing.AllocsPerRun(40, once); a != 0 {
		t.Errorf("%v allocations for a picture", a)
	}
}
