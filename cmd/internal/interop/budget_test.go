//go:build interop

package interop

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/interop/stats"
	"paravent/media/soundcard/wav"
	judging "paravent/privacy/sound/judge"
)

// A thin is what one side of a thin call had: kilobits on the wire of every second, speech, and pictures.
type thin struct {
	up, down   []float64
	stoi       float64
	pictures   float64 // a second
	lost, from uint64  // packets of the other's speech, of so many
}

// settled is how long a call may take until everything that is sent arrives: the descriptions of the streams alone are 15 kB.
const (
	settled  = 14 * time.Second
	thinCall = 34 * time.Second
)

// downSlack is the most that may come in one second, as a part of the limit: what a server sends of its own accord, and what was held up on the way and
// comes all at once, nobody at this end can hold back. What we send has no such excuse.
const downSlack = 1.1

// TestABudgetIsKeptAndSpeechComesFirst lets two of us speak and show themselves in a LiveKit room, each with the same limit, and measures
// what the guard counts: no second may have more than the limit up, from the third on, nor more than it down, but for downSlack, once
// everything is settled.
func TestABudgetIsKeptAndSpeechComesFirst(t *testing.T) {
	fmt.Println("limit up/down | up mean/most | down mean/most | down most before | STOI | speech lost | pictures/s")
	for _, c := range []struct {
		limit    string
		up, down float64 // kbit/s
		pictures bool
		stoi     float64 // at least; a busy machine plays with gaps
	}{
		{"64k/128k", 64, 128, true, .7},
		{"24k/24k", 24, 24, false, .7},
		{"150k/150k", 150, 150, true, .7},
	} {
		t.Run(c.limit, func(t *testing.T) {
			for _, s := range thinCallOf(t, c.limit) {
				early, late := s.down[:int(settled/time.Second)], s.down[int(settled/time.Second):]
				um, ux := meanAndMost(s.up[2:])
				dm, dx := meanAndMost(late)
				_, before := meanAndMost(early[2:])
				fmt.Printf("%-13s | %5.1f / %5.1f | %5.1f / %5.1f | %5.1f | %.3f | %d of %d | %.1f\n", c.limit, um, ux, dm, dx, before, s.stoi, s.lost, s.from, s.pictures)
				if ux > c.up {
					t.Errorf("%.1f kbit/s up in one second", ux)
				}
				if dm > c.down || dx > c.down*downSlack {
					t.Errorf("%.1f kbit/s down in one second", dx)
				}
				if s.stoi < c.stoi || math.IsNaN(s.stoi) {
					t.Errorf("speech arrives with a STOI of %.3f", s.stoi)
				}
				if c.pictures != (s.pictures > 1) {
					t.Errorf("%.1f pictures a second", s.pictures)
				}
			}
		})
	}
}

func meanAndMost(x []float64) (mean, most float64) {
	for _, v := range x {
		mean += v / float64(len(x))
		most = max(most, v)
	}
	return mean, most
}

// thinCallOf returns what either side of such a call had.
func thinCallOf(t *testing.T, limit string) (sides []thin) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(t.Context()), 2*time.Minute, errors.New("the call takes too long"))
	defer cancel()
	room, err := rig.OpenRoom(ctx, ours, theirs)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { end(t, room.Stop(true)); _, _ = room.End(ctx) }()
	home, err := rig.Home()
	if err != nil {
		t.Fatal(err)
	}
	spoken := filepath.Join(home, "assets/try/colleague.wav")
	var clients []*rig.Client
	var heard []string
	for _, name := range []string{ours, theirs} {
		dir := t.TempDir()
		heard = append(heard, filepath.Join(dir, "heard.wav"))
		c, err := rig.OpenClient(ctx, dir, room.Guest(name).Link, "--name", name, "--budget", limit, "--camera", "pattern", "--microphone", "file:"+spoken,
			"--speaker", "file:"+filepath.Join(dir, "heard.wav"), "--room-gate", "off", "--background", "off", "--watch", "all", "--for", thinCall.String())
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	for i, c := range clients {
		if code, err := c.End(ctx); err != nil || code != 0 {
			t.Fatalf("%d, %v: %s", code, err, c.Messages())
		}
		lines, err := c.Figures()
		if err != nil {
			t.Fatal(err)
		}
		s := sideOf(t, lines, []string{theirs, ours}[i])
		s.stoi = understood(t, spoken, heard[i])
		sides = append(sides, s)
	}
	return sides
}

// sideOf reads the seconds in which both were there.
func sideOf(t *testing.T, lines []stats.Line, other string) (s thin) {
	t.Helper()
	var first, last stats.Line
	for i := 1; i < len(lines); i++ {
		was, is := lines[i-1], lines[i]
		took := is.Seconds - was.Seconds
		if took < .9 || is.Seconds > (thinCall-2*time.Second).Seconds() {
			continue // the last, which is written twice, and when the other may be gone
		}
		s.up = append(s.up, float64(is.WireUp-was.WireUp)*8/took/1000)
		s.down = append(s.down, float64(is.WireDown-was.WireDown)*8/took/1000)
		if len(s.up) == int(settled/time.Second) {
			first = is
		}
		last = is
	}
	if len(s.up) < int(settled/time.Second)+10 {
		t.Fatalf("only %d seconds", len(s.up))
	}
	a, _ := first.From(other, "camera")
	b, _ := last.From(other, "camera")
	s.pictures = float64(b.Shown-min(a.Shown, b.Shown)) / (last.Seconds - first.Seconds)
	v, _ := first.From(other, "microphone")
	w, _ := last.From(other, "microphone")
	s.lost, s.from = w.Lost-v.Lost, w.Packets-v.Packets+w.Lost-v.Lost
	return s
}

// understood is the STOI of what was heard of a file that is spoken over and over: the mean of pieces of two seconds, each looked for where
// it fits best, because a jitter buffer plays a little faster and slower.
func understood(t *testing.T, spoken, heard string) float64 {
	t.Helper()
	clean, all := samplesOf(t, spoken), samplesOf(t, heard)
	const rate, piece = 48_000, 2 * 48_000
	all = all[min(len(all), int(settled.Seconds())*rate):] // when everything is settled
	sum, n := 0.0, 0
	for from := 0; from+piece <= len(clean); from += piece {
		x := clean[from : from+piece]
		at := whereLike(x, all)
		if stoi := judging.STOI(x, all[at:at+piece], rate); !math.IsNaN(stoi) {
			sum, n = sum+stoi, n+1
		}
	}
	return sum / float64(n)
}

// whereLike returns where in long x fits best, to a sample.
func whereLike(x, long []float32) int {
	const coarse = 12 // 4 kHz
	best, at := math.Inf(-1), 0
	look := func(lag, step int) {
		var xy, yy float64
		for i := 0; i < len(x); i += step {
			y := float64(long[lag+i])
			xy += float64(x[i]) * y
			yy += y * y
		}
		if v := xy / math.Sqrt(yy+1e-9); v > best {
			best, at = v, lag
		}
	}
	end := len(long) - len(x)
	for lag := 0; lag <= end; lag += coarse / 2 {
		look(lag, coarse*4)
	}
	best = math.Inf(-1)
	for lag, last := max(at-coarse, 0), min(at+coarse, end); lag <= last; lag++ {
		look(lag, 2)
	}
	return at
}

func samplesOf(t *testing.T, path string) []float32 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, form, err := wav.Read(f, 1<<24)
	if err != nil || form.Rate != 48_000 {
		t.Fatal(err, form)
	}
	return x
}
