package ways

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/codec"
	"paravent/media/codec/opus"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/loopback"
	"paravent/media/soundcard"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
)

// startSound starts a PulseAudio of the test's own with two null sinks: an "ear"
// that is played on, and a "mouth" whose monitor is the microphone. Something plays
// on the mouth, because the monitor of an idle sink is late by up to two seconds.
func startSound(t *testing.T) {
	t.Helper()
	for _, prog := range []string{"pulseaudio", "pactl"} {
		if _, err := exec.LookPath(prog); err != nil {
			t.Skipf("%s is not installed (Debian packages pulseaudio, pulseaudio-utils): the mute was not seen from outside", prog)
		}
	}
	dir, err := os.MkdirTemp("", "pa") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	sock, script := filepath.Join(dir, "native"), ""
	for _, name := range []string{"ear", "mouth"} {
		script += "load-module module-null-sink sink_name=" + name + " rate=48000 channels=1\n"
	}
	script += "load-module module-native-protocol-unix auth-anonymous=1 socket=" + sock + "\n"
	conf := filepath.Join(dir, "script.pa")
	if err := os.WriteFile(conf, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"HOME": dir, "XDG_RUNTIME_DIR": dir, "XDG_CONFIG_HOME": dir, "PULSE_SERVER": "unix:" + sock,
		"PULSE_RUNTIME_PATH": dir, "DBUS_SESSION_BUS_ADDRESS": "disabled:",
	} {
		t.Setenv(k, v)
	}
	cmd := exec.Command("pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-n", "-F", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	until(t, "the sound daemon", func() bool { return exec.Command("pactl", "info").Run() == nil })
	play := exec.Command("pacat", "--device=mouth", "--latency-msec=10", "--raw", "/dev/zero")
	if err := play.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		play.Process.Kill()
		play.Wait()
	})
}

// recorders is how many streams read a source, by the sound server's own list.
func recorders(t *testing.T) int {
	t.Helper()
	out, err := exec.Command("pactl", "list", "short", "source-outputs").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(out), "\n")
}

// sourceOf is how the sound server says that the microphone is.
func sourceOf(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("pactl", "list", "short", "sources").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Fields(line)[1] == "mouth.monitor" {
			return strings.Fields(line)[len(strings.Fields(line))-1]
		}
	}
	t.Fatalf("there is no microphone: %s", out)
	return ""
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
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

// A clock plays silence and counts it, so that time passes by the sound server's
// own clock.
type clock struct{ pulls atomic.Int64 }

func (c *clock) Pull(out *frame.Block) { *out = frame.Block{}; c.pulls.Add(1) }

// A hum is a filter that makes every block a tone, so that there is always
// something to send.
type hum struct{}

func (hum) Name() string { return "hum" }

func (hum) Apply(s *frame.Sound) error {
	for i := range s.Near {
		s.Near[i] = 0.25 * float32(1-2*(i/60%2))
	}
	return nil
}

func (hum) Notes() filter.Notes { return filter.HeldBack }

// A stay is a call with a real microphone, beside somebody who counts what comes.
type stay struct {
	*call.Call
	clock *clock
	got   atomic.Int64
}

func enter(t *testing.T, set call.Settings) *stay {
	t.Helper()
	s := &stay{clock: new(clock)}
	card, err := soundcard.Open(t.Context(), soundcard.Wish{Speaker: "ear", Microphone: "mouth.monitor"}, s.clock)
	if err != nil {
		t.Fatal(err)
	}
	house := loopback.New()
	join := func(name string) sfu.Session {
		session, err := house.Join(t.Context(), sfu.Room{Name: "room"}, sfu.Pass{DisplayName: name}, sfu.Kit{})
		if err != nil {
			t.Fatal(err)
		}
		return session
	}
	other := join("other")
	set.Policy, set.Began, set.Rehearsal = policy.Default(), time.Now(), true // which has meters
	set.Sound = codec.SoundSettings{Bitrate: 32_000, PacketFor: 20 * time.Millisecond}
	s.Call = call.New(sealed.Plain(join("me")), set, call.Equipment{
		Microphones: card, Codecs: codec.Set{NewSoundEncoder: opus.NewEncoder, NewSoundDecoder: opus.NewDecoder},
		Play:       func(present.AudioSource, *present.Volume) func() { return func() {} },
		SoundChain: func() (*filter.AudioChain, error) { return filter.NewAudioChain(nil, hum{}) },
		Log:        slog.New(slog.DiscardHandler),
	})
	ctx, leave := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	go func() { s.Run(ctx); ended <- struct{}{} }()
	go func() {
		defer func() { ended <- struct{}{} }()
		for e := range other.Events() {
			if added, ok := e.(sfu.TrackAdded); ok {
				in, err := other.Subscribe(ctx, added.Track.ID)
				for err == nil {
					if _, err = in.Receive(ctx); err == nil {
						s.got.Add(1)
					}
				}
			}
			if _, over := e.(sfu.MemberLeft); over {
				return
			}
		}
	}()
	t.Cleanup(func() {
		leave()
		<-ended
		<-ended
		card.Close()
	})
	return s
}

// wait lets half a second go by on the sound server's clock.
func (s *stay) wait(t *testing.T) {
	t.Helper()
	begin := s.clock.pulls.Load()
	until(t, "half a second of playing", func() bool { return s.clock.pulls.Load() >= begin+50 })
}

// isClosed checks that nothing is read, measured or sent, for half a second.
func (s *stay) isClosed(t *testing.T, when string) {
	t.Helper()
	got := s.got.Load()
	if n := recorders(t); n != 0 || sourceOf(t) == "RUNNING" {
		t.Errorf("%s: %d streams read the microphone, which is %s", when, n, sourceOf(t))
	}
	s.wait(t)
	if n := recorders(t); n != 0 || sourceOf(t) == "RUNNING" {
		t.Errorf("%s, later: %d streams read the microphone, which is %s", when, n, sourceOf(t))
	}
	if n := s.got.Load() - got; n != 0 {
		t.Errorf("%s: %d packets came", when, n)
	}
	st := s.State()
	if m := st.Meters; m.Second > 0 && (m.Level != call.Silence || m.Peak != call.Silence || m.SoundUp != 0) || st.Own.Microphone.Notes != 0 {
		t.Errorf("%s: meters %+v, notes %v", when, m, st.Own.Microphone.Notes)
	}
}

func TestMutedMeansClosedForTheSoundServerTheMetersAndTheOtherSide(t *testing.T) {
	startSound(t)
	s := enter(t, call.Settings{})
	s.isClosed(t, "before anybody said so")
	for range 2 {
		if err := s.SetMicrophone(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		begin := s.got.Load()
		until(t, "packets", func() bool { return s.got.Load() > begin+10 })
		until(t, "a note", func() bool { return s.State().Own.Microphone.Notes == filter.HeldBack })
		until(t, "a meter", func() bool { return s.State().Meters.Level > -40 && s.State().Meters.Peak > -40 })
		if n := recorders(t); n != 1 {
			t.Fatalf("%d streams read the microphone", n)
		}
		if err := s.SetMicrophone(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		s.isClosed(t, "muted")
	}
	if err := s.SetMicrophone(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	s.Panic()
	until(t, "the microphone to close", func() bool { return s.State().Own.Microphone.Phase == call.Off })
	s.isClosed(t, "after panic")
}

func TestBetweenTwoPressesTheMicrophoneIsClosed(t *testing.T) {
	startSound(t)
	s := enter(t, call.Settings{PushToTalk: true})
	s.isClosed(t, "before a press")
	for n := range 5 {
		begin, sent := time.Now(), s.got.Load()
		if err := s.Talk(true); err != nil {
			t.Fatal(err)
		}
		until(t, "the microphone", func() bool { return s.State().Own.Heard() })
		open := time.Since(begin)
		until(t, "a packet", func() bool { return s.got.Load() > sent })
		t.Logf("press %d: open after %v, the first packet of 20 ms is there after %v", n, open, time.Since(begin))
		if err := s.Talk(false); err != nil {
			t.Fatal(err)
		}
		until(t, "the microphone to close", func() bool { return s.State().Own.Microphone.Phase == call.Off })
		s.isClosed(t, "let go")
	}
}
