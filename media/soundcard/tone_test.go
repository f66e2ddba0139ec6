package soundcard

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"paravent/media/capture"
	"paravent/media/frame"
)

// A tone plays 997 Hz at −12 dBFS.
type tone struct{ n int }

const toneHz = 997

func (p *tone) Pull(out *frame.Block) {
	for i := range out {
		out[i] = float32(0.25 * math.Sin(2*math.Pi*toneHz*float64(p.n)/frame.Rate))
		p.n++
	}
}

// window is how long a piece of tone is measured: 100 ms.
const window = 10 * frame.BlockLen

// purity returns by how many dB the tone is above all else in each window of x, where it is there at all.
func purity(x []float32) (each []float64) {
	for ; len(x) >= window; x = x[window:] {
		var cc, ss, cs, xc, xs, xx float64
		for i, v := range x[:window] {
			s, c := math.Sincos(2 * math.Pi * toneHz * float64(i) / frame.Rate)
			cc, ss, cs = cc+c*c, ss+s*s, cs+s*c
			xc, xs, xx = xc+float64(v)*c, xs+float64(v)*s, xx+float64(v)*float64(v)
		}
		if xx/window < 1e-4 {
			continue // it has not begun, or has a gap
		}
		det := cc*ss - cs*cs
		a, b := (xc*ss-xs*cs)/det, (xs*cc-xc*cs)/det
		power := a*xc + b*xs
		each = append(each, 10*math.Log10(power/max(xx-power, 1e-12)))
	}
	slices.Sort(each)
	return each
}

// listen reads a microphone until enough windows are clean, or a minute is over, and returns the purity of all.
func listen(t *testing.T, m capture.Microphone, clean float64, enough int) []float64 {
	t.Helper()
	var all []float64
	var heard []float32
	var s frame.Sound
	for n := 1; n <= 6000; n++ {
		if err := m.Next(t.Context(), &s); err != nil {
			t.Fatal(err)
		}
		if heard = append(heard, s.Near[:]...); len(heard) < window {
			continue
		}
		all = append(all, purity(heard)...)
		heard = heard[:0]
		if count(all, clean) >= enough {
			break
		}
	}
	return slices.Sorted(slices.Values(all))
}

func count(all []float64, clean float64) (n int) {
	for _, v := range all {
		if v >= clean {
			n++
		}
	}
	return n
}

func sinkAt(name string, rate int) string {
	return strings.Replace(sink(name), "rate=48000", fmt.Sprintf("rate=%d", rate), 1)
}

// module returns the number of the module that made the sink.
func (d *daemon) module(sink string) string {
	d.t.Helper()
	for line := range strings.Lines(d.pactl("list", "short", "modules")) {
		if strings.Contains(line, "sink_name="+sink) {
			return strings.Fields(line)[0]
		}
	}
	d.t.Fatalf("no module made %s", sink)
	return ""
}

func TestAToneIsHeardCleanlyWhateverRateTheDeviceHas(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		rates := []int{44100, 48000, 96000}
		var script []string
		for _, r := range rates {
			script = append(script, sinkAt(fmt.Sprintf("at%d", r), r))
		}
		start(t, script...)
		for _, r := range rates {
			name := fmt.Sprintf("at%d", r)
			c, err := Open(t.Context(), Wish{Speaker: name, Microphone: name + ".monitor"}, &tone{})
			if err != nil {
				t.Fatal(err)
			}
			m, err := c.OpenMicrophone(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			// A busy machine makes the daemon stutter; what lies between must be clean.
			const clean, enough = 60, 10
			all := listen(t, m, clean, enough)
			if n := count(all, clean); n < enough {
				t.Errorf("%d Hz: of %d pieces of the tone only %d are clean: %.0f dB", r, len(all), n, all)
			} else {
				t.Logf("%d Hz: the tone is %.1f dB above all else, in the median of %d pieces %.1f, in %d below %d", r, all[len(all)-1], len(all), all[len(all)/2], len(all)-n, clean)
			}
			if err := errors.Join(m.Close(), c.Close()); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestADeviceThatComesBackAtAnotherRateIsHeardAgain(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		d := start(t, sinkAt("headset", 48000), sink("other"))
		c, err := Open(t.Context(), Wish{Speaker: "headset", Microphone: "headset.monitor"}, &tone{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		const clean, enough = 60, 5
		for _, rate := range []int{44100, 48000, 44100} {
			m, err := c.OpenMicrophone(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if all := listen(t, m, clean, enough); count(all, clean) < enough {
				t.Fatalf("before %d Hz: pieces of the tone are %.0f dB above all else", rate, all)
			}
			d.pactl("unload-module", d.module("headset"))
			var s frame.Sound
			for err == nil {
				err = m.Next(t.Context(), &s)
			}
			if !errors.Is(err, capture.ErrUnplugged) {
				t.Fatal(err)
			}
			for range 2 { // the speaker and the microphone
				if ch := change(t, c); !ch.Lost {
					t.Fatalf("%+v", ch)
				}
			}
			d.pactl(strings.Fields(sinkAt("headset", rate))...)
			for range 2 {
				if ch := change(t, c); ch.Lost {
					t.Fatalf("%+v", ch)
				}
			}
			if u := c.InUse(); u.Speaker.ID != "headset" || u.Microphone.ID != "" {
				t.Fatalf("in use: %+v", u)
			}
		}
		m, err := c.OpenMicrophone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if all := listen(t, m, clean, enough); count(all, clean) < enough {
			t.Errorf("at the end pieces of the tone are %.0f dB above all else", all)
		}
	})
}
