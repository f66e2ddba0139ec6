package call

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
	"paravent/privacy/seal/group"
	"paravent/privacy/seal/grouped"
	"paravent/privacy/seal/identity"
)

// Who is who this person is in a call whose members agree on keys, and whom they know.
type Who struct {
	Name     string // that the others are shown; empty is what the server says
	Identity identity.Identity
	Book     identity.Book
	Keep     func(identity.Book) error // keeps the book for later calls; nil keeps it for this one
	Language identity.Language         // of the safety words, unless the person says another
}

// The errors of calls whose members agree on keys.
var (
	// ErrNoGroup means that the server carries nothing by which members could agree.
	ErrNoGroup = errors.New("on this kind of server the members cannot agree on keys among themselves")

	// ErrNoWords means that there is nothing to compare: the call has no group, or not
	// all who are there have agreed yet.
	ErrNoWords = errors.New("there are no safety words now")

	// ErrNotTold means that the words of now were not told: none were, or somebody has
	// come or gone since.
	ErrNotTold = errors.New("the safety words of who is here now were not compared")

	// ErrHeld means that nothing may be sent now: see Encryption.Troubles.
	ErrHeld = errors.New("nothing is sent now")
)

// A TroubleError is something that is wrong with the encryption of a call whose
// members agree on keys.
type TroubleError struct {
	Kind   group.Kind
	Member string // already cleaned; empty if it is nobody's
}

func (e TroubleError) Error() string { return string(e.Kind) + " " + e.Member }

// Holds reports whether nothing is sent because of it.
func (e TroubleError) Holds() bool { return group.Trouble{Kind: e.Kind}.Holds() }

// tickFor is how often a group is told that time passes.
const tickFor = 100 * time.Millisecond

// resendFor is after how long a group asks again at first. A hello often comes before
// the roster has its sender, and is lost (LiveKit, 2026-11-25).
const resendFor = 300 * time.Millisecond

// maxCarried bounds the messages of a group that wait to be sent. What is dropped is
// sent again by the group when it is missed.
const maxCarried = 1024

// A Gathering is the group of one call: the members who have agreed on keys.
type Gathering struct {
	keys *grouped.Keys
	who  Who
	wake chan struct{} // holds one ring

	turn sync.Mutex // held while an event is taken; guards what follows
	seen look
	met  map[identity.Public]bool // kept in the book
	told told
	asks map[group.Seat]context.CancelFunc // takes a question about a seat back
	lost bool                              // the book cannot be kept, which was said

	mu    sync.Mutex // guards everything that follows
	queue []group.Message
}

// A look is what was seen of the group last.
type look struct {
	grade    seal.Grade
	troubles []TroubleError
	sealing  group.Sealing
	names    map[sfu.MemberID]string
}

// told is which words the person was told, and whose they are.
type told struct {
	safety  identity.Safety
	members []group.Member
}

// Gather begins the group of a session that was joined with k. It returns ErrNoGroup
// where the server does not let members agree, or the errors of grouped.Keys.Begin.
func Gather(s *sealed.Session, k *grouped.Keys, w Who, p policy.Policy) (*Gathering, error) {
	self, caps := s.Self(), s.Caps()
	if !caps.Data || !caps.Roster {
		return nil, ErrNoGroup
	}
	if w.Name == "" {
		w.Name = string(self.Name)
	}
	w.Name = strings.TrimSpace(sfu.Foreign(w.Name).Clean()) // or it would look like an imitation
	first, err := k.Begin(group.Config{
		Call: "room " + string(s.RoomName()), Seat: group.Seat(self.ID), Name: w.Name, Identity: w.Identity, Book: w.Book,
		Required: true, Verified: p.VerifiedMembers, Resend: resendFor,
	}, time.Now())
	if err != nil {
		return nil, fmt.Errorf("agree on keys: %w", err)
	}
	g := &Gathering{keys: k, who: w, wake: make(chan struct{}, 1), met: make(map[identity.Public]bool), asks: make(map[group.Seat]context.CancelFunc)}
	g.post(first)
	return g, nil
}

// post puts messages on their way.
func (g *Gathering) post(all []group.Message) {
	if len(all) == 0 {
		return
	}
	g.mu.Lock()
	g.queue = last(append(g.queue, all...), maxCarried)
	g.mu.Unlock()
	select {
	case g.wake <- struct{}{}:
	default: // it has not woken yet
	}
}

// carry sends what is posted until ctx is done.
func (c *Call) carry(ctx context.Context) {
	for {
		select {
		case <-c.gathering.wake:
		case <-ctx.Done():
			return
		}
		c.gathering.mu.Lock()
		queue := c.gathering.queue
		c.gathering.queue = nil
		c.gathering.mu.Unlock()
		for _, m := range queue {
			if err := c.session.SendData(ctx, sfu.MemberID(m.To), m.Body); err != nil && ctx.Err() == nil {
				c.kit.Log.Debug("group message", "err", err)
			}
		}
	}
}

// groupEvent is what an event means to the group, and false if it means nothing.
func groupEvent(e sfu.Event) (group.Event, bool) {
	if j, ok := e.(sfu.MemberJoined); ok {
		return group.Joined{Seat: group.Seat(j.Member.ID)}, true
	}
	if l, ok := e.(sfu.MemberLeft); ok {
		return group.Left{Seat: group.Seat(l.ID)}, true
	}
	d, ok := e.(sfu.Data)
	return group.Received{From: group.Seat(d.From), Body: d.Bytes}, ok
}

// together lets the group take an event, and does what follows from it.
func (c *Call) together(e group.Event) {
	g := c.gathering
	if g == nil {
		return
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	if l, ok := e.(group.Left); ok {
		if unask := g.asks[l.Seat]; unask != nil {
			unask()
			delete(g.asks, l.Seat)
		}
	}
	out, alarms := g.keys.Do(time.Now(), e)
	g.post(out)
	c.lookAtGroup(alarms)
	c.meet()
}

// lookAtGroup shows what is new of the group. It must be called with the gathering's
// turn held.
func (c *Call) lookAtGroup(alarms []group.Alarm) {
	g := c.gathering
	state, _ := g.keys.State()
	now := look{grade: g.keys.Grade(), names: make(map[sfu.MemberID]string)}
	for _, m := range state.Members() {
		now.names[sfu.MemberID(m.Seat)] = signedName(m.Name)
	}
	for _, t := range state.Troubles() {
		now.troubles = append(now.troubles, c.trouble(t, state))
	}
	now.sealing, _ = state.Sealing()
	var news []TroubleError
	for _, a := range alarms {
		news = append(news, c.trouble(a, state))
	}
	if len(news) > 0 || now.grade != g.seen.grade || !slices.Equal(now.troubles, g.seen.troubles) || !maps.Equal(now.names, g.seen.names) {
		c.change(func(s State) State {
			s.Encryption.Grade, s.Encryption.Troubles = now.grade, now.troubles
			s = s.withNames(now.names)
			for _, n := range news {
				s = s.withNotice(Notice{At: time.Now(), Err: n})
			}
			return s
		})
	}
	if now.sealing != g.seen.sealing { // who has the new key only needs a whole picture
		for _, f := range c.feeds() {
			f.refresh()
		}
	}
	g.seen = now
	for _, a := range alarms {
		if a.Kind == group.Changed {
			c.others.beside(func(ctx context.Context) { c.askChanged(ctx, a.Seat) })
		}
	}
}

// trouble names a trouble's member as people know them.
func (c *Call) trouble(t group.Trouble, s group.State) TroubleError {
	e := TroubleError{Kind: t.Kind}
	if t.Seat == "" {
		return e
	}
	if m, ok := s.Announced(t.Seat); ok {
		e.Member = signedName(m.Name)
		return e
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e.Member = c.state.Name(sfu.MemberID(t.Seat))
	return e
}

// signedName is the name that a member has signed, for a screen. One that is not what
// it looks like shows that.
func signedName(name string) string {
	clean := strings.TrimSpace(sfu.Foreign(name).Clean())
	if clean != strings.TrimSpace(name) || clean == "" {
		clean += "?"
	}
	return clean
}

// withNames gives members the names that they have signed: by those they are known,
// and the server cannot change them.
func (s State) withNames(names map[sfu.MemberID]string) State {
	s.signed = names
	s.Roster = slices.Clone(s.Roster)
	for i, m := range s.Roster {
		if name, ok := names[m.ID]; ok {
			s.Roster[i].Name = name
		}
	}
	return s
}

// meet remembers whom we are in a group with. It must be called with the gathering's
// turn held.
func (c *Call) meet() {
	g, book := c.gathering, c.gathering.who.Book
	state, _ := g.keys.State()
	fresh := false
	for _, m := range state.Members() {
		if m.Heard && !g.met[m.Identity] && m.Verdict != identity.Changed {
			g.met[m.Identity], fresh = true, true
			book = book.Remember(m.Name, m.Identity, time.Now())
		}
	}
	if fresh {
		c.learn(book)
	}
}

// learn keeps a book. It must be called with the gathering's turn held.
func (c *Call) learn(b identity.Book) {
	g := c.gathering
	g.who.Book = b
	if g.who.Keep != nil && !g.lost {
		if err := g.who.Keep(b); err != nil {
			g.lost = true
			c.tell(err)
		}
	}
	out, alarms := g.keys.Do(time.Now(), group.Knows{Book: b})
	g.post(out)
	c.lookAtGroup(alarms)
}

// askChanged asks about somebody who has a known name and another identity. Without a
// yes nothing is sent as long as they are there.
func (c *Call) askChanged(ctx context.Context, seat group.Seat) {
	g := c.gathering
	g.turn.Lock()
	state, _ := g.keys.State()
	m, ok := state.Announced(seat)
	ctx, unask := context.WithCancel(ctx)
	defer unask()
	if ok {
		g.asks[seat] = unask
	}
	g.turn.Unlock()
	if !ok {
		return
	}
	yes, err := c.box.Ask(ctx, consent.Question{Topic: consent.NewIdentity, Room: c.State().Room, About: signedName(m.Name)})
	if err != nil {
		return // they have left, or the call is over
	}
	c.writing.consent(consent.NewIdentity, yes)
	g.turn.Lock()
	defer g.turn.Unlock()
	delete(g.asks, seat)
	if yes {
		c.learn(g.who.Book.Remember(m.Name, m.Identity, time.Now()))
	}
}

// TellWords tells the safety words of the call in a language, such as "de"; "" is the
// person's own. Who was answered with a no for another identity is asked about again.
func (c *Call) TellWords(language string) error {
	g := c.gathering
	if g == nil {
		return ErrNoWords
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	state, _ := g.keys.State()
	for _, t := range state.Troubles() {
		if t.Kind == group.Changed && g.asks[t.Seat] == nil {
			c.others.beside(func(ctx context.Context) { c.askChanged(ctx, t.Seat) })
		}
	}
	safety, ok := state.Safety()
	if !ok {
		return ErrNoWords
	}
	l := identity.Language(language)
	if l == "" {
		l = g.who.Language
	}
	g.told = told{safety: safety, members: state.Members()}
	c.Tell(Notice{What: SafetyWords, Arg: strings.Join(safety.Words(l), " ")})
	return nil
}

// Verified is the person's word that all who are here have read the same safety words.
// It returns ErrNotTold if those are not the words that were told last.
func (c *Call) Verified() error {
	g := c.gathering
	if g == nil {
		return ErrNoWords
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	state, _ := g.keys.State()
	safety, ok := state.Safety()
	if !ok || len(g.told.members) == 0 || safety != g.told.safety {
		return ErrNotTold
	}
	book, names := g.who.Book, []string(nil)
	for _, m := range g.told.members {
		book = book.Verify(m.Name, m.Identity, time.Now())
		names = append(names, signedName(m.Name))
	}
	c.learn(book)
	c.Tell(Notice{What: MembersVerified, Arg: strings.Join(names, ", ")})
	return nil
}

// byeTime bounds how long the others are told that this member goes.
const byeTime = 500 * time.Millisecond

// bye ends the group: nothing is sealed or opened any more.
func (c *Call) bye(ctx context.Context) {
	g := c.gathering
	if g == nil {
		return
	}
	g.turn.Lock()
	out, _ := g.keys.Do(time.Now(), group.Leave{})
	g.turn.Unlock()
	ctx, cancel := context.WithTimeout(ctx, byeTime)
	defer cancel()
	for _, m := range out {
		if err := c.session.SendData(ctx, sfu.MemberID(m.To), m.Body); err != nil {
			c.kit.Log.Debug("bye", "err", err)
		}
	}
}
