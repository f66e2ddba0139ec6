package soundcard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paravent/media/capture"
	"paravent/media/frame"
)

// A daemon is a PulseAudio of the test's own, without hardware.
type daemon struct {
	t    testing.TB
	sock string
}

func startDaemon(t *testing.T, script ...string) *daemon {
	t.Helper()
	for _, prog := range []string{"pulseaudio", "pactl"} {
		if _, err := exec.LookPath(prog); err != nil {
			t.Skipf("%s is not installed (Debian package pulseaudio): devices were not tested", prog)
		}
	}
	dir, err := os.MkdirTemp("", "pa") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &daemon{t: t, sock: filepath.Join(dir, "native")}
	script = append(script, "load-module module-native-protocol-unix auth-anonymous=1 socket="+d.sock)
	conf := filepath.Join(dir, "script.pa")
	if err := os.WriteFile(conf, []byte(strings.Join(script, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"HOME": dir, "XDG_RUNTIME_DIR": dir, "XDG_CONFIG_HOME": dir, "PULSE_SERVER": "unix:" + d.sock,
		"PULSE_RUNTIME_PATH": dir, "DBUS_SESSION_BUS_ADDRESS": "disabled:",
	} {
		t.Setenv(k, v)
	}
	cmd := exec.Command("pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-n", "-F", conf)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	until(t, "the sound daemon", func() bool {
		return exec.Command("pactl", "info").Run() == nil
	})
	return d
}

// pactl runs a command of PulseAudio's control program and returns its output.
func (d *daemon) pactl(args ...string) string {
	d.t.Helper()
	out, err := exec.Command("pactl", args...).CombinedOutput()
	if err != nil {
		d.t.Fatalf("pactl %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (d *daemon) count(what string) int {
	d.t.Helper()
	out := d.pactl("list", "short", what)
	if out == "" {
		return 0
	}
	return strings.Count(out, "\n") + 1
}

func sink(name string) string {
	return fmt.Sprintf("load-module module-null-sink sink_name=%s rate=48000 channels=1 sink_properties=device.description=%s", name, strings.ToUpper(name[:1])+name[1:])
}

func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(15 * time.Second)
	defer limit.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("waited 15 s for %s", what)
		}
	}
}

// noise plays the same hiss each time, at a known level.
type noise struct {
	state uint32
	pulls atomic.Uint64
}

func (n *noise) Pull(out *frame.Block) {
	n.pulls.Add(1)
	for i := range out {
		n.state = n.state*1664525 + 1013904223
		out[i] = (float32(n.state>>8)/(1<<24) - 0.5) / 2
	}
}

func mustOpen(t *testing.T, w Wish, play *noise) *Card {
	t.Helper()
	c, err := Open(t.Context(), w, play)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func change(t *testing.T, c *Card) Change {
	t.Helper()
	select {
	case ch := <-c.Changes():
		return ch
	case <-time.After(15 * time.Second):
		t.Fatal("no change was announced")
		return Change{}
	}
}

func TestWhatIsPlayedIsHeardExactlyAndOnOneClock(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		start(t, sink("ear"))
		c := mustOpen(t, Wish{Speaker: "ear", Microphone: "ear.monitor"}, &noise{})
		m, err := c.OpenMicrophone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// A machine that is busy makes the daemon stutter, and then nothing can be told of that moment. So this listens for as long as it
		// takes, a minute at most, until enough blocks came back, and half a second of them in a row, by one clock.
		var p pairs
		var s frame.Sound
		for n := 0; n < 6000 && (p.same < 125 || p.longest < 50); n++ {
			if err := m.Next(t.Context(), &s); err != nil {
				t.Fatal(err)
			}
			if s.At%frame.BlockFor != 0 || (n == 0 && s.At != 0) {
				t.Fatalf("block %d is of %v", n, s.At)
			}
			p.add(&s)
		}
		t.Logf("%d of %d blocks came back exactly, %d of them in a row %.1f ms after they were paired; %d stutters", p.same, p.looked, p.longest, float64(p.longLag)/48, p.moves)
		if p.same < 125 || p.longest < 50 {
			t.Errorf("only %d of %d blocks came back as they were played, %d of them in a row", p.same, p.looked, p.longest)
		}
	})
}

func TestMutingClosesTheDeviceWithinHalfASecond(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		d := start(t, sink("ear"), sink("mouth"))
		play := &noise{}
		c := mustOpen(t, Wish{Speaker: "ear", Microphone: "mouth.monitor"}, play)
		if n := d.count("source-outputs"); n != 0 {
			t.Fatalf("%d microphones are open before anybody asked", n)
		}
		for range 3 {
			m, err := c.OpenMicrophone(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var s frame.Sound
			if err := m.Next(t.Context(), &s); err != nil {
				t.Fatal(err)
			}
			if n := d.count("source-outputs"); n != 1 || c.InUse().Microphone.ID != "mouth.monitor" {
				t.Fatalf("%d microphones are open, in use %+v", n, c.InUse())
			}
			began := time.Now()
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
			closed := time.Since(began)
			if n := d.count("source-outputs"); n != 0 || c.InUse().Microphone.ID != "" {
				t.Fatalf("%d microphones are open after Close, in use %+v", n, c.InUse())
			}
			took := time.Since(began)
			t.Logf("Close took %v, seen from outside after %v", closed, took)
			if took > 500*time.Millisecond {
				t.Errorf("closing took %v", took)
			}
			if err := m.Next(t.Context(), &s); !errors.Is(err, ErrClosed) {
				t.Fatalf("Next after Close: %v", err)
			}
		}
		before := play.pulls.Load()
		until(t, "sound after the microphone was closed", func() bool { return play.pulls.Load() > before+20 })
	})
}

func TestALostSpeakerEndsInWordsAndNeverFallsToAnother(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		d := start(t, sink("loudspeaker"), sink("headset"))
		module := strings.Fields(d.pactl("list", "short", "modules"))[0]
		for line := range strings.Lines(d.pactl("list", "short", "modules")) {
			if strings.Contains(line, "headset") {
				module = strings.Fields(line)[0]
			}
		}
		play := &noise{}
		c := mustOpen(t, Wish{Speaker: "Head", Microphone: Off}, play)
		if c.InUse().Speaker.Label != "Headset" {
			t.Fatal(c.InUse())
		}
		until(t, "sound", func() bool { return play.pulls.Load() > 10 })
		d.pactl("unload-module", module)
		began := time.Now()
		ch := change(t, c)
		t.Logf("told after %v: %v", time.Since(began), ch.Err)
		if !ch.Lost || ch.Device.Label != "Headset" || ch.Device.Kind != capture.SpeakerKind || !errors.Is(ch.Err, capture.ErrUnplugged) {
			t.Fatalf("%+v", ch)
		}
		if n := d.count("sink-inputs"); n != 0 {
			t.Errorf("%d streams still play", n)
		}
		if c.InUse() != (Use{}) {
			t.Errorf("in use: %+v", c.InUse())
		}
		d.pactl(strings.Fields(sink("headset"))...)
		if ch := change(t, c); ch.Lost || ch.Device.Label != "Headset" {
			t.Fatalf("%+v", ch)
		}
		before := play.pulls.Load()
		until(t, "sound on the headset that came back", func() bool { return play.pulls.Load() > before+10 })
	})
}

func TestALostMicrophoneEndsAndTheSpeakerGoesOn(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		d := start(t, sink("ear"), sink("mouth"))
		play := &noise{}
		c := mustOpen(t, Wish{Speaker: "ear", Microphone: "mouth.monitor"}, play)
		m, err := c.OpenMicrophone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(d.pactl("list", "short", "modules")) {
			if strings.Contains(line, "mouth") {
				d.pactl("unload-module", strings.Fields(line)[0])
			}
		}
		var s frame.Sound
		for err == nil {
			err = m.Next(t.Context(), &s)
		}
		if de := (*capture.DeviceError)(nil); !errors.As(err, &de) || !errors.Is(err, capture.ErrUnplugged) {
			t.Fatal(err)
		}
		if ch := change(t, c); !ch.Lost || ch.Device.Kind != capture.MicrophoneKind {
			t.Fatalf("%+v", ch)
		}
		before := play.pulls.Load()
		until(t, "sound", func() bool { return play.pulls.Load() > before+10 })
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		d.pactl(strings.Fields(sink("mouth"))...)
		if ch := change(t, c); ch.Lost || ch.Device.ID != "mouth.monitor" {
			t.Fatalf("%+v", ch)
		}
		if n := d.count("source-outputs"); n != 0 {
			t.Errorf("%d microphones opened by themselves", n)
		}
	})
}

func TestTheSystemDefaultIsFollowedAndSaysSo(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		d := start(t, sink("ear"), sink("mouth"), "set-default-sink ear")
		c := mustOpen(t, Wish{Microphone: Off}, &noise{})
		if c.InUse().Speaker.ID != "ear" {
			t.Fatal(c.InUse())
		}
		d.pactl("set-default-sink", "mouth")
		if ch := change(t, c); ch.Lost || ch.Device.ID != "mouth" || c.InUse().Speaker.ID != "mouth" {
			t.Fatalf("%+v, in use %+v", ch, c.InUse())
		}
	})
}

func TestTheListOpensNothingAndTakesNoMonitorForAMicrophone(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		d := start(t, sink("ear"))
		devs, err := Finder{}.Devices(t.Context())
		if err != nil || len(devs) != 1 || devs[0].Label != "Ear" || !devs[0].Default || devs[0].Kind != capture.SpeakerKind {
			t.Fatal(devs, err)
		}
		if n := d.count("source-outputs") + d.count("sink-inputs"); n != 0 {
			t.Errorf("%d streams are open", n)
		}
		c := mustOpen(t, Wish{Speaker: "ear"}, &noise{})
		if _, err := c.OpenMicrophone(t.Context()); !errors.Is(err, capture.ErrNoDevice) {
			t.Errorf("the default microphone of a machine without one: %v", err)
		}
		if n := d.count("sink-inputs"); n != 1 {
			t.Errorf("%d streams play", n)
		}
	})
}

func TestAMicrophoneAloneHearsSilenceAsTheFarEnd(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		start(t, sink("ear"))
		play := &noise{}
		c := mustOpen(t, Wish{Speaker: Off, Microphone: "ear.monitor"}, play)
		m, err := c.OpenMicrophone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var s frame.Sound
		for range 20 {
			if err := m.Next(t.Context(), &s); err != nil || s.Far != (frame.Block{}) {
				t.Fatal(err, s.Far)
			}
		}
		if play.pulls.Load() != 0 {
			t.Error("something was played")
		}
	})
}

func TestTheEndOfTheSoundSystemIsSurvived(t *testing.T) {
	d := startDaemon(t, sink("ear"))
	c := mustOpen(t, Wish{Speaker: "ear", Microphone: "ear.monitor"}, &noise{})
	m, err := c.OpenMicrophone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.pactl("exit")
	var s frame.Sound
	for err == nil {
		err = m.Next(t.Context(), &s)
	}
	if !errors.Is(err, capture.ErrUnplugged) {
		t.Error(err)
	}
	for range 2 {
		if ch := change(t, c); !ch.Lost {
			t.Errorf("%+v", ch)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestAMissingDeviceIsSaidByName(t *testing.T) {
	onEach(t, func(t *testing.T, start starter) {
		start(t, sink("ear"), sink("eagle"))
		for _, w := range []Wish{{Speaker: "trumpet", Microphone: Off}, {Speaker: Off, Microphone: "trumpet"}, {Speaker: "ea", Microphone: Off}} {
			_, err := Open(context.Background(), w, &noise{})
			if de := (*capture.DeviceError)(nil); !errors.As(err, &de) || !errors.Is(err, capture.ErrNoDevice) {
				t.Errorf("%+v: %v", w, err)
			} else {
				t.Log(err)
			}
		}
	})
}
