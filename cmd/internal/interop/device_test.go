//go:build interop

package interop

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/interop/stats"
	"paravent/media/frame"
	"paravent/media/soundcard"
	"paravent/media/soundcard/wav"
)

// What is played into one device must come out of another, through two of the program and a room:
//
//	test ─► sink "mouth" ─► join --microphone mouth.monitor ─► room ─► join --speaker ear ─► sink "ear" ─► test
func TestSoundCrossesFromDeviceToDevice(t *testing.T) {
	sounds(t)
	for _, c := range []struct {
		name, gate string
		play       *loop
	}{
		{"a tone, with the gate off", "off", &loop{samples: tone()}},
		{"speech, through the gate", "near", &loop{samples: speech(t)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, hearer := pair(t, c.gate, "mouth.monitor", "ear")
			next := through(ctx, t, c.play)
			lag, likeness := 0, 0.0
			var all []float32
			for n := 0; n < 3 || n < 12 && likeness < 0.8; n++ { // a busy machine loses some of it
				played, heard := next()
				all = append(all, heard...)
				d, l := follow(played, heard)
				t.Logf("it is heard %d ms after it was played; the loudness of both goes together by %.2f", d*10, l)
				if l > likeness {
					lag, likeness = d, l
				}
			}
			if likeness < 0.8 || lag < 1 {
				t.Errorf("what is heard is like what was played by %.2f only, %d ms later", likeness, lag*10)
			}
			if c.gate == "off" {
				judgeTone(t, all)
			}
			figures, err := hearer.Figures()
			if err != nil {
				t.Fatal(err)
			}
			if r, ok := figures[len(figures)-1].From(ours, "microphone"); ok {
				t.Logf("%d packets came, %d were lost", r.Packets, r.Lost)
			}
		})
	}
}

// A tone from a file into a file: the same way, without a device's clock.
func TestAToneCrossesFromFileToFile(t *testing.T) {
	in, out := filepath.Join(t.TempDir(), "tone.wav"), filepath.Join(t.TempDir(), "heard.wav")
	f, err := os.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.NewWriter(f, frame.Rate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(tone()), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	ctx, hearer := pair(t, "off", "file:"+in, "file:"+out)
	if _, err := hearer.FiguresThat(ctx, func(l stats.Line) bool {
		r, ok := l.From(ours, "microphone")
		return ok && r.Packets > 600
	}); err != nil {
		t.Fatal(err)
	}
	if err := hearer.Colon("leave"); err != nil {
		t.Fatal(err)
	}
	if _, err := hearer.End(ctx); err != nil {
		t.Fatal(err)
	}
	if f, err = os.Open(out); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	heard, _, err := wav.Read(f, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	for len(heard) > frame.BlockLen && power(heard[:frame.BlockLen]) < 1e-5 {
		heard = heard[frame.BlockLen:]
	}
	judgeTone(t, heard)
}

// pair opens a room with two programs in it: ours with a microphone alone, and theirs, which is returned, with a speaker alone.
func pair(t *testing.T, gate, microphone, speaker string) (context.Context, *rig.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(t.Context()), 2*time.Minute, errors.New("two minutes are over"))
	t.Cleanup(cancel)
	room, err := rig.OpenRoom(ctx, ours, theirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, room.Stop(true)); _, _ = room.End(ctx) })
	enter := func(name string, args ...string) *rig.Client {
		client, err := rig.OpenClient(ctx, t.TempDir(), room.Guest(name).Link, append([]string{"--name", name, "--room-gate", gate}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Colon("leave"); _, _ = client.End(ctx) })
		if _, err := client.Event(ctx, "joined"); err != nil {
			t.Fatal(err)
		}
		return client
	}
	hearer := enter(theirs, "--microphone", "off", "--speaker", speaker)
	enter(ours, "--microphone", microphone, "--speaker", "off")
	return ctx, hearer
}

// sounds starts a PulseAudio of the test's own, with two sinks.
func sounds(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pa") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "native")
	script := filepath.Join(dir, "script.pa")
	lines := "load-module module-null-sink sink_name=mouth rate=48000 channels=1\nload-module module-null-sink sink_name=ear rate=44100 channels=2\n" +
		"load-module module-native-protocol-unix auth-anonymous=1 socket=" + socket + "\n"
	if err := os.WriteFile(script, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"PULSE_SERVER": "unix:" + socket, "PULSE_RUNTIME_PATH": dir, "XDG_RUNTIME_DIR": dir, "DBUS_SESSION_BUS_ADDRESS": "disabled:"} {
		t.Setenv(k, v)
	}
	daemon := exec.Command("pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-n", "-F", script)
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := rig.Ticks(ctx, 20*time.Millisecond, func() bool { return exec.Command("pactl", "info").Run() == nil }); err != nil {
		t.Fatal(err)
	}
}

// A loop is played over and over.
type loop struct {
	samples []float32
	at      int
}

func (l *loop) Pull(out *frame.Block) {
	for i := range out {
		out[i] = l.samples[l.at]
		l.at = (l.at + 1) % len(l.samples)
	}
}

const (
	toneHz   = 1000
	toneLoud = 0.25
	stretch  = 4 * frame.Rate // samples that are compared at a time
)

// tone is 1.8 s of bursts at −15 dBFS, as irregular as syllables: a steady tone is no speech to Opus, which sends none of it.
func tone() []float32 {
	var all []float32
	for _, ms := range [][2]int{{200, 100}, {300, 160}, {150, 80}, {250, 220}, {180, 160}} {
		n := ms[0] * frame.Rate / 1000
		for i := range n {
			edge := min(float64(min(i, n-i))/(frame.Rate/200), 1) // of 5 ms
			all = append(all, float32(edge*toneLoud*math.Sin(2*math.Pi*toneHz*float64(i)/frame.Rate)))
		}
		all = append(all, make([]float32, ms[1]*frame.Rate/1000)...)
	}
	return all
}

// sounding is the share of tone that is no pause.
const sounding = 0.6

func speech(t *testing.T) []float32 {
	t.Helper()
	home, err := rig.Home()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(home, "assets/try/colleague.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, _, err := wav.Read(f, math.MaxInt)
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	return all
}

// through plays into "mouth" and listens at "ear". From when something is heard on, each call of next returns another stretch of both.
func through(ctx context.Context, t *testing.T, play *loop) (next func() (played, heard []float32)) {
	t.Helper()
	card, err := soundcard.Open(ctx, soundcard.Wish{Speaker: "mouth", Microphone: "ear.monitor"}, play)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { card.Close() })
	m, err := card.OpenMicrophone(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var s frame.Sound
	begun := false
	return func() (played, heard []float32) {
		for len(heard) < stretch {
			if err := m.Next(ctx, &s); err != nil {
				t.Fatalf("nothing is heard: %v", err)
			}
			if begun = begun || power(s.Near[:]) > 1e-5; begun {
				played, heard = append(played, s.Far[:]...), append(heard, s.Near[:]...)
			}
		}
		return played, heard
	}
}

func power(x []float32) (mean float64) {
	for _, v := range x {
		mean += float64(v) * float64(v) / float64(len(x))
	}
	return mean
}

// follow returns how many blocks later than it was played the loudness is heard, and the correlation there.
func follow(played, heard []float32) (lag int, likeness float64) {
	loud := func(x []float32) (all []float64) {
		for ; len(x) >= frame.BlockLen; x = x[frame.BlockLen:] {
			all = append(all, math.Sqrt(power(x[:frame.BlockLen])))
		}
		return all
	}
	a, b := loud(played), loud(heard)
	for d := range 150 {
		if c := correlation(a[:len(a)-d], b[d:]); c > likeness {
			lag, likeness = d, c
		}
	}
	return lag, likeness
}

func correlation(a, b []float64) float64 {
	var sa, sb, aa, bb, ab float64
	n := float64(len(a))
	for i := range a {
		sa, sb = sa+a[i], sb+b[i]
		aa, bb, ab = aa+a[i]*a[i], bb+b[i]*b[i], ab+a[i]*b[i]
	}
	return (ab - sa*sb/n) / math.Sqrt((aa-sa*sa/n)*(bb-sb*sb/n)+1e-30)
}

// judgeTone measures the tone in pieces of 20 ms that are within a burst.
func judgeTone(t *testing.T, heard []float32) {
	t.Helper()
	const piece, loud = 2 * frame.BlockLen, toneLoud * toneLoud / 2
	var all []float64
	whole := 0
	for ; len(heard) >= piece; heard = heard[piece:] {
		whole++
		var xc, xs float64 // over whole periods
		for i, v := range heard[:piece] {
			s, c := math.Sincos(2 * math.Pi * toneHz * float64(i) / frame.Rate)
			xc, xs = xc+float64(v)*c, xs+float64(v)*s
		}
		if p := power(heard[:piece]); p > 0.8*loud {
			pure := 2 * (xc*xc + xs*xs) / piece / piece
			all = append(all, 10*math.Log10(pure/max(p-pure, 1e-12)))
		}
	}
	if len(all) == 0 {
		t.Fatal("no tone is heard")
	}
	slices.Sort(all)
	broken := 0
	for _, v := range all {
		if v < 10 {
			broken++
		}
	}
	t.Logf("the tone is %.1f dB above all else in the median of %d pieces of 20 ms, %.1f at best; %d are broken; it is heard for %.0f %% of what was played",
		all[len(all)/2], len(all), all[len(all)-1], broken, 100*float64(len(all))/float64(whole)/sounding)
	if best := all[len(all)*9/10]; best < 20 {
		t.Errorf("even the best tenth of the pieces is only %.1f dB above all else", best)
	}
}
