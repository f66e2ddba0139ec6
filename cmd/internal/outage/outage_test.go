//go:build linux

package outage

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// soon is how long a call may take to come back after the link has.
const soon = 3 * time.Second

func TestTheNetworkTellsThatItHasGoneAndIsBack(t *testing.T) {
	if !atHome(t) {
		return
	}
	n := follow(t, nil)
	await := func(up bool) {
		t.Helper()
		late := time.NewTimer(20 * time.Second)
		defer late.Stop()
		for changed := n.Changed(); n.Up() != up; changed = n.Changed() {
			select {
			case <-changed:
			case <-late.C:
				t.Fatalf("up is %v, want %v", !up, up)
			}
		}
	}
	await(false)
	h := openHall(t)
	await(true)
	cable := h.losses()["own"]
	cable.cut()
	await(false)
	cable.mend()
	await(true)
	changed := n.Changed()
	ip(t, "route", "add", "default", "via", hallAddress)
	select {
	case <-changed:
	case <-time.After(20 * time.Second):
		t.Error("another way out was not told")
	}
	h.ip("link", "set", "hall", "down")
	await(false)
}

// TestTheCallComesBackSoonAfterTheLink loses the link for 1, 5 and 30 seconds. A call comes
// back by itself, or says that it has ended.
func TestTheCallComesBackSoonAfterTheLink(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes and needs real servers, which -short leaves out")
	}
	for kind, open := range servers() {
		t.Run(kind, func(t *testing.T) {
			for _, how := range []string{"own", "silent"} {
				t.Run(how, func(t *testing.T) {
					if atHome(t) {
						loseTheLink(t, open, how)
					}
				})
			}
		})
	}
}

// TestTheCallFollowsToAnotherAddress takes this machine's address away and gives it another,
// as when it goes from one network to another.
func TestTheCallFollowsToAnotherAddress(t *testing.T) {
	if testing.Short() {
		t.Skip("needs real servers, which -short leaves out")
	}
	for kind, open := range servers() {
		t.Run(kind, func(t *testing.T) {
			if !atHome(t) {
				return
			}
			h := openHall(t)
			people := meet(t, open(h))
			for _, a := range []string{"10.77.0.3/24", homeAddress + "/24"} {
				ip(t, "addr", "flush", "dev", "home")
				ip(t, "addr", "add", a, "dev", "home")
				moved := time.Now()
				for _, p := range people {
					d, over := p.back(moved, 20*time.Second)
					if over != nil || d < 0 || d > soon {
						t.Errorf("%s: back after %v, or ended: %v", p.name, d, over)
					}
					t.Logf("moved to %s: %s: pictures and sound are back after %v (%s)", a, p.name, d.Round(10*time.Millisecond), p.links(moved, moved))
				}
			}
		})
	}
}

// meet lets two in, and waits until each gets what the other sends.
func meet(t *testing.T, s server) []*person {
	g := egress.NewGuard()
	net := follow(t, g)
	people := []*person{join(t, s, 0, "Ada", g, net), join(t, s, 1, "Bo", g, net)}
	for _, p := range people {
		if d, over := p.back(time.Now(), 20*time.Second); over != nil || d < 0 {
			t.Fatalf("%s: nothing came at first", p.name)
		}
	}
	return people
}

func loseTheLink(t *testing.T, open func(*hall) server, how string) {
	h := openHall(t)
	people := meet(t, open(h))
	way := h.losses()[how]
	for _, lost := range []time.Duration{time.Second, 5 * time.Second, 30 * time.Second} {
		cut := time.Now()
		way.cut()
		<-time.After(lost)
		returned := time.Now()
		way.mend()
		ended := 0
		for _, p := range people {
			d, over := p.back(returned, 20*time.Second)
			switch {
			case over != nil:
				ended++
				t.Logf("link lost for %v (%s): %s: ended in words after %v: %s", lost, how, p.name, p.overAt.Sub(cut).Round(10*time.Millisecond), over.Why)
				if over.Why != sfu.LinkLost || lost < 30*time.Second {
					t.Errorf("%s: the call ended", p.name)
				}
			case d < 0:
				t.Errorf("link lost for %v (%s): %s: neither back nor ended (%s; %d pictures and %d sounds came since)", lost, how, p.name, p.links(cut, returned), p.came(sfu.Camera, returned), p.came(sfu.Microphone, returned))
				for _, x := range people {
					t.Logf("%s: %+v", x.name, x.Stats())
				}
			default:
				t.Logf("link lost for %v (%s): %s: pictures and sound are back %v after the link (%s)", lost, how, p.name, d.Round(10*time.Millisecond), p.links(cut, returned))
				if d > soon {
					t.Errorf("%s: back only after %v", p.name, d)
				}
			}
		}
		if ended > 0 {
			return
		}
	}
}

// A person sends a picture and a sound, and takes what the other sends.
type person struct {
	sfu.Session
	t    *testing.T
	name string

	mu     sync.Mutex // guards everything that follows
	got    map[sfu.Source][]time.Time
	said   []said // of the link, and of tracks
	cut    bool   // the link is said to be
	over   *sfu.Ended
	overAt time.Time
}

// said is something that was said, and when.
type said struct {
	at    time.Time
	words string
}

func join(t *testing.T, s server, n int, name string, g *egress.Guard, net sfu.Network) *person {
	t.Helper()
	room, ok, err := s.kind.Room(s.links[n])
	if err != nil || !ok {
		t.Fatalf("no link: %v", err)
	}
	session, err := s.kind.Join(t.Context(), room, sfu.Pass{DisplayName: name, Token: secret.New(s.pass)}, kit(t, g, net))
	if err != nil {
		t.Fatal(err)
	}
	p := &person{Session: session, t: t, name: name, got: make(map[sfu.Source][]time.Time)}
	var done sync.WaitGroup
	done.Go(p.follow)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := session.Leave(ctx); err != nil {
			t.Error(err)
		}
		done.Wait()
	})
	for src, name := range map[sfu.Source]codec.Name{sfu.Camera: codec.VP8, sfu.Microphone: codec.Opus} {
		o := sfu.TrackOffer{Source: src, Codec: name}
		if !src.IsSound() {
			o.Layers = []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 400_000}}
		}
		out, err := session.Publish(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		sfutest.Send(t, out, name)
	}
	return p
}

// follow follows the network of the home.
func follow(t *testing.T, g *egress.Guard) sfu.Network {
	ctx, cancel := context.WithCancel(context.Background())
	n := egress.NewNetwork(g)
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return n
}

// kit lets only the server be spoken to.
func kit(t *testing.T, g *egress.Guard, net sfu.Network) sfu.Kit {
	g.Allow(egress.Signalling, hallAddress)
	g.Allow(egress.Media, hallAddress)
	client := g.Lane(egress.Signalling).HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	level := slog.LevelError + 1
	if os.Getenv("RTC_LOG") != "" {
		level = slog.LevelDebug
	}
	return sfu.Kit{
		Signalling: client, Media: g.Lane(egress.Media), Network: net,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
}

// follow subscribes to all that there is, as often as there is something new.
func (p *person) follow() {
	var all sync.WaitGroup
	defer all.Wait()
	for e := range p.Events() {
		if a, ok := e.(sfu.TrackAdded); ok && a.Track.Member != p.Self().ID {
			p.say(fmt.Sprintf("(%s is there)", a.Track.Source))
			all.Go(func() { p.take(a.Track) })
		}
		if l, ok := e.(sfu.LinkChanged); ok {
			p.say(string(l.Link))
			p.mu.Lock()
			p.cut = l.Link != sfu.LinkUp
			p.mu.Unlock()
		}
		if over, ok := e.(sfu.Ended); ok {
			p.mu.Lock()
			p.over, p.overAt = &over, time.Now()
			p.mu.Unlock()
		}
	}
}

func (p *person) take(t sfu.Track) {
	ctx := context.Background()
	in, err := p.Subscribe(ctx, t.ID)
	if err != nil {
		p.say(fmt.Sprintf("(no %s: %v)", t.Source, err))
		return
	}
	for {
		if _, err := in.Receive(ctx); err != nil {
			p.say(fmt.Sprintf("(%s has gone)", t.Source))
			return
		}
		p.mu.Lock()
		p.got[t.Source] = append(p.got[t.Source], time.Now())
		p.mu.Unlock()
	}
}

func (p *person) say(words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, said{time.Now(), words})
}

// back returns how long after a moment picture and sound flow, with the link said to be up,
// or how the call ended; less than nothing if neither happens within the given time.
func (p *person) back(after time.Time, within time.Duration) (time.Duration, *sfu.Ended) {
	late := time.NewTimer(within)
	defer late.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		p.mu.Lock()
		over, cut := p.over, p.cut
		picture, sound := flows(p.got[sfu.Camera], after), flows(p.got[sfu.Microphone], after)
		p.mu.Unlock()
		switch {
		case over != nil:
			return 0, over
		case picture >= 0 && sound >= 0 && !cut:
			return max(picture, sound), nil
		}
		select {
		case <-tick.C:
		case <-late.C:
			return -1, nil
		}
	}
}

// flows returns how long after a moment a stream began to flow as it still does: with no
// gap of half a second.
func flows(at []time.Time, after time.Time) time.Duration {
	const many, gap = 25, 500 * time.Millisecond
	later := time.Now()
	i := len(at)
	for i > 0 && at[i-1].After(after) && later.Sub(at[i-1]) < gap {
		i--
		later = at[i]
	}
	if len(at)-i < many {
		return -1
	}
	return at[i].Sub(after)
}

// came counts what has come since a moment.
func (p *person) came(src sfu.Source, since time.Time) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.got[src] {
		if at.After(since) {
			n++
		}
	}
	return n
}

// links are the words about the link since it was cut, by when they came after it returned.
func (p *person) links(cut, returned time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	words := ""
	for _, s := range p.said {
		if s.at.After(cut) {
			words += fmt.Sprintf(" %s %+.2fs", s.words, s.at.Sub(returned).Seconds())
		}
	}
	if words == "" {
		return "said nothing of it"
	}
	return "said:" + words
}
