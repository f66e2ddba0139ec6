package sfutest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// A Member is a session whose events are kept, to be waited for.
type Member struct {
	sfu.Session
	t *testing.T

	mu      sync.Mutex // guards everything that follows
	events  []sfu.Event
	from    int // what came before is forgotten by Await
	changed chan struct{}
	ended   chan struct{}
}

// Follow reads the events of s until they end.
func Follow(t *testing.T, s sfu.Session) *Member {
	m := &Member{Session: s, t: t, changed: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(m.ended)
		for e := range s.Events() {
			m.mu.Lock()
			m.events = append(m.events, e)
			close(m.changed)
			m.changed = make(chan struct{})
			m.mu.Unlock()
		}
	}()
	return m
}

// Events returns what happened so far.
func (m *Member) Events() []sfu.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}

// Forget makes Await look only at what comes after.
func (m *Member) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.from = len(m.events)
}

// Count returns how many events are such.
func (m *Member) Count(is func(sfu.Event) bool) (n int) {
	for _, e := range m.Events() {
		if is(e) {
			n++
		}
	}
	return n
}

// Await returns the first event that is such, and waits for it.
func (m *Member) Await(what string, is func(sfu.Event) bool) sfu.Event {
	m.t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		m.mu.Lock()
		i := slices.IndexFunc(m.events[m.from:], is)
		if i >= 0 {
			e := m.events[m.from+i]
			m.mu.Unlock()
			return e
		}
		changed := m.changed
		m.mu.Unlock()
		select {
		case <-changed:
		case <-late.C:
			m.t.Fatalf("%s: waited for %s in vain; what came: %+v", m.Self().ID, what, m.Events())
		}
	}
}

// AwaitTrack waits for a track of the given source and member that is there.
func (m *Member) AwaitTrack(src sfu.Source, of sfu.MemberID) sfu.Track {
	m.t.Helper()
	e := m.Await("a track", func(e sfu.Event) bool {
		a, ok := e.(sfu.TrackAdded)
		return ok && a.Track.Source == src && (of == "" || a.Track.Member == of)
	})
	return e.(sfu.TrackAdded).Track
}

// leave leaves and waits for the last event.
func (m *Member) leave() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	start := time.Now()
	if err := m.Leave(ctx); err != nil {
		m.t.Errorf("Leave: %v", err)
	}
	if d := time.Since(start); d > 3*time.Second {
		m.t.Errorf("leaving took %v", d)
	}
	select {
	case <-m.ended:
	case <-ctx.Done():
		m.t.Error("the events did not end")
	}
}

// A Flow sends packets of a codec, as an encoder would, until it is stopped.
type Flow struct {
	stop chan struct{}
	once sync.Once
	done sync.WaitGroup
}

// Send sends a frame through out every 20 ms, of pictures a keyframe in every
// one of so many sizes; none is one.
func Send(t *testing.T, out sfu.Outlet, name codec.Name, sizes ...int) *Flow {
	layers := 1
	if len(sizes) > 0 {
		layers = sizes[0]
	}
	return send(t, out, func(layer int, at time.Duration) codec.Packet {
		return codec.Packet{Data: Frame(name), Codec: name, At: at, Keyframe: true, Layer: layer}
	}, layers)
}

// send sends what next gives, for every layer, every 20 ms.
func send(t *testing.T, out sfu.Outlet, next func(layer int, at time.Duration) codec.Packet, layers int) *Flow {
	f := &Flow{stop: make(chan struct{})}
	f.done.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			for layer := range layers {
				if err := out.Send(next(layer, time.Duration(i)*20*time.Millisecond)); err != nil && !errors.Is(err, sfu.ErrEnded) {
					t.Errorf("send: %v", err)
				}
			}
			select {
			case <-f.stop:
				return
			case <-tick.C:
			}
		}
	})
	t.Cleanup(f.Stop)
	return f
}

// Stop ends the flow and returns when nothing is sent any more.
func (f *Flow) Stop() {
	f.once.Do(func() { close(f.stop) })
	f.done.Wait()
}

// Sound is a packet of sound.
func Sound(at time.Duration) codec.Packet {
	return codec.Packet{Data: Frame(codec.Opus), Codec: codec.Opus, At: at, Keyframe: true}
}

// Frame is a frame of the given codec whose headers are right: a keyframe of
// 320 × 180 that takes several packets, or 20 ms of sound.
func Frame(name codec.Name) []byte {
	filler := make([]byte, 3000)
	for i := range filler {
		filler[i] = byte(i*7 + 1)
	}
	switch name {
	case codec.VP8:
		return append([]byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 320 & 0xff, 320 >> 8, 180, 0}, filler...)
	case codec.VP9: // frame marker, profile 0, a shown keyframe; the sync code; 8-bit, 320 × 180
		return append([]byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf0, 0x0b, 0x30}, filler...)
	case codec.H264:
		b := []byte{0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0xda, 0x05, 0x06, 0x41, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80, 0, 0, 0, 1, 0x65}
		return append(b, filler...)
	case codec.AV1, codec.Opus:
	}
	return append([]byte{0x78}, filler[:80]...) // Opus: CELT, 20 ms, mono
}

// Receive waits for a packet, whose data is good until the next call.
func Receive(t *testing.T, in sfu.Inlet) codec.Packet {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := in.Receive(ctx)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return p
}
