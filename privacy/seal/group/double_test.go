package group_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/privacy/seal/group"
	"paravent/privacy/seal/identity"
)

// A server is a double of a conference server: a roster and a switch for messages,
// honest until told otherwise. Its time is its own.
type server struct {
	t       testing.TB
	r       *rand.Rand
	now     time.Time
	seats   map[group.Seat]*member
	order   []group.Seat
	on      []packet
	shuffle bool // deliver in any order
	evil    func(packet) []packet
	hidden  func(of, to group.Seat) bool // roster events that are not passed on
	past    []packet                     // all that was ever sent
	watch   func(*member)                // called after each event
}

// A packet is a message on its way to one member.
type packet struct {
	from, to group.Seat
	body     []byte
}

func (p packet) kind() byte { return p.body[1] }

// A member is one program.
type member struct {
	group.State
	seat   group.Seat
	id     identity.Identity
	alarms []group.Alarm
}

func newServer(t testing.TB) *server {
	return &server{t: t, r: rand.New(rand.NewPCG(7, 8)), now: time.Unix(1e9, 0), seats: map[group.Seat]*member{}}
}

func (s *server) enter(seat group.Seat, change ...func(*group.Config)) *member {
	s.t.Helper()
	m := &member{seat: seat, id: identity.New()}
	c := group.Config{Call: "call", Seat: seat, Name: "the one at " + string(seat), Identity: m.id, Required: true}
	for _, f := range change {
		f(&c)
	}
	m.id = c.Identity
	var out []group.Message
	var err error
	m.State, out, err = group.New(c, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	s.seats[seat] = m
	s.order = append(s.order, seat)
	s.take(m, out)
	for _, other := range s.order {
		if o := s.seats[other]; o != nil && o != m {
			if s.hidden == nil || !s.hidden(seat, other) {
				s.do(o, group.Joined{Seat: seat})
			}
			if s.hidden == nil || !s.hidden(other, seat) {
				s.do(m, group.Joined{Seat: other})
			}
		}
	}
	return m
}

// drop takes a member out of the roster.
func (s *server) drop(seat group.Seat) {
	delete(s.seats, seat)
	for _, other := range s.order {
		if o := s.seats[other]; o != nil && (s.hidden == nil || !s.hidden(seat, other)) {
			s.do(o, group.Left{Seat: seat})
		}
	}
}

func (s *server) do(m *member, e group.Event) {
	var out []group.Message
	var alarms []group.Alarm
	m.State, out, alarms = m.After(s.now, e)
	m.alarms = append(m.alarms, alarms...)
	if s.watch != nil {
		s.watch(m)
	}
	s.take(m, out)
}

func (s *server) take(m *member, out []group.Message) {
	for _, o := range out {
		if len(o.Body) > group.MaxMessage {
			s.t.Fatalf("a message of %d bytes", len(o.Body))
		}
		for _, to := range s.order {
			if s.seats[to] == nil || to == m.seat || o.To != "" && o.To != to {
				continue
			}
			p := packet{m.seat, to, o.Body}
			s.past = append(s.past, p)
			if s.evil != nil {
				s.on = append(s.on, s.evil(p)...)
			} else {
				s.on = append(s.on, p)
			}
		}
	}
}

// deliver hands out what is on its way, and what that causes.
func (s *server) deliver() {
	for n := 0; len(s.on) > 0; n++ {
		if n > 200000 {
			s.t.Fatal("the members never stop talking")
		}
		i := 0
		if s.shuffle {
			i = s.r.IntN(len(s.on))
		}
		p := s.on[i]
		s.on = append(s.on[:i], s.on[i+1:]...)
		if m := s.seats[p.to]; m != nil {
			s.do(m, group.Received{From: p.from, Body: p.body})
		}
	}
}

// run lets time pass.
func (s *server) run(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(100 * time.Millisecond) {
		s.deliver()
		for _, seat := range s.order {
			if m := s.seats[seat]; m != nil {
				s.do(m, group.Tick{})
			}
		}
	}
	s.deliver()
}

// seal seals a frame of a member.
func seal(m *member, text string) ([]byte, error) {
	sealing, ok := m.Sealing()
	if !ok {
		return nil, group.ErrHeld
	}
	return sealing.Seal("microphone", codec.Opus, nil, []byte(text))
}

// hears reports whether to opens what from seals now.
func hears(to, from *member) error {
	frame, err := seal(from, "a frame of "+string(from.seat))
	if err != nil {
		return fmt.Errorf("%s seals nothing: %w; %v", from.seat, err, from.Troubles())
	}
	got, err := to.Opening(from.seat).Open("microphone", codec.Opus, nil, frame)
	if err != nil {
		return fmt.Errorf("%s does not open %s: %w", to.seat, from.seat, err)
	}
	if want := "a frame of " + string(from.seat); string(got) != want {
		return fmt.Errorf("%s opens %q, want %q", to.seat, got, want)
	}
	return nil
}

// wantWhole checks that all hear all, nobody is alarmed, and the words are the same.
func (s *server) wantWhole() {
	s.t.Helper()
	if err := s.whole(); err != nil {
		s.t.Error(err)
	}
}

func (s *server) whole() error {
	var words *identity.Safety
	for _, a := range s.order {
		m := s.seats[a]
		if m == nil {
			continue
		}
		if n := len(m.Members()); n != len(s.seats)-1 {
			return fmt.Errorf("%s sees %d others of %d", a, n, len(s.seats)-1)
		}
		if t := m.Troubles(); len(t) > 0 {
			return fmt.Errorf("%s is troubled: %v", a, t)
		}
		for b, o := range s.seats {
			if a != b {
				if err := hears(o, m); err != nil {
					return err
				}
			}
		}
		if len(s.seats) < 2 {
			continue
		}
		w, ok := m.Safety()
		if !ok {
			return fmt.Errorf("%s has no words", a)
		}
		if words == nil {
			words = &w
		}
		if *words != w {
			return fmt.Errorf("%s has other words", a)
		}
	}
	return nil
}

// wantHeld checks that a member is troubled by something at a seat, was alarmed of
// it once, and seals nothing.
func wantHeld(t testing.TB, m *member, k group.Kind, seat group.Seat) {
	t.Helper()
	wantTrouble(t, m, k, seat)
	if frame, err := seal(m, "secret"); err == nil {
		t.Errorf("%s seals %x all the same", m.seat, frame)
	}
	if m.Mode() != group.Held {
		t.Errorf("%s is in mode %v, want held", m.seat, m.Mode())
	}
}

func wantTrouble(t testing.TB, m *member, k group.Kind, seat group.Seat) {
	t.Helper()
	n := 0
	for _, a := range m.alarms {
		if a == (group.Alarm{Kind: k, Seat: seat}) {
			n++
		}
	}
	if n != 1 || !m.Has(k) {
		t.Errorf("%s was alarmed %d times of %s at %s: alarms %v, troubles %v", m.seat, n, k, seat, m.alarms, m.Troubles())
	}
}

// three are a, b and c in one call, settled.
func three(t testing.TB, change ...func(*group.Config)) (s *server, a, b, c *member) {
	t.Helper()
	s = newServer(t)
	a, b, c = s.enter("a", change...), s.enter("b", change...), s.enter("c", change...)
	s.run(2 * time.Second)
	if err := s.whole(); err != nil {
		t.Fatal(err)
	}
	return s, a, b, c
}
