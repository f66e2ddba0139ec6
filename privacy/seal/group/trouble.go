package group

import (
	"slices"
	"strings"
	"time"

	"paravent/privacy/seal/identity"
)

// A Kind is what is wrong.
type Kind string

// The kinds. Those that hold media back are marked with an H.
const (
	Unannounced Kind = "unannounced" // H: in the roster, and no hello in time: not all are Paravents
	Hidden      Kind = "hidden"      // announced, and not in the roster: it is sent no key
	Changed     Kind = "changed"     // H: a known name with another identity; needs the person's yes
	Unverified  Kind = "unverified"  // H: a member whose words were never compared, where Config.Verified asks for that
	Swapped     Kind = "swapped"     // H: two hellos for one seat
	Posing      Kind = "posing"      // H: somebody announced himself at our own seat
	Split       Kind = "split"       // H: it sees another group than we do
	Behind      Kind = "behind"      // it does not confirm our key; H if nobody does
	Deaf        Kind = "deaf"        // we do not have its key, so it is not heard
	NotSealed   Kind = "not sealed"  // it sent something plain, which was dropped
	Forged      Kind = "forged"      // a message in its name was not from it, or made no sense
	Crowded     Kind = "crowded"     // H: more than MaxMembers
)

// A Trouble is something that is wrong, at a seat; Crowded has none.
type Trouble struct {
	Kind Kind
	Seat Seat
}

// An Alarm tells of a trouble that began with the event.
type Alarm = Trouble

// Holds reports whether the trouble alone holds media back.
func (t Trouble) Holds() bool {
	switch t.Kind {
	case Unannounced, Changed, Unverified, Swapped, Posing, Split, Crowded:
		return true
	case Hidden, Behind, Deaf, NotSealed, Forged:
	}
	return false
}

// A Mode is what becomes of what is to be sent.
type Mode int

// The modes.
const (
	Held   Mode = iota // nothing may be sent: see Troubles
	Sealed             // everything is sealed
	Plain              // not all are Paravents, and the person agreed to send plain
)

// Troubles returns what is wrong, in order.
func (s State) Troubles() []Trouble { return slices.Clone(s.troubles) }

// Mode says what becomes of what is to be sent. It is Plain only after AllowPlain:
// nothing that a server or another member does makes it so.
func (s State) Mode() Mode {
	if s.left || s.active == nil {
		return Held
	}
	behind, strange, held := 0, false, false
	for _, t := range s.troubles {
		switch {
		case t.Kind == Unannounced:
			strange = true
		case t.Kind == Behind:
			behind++
		case t.Holds():
			held = true
		}
	}
	switch {
	case held:
		return Held
	case strange && s.plain && !s.c.Required:
		return Plain
	case strange, behind > 0 && behind == len(s.peers):
		return Held
	}
	return Sealed
}

// find returns what is wrong at this time.
func (s State) find() []Trouble {
	var all []Trouble
	add := func(k Kind, seat Seat) { all = append(all, Trouble{k, seat}) }
	late := func(since time.Time) bool { return s.now.Sub(since) >= s.c.Patience }
	for t := range s.noted {
		all = append(all, t)
	}
	members := make(map[Seat]bool, len(s.peers))
	for _, p := range s.peers {
		members[p.hello.seat] = true
	}
	for seat, c := range s.roster {
		if members[seat] {
			continue
		}
		if _, ok := s.absent[seat]; ok {
			if len(s.roster) < MaxMembers {
				add(Changed, seat) // else it would be a member
			}
		} else if late(c.since) {
			add(Unannounced, seat)
		}
	}
	for seat, a := range s.absent {
		if _, ok := s.roster[seat]; !ok && late(a.since) {
			add(Hidden, seat)
		}
	}
	for _, p := range s.peers {
		if s.c.Verified && p.verdict != identity.Verified {
			add(Unverified, p.hello.seat)
		}
		if !p.split.IsZero() && late(p.split) {
			add(Split, p.hello.seat)
		}
		if p.acked < s.epoch && late(p.behind) {
			add(Behind, p.hello.seat)
		}
		if !p.deaf.IsZero() && late(p.deaf) {
			add(Deaf, p.hello.seat)
		}
	}
	if len(s.roster) >= MaxMembers {
		add(Crowded, "")
	}
	slices.SortFunc(all, compareTroubles)
	return slices.Compact(all)
}

func compareTroubles(a, b Trouble) int {
	if c := strings.Compare(string(a.Seat), string(b.Seat)); c != 0 {
		return c
	}
	return strings.Compare(string(a.Kind), string(b.Kind))
}
