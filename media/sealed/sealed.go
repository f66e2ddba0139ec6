// Package sealed is a stay in a room whose frames and messages are encrypted from end
// to end, or are said not to be. A call is made over a Session of this package and of
// no other kind, and a Session gives no way around its encryption:
//
//	encoder → Outlet.Send → Sealer.Seal → the server's outlet
//	the server's inlet → Opener.Open → Inlet.Receive → decoder
//
// So with an encryption that is required a plain frame cannot be sent or shown,
// whatever the rest of the program does. What does not open is dropped, counted, and
// said once.
//
// It knows no way of encrypting (privacy/seal/…) and no kind of server (media/sfu/…).
package sealed

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"paravent/media/sfu"
	"paravent/privacy/seal"
)

var (
	// ErrNotChosen means that encryption is required, and there is nothing to encrypt
	// with.
	ErrNotChosen = errors.New("this call must be encrypted from end to end, and there is no passphrase")

	// ErrServerPlain means that encryption is required, and the server does not carry it.
	ErrServerPlain = errors.New("this kind of server carries nothing that is encrypted from end to end")

	// ErrMemberPlain means that encryption is required, and what a member sends is plain.
	ErrMemberPlain = errors.New("this is not encrypted from end to end, so it is not shown")

	// ErrNoKeys means that a member encrypts from end to end, and there is nothing to
	// open it with.
	ErrNoKeys = errors.New("this is encrypted from end to end, and there is no passphrase")
)

// A Session is one stay in one room. Its methods may be called by several goroutines
// at once; they are those of sfu.Session, except for Subscribe.
type Session struct {
	raw      sfu.Session
	keys     seal.Keys // nil if nothing is encrypted
	required bool

	mu     sync.Mutex // guards everything that follows
	counts map[sfu.TrackID]seal.Counts
	unsent uint64
}

// leaveTime bounds how long a room is left in that should not have been entered.
const leaveTime = 3 * time.Second

// Join enters a room with the encryption that was chosen; its keys must stay open as
// long as the session. Where encryption is required it returns ErrNotChosen before it
// speaks to anybody, or ErrServerPlain.
func Join(ctx context.Context, c sfu.Connector, r sfu.Room, p sfu.Pass, k sfu.Kit, e seal.Encryption) (*Session, error) {
	if !e.Chosen() {
		return nil, ErrNotChosen
	}
	keys, encrypted := e.Keys()
	if encrypted {
		k.Messages = keys
	}
	if k.Files != nil && e.Required() {
		k.Files = strict{k.Files}
	}
	raw, err := c.Join(ctx, r, p, k)
	if err != nil {
		return nil, err
	}
	s := Plain(raw)
	if raw.Caps().Sealed {
		s.keys, s.required = keys, e.Required()
		return s, nil
	}
	if e.Required() {
		return nil, errors.Join(ErrServerPlain, leave(ctx, raw))
	}
	return s, nil
}

// Plain returns a session in which nothing is encrypted from end to end.
func Plain(raw sfu.Session) *Session {
	return &Session{raw: raw, counts: make(map[sfu.TrackID]seal.Counts)}
}

func leave(ctx context.Context, raw sfu.Session) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	err := raw.Leave(ctx)
	for range raw.Events() { // which nobody reads, up to their end
		continue
	}
	return err
}

// Grade says what the encryption is worth now.
func (s *Session) Grade() seal.Grade {
	if s.keys == nil {
		return seal.Plain
	}
	return s.keys.Grade()
}

// Required reports whether nothing plain is sent or shown.
func (s *Session) Required() bool { return s.required }

// Self is this person's own entry in the roster.
func (s *Session) Self() sfu.Member { return s.raw.Self() }

// RoomName is what the server calls the room.
func (s *Session) RoomName() sfu.Foreign { return s.raw.RoomName() }

// Caps says what this server, and this pass, allow.
func (s *Session) Caps() sfu.Caps { return s.raw.Caps() }

// Events gives what happens.
func (s *Session) Events() <-chan sfu.Event { return s.raw.Events() }

// Say sends a chat message, which the connector seals with the keys of Join.
func (s *Session) Say(ctx context.Context, text string) error { return s.raw.Say(ctx, text) }

// SendFile sends a file, which the connector seals with the keys of Join.
func (s *Session) SendFile(ctx context.Context, f sfu.File, r io.Reader) error {
	c, ok := s.raw.(sfu.Shipper)
	if !ok || !s.raw.Caps().Files {
		return sfu.ErrUnsupported
	}
	return c.SendFile(ctx, f, r)
}

// strict takes no file that came plain.
type strict struct{ sfu.Shelf }

func (s strict) Take(f sfu.File) (sfu.Incoming, error) {
	if !f.Sealed {
		return nil, ErrMemberPlain
	}
	return s.Shelf.Take(f)
}

// SetHand raises or lowers this person's hand.
func (s *Session) SetHand(ctx context.Context, up bool) error { return s.raw.SetHand(ctx, up) }

// Remove sends a member away, where the server lets this person.
func (s *Session) Remove(ctx context.Context, id sfu.MemberID) error {
	if k, ok := s.raw.(sfu.Keeper); ok {
		return k.Remove(ctx, id)
	}
	return sfu.ErrUnsupported
}

// Lock lets nobody else into the room, or people in again, where the server lets this
// person.
func (s *Session) Lock(ctx context.Context, on bool) error {
	if k, ok := s.raw.(sfu.Keeper); ok {
		return k.Lock(ctx, on)
	}
	return sfu.ErrUnsupported
}

// SendData sends data to the program of a member, or to those of all others. It is not
// encrypted: it is what members agree on keys with.
func (s *Session) SendData(ctx context.Context, to sfu.MemberID, b []byte) error {
	if c, ok := s.raw.(sfu.Courier); ok {
		return c.SendData(ctx, to, b)
	}
	return sfu.ErrUnsupported
}

// Stats returns the counters of now.
func (s *Session) Stats() sfu.Stats { return s.raw.Stats() }

// Leave ends the session.
func (s *Session) Leave(ctx context.Context) error { return s.raw.Leave(ctx) }

// Opened counts, by track, what came encrypted.
func (s *Session) Opened() map[sfu.TrackID]seal.Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[sfu.TrackID]seal.Counts, len(s.counts))
	for id, c := range s.counts {
		all[id] = c
	}
	return all
}

// Unsent is how many frames were not sent because they could not be sealed.
func (s *Session) Unsent() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsent
}

// Publish announces a track.
func (s *Session) Publish(ctx context.Context, t sfu.TrackOffer) (sfu.Outlet, error) {
	if s.keys == nil {
		return s.raw.Publish(ctx, t)
	}
	sealer, err := s.keys.Sealer(string(t.Source), t.Codec)
	if err != nil {
		return nil, err
	}
	t.Sealed = true
	raw, err := s.raw.Publish(ctx, t)
	if err != nil {
		return nil, err
	}
	return &outlet{Outlet: raw, session: s, sealer: sealer}, nil
}

// Subscribe asks for a track that TrackAdded announced. When what is encrypted cannot
// be opened for a while, troubled is called with why, and with 0 when it can; it must
// not block. Subscribe returns ErrMemberPlain or ErrNoKeys for what is not to be shown.
func (s *Session) Subscribe(ctx context.Context, t sfu.Track, troubled func(seal.WhyError)) (sfu.Inlet, error) {
	switch {
	case !t.Encrypted && s.required:
		return nil, ErrMemberPlain
	case t.Encrypted && s.keys == nil:
		return nil, ErrNoKeys
	}
	raw, err := s.raw.Subscribe(ctx, t.ID)
	if err != nil || !t.Encrypted {
		return raw, err
	}
	return &inlet{Inlet: raw, session: s, of: t, injected: s.raw.Caps().Injected, troubled: troubled}, nil
}
