// Package loopback is a conference server inside the program, for tests and
// for rehearsing. Members of one room see, hear and read each other; nothing
// leaves the process. In the room "echo" there is one other member, who sends
// back all that it gets.
package loopback

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/privacy/seal"
)

// Echo is the name of the room with the echo, and of the member in it.
const Echo = "echo"

// A Connector joins the rooms that it holds. It may be used by several
// goroutines.
type Connector struct {
	mu    sync.Mutex // guards the rooms, and all that is in them
	rooms map[string]map[sfu.MemberID]*session
	count int
}

var _ sfu.Connector = (*Connector)(nil)

// New returns a connector whose rooms are empty.
func New() *Connector {
	return &Connector{rooms: make(map[string]map[sfu.MemberID]*session)}
}

// Kind returns "loopback".
func (*Connector) Kind() string { return "loopback" }

// Room reads links such as "loopback:anything".
func (c *Connector) Room(link string) (sfu.Room, bool, error) {
	name, ok := strings.CutPrefix(link, "loopback:")
	if !ok {
		return sfu.Room{}, false, nil
	}
	if name == "" {
		return sfu.Room{}, true, &sfu.LinkError{Kind: c.Kind(), Why: "it names no room"}
	}
	return sfu.Room{Kind: c.Kind(), Name: name}, true, nil
}

// Join enters a room. A member of the same name is replaced.
func (c *Connector) Join(_ context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	if r.Name == "" {
		return nil, &sfu.JoinError{Why: sfu.NoSuchRoom}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &session{
		house: c, room: r.Name, events: sfu.NewQueue(), messages: k.Messages,
		self:    sfu.Member{ID: sfu.MemberID(p.DisplayName), Name: sfu.Foreign(p.DisplayName), Role: sfu.Person},
		outlets: make(map[sfu.TrackID]*outlet), inlets: make(map[sfu.TrackID]*inlet),
	}
	if s.self.ID == "" {
		s.self.ID = "nobody"
	}
	if old := s.others()[s.self.ID]; old != nil {
		old.end(sfu.Replaced)
	}
	if c.rooms[r.Name] == nil {
		c.rooms[r.Name] = make(map[sfu.MemberID]*session)
	}
	if r.Name == Echo {
		s.events.Put(sfu.MemberJoined{Member: sfu.Member{ID: Echo, Name: "Echo", Role: sfu.Bot}})
	}
	for _, o := range s.others() {
		s.events.Put(sfu.MemberJoined{Member: o.self})
		o.events.Put(sfu.MemberJoined{Member: s.self})
		for _, out := range o.outlets {
			s.events.Put(sfu.TrackAdded{Track: out.track})
		}
	}
	s.others()[s.self.ID] = s
	s.events.Put(sfu.Settled{})
	return s, nil
}

// A session is one stay. Its house's lock guards everything in it that changes.
type session struct {
	house    *Connector
	room     string
	events   *sfu.Queue
	messages seal.Messages // nil where nothing is encrypted
	self     sfu.Member
	over     bool
	outlets  map[sfu.TrackID]*outlet
	inlets   map[sfu.TrackID]*inlet
}

// others are all in the room, this one with them. It must be called with the
// house's lock held.
func (s *session) others() map[sfu.MemberID]*session { return s.house.rooms[s.room] }

// tell puts e to all in the room. It must be called with the house's lock held.
func (s *session) tell(e sfu.Event) {
	for _, o := range s.others() {
		if o != s {
			o.events.Put(e)
		}
	}
}

// watchers are those who are told of the session's tracks: the others, and in
// the room with the echo this one too.
func (s *session) watchers() (all []*session) {
	for _, o := range s.others() {
		if o != s || s.room == Echo {
			all = append(all, o)
		}
	}
	return all
}

func (s *session) Self() sfu.Member {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	return s.self
}

func (s *session) RoomName() sfu.Foreign    { return sfu.Foreign(s.room) }
func (s *session) Events() <-chan sfu.Event { return s.events.Events() }

func (s *session) Caps() sfu.Caps {
	return sfu.Caps{
		Publish: map[sfu.Source]bool{sfu.Camera: true, sfu.Microphone: true, sfu.Screen: true, sfu.ScreenSound: true},
		Roster:  true, Watch: true, Tracks: true, Mute: true, Chat: true, Hand: true, Sealed: true, Data: true,
	}
}

// Publish announces a track; only its largest size is passed on.
func (s *session) Publish(_ context.Context, o sfu.TrackOffer) (sfu.Outlet, error) {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	if s.over {
		return nil, sfu.ErrEnded
	}
	s.house.count++
	of := s.self.ID
	if s.room == Echo {
		of = Echo
	}
	t := sfu.Track{ID: sfu.TrackID(fmt.Sprintf("track %d", s.house.count)), Member: of, Source: o.Source, Codec: o.Codec, Encrypted: o.Sealed}
	if n := len(o.Layers); n > 0 {
		t.Width, t.Height = o.Layers[n-1].Width, o.Layers[n-1].Height
	}
	out := &outlet{s: s, track: t, largest: max(len(o.Layers)-1, 0), asks: make(chan sfu.Ask, 16)}
	s.outlets[t.ID] = out
	for _, w := range s.watchers() {
		w.events.Put(sfu.TrackAdded{Track: t})
	}
	return out, nil
}

// Subscribe asks for a track that TrackAdded announced.
func (s *session) Subscribe(_ context.Context, id sfu.TrackID) (sfu.Inlet, error) {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	if s.over {
		return nil, sfu.ErrEnded
	}
	for _, o := range s.others() {
		out := o.outlets[id]
		if out == nil {
			continue
		}
		if s.inlets[id] != nil {
			return nil, fmt.Errorf("subscribe: there is an inlet already")
		}
		in := &inlet{s: s, from: out, packets: make(chan codec.Packet, 32), gone: make(chan struct{}), viewed: true}
		s.inlets[id] = in
		out.ask()
		return in, nil
	}
	return nil, fmt.Errorf("subscribe: there is no such track")
}

// Say sends a chat message to all.
func (s *session) Say(_ context.Context, text string) error {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	switch {
	case s.over:
		return sfu.ErrEnded
	case text == "":
		return fmt.Errorf("chat: the message is empty")
	}
	m := sfu.ChatArrived{From: s.self.ID, Text: sfu.Foreign(text), At: now()}
	if s.messages == nil {
		for _, o := range s.others() {
			o.events.Put(m)
		}
		if s.room == Echo {
			m.From = Echo
			s.events.Put(m)
		}
		return nil
	}
	sealed, err := s.messages.SealMessage([]byte(text))
	if err != nil {
		return fmt.Errorf("chat: %w", err)
	}
	m.Sealed = true
	s.events.Put(m)
	for _, o := range s.others() {
		if o != s {
			o.events.Put(o.opened(m, sealed))
		}
	}
	return nil
}

// opened is what a sealed message is to a member.
func (s *session) opened(m sfu.ChatArrived, sealed seal.Message) sfu.Event {
	if s.messages == nil {
		return sfu.Withheld{From: m.From, Why: seal.ErrNoKey}
	}
	text, err := s.messages.OpenMessage(string(m.From), sealed)
	if err != nil {
		return sfu.Withheld{From: m.From, Why: seal.WhyOf(err)}
	}
	m.Text = sfu.Foreign(text)
	return m
}

// SendData sends b to the program of a member, or to those of all others.
func (s *session) SendData(_ context.Context, to sfu.MemberID, b []byte) error {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	if s.over {
		return sfu.ErrEnded
	}
	if len(b) == 0 || len(b) > sfu.MaxData {
		return sfu.ErrDataLength
	}
	for id, o := range s.others() {
		if o != s && (to == "" || to == id) {
			o.events.PutLossy(sfu.Data{From: s.self.ID, Bytes: bytes.Clone(b)})
		}
	}
	return nil
}

// SetHand raises or lowers this person's hand.
func (s *session) SetHand(_ context.Context, up bool) error {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	if s.over {
		return sfu.ErrEnded
	}
	s.self.Hand = up
	for _, o := range s.others() {
		o.events.Put(sfu.MemberChanged{Member: s.self})
	}
	return nil
}

// Stats returns the counters of now.
func (s *session) Stats() sfu.Stats {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	st := sfu.Stats{Sent: make(map[sfu.Source]sfu.Sent), Got: make(map[sfu.TrackID]sfu.Got)}
	for _, o := range s.outlets {
		st.Sent[o.track.Source] = o.sent
	}
	for id, in := range s.inlets {
		st.Got[id] = in.got
	}
	return st
}

// Leave ends the session.
func (s *session) Leave(context.Context) error {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	s.end(sfu.Left)
	return nil
}

// end must be called with the house's lock held.
func (s *session) end(why sfu.EndReason) {
	if s.over {
		return
	}
	for _, o := range s.outlets {
		o.close()
	}
	for _, in := range s.inlets {
		in.close()
	}
	s.over = true
	if s.others()[s.self.ID] == s {
		delete(s.others(), s.self.ID)
	}
	s.tell(sfu.MemberLeft{ID: s.self.ID})
	if len(s.others()) == 0 {
		delete(s.house.rooms, s.room)
	}
	s.events.Put(sfu.Ended{Why: why})
}
