package room_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"paravent/privacy/sound/judge/internal/wave"
	"paravent/privacy/sound/judge/room"
)

func rnd(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

func open(at room.Point) room.Placed {
	return room.Placed{Kind: room.Microphone{Lowest: 20, Highest: 22000}, At: at, Facing: room.Point{1, 0, 0}}
}

func source(at, facing room.Point) room.Source {
	return room.Source{At: at, Facing: facing, Beam: room.Talker()}
}

// only returns what of h is within an octave around hz.
func only(h []float64, hz float64) []float64 {
	n := 1 << 16
	f := wave.NewFourier(n)
	x := make([]complex128, n)
	for i, v := range h {
		x[i] = complex(v, 0)
	}
	f.Forward(x)
	for k := range x {
		at := float64(min(k, n-k)) * room.Rate / float64(n)
		if at < hz/math.Sqrt2 || at > hz*math.Sqrt2 {
			x[k] = 0
		}
	}
	f.Inverse(x)
	out := make([]float64, len(h))
	for i := range out {
		out[i] = real(x[i])
	}
	return out
}

func TestTheRoomRingsAsLongAsAsked(t *testing.T) {
	for _, rt := range []float64{.25, .4, .6, .8} {
		for seed := range uint64(2) {
			r := room.Furnish(room.Point{4.6, 3.7, 2.5}, rt, rnd(seed))
			h := r.Response(source(room.Point{3.5, 2.9, 1.5}, room.Point{-1, 0, 0}), open(room.Point{.9, .8, 1}), seed)
			times := r.Times()
			for b, hz := range []float64{125, 250, 500, 1000, 2000, 4000} {
				if b < 2 {
					continue // a handful of waves, no decay to speak of
				}
				if got := room.Decay(only(h, hz)); got < .75*times[b] || got > 1.3*times[b] {
					t.Errorf("asked for %.2f s, at %g Hz for %.2f s: it rings %.2f s", rt, hz, times[b], got)
				}
			}
			if got := room.Decay(only(h, 700)); got < .8*rt || got > 1.25*rt {
				t.Errorf("asked for %.2f s, it rings %.2f s", rt, got)
			}
		}
	}
}

func TestTheDirectSoundWeakensWithTheDistance(t *testing.T) {
	r := room.Furnish(room.Point{5.5, 4.5, 2.6}, .5, rnd(3))
	last := math.Inf(1)
	for _, d := range []float64{.05, .25, .5, 1, 2, 3.5} {
		mic := room.Point{.7, 1.9, 1.1}
		at := room.Point{.7 + d, 1.9, 1.1}
		got := room.Direct(r.Response(source(at, at.To(mic)), open(mic), 1))
		if got > last-2 {
			t.Errorf("at %.2f m the ratio is %.1f dB, nearer it was %.1f dB", d, got, last)
		}
		last = got
	}
	if last > -3 {
		t.Errorf("at 3.5 m the ratio is %.1f dB; that is no room", last)
	}
}

// In a diffuse field the sound of the room is as loud as the direct one at
// 0.057 √(V/T) metres (Kuttruff, "Room Acoustics", 5.6).
func TestTheRoomIsAsLoudAsTheoryHasIt(t *testing.T) {
	size := room.Point{5.2, 3.9, 2.6}
	for _, rt := range []float64{.3, .6} {
		for _, d := range []float64{.5, 2.5} {
			r := room.Furnish(size, rt, rnd(2))
			times, octaves := r.Times(), []float64{500, 1000, 2000, 4000, 8000}
			got := make([]float64, len(octaves))
			for k := range 4 {
				mic := room.Point{1.2 + .2*float64(k), 1.3 + .1*float64(k), 1.2}
				at := room.Point{mic[0] + d*math.Cos(.3), mic[1] + d*math.Sin(.3), 1.3}
				h := r.Response(room.Source{At: at, Facing: at.To(mic)}, open(mic), uint64(k))
				for b, hz := range octaves {
					late := only(h, hz)[room.Lead+int((d+.9)/343*room.Rate):]
					direct := hz / math.Sqrt2 / (room.Rate / 2) / (d * d) // of a click, in an octave
					got[b] += wave.DB(direct/wave.Energy(late)) / 4
				}
			}
			for b, hz := range octaves {
				want := 20 * math.Log10(.057*math.Sqrt(size[0]*size[1]*size[2]/times[b+2])/d)
				if math.Abs(got[b]-want) > 3 {
					t.Errorf("RT60 %.1f s, %.1f m, %g Hz: direct to reverberant is %.1f dB, in theory %.1f dB", rt, d, hz, got[b], want)
				}
			}
		}
	}
}

func TestTheFirstSoundComesWhenItMustAndAsLoud(t *testing.T) {
	r := room.Furnish(room.Point{5, 4, 2.6}, .4, rnd(1))
	mic, at := room.Point{1, 1.5, 1.2}, room.Point{2, 1.5, 1.2}
	h := r.Response(source(at, room.Point{-1, 0, 0}), open(mic), 1)
	peak := 0
	for i, v := range h {
		if math.Abs(v) > math.Abs(h[peak]) {
			peak = i
		}
	}
	if want := room.Lead + 140; peak < want-1 || peak > want+1 { // 1 m is 2.9 ms
		t.Errorf("the peak is at sample %d, want %d", peak, want)
	}
	if h[peak] < .8 || h[peak] > 1.1 {
		t.Errorf("one metre ahead a click of 1 is %.2f", h[peak])
	}
	if before := wave.DB(wave.Energy(h[:peak-48]) / wave.Energy(h)); before > -40 {
		t.Errorf("%.0f dB of the sound come more than a millisecond too early", before)
	}
}

func TestWhoTurnsAwayLosesHighTones(t *testing.T) {
	r := room.Furnish(room.Point{5, 4, 2.6}, .4, rnd(1))
	mic, at := room.Point{1, 1.5, 1.2}, room.Point{1.6, 1.5, 1.2}
	level := func(facing room.Point, hz float64) float64 {
		h := r.Response(source(at, facing), open(mic), 1)
		return wave.DB(wave.Energy(only(h, hz)))
	}
	low := level(room.Point{-1, 0, 0}, 250) - level(room.Point{1, 0, 0}, 250)
	high := level(room.Point{-1, 0, 0}, 4000) - level(room.Point{1, 0, 0}, 4000)
	if high < 5 || high < low+2 {
		t.Errorf("turned away, a talker loses %.1f dB at 250 Hz and %.1f dB at 4 kHz", low, high)
	}
}

func TestTheSameSeedIsTheSameRoom(t *testing.T) {
	r := room.Furnish(room.Point{5, 4, 2.6}, .4, rnd(1))
	s, m := source(room.Point{2, 2, 1}, room.Point{0, 1, 0}), room.Placed{Kind: room.Laptop(), At: room.Point{1, 1, 1}, Facing: room.Point{1, 0, 0}}
	one, two := r.Response(s, m, 5), r.Response(s, m, 5)
	if !slices.Equal(one, two) {
		t.Error("the same seed gave two responses")
	}
	if slices.Equal(one, r.Response(s, m, 6)) {
		t.Error("another seed gave the same response")
	}
}

func TestMicrophonesColourWhatTheyHear(t *testing.T) {
	r := room.Furnish(room.Point{5, 4, 2.6}, .4, rnd(1))
	s := source(room.Point{1.5, 2, 1.2}, room.Point{-1, 0, 0})
	level := func(k room.Microphone, hz float64) float64 {
		h := r.Response(s, room.Placed{Kind: k, At: room.Point{1, 2, 1}, Facing: room.Point{1, 0, 0}}, 1)
		return wave.DB(wave.Energy(only(h, hz)) / wave.Energy(only(h, 1000)))
	}
	if d := level(room.Laptop(), 11000) - level(room.Webcam(), 11000); d < 10 {
		t.Errorf("at 11 kHz a laptop hears only %.1f dB more than a cheap webcam", d)
	}
	if d := level(room.USB(), 125) - level(room.Headset(), 125); d < 6 {
		t.Errorf("at 125 Hz a USB microphone hears only %.1f dB more than a headset", d)
	}
	behind := func(k room.Microphone) float64 {
		p := room.Placed{Kind: k, At: room.Point{1, 2, 1}, Facing: room.Point{1, 0, 0}}
		front := wave.Energy(r.Response(s, p, 1))
		p.Facing = room.Point{-1, 0, 0}
		return wave.DB(front / wave.Energy(r.Response(s, p, 1)))
	}
	if usb, laptop := behind(room.USB()), behind(room.Laptop()); usb < 4 || laptop > usb-2 {
		t.Errorf("from behind a USB microphone hears %.1f dB less, a laptop %.1f dB", usb, laptop)
	}
}

func TestNoiseHasItsLevel(t *testing.T) {
	k := room.Laptop()
	quiet, loud := wave.Level(k.Noise(48000, 0, rnd(1))), wave.Level(k.Noise(48000, 50, rnd(1)))
	if math.Abs(quiet-k.Hiss) > .5 || math.Abs(loud-50) > .5 {
		t.Errorf("a microphone hisses with %.1f dB, in a room of 50 dB it hears %.1f dB", quiet, loud)
	}
}

func BenchmarkResponse(b *testing.B) {
	r := room.Furnish(room.Point{5, 4, 2.6}, .4, rnd(1))
	s, m := source(room.Point{2, 2, 1}, room.Point{0, 1, 0}), room.Placed{Kind: room.Laptop(), At: room.Point{1, 1, 1}, Facing: room.Point{1, 0, 0}}
	for b.Loop() {
		r.Response(s, m, 5)
	}
}
