// Package grouped is the encryption of a call in which all are Paravents: a group
// (package group) as seal.Keys, so that it does not matter what kind of server
// carries it.
//
//	roster, group messages, a tick each 100 ms ─► Keys.Do ─► messages to send, alarms
//	                                                 │
//	           Sealer.Seal, Opener.Open  ◄───────────┘  the keys of now
//
// It has no goroutine and no clock: whoever holds the session calls Do.
package grouped

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"paravent/media/codec"
	"paravent/privacy/seal"
	"paravent/privacy/seal/group"
	"paravent/privacy/seal/identity"
	"paravent/privacy/seal/sframe"
)

// messages is the name of the track of what is not a frame.
const messages = "messages"

// Keys are the keys of one call.
type Keys struct {
	now atomic.Pointer[keys] // for frames, without a lock

	mu            sync.Mutex // guards everything that follows
	state         group.State
	begun, closed bool
}

var _ seal.Keys = (*Keys)(nil)

// keys are those of one moment. They are never changed.
type keys struct {
	sealing *group.Sealing // nil while nothing may be sent
	opening map[group.Seat]group.Opening
	grade   seal.Grade
}

// New returns keys that have not begun: they seal and open nothing.
func New() *Keys {
	k := new(Keys)
	k.now.Store(&keys{grade: seal.Held})
	return k
}

// ErrBegun is returned by a second Begin, and by one after Close: keys are for one call.
var ErrBegun = errors.New("these keys are those of another call")

// Begin begins the group when this member is in the room, whose seat it knows only
// then. It returns what to send, or the errors of group.New, or ErrBegun.
func (k *Keys) Begin(c group.Config, now time.Time) ([]group.Message, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.begun || k.closed {
		return nil, ErrBegun
	}
	state, out, err := group.New(c, now)
	if err != nil {
		return nil, err
	}
	k.state, k.begun = state, true
	k.publish()
	return out, nil
}

// Do takes an event; see group.State.After. When it returns, frames are sealed and
// opened with the keys of after it. Before Begin it does nothing.
func (k *Keys) Do(now time.Time, e group.Event) ([]group.Message, []group.Alarm) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.begun {
		return nil, nil
	}
	var out []group.Message
	var alarms []group.Alarm
	k.state, out, alarms = k.state.After(now, e)
	k.publish()
	return out, alarms
}

// State returns what is known of the group, to show, and false before Begin.
func (k *Keys) State() (group.State, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state, k.begun
}

func (k *Keys) publish() {
	n := &keys{opening: map[group.Seat]group.Opening{}, grade: seal.Held}
	members := k.state.Members()
	if s, ok := k.state.Sealing(); ok {
		n.sealing, n.grade = &s, seal.Unchecked
		if len(members) > 0 && k.state.Whole() {
			n.grade = seal.Verified
		}
	}
	for _, m := range members {
		n.opening[m.Seat] = k.state.Opening(m.Seat)
		if n.sealing != nil && m.Verdict != identity.Verified {
			n.grade = seal.Unchecked
		}
	}
	k.now.Store(n)
}

// Grade is Verified if all who are there are members whose words were compared once,
// Unchecked if not, and Held while nothing may be sent.
func (k *Keys) Grade() seal.Grade { return k.now.Load().grade }

// Close says no bye: Do with group.Leave does, and then its message is to be sent.
// Keys that had not begun never will.
func (k *Keys) Close() {
	_, _ = k.Do(time.Time{}, group.Leave{})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
}

// Sealer returns what seals one outgoing track.
func (k *Keys) Sealer(source string, name codec.Name) (seal.Sealer, error) {
	if !sealable(name) {
		return nil, seal.ErrBadCodec
	}
	return sealer{k, trackOf(source, name), name}, nil
}

// Opener returns what opens one incoming track of a member.
func (k *Keys) Opener(member, source string, name codec.Name) (seal.Opener, error) {
	if !sealable(name) {
		return nil, seal.ErrBadCodec
	}
	return opener{k, group.Seat(member), trackOf(source, name), name}, nil
}

// trackOf names a track. The key of it is made from the name, so that a server cannot
// show a screen as a camera.
func trackOf(source string, name codec.Name) string { return source + " " + string(name) }

func sealable(name codec.Name) bool {
	switch name {
	case codec.VP8, codec.VP9, codec.H264, codec.Opus:
		return true
	case codec.AV1:
	}
	return false
}

// Tracks of one codec share a key and its counter, as the interface does not say
// which is which; group could tell them apart.
type sealer struct {
	k     *Keys
	track string
	name  codec.Name
}

func (s sealer) Seal(dst []byte, p codec.Packet) ([]byte, error) {
	return s.k.seal(s.track, s.name, dst, p.Data)
}

type opener struct {
	k     *Keys
	seat  group.Seat
	track string
	name  codec.Name
}

func (o opener) Open(dst []byte, p codec.Packet) ([]byte, error) {
	return o.k.open(o.seat, o.track, o.name, dst, p.Data)
}

// SealMessage encrypts plain for all members.
func (k *Keys) SealMessage(plain []byte) (seal.Message, error) {
	data, err := k.seal(messages, codec.Opus, nil, plain)
	return seal.Message{Data: data}, err
}

// OpenMessage decrypts what a member sent.
func (k *Keys) OpenMessage(member string, m seal.Message) ([]byte, error) {
	return k.open(group.Seat(member), messages, codec.Opus, nil, m.Data)
}

func (k *Keys) seal(track string, name codec.Name, dst, data []byte) ([]byte, error) {
	s := k.now.Load().sealing
	if s == nil {
		return dst, seal.ErrNoKey
	}
	out, err := s.Seal(track, name, dst, data)
	if err != nil {
		return dst, why(err)
	}
	return out, nil
}

func (k *Keys) open(seat group.Seat, track string, name codec.Name, dst, data []byte) ([]byte, error) {
	out, err := k.now.Load().opening[seat].Open(track, name, dst, data)
	if err != nil {
		return dst, why(err)
	}
	return out, nil
}

// why is the error as package seal has it.
func why(err error) seal.WhyError {
	switch {
	case errors.Is(err, sframe.ErrForged):
		return seal.ErrWrongKey
	case errors.Is(err, sframe.ErrReplay):
		return seal.ErrReplayed
	case errors.Is(err, sframe.ErrFrame):
		return seal.ErrTruncated
	case errors.Is(err, sframe.ErrCodec):
		return seal.ErrBadCodec
	}
	return seal.ErrNoKey
}
