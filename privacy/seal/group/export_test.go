package group

import (
	"crypto/hpke"
	"slices"
)

// Parse reads a message and returns it written again.
func Parse(b []byte) ([]byte, error) {
	m, err := parse(b)
	switch m := m.(type) {
	case hello:
		return append(m.body(), m.sig[:]...), nil
	case pair:
		return append(m.body(), m.sig[:]...), nil
	case keys:
		return append(m.body(), m.sig[:]...), nil
	case status:
		return append(m.body(), m.sig[:]...), nil
	case bye:
		return append(m.body(), m.sig[:]...), nil
	case ask:
		return []byte{version, kindAsk}, nil
	}
	return nil, err
}

// The kinds of messages, the second byte of each.
const (
	KindHello  = kindHello
	KindPair   = kindPair
	KindKeys   = kindKeys
	KindStatus = kindStatus
	KindBye    = kindBye
	KindAsk    = kindAsk
)

// Epoch is which of a member's keys it is.
func (s Sealing) Epoch() uint32 { return s.v.epoch }

// Told reports whether a status has its sender's share.
func Told(b []byte) bool {
	m, err := parse(b)
	s, ok := m.(status)
	return err == nil && ok && s.share != [32]byte{}
}

// A Base is the key of one sender and epoch.
type Base [keyLen]byte

// Hearers are the seats that were sent the key that s seals with, of those at the
// table or not.
func (s State) Hearers() []Ref {
	if s.active == nil {
		return nil
	}
	var all []Ref
	for r := range s.active.given {
		all = append(all, r)
	}
	return all
}

// Report is a status that promises and tells a share at once.
func (s State) Report(share [32]byte, number uint64) []byte {
	m := status{from: s.self.hello.ref, number: number, epoch: s.epoch, view: s.view, promise: promise(s.self.hello.ref, s.view, share), share: share}
	m.sig = s.c.Identity.Sign("group status 1", s.self.call[:], m.body())
	return append(m.body(), m.sig[:]...)
}

// FalsePair is a pair message from a member to us that anybody can make: all of it
// but the signature.
func (s State) FalsePair(from Seat) []byte {
	p, _ := s.at(from)
	to, err := hpke.MLKEM768X25519().NewPublicKey(s.self.hello.prekey)
	if err != nil {
		panic(err)
	}
	m := pair{from: p.hello.ref, to: s.self.hello.ref, number: p.pairNumber + 1000}
	if m.sealed, err = hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), s.self.info(m), make([]byte, keyLen)); err != nil {
		panic(err)
	}
	return append(m.body(), m.sig[:]...)
}

// Ref is one's own.
func (s State) Ref() Ref { return s.self.hello.ref }

// Knows reports whether a member is in the group.
func (s State) Knows(r Ref) bool { _, ok := s.peers[r]; return ok }

// Mine are one's own keys, with who was sent each.
func (s State) Mine() map[Base][]Ref {
	all := map[Base][]Ref{}
	for _, v := range []*vault{s.active, s.next} {
		if v != nil && v.base != nil {
			var to []Ref
			for r := range v.given {
				to = append(to, r)
			}
			all[Base(*v.base)] = to
		}
	}
	return all
}

// Held are the keys of others.
func (s State) HeldKeys() []Base {
	var all []Base
	for _, m := range []map[Ref]peer{s.peers, s.past} {
		for _, p := range m {
			for _, v := range p.keys {
				if v.base != nil {
					all = append(all, Base(*v.base))
				}
			}
		}
	}
	return all
}

// Track is the key of a track.
func Track(base Base, name string) ([]byte, error) { return track((*[keyLen]byte)(&base), name) }

// Has reports whether one's troubles have a kind.
func (s State) Has(k Kind) bool {
	return slices.ContainsFunc(s.troubles, func(t Trouble) bool { return t.Kind == k })
}
