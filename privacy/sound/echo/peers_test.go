//go:build peers && linux

package echo_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"paravent/media/frame"
	"paravent/privacy/sound/echo"
	"paravent/privacy/sound/echo/peers"
)

// TestPeers prints how the cancellers of Debian and this one do in the same
// scenes: how much lower the echo is once it is learned, how well a voice is
// understood while the far end speaks (STOI), and thread time a block. It fails
// where a peer is better at both.
func TestPeers(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	type figures struct{ lower, stoi float64 }
	scenes := []struct {
		name string
		scene
	}{
		{"linear", scene{rt60: .3, delay: 40}},
		{"distorting", scene{rt60: .5, delay: 40, distort: true}},
		{"distorting, 160 ms", scene{rt60: .5, delay: 160, distort: true}},
		{"300 ms", scene{rt60: .4, delay: 300}},
		{"100 ppm", scene{rt60: .4, delay: 50, ppm: 100}},
	}
	names := []string{"speexdsp", "webrtc 0.3", "ours"}
	var table strings.Builder
	spent, blocks := map[string]time.Duration{}, 0
	fmt.Fprintf(&table, "\n%-20s", "dB lower · STOI")
	for _, n := range names {
		fmt.Fprintf(&table, "%16s", n)
	}
	fmt.Fprintf(&table, "%12s\n", "(without)")
	for _, s := range scenes {
		s.seconds, s.seed, s.voices, s.near = 18, 1, pairs()[0], [][2]float64{{12, 18}}
		k := s.render(t)
		fmt.Fprintf(&table, "%-20s", s.name)
		got := map[string]figures{}
		for _, name := range names {
			apply := map[string]func() func(*frame.Sound){
				"speexdsp":   func() func(*frame.Sound) { return peers.NewSpeex().Apply },
				"webrtc 0.3": func() func(*frame.Sound) { return peers.NewWebRTC().Apply },
				"ours":       func() func(*frame.Sound) { c := echo.New(); return func(s *frame.Sound) { c.Apply(s) } },
			}[name]()
			out := make([]float32, 0, len(k.mic))
			var f frame.Sound
			before := thread(t)
			for i := 0; i+frame.BlockLen <= len(k.mic); i += frame.BlockLen {
				copy(f.Near[:], k.mic[i:])
				copy(f.Far[:], k.far[i:])
				apply(&f)
				out = append(out, f.Near[:]...)
			}
			spent[name] += thread(t) - before
			g := figures{lower: lowered(part(k.mic, 8, 12), part(out, 8, 12))}
			for late := 0; late < 1200; late += 48 { // each has a delay of its own
				g.stoi = max(g.stoi, stoi(part(k.near, 12, 17.9), out[12*rate+late:][:5.9*rate]))
			}
			got[name] = g
			fmt.Fprintf(&table, "%9.1f · %.2f", g.lower, g.stoi)
		}
		blocks += len(k.mic) / frame.BlockLen
		fmt.Fprintf(&table, "%12.2f\n", stoi(part(k.near, 12, 17.9), part(k.mic, 12, 17.9)))
		for _, name := range names[:2] {
			if got[name].lower > got["ours"].lower && got[name].stoi > got["ours"].stoi {
				t.Errorf("%s: %s is better", s.name, name)
			}
		}
	}
	fmt.Fprintf(&table, "%-20s", "ms a block")
	for _, n := range names {
		fmt.Fprintf(&table, "%16.3f", spent[n].Seconds()*1000/float64(blocks))
	}
	t.Log(table.String())
}

func thread(t *testing.T) time.Duration {
	t.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
