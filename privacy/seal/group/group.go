// Package group lets the members of a call agree on keys over a server that may
// read, keep, change, drop, repeat and invent whatever passes through it. It is a
// pure state machine: events and times go in, messages and alarms come out, and
// nothing here knows a server, a clock or a socket.
//
//	roster, messages, ticks ─► State.After ─► State, messages to send, alarms
//	                                            ├─ Sealing   one's own key, if anything may be sent
//	                                            ├─ Opening   the keys of one other member
//	                                            ├─ Troubles  what is wrong, and whether it holds media back
//	                                            └─ Safety    eight words to compare by ear
//
// # How it works
//
// Each member makes a key pair for this call alone, X25519 and ML-KEM-768 (X-Wing,
// which is MLKEM768-X25519 of draft-ietf-hpke-pq), and announces it with a hello
// that its identity signed, for this call and the seat it has in the server's
// roster. The members are those in the roster whose hello is here: nobody else is
// sent a key.
//
// Each sends its own key, a sender key, to each of them. So there is nothing that
// all must agree on before somebody can speak, and no order that a server would
// have to keep: who is in the group is for each sender to say, of his own frames.
// For each other member there is once a pair message, a random key in HPKE (RFC
// 9180; HKDF-SHA256, AES-256-GCM) to its prekey, bound to the call and both hellos
// and signed. Under that key each sender key goes out in 48 bytes, all of them in
// one signed keys message a change, bound to call, epoch, sender, recipient and the
// set of members. Encapsulating anew for each change would take 1.2 kB a member.
//
// When a member comes, everybody makes a new key at the next tick and seals with it
// when those who hear him have it, or after Grace: a joiner cannot open what was
// before. When a member leaves, everybody makes a new key at once, and the old one
// seals nothing more: a leaver cannot open what comes. Epochs are counted by each
// sender for itself.
//
// Members say in a signed status which keys they hold, who they think is in the
// group (the view, a hash over all hellos), and the promise of a share: the hash of
// a random number that is made for that view alone. The share itself is told when
// the promises of all members for that view are here, and the first promise stands.
// All shares and hellos are the transcript, from which the words come: see
// identity.Safety for why eight words are enough then.
//
// # What it gives and what not
//
// What is said in the call stays secret when either X25519 or ML-KEM-768 is broken
// later. Whoever gets into a member's machine during the call reads all that this
// member heard, from when it came: the key pair lasts for the call, and is gone after. A sender key is shared by sender and hearers,
// so a member that works with the server can put words into another member's mouth,
// for those who hear both; frames have no signatures (RFC 9605, section 7.2). The
// server sees who is there, who sends when and how much.
//
// # Why not MLS
//
// MLS (RFC 9420) would heal after a break-in during a call, and its changes cost
// the logarithm of the group. But it wants a delivery service that puts all commits
// in one order and loses none; the data channel of a conference server gives
// neither, and a member that misses a commit is out until somebody lets it in
// again. A hostile server could hold the whole group with one dropped message. There
// is no MLS in Go's library, its hybrid suites are drafts, and below a hundred
// members its tree saves little: see the benchmark. So it was not taken (2026-11).
package group

import (
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"paravent/privacy/seal/identity"
)

// A Seat is what the server calls a member: at most 128 bytes.
type Seat string

// A Config is what a member brings to a call.
type Config struct {
	Call     string            // what server and room are called; all members say the same
	Seat     Seat              // one's own
	Name     string            // shown to the others: at most 64 bytes, the rest is cut off
	Identity identity.Identity // one's own
	Book     identity.Book     // who is known
	Required bool              // nothing may ever be sent plain
	Verified bool              // nothing may be sent while there is a member who is not Verified

	Patience time.Duration // how long something may be missing before it is a trouble; 0 is 10 s
	Grace    time.Duration // how long one goes on with a key that a joiner has not; 0 is 2 s
	Resend   time.Duration // after which a message that had no effect is sent again, at first; 0 is 1 s
}

// A Message is to be sent through the server, in any order.
type Message struct {
	To   Seat // empty: to all
	Body []byte
}

// A State is what one member knows. It is a value, which After does not change; but
// the keys in it are shared with those after it, and are gone when they are done. It
// cannot be printed.
type State struct {
	c    Config
	self *self
	now  time.Time
	left bool // Leave was called

	roster map[Seat]chair
	peers  map[Ref]peer
	absent map[Seat]announced // announced, and not a member yet
	past   map[Ref]peer       // left by the roster's word: as they were, so that nothing is taken twice if they come back
	gone   map[Ref]bool       // said bye
	empty  map[Seat]bool      // left, and not back: what still comes from there is late
	yes    map[identity.Public]bool
	plain  bool // the person agreed to send plain

	epoch        uint32
	active, next *vault // next: not sealed with yet
	keysMsg      []byte
	due          bool // for a new key, because of a joiner
	view         [32]byte

	rounds map[[32]byte]round // by view
	dirty  bool               // there is a status to send
	number uint64

	noted    map[Trouble]bool // troubles that stay until their seat is empty
	troubles []Trouble
}

// self is what this member is made of in this call. It is never changed.
type self struct {
	call   [32]byte
	hello  hello
	msg    []byte
	prekey hpke.PrivateKey
	open   *atomic.Bool
}

// A chair is a place in the server's roster.
type chair struct {
	since    time.Time
	asked    retry
	answered time.Time
}

type announced struct {
	hello hello
	since time.Time
}

// A peer is another member.
type peer struct {
	hello   hello
	verdict identity.Verdict

	out     *[keyLen]byte // wraps our keys for it
	pairMsg []byte
	acked   uint32    // the newest of our epochs that it holds
	behind  time.Time // since when it does not hold the newest
	resend  retry

	in         *[keyLen]byte // wraps its keys for us
	pairNumber uint32
	early      []byte // a keys message that came before its pair
	epoch      uint32 // its newest
	keys       []*vault
	deaf       time.Time // since when it has a newer one than we do

	number         uint64 // of its last status
	promise, share [32]byte
	promised       [32]byte  // the view that they are for
	view           [32]byte  // its newest
	viewed         uint32    // the epoch that it had then; 0 is none
	split          time.Time // since when its view is another
}

// A retry says when something is to be done again, later each time.
type retry struct {
	at   time.Time
	wait time.Duration
}

const (
	maxWait   = 16 * time.Second
	maxRounds = 256
)

// due reports whether it is time, and then sets the next one.
func (r *retry) due(now time.Time, first time.Duration) bool {
	if now.Before(r.at) {
		return false
	}
	r.wait = max(first, min(2*r.wait, maxWait))
	r.at = now.Add(r.wait)
	return true
}

// later is as due, but begins anew with the first wait.
func (r *retry) later(now time.Time, first time.Duration) {
	*r = retry{at: now.Add(first), wait: first}
}

// ErrConfig is returned for a Config that cannot be used.
var ErrConfig = errors.New("a call needs a name, a seat of at most 128 bytes, and an identity")

// New returns the state of a member that has just come in, and its hello to all.
// Whoever is in the roster already is to be told by Joined events.
func New(c Config, now time.Time) (State, []Message, error) {
	if c.Call == "" || c.Seat == "" || len(c.Seat) > maxSeat || c.Identity == (identity.Identity{}) {
		return State{}, nil, ErrConfig
	}
	for d, usual := range map[*time.Duration]time.Duration{&c.Patience: 10 * time.Second, &c.Grace: 2 * time.Second, &c.Resend: time.Second} {
		if *d <= 0 {
			*d = usual
		}
	}
	for c.Name = strings.ToValidUTF8(c.Name, "?"); len(c.Name) > maxName; {
		c.Name = strings.ToValidUTF8(c.Name[:maxName], "")
	}
	prekey, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return State{}, nil, fmt.Errorf("make a key for the call: %w", err)
	}
	me := &self{call: sha256.Sum256([]byte("paravent call 1 " + c.Call)), prekey: prekey, open: new(atomic.Bool)}
	me.hello = hello{seat: c.Seat, name: c.Name, id: c.Identity.Public(), prekey: prekey.PublicKey().Bytes()}
	me.hello.ref = me.ref(me.hello)
	me.hello.sig = c.Identity.Sign("group hello 1", me.call[:], me.hello.body())
	me.msg = append(me.hello.body(), me.hello.sig[:]...)
	s := State{c: c, self: me, now: now, roster: map[Seat]chair{}, peers: map[Ref]peer{}, absent: map[Seat]announced{}, past: map[Ref]peer{}, gone: map[Ref]bool{}, empty: map[Seat]bool{}, rounds: map[[32]byte]round{}, yes: map[identity.Public]bool{}, noted: map[Trouble]bool{}}
	n := &step{State: s}
	n.look()
	n.rekey()
	n.settle()
	return n.State, []Message{{Body: me.msg}}, nil
}

func (m *self) ref(h hello) Ref {
	return sha256.Sum256(append(append([]byte("paravent hello 1"), m.call[:]...), h.body()...))
}

func (s State) clone() State {
	s.roster, s.peers, s.absent = maps.Clone(s.roster), maps.Clone(s.peers), maps.Clone(s.absent)
	s.past, s.gone, s.rounds = maps.Clone(s.past), maps.Clone(s.gone), maps.Clone(s.rounds)
	s.yes, s.noted, s.empty = maps.Clone(s.yes), maps.Clone(s.noted), maps.Clone(s.empty)
	return s
}

// Sealing returns what to seal with, and false while nothing may be sent.
func (s State) Sealing() (Sealing, bool) {
	if s.Mode() != Sealed {
		return Sealing{}, false
	}
	return Sealing{s.active}, true
}

// Opening returns what opens the frames of the member at a seat; nothing, if it is
// no member.
func (s State) Opening(seat Seat) Opening {
	if p, ok := s.at(seat); ok {
		return Opening{p.keys}
	}
	return Opening{}
}

// A Member is another one in the group.
type Member struct {
	Seat      Seat
	Name      string // by its own word, and uncleaned
	Identity  identity.Public
	Verdict   identity.Verdict
	Following bool // it said that it holds our newest key
	Heard     bool // we hold a key of it
}

// Members returns the other members in the order of their seats. To remember them
// in the book is for the caller to do.
func (s State) Members() []Member {
	var all []Member
	for _, p := range s.sorted() {
		all = append(all, Member{Seat: p.hello.seat, Name: p.hello.name, Identity: p.hello.id, Verdict: p.verdict, Following: p.acked == s.epoch, Heard: len(p.keys) > 0})
	}
	slices.SortFunc(all, func(a, b Member) int { return strings.Compare(string(a.Seat), string(b.Seat)) })
	return all
}

// Announced returns who has announced himself at a seat and is no member, and false if
// nobody has: the person is asked about one whose identity is Changed.
func (s State) Announced(seat Seat) (Member, bool) {
	a, ok := s.absent[seat]
	if !ok {
		return Member{}, false
	}
	return Member{Seat: seat, Name: a.hello.name, Identity: a.hello.id, Verdict: s.c.Book.Judge(a.hello.name, a.hello.id)}, true
}

// Whole reports whether all who are in the roster are members.
func (s State) Whole() bool { return len(s.roster) == len(s.peers) }

// sorted returns the peers in the order of their hellos.
func (s State) sorted() []peer {
	return slices.SortedFunc(maps.Values(s.peers), func(a, b peer) int { return compareRefs(a.hello.ref, b.hello.ref) })
}

func (s State) at(seat Seat) (peer, bool) {
	for _, p := range s.peers {
		if p.hello.seat == seat {
			return p, true
		}
	}
	return peer{}, false
}

// Format hides the keys, whatever the verb.
func (State) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[hidden]")) }

// LogValue hides the keys.
func (State) LogValue() slog.Value { return slog.StringValue("[hidden]") }
