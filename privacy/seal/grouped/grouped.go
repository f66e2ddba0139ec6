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

// Unchecked is a key for each member, and not all of them were compared yet.
const Unchecked seal.Grade = "unchecked"

// messages is the name of the track of what is not a frame.
const messages = "messages"

// Keys are the keys of one call.
type Keys struct {
	now atomic.Pointer[keys] // for frames, without a lock

	mu    sync.Mutex // guards everything that follows
	state group.State
}

var _ seal.Keys = (*Keys)(nil)

// keys are those of one moment. They are never changed.
type keys struct {
	sealing *group.Sealing // nil while nothing may be sent
	opening map[group.Seat]group.Opening
	grade   seal.Grade
}

// New begins a group; see group.New.
func New(c group.Config, now time.Time) (*Keys, []group.Message, error) {
	state, out, err := group.New(c, now)
	if err != nil {
		return nil, nil, err
	}
	k := &Keys{state: state}
	k.publish()
	return k, out, nil
}

// Do takes an event; see group.State.After. When it returns, frames are sealed and
// opened with the keys of after it.
func (k *Keys) Do(now time.Time, e group.Event) ([]group.Message, []group.Alarm) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []group.Message
	var alarms []group.Alarm
	k.state, out, alarms = k.state.After(now, e)
	k.publish()
	return out, alarms
}

// State returns what is known of the group, to show.
func (k *Keys) State() group.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

func (k *Keys) publish() {
	n := &keys{opening: map[group.Seat]group.Opening{}, grade: seal.Plain}
	if s, ok := k.state.Sealing(); ok {
		n.sealing, n.grade = &s, seal.Verified
	}
	for _, m := range k.state.Members() {
		n.opening[m.Seat] = k.state.Opening(m.Seat)
		if n.sealing != nil && m.Verdict != identity.Verified {
			n.grade = Unchecked
		}
	}
	k.now.Store(n)
}

// Grade is Verified if the words of all members were compared once, Unchecked if
// not, and Plain while nothing is sealed.
func (k *Keys) Grade() seal.Grade { return k.now.Load().grade }

// Close says no bye: Do with group.Leave does, and then its message is to be sent.
func (k *Keys) Close() { _, _ = k.Do(time.Time{}, group.Leave{}) }

// Sealer returns what seals one outgoing track.
func (k *Keys) Sealer(name codec.Name) (seal.Sealer, error) {
	if !sealable(name) {
		return nil, seal.ErrBadCodec
	}
	return sealer{k, name}, nil
}

// Opener returns what opens one incoming track of a member.
func (k *Keys) Opener(member string, name codec.Name) (seal.Opener, error) {
	if !sealable(name) {
		return nil, seal.ErrBadCodec
	}
	return opener{k, group.Seat(member), name}, nil
}

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
	k    *Keys
	name codec.Name
}

func (s sealer) Seal(dst []byte, p codec.Packet) ([]byte, error) {
	return s.k.seal(string(s.name), s.name, dst, p.Data)
}

type opener struct {
	k    *Keys
	seat group.Seat
	name codec.Name
}

func (o opener) Open(dst []byte, p codec.Packet) ([]byte, error) {
	return o.k.open(o.seat, string(o.name), o.name, dst, p.Data)
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
