package group

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"paravent/privacy/seal/identity"
)

// A round is what is promised and told for one view. It is never changed.
type round struct {
	share    [32]byte // one's own
	told     bool
	promises map[Ref][32]byte
	shares   map[Ref][32]byte
}

// Safety returns what all members can compare by ear, and false as long as not all
// of them say that the group is the same. Who hears another member read the same
// words knows that everybody's identity is the one it seems.
func (s State) Safety() (identity.Safety, bool) {
	ids := []identity.Public{s.self.hello.id}
	for _, p := range s.peers {
		ids = append(ids, p.hello.id)
	}
	t, ok := s.transcript()
	return identity.Compare(t, ids...), ok
}

// SafetyWith is as Safety, for this member and the one at a seat alone.
func (s State) SafetyWith(seat Seat) (identity.Safety, bool) {
	p, found := s.at(seat)
	t, ok := s.transcript()
	return identity.Compare(t, s.self.hello.id, p.hello.id), found && ok
}

func (s State) transcript() ([32]byte, bool) {
	h := sha256.New()
	h.Write([]byte("paravent transcript 1"))
	h.Write(s.view[:])
	r := s.rounds[s.view]
	shares := map[Ref][32]byte{s.self.hello.ref: r.share}
	for ref, p := range s.peers {
		share, ok := r.shares[ref]
		if !ok || p.view != s.view {
			return [32]byte{}, false
		}
		shares[ref] = share
	}
	for _, ref := range slices.SortedFunc(maps.Keys(shares), compareRefs) {
		share := shares[ref]
		h.Write(share[:])
	}
	return [32]byte(h.Sum(nil)), len(s.peers) > 0 && r.told
}

// exchange takes what the others promised and told for the view, and tells one's
// own share when all have promised. Who promises a second time is not heard.
func (s *State) exchange() {
	r := s.rounds[s.view]
	r.promises, r.shares = maps.Clone(r.promises), maps.Clone(r.shares)
	for ref, p := range s.peers {
		if p.promised != s.view {
			continue
		}
		if _, ok := r.promises[ref]; !ok {
			r.promises[ref] = p.promise
		}
		if p.share != ([32]byte{}) && promise(ref, s.view, p.share) == r.promises[ref] {
			r.shares[ref] = p.share
		}
	}
	if !r.told && len(s.peers) > 0 && len(s.peers) == len(s.roster) && len(r.promises) == len(s.peers) {
		r.told, s.dirty = true, true
	}
	s.rounds[s.view] = r
}

// look renews the view: the hash of the call and all hellos.
func (s *State) look() {
	refs := append(slices.Collect(maps.Keys(s.peers)), s.self.hello.ref)
	slices.SortFunc(refs, compareRefs)
	h := sha256.New()
	h.Write([]byte("paravent view 1"))
	h.Write(s.self.call[:])
	for _, r := range refs {
		h.Write(r[:])
	}
	s.view, s.dirty = [32]byte(h.Sum(nil)), true
	if _, ok := s.rounds[s.view]; !ok {
		if len(s.rounds) >= maxRounds {
			clear(s.rounds)
		}
		r := round{promises: map[Ref][32]byte{}, shares: map[Ref][32]byte{}}
		_, _ = rand.Read(r.share[:]) // never fails
		s.rounds[s.view] = r
	}
	for ref, p := range s.peers {
		p.split = time.Time{}
		s.peers[ref] = p
	}
	for seat, c := range s.roster { // nobody can have the new view yet
		c.asked.later(s.now, s.c.Resend)
		s.roster[seat] = c
	}
}

// promise is what binds the member ref to a share for a view.
func promise(ref Ref, view, share [32]byte) [32]byte {
	b := append([]byte("paravent share 1"), ref[:]...)
	return sha256.Sum256(append(append(b, view[:]...), share[:]...))
}

func compareRefs(a, b Ref) int { return bytes.Compare(a[:], b[:]) }
