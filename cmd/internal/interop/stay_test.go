//go:build interop

package interop

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/interop/stats"
)

// envStay is how long the meetings of these tests last, such as "5m"; without it they are left out. `make stay` sets it.
const envStay = "PARAVENT_STAY"

func stayTime(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(os.Getenv(envStay))
	if err != nil || d <= 0 {
		t.Skipf("%s says how long, such as 5m", envStay)
	}
	return d
}

// lasting is a context for a meeting of the given time, with some for coming and going.
func lasting(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(t.Context()), d+3*time.Minute, errors.New("the time is over"))
	t.Cleanup(cancel)
	return ctx
}

// guest lets a client in that sends a picture and a sound, and watches all.
func guest(ctx context.Context, t *testing.T, link, name string) *rig.Client {
	t.Helper()
	home, err := rig.Home()
	if err != nil {
		t.Fatal(err)
	}
	c, err := rig.OpenClient(ctx, t.TempDir(), link, "--name", name, "--room-gate", "off", "--background", "off", "--watch", "all",
		"--camera", "pattern", "--microphone", "file:"+filepath.Join(home, "assets/try/colleague.wav"), "--speaker", "off")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Colon("leave")
		if code, err := c.End(ctx); err != nil || code != 0 {
			t.Errorf("%s: leaving: exit code %d, %v", name, code, err)
		}
	})
	if _, err := c.Event(ctx, "joined"); err != nil {
		t.Fatal(err)
	}
	return c
}

// A crossing is what one sent and another got of it between two moments. A picture is sent in several sizes, of which one is got.
type crossing struct {
	from, to, source   string
	seconds            float64
	sent, got, lost    uint64 // packets
	sentPictures, seen uint64
}

func (x crossing) judge(t *testing.T) {
	t.Helper()
	t.Logf("%s to %s, %s: %.0f s, %d packets sent in all sizes, %d got, %d lost; %d frames made in the size with most, %d decoded", x.from, x.to, x.source, x.seconds, x.sent, x.got, x.lost, x.sentPictures, x.seen)
	if x.sent == 0 || x.got == 0 || x.lost > 0 {
		t.Errorf("%s to %s: %s was lost", x.from, x.to, x.source)
	}
	// On a busy machine the largest size, which is got, has fewer pictures than the smallest, which is counted.
	if x.source == "camera" && float64(x.seen) < 0.9*float64(x.sentPictures) {
		t.Errorf("%s to %s: %d pictures of %d were seen", x.from, x.to, x.seen, x.sentPictures)
	}
}

// between holds what is got at one end against what is sent at the other.
func between(from, to string, source string, a, b [2]stats.Line) crossing {
	x := crossing{from: from, to: to, source: source, seconds: b[1].Seconds - b[0].Seconds}
	x.sent = a[1].Sent[source].Packets - a[0].Sent[source].Packets
	x.sentPictures = a[1].Sent[source].Frames - a[0].Sent[source].Frames
	r0, _ := b[0].From(from, source)
	r1, _ := b[1].From(from, source)
	x.got, x.lost, x.seen = r1.Packets-r0.Packets, r1.Lost-r0.Lost, r1.Frames-r0.Frames
	return x
}

// stay waits until everybody gets everything of everybody, and returns the figures then and at the end.
func stay(ctx context.Context, t *testing.T, d time.Duration, all map[string]*rig.Client, others ...string) map[string][2]stats.Line {
	t.Helper()
	first := make(map[string]stats.Line)
	for name, c := range all {
		l, err := c.FiguresThat(ctx, func(l stats.Line) bool {
			for other := range all {
				p, _ := l.From(other, "camera")
				s, _ := l.From(other, "microphone")
				if other != name && (p.Frames < 30 || s.Packets < 50) {
					return false
				}
			}
			for _, other := range others {
				if p, _ := l.From(other, "camera"); p.Frames < 30 {
					return false
				}
			}
			return true
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		first[name] = l
	}
	figures := make(map[string][2]stats.Line)
	for name, c := range all {
		l, err := c.FiguresThat(ctx, func(l stats.Line) bool { return l.Seconds >= first[name].Seconds+d.Seconds() })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		figures[name] = [2]stats.Line{first[name], l}
	}
	return figures
}

func TestTwoOfUsAndABrowserStayInOneRoom(t *testing.T) {
	d := stayTime(t)
	ctx := lasting(t, d)
	room, err := rig.OpenRoom(ctx, "Anna", "Bert", theirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, room.Stop(true)); _, _ = room.End(ctx) })
	browser, err := rig.OpenBrowser(ctx, room.Guest(theirs), rig.BrowserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, browser.Leave()); _, _ = browser.End(ctx) })
	if _, err := browser.Event(ctx, "published", "", ""); err != nil {
		t.Fatal(err)
	}
	all := map[string]*rig.Client{
		"Anna": guest(ctx, t, room.Guest("Anna").Link, "Anna"), "Bert": guest(ctx, t, room.Guest("Bert").Link, "Bert"),
	}
	for name := range all {
		if _, err := browser.Event(ctx, "first-picture", name, "camera"); err != nil {
			t.Fatal(err)
		}
	}
	before, err := browser.Figures(ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	figures := stay(ctx, t, d, all, theirs)
	after, err := browser.Figures(ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	judge(t, figures)
	window := after.Time().Sub(before.Time()).Seconds()
	for name, f := range figures {
		for _, source := range []string{"camera", "microphone"} {
			g0, g1 := rig.Find(before.Received, name, source), rig.Find(after.Received, name, source)
			crossing{
				from: name, to: theirs, source: source, seconds: window,
				sent: f[1].Sent[source].Packets - f[0].Sent[source].Packets, got: g1.Packets - g0.Packets, lost: uint64(max(0, g1.Lost-g0.Lost)),
				sentPictures: f[1].Sent[source].Frames - f[0].Sent[source].Frames, seen: g1.Frames - g0.Frames,
			}.judge(t)
			s0, s1 := rig.Find(before.Sent, "", source), rig.Find(after.Sent, "", source)
			r0, _ := f[0].From(theirs, source)
			r1, _ := f[1].From(theirs, source)
			crossing{
				from: theirs, to: name, source: source, seconds: f[1].Seconds - f[0].Seconds,
				sent: s1.Packets - s0.Packets, got: r1.Packets - r0.Packets, lost: r1.Lost - r0.Lost,
				sentPictures: s1.Frames - s0.Frames, seen: r1.Frames - r0.Frames,
			}.judge(t)
		}
	}
}

func TestTwoOfUsStayInARoomOfJanus(t *testing.T) {
	d := stayTime(t)
	ctx := lasting(t, d)
	link, err := rig.OpenJanus(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	judge(t, stay(ctx, t, d, map[string]*rig.Client{"Anna": guest(ctx, t, link, "Anna"), "Bert": guest(ctx, t, link, "Bert")}))
}

// judge holds everybody against everybody.
func judge(t *testing.T, all map[string][2]stats.Line) {
	t.Helper()
	for from, a := range all {
		for to, b := range all {
			if from == to {
				continue
			}
			for _, source := range []string{"camera", "microphone"} {
				between(from, to, source, a, b).judge(t)
			}
		}
	}
}
