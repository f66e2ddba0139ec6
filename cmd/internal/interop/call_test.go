//go:build interop

// Package interop holds the client against the real world: a LiveKit server and Chromium, as processes on this machine. `make interop`
// builds and installs what the tests need. They take turns: two cores do not carry two meetings.
package interop

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/interop/stats"
)

// meeting is a room with the client and perhaps the browser in it.
type meeting struct {
	ctx     context.Context //nolint:containedctx // one test long, like the meeting itself
	room    *rig.Room
	client  *rig.Client
	browser *rig.Browser
}

// setting is what a test varies.
type setting struct {
	browser *rig.BrowserOptions // nil: no browser
	wire    bool                // the client's signalling runs over a wire that can be cut
	client  []string            // more options of join
}

const (
	ours   = "Anna"
	theirs = "Browser"
)

// meet opens a room, lets the browser and then the client in, and returns when both have said that they joined.
func meet(t *testing.T, s setting) (*meeting, *rig.Wire) {
	t.Helper()
	return meetFor(t, 2*time.Minute, s)
}

// meetFor is meet for a meeting that may take so long.
func meetFor(t *testing.T, most time.Duration, s setting) (*meeting, *rig.Wire) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(t.Context()), most, errors.New("the meeting takes too long"))
	t.Cleanup(cancel)
	m := &meeting{ctx: ctx}
	var err error
	if m.room, err = rig.OpenRoom(ctx, ours, theirs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, m.room.Stop(true)); _, _ = m.room.End(ctx) })
	if s.browser != nil {
		if m.browser, err = rig.OpenBrowser(ctx, m.room.Guest(theirs), *s.browser); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { end(t, m.browser.Leave()); _, _ = m.browser.End(ctx) })
		what := "published"
		if s.browser.Listen {
			what = "joined"
		}
		if _, err := m.browser.Event(ctx, what, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	link := m.room.Guest(ours).Link
	var wire *rig.Wire
	if s.wire {
		if wire, err = rig.NewWire(ctx, m.room.Host()); err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		u.Host = wire.Host()
		link = u.String()
	}
	args := append([]string{"--name", ours, "--room-gate", "off", "--background", "off", "--watch", "all"}, s.client...)
	if m.client, err = rig.OpenClient(ctx, t.TempDir(), link, args...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = m.client.Colon("leave")
		if _, err := m.client.End(ctx); err != nil {
			t.Errorf("leaving: %v", err)
		}
	})
	if _, err := m.client.Event(ctx, "joined"); err != nil {
		t.Fatal(err)
	}
	return m, wire
}

func end(t *testing.T, err error) {
	t.Helper()
	if err != nil && !strings.Contains(err.Error(), "already finished") && !strings.Contains(err.Error(), "already closed") {
		t.Log(err)
	}
}

// live is a client that sends a moving picture and speech and keeps what it hears to itself.
func live(t *testing.T, more ...string) []string {
	t.Helper()
	home, err := rig.Home()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"--camera", "pattern", "--microphone", "file:" + filepath.Join(home, "assets/try/colleague.wav"), "--speaker", "off"}, more...)
}

// rate is what passed per second between two moments.
func rate(before, after uint64, seconds float64) float64 { return float64(after-before) / seconds }

// made is what the test picture and the browser's camera give: pictures a second.
const made = 30

// measured is how long streams are counted.
const measured = 10

func TestPicturesAndSoundCrossBothWays(t *testing.T) {
	for _, codec := range []string{"vp8", "vp9", "h264"} {
		t.Run(codec, func(t *testing.T) {
			m, _ := meet(t, setting{browser: &rig.BrowserOptions{Codec: codec}, client: live(t, "--codec", codec)})
			crossIn(t, m, codec)
			crossOut(t, m, codec)
		})
	}
	t.Run("av1 from the browser", func(t *testing.T) {
		m, _ := meet(t, setting{browser: &rig.BrowserOptions{Codec: "av1"}, client: live(t, "--codec", "vp8")})
		crossIn(t, m, "av1")
	})
}

// crossIn holds what we decode against what the browser sends.
func crossIn(t *testing.T, m *meeting, codec string) {
	t.Helper()
	begun, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool {
		r, ok := l.From(theirs, "camera")
		return ok && r.Frames > 0 && r.Height == 360
	})
	if err != nil {
		t.Fatal(err)
	}
	sentBefore, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	now, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool { return l.Seconds >= begun.Seconds+measured })
	if err != nil {
		t.Fatal(err)
	}
	sentAfter, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	window := sentAfter.Time().Sub(sentBefore.Time()).Seconds()
	s0, s1 := rig.Find(sentBefore.Sent, "", "camera"), rig.Find(sentAfter.Sent, "", "camera")
	r0, _ := begun.From(theirs, "camera")
	r1, _ := now.From(theirs, "camera")
	sent, decoded := rate(s0.Frames, s1.Frames, window), rate(r0.Frames, r1.Frames, now.Seconds-begun.Seconds)
	t.Logf("browser to us: %.1f pictures a second sent (%s, %dx%d), %.1f decoded (%s, %dx%d), %d packets lost", sent, s1.Codec, s1.Width, s1.Height, decoded, r1.Codec, r1.Width, r1.Height, r1.Lost)
	if s1.Codec != codec || !strings.EqualFold(r1.Codec, codec) {
		t.Errorf("the browser sends %s and we decode %s, want %s", s1.Codec, r1.Codec, codec)
	}
	enough(t, "pictures from the browser", sent, decoded)

	s0, s1 = rig.Find(sentBefore.Sent, "", "microphone"), rig.Find(sentAfter.Sent, "", "microphone")
	r0, _ = begun.From(theirs, "microphone")
	r1, _ = now.From(theirs, "microphone")
	enough(t, "sound packets from the browser", rate(s0.Packets, s1.Packets, window), rate(r0.Packets, r1.Packets, now.Seconds-begun.Seconds))
}

// crossOut holds what the browser decodes against what we send.
func crossOut(t *testing.T, m *meeting, codec string) {
	t.Helper()
	if _, err := m.browser.Event(m.ctx, "first-picture", ours, "camera"); err != nil {
		t.Fatal(err)
	}
	gotBefore, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	all, err := m.client.Figures()
	if err != nil {
		t.Fatal(err)
	}
	begun := all[len(all)-1]
	now, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool { return l.Seconds >= begun.Seconds+measured })
	if err != nil {
		t.Fatal(err)
	}
	gotAfter, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	window := gotAfter.Time().Sub(gotBefore.Time()).Seconds()
	g0, g1 := rig.Find(gotBefore.Received, ours, "camera"), rig.Find(gotAfter.Received, ours, "camera")
	sent := rate(begun.Sent["camera"].Frames, now.Sent["camera"].Frames, now.Seconds-begun.Seconds)
	decoded := rate(g0.Frames, g1.Frames, window)
	t.Logf("us to browser: %.1f pictures a second sent, %.1f decoded (%s, %dx%d), %d packets lost", sent, decoded, g1.Codec, g1.Width, g1.Height, g1.Lost)
	if g1.Codec != codec {
		t.Errorf("the browser decodes %s, want %s", g1.Codec, codec)
	}
	if sent < 20 {
		t.Errorf("only %.1f pictures a second are sent", sent)
	}
	enough(t, "pictures to the browser", min(sent, made), decoded)

	g0, g1 = rig.Find(gotBefore.Received, ours, "microphone"), rig.Find(gotAfter.Received, ours, "microphone")
	if samples := g1.Samples - g0.Samples; samples == 0 || float64(g1.Concealed-g0.Concealed) > 0.1*float64(samples) {
		t.Errorf("the browser hears %d samples of us, %d of them made up", samples, g1.Concealed-g0.Concealed)
	}
	if g1.Energy-g0.Energy < 1e-4 {
		t.Errorf("the browser hears nothing: energy %g", g1.Energy-g0.Energy)
	}
}

func enough(t *testing.T, what string, sent, got float64) {
	t.Helper()
	if sent == 0 || got < 0.9*sent {
		t.Errorf("%s: %.1f a second arrive of %.1f sent, want 90 %%", what, got, sent)
	}
}

func TestWeHearTheBrowser(t *testing.T) {
	heard := filepath.Join(t.TempDir(), "heard.wav")
	m, _ := meet(t, setting{browser: &rig.BrowserOptions{}, client: []string{"--camera", "off", "--microphone", "off", "--speaker", "file:" + heard}})
	if _, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool {
		r, ok := l.From(theirs, "microphone")
		return ok && r.Packets > 250
	}); err != nil {
		t.Fatal(err)
	}
	if err := m.client.Colon("leave"); err != nil {
		t.Fatal(err)
	}
	if code, err := m.client.End(m.ctx); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v", code, err)
	}
	b, err := os.ReadFile(heard)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) < 44+48000*2 || string(b[:4]) != "RIFF" {
		t.Fatalf("%d bytes of %q", len(b), b[:min(4, len(b))])
	}
	var sum float64
	samples := b[44:]
	for i := 0; i+1 < len(samples); i += 2 {
		v := float64(int16(binary.LittleEndian.Uint16(samples[i:])))
		sum += v * v
	}
	if level := math.Sqrt(sum / float64(len(samples)/2)); level < 50 {
		t.Errorf("only silence was heard: level %.1f of 32767", level)
	}
}

func TestChatCrossesBothWays(t *testing.T) {
	m, _ := meet(t, setting{browser: &rig.BrowserOptions{Listen: true}, client: live(t)})
	const toThem, toUs = "Grüße aus dem Paravent 🙂", "greetings from the browser"
	if err := m.client.Colon("say " + toThem); err != nil {
		t.Fatal(err)
	}
	l, err := m.browser.Event(m.ctx, "chat", ours, "")
	if err != nil {
		t.Fatal(err)
	}
	if l.Text != toThem {
		t.Errorf("the browser reads %q, want %q", l.Text, toThem)
	}
	if err := m.browser.Say(toUs); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.client.Await(m.ctx, 0, func(l rig.ClientLine) bool {
		return l.Event == "chat" && l.Member == theirs && strings.Contains(l.Text, toUs)
	}); err != nil {
		t.Error(err)
	}
}

func TestOurHandAndOurMuteAreSeen(t *testing.T) {
	m, _ := meet(t, setting{browser: &rig.BrowserOptions{Listen: true}, client: live(t)})
	for _, source := range []string{"camera", "microphone"} {
		if _, err := m.browser.Event(m.ctx, "subscribed", ours, source); err != nil {
			t.Fatal(err)
		}
	}
	raised := func(up bool) func(rig.BrowserLine) bool {
		return func(l rig.BrowserLine) bool {
			if l.Event != "attributes" || l.Name != ours {
				return false
			}
			set := false
			for k, v := range l.Attributes {
				if strings.Contains(strings.ToLower(k), "hand") {
					set = v != "" && v != "false" && v != "0"
				}
			}
			return set == up
		}
	}
	seen := 0
	for _, up := range []bool{true, false} {
		word := map[bool]string{true: "up", false: "down"}[up]
		if err := m.client.Colon("hand " + word); err != nil {
			t.Fatal(err)
		}
		_, next, err := m.browser.Await(m.ctx, seen, raised(up))
		if err != nil {
			t.Fatalf("hand %s: %v", word, err)
		}
		seen = next
	}
	if err := m.client.Colon("mic off"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.browser.Await(m.ctx, 0, func(l rig.BrowserLine) bool {
		return (l.Event == "muted" || l.Event == "unsubscribed") && l.Name == ours && l.Source == "microphone"
	}); err != nil {
		t.Errorf("mute: %v", err)
	}
	if err := m.browser.Hand(true); err != nil {
		t.Fatal(err)
	}
	if l, err := m.client.Event(m.ctx, "hand-up"); err != nil || l.Member != theirs {
		t.Errorf("the browser's hand: %+v, %v", l, err)
	}
}
