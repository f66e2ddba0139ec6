package policy

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// Merge returns the strictest of all layers. They come in the order of the package
// comment: where two name a background, a notice or a file of authorities, none of
// which is stricter than another, the first stands. So it does where two know the
// same server; and no layer adds to the list of one that allows nothing else.
//
// But for that order Merge is commutative and associative, and merging a merged
// policy with itself changes nothing.
func Merge(layers ...Policy) Policy {
	var m Policy
	for _, l := range layers {
		m.Background = cmp.Or(m.Background, l.Background)
		m.Authorities = cmp.Or(m.Authorities, l.Authorities)
		m.Notice = cmp.Or(m.Notice, l.Notice)
		m.PictureFilters = union(m.PictureFilters, l.PictureFilters)
		m.SoundFilters = union(m.SoundFilters, l.SoundFilters)
		m.mergeSwitches(l)
		m.MostUp = least(m.MostUp, l.MostUp)
		m.MostDown = least(m.MostDown, l.MostDown)
		m.ReceiptDays = least(m.ReceiptDays, l.ReceiptDays)
		m.Ports = m.Ports.and(l.Ports)
		m.Secrets = max(m.Secrets, l.Secrets)
		m.ExtraHosts = common(m.ExtraHosts, l.extra(), compareHosts)
		m.Issuers = common(m.Issuers, l.Issuers, cmp.Compare[string])
		m.ACR = common(m.ACR, l.ACR, cmp.Compare[string])
		m.Operators = added(m.Operators, l.Operators)
		m.only = added(m.only, l.lists())
	}
	return m
}

func (p *Policy) mergeSwitches(l Policy) {
	for _, s := range []struct {
		on   *bool
		also bool
	}{
		{&p.NoRawPicture, l.NoRawPicture},
		{&p.NoRawSound, l.NoRawSound},
		{&p.NoCamera, l.NoCamera},
		{&p.NoMicrophone, l.NoMicrophone},
		{&p.NoScreen, l.NoScreen},
		{&p.NoChat, l.NoChat},
		{&p.NoFiles, l.NoFiles},
		{&p.AskRecording, l.AskRecording},
		{&p.EndToEnd, l.EndToEnd},
		{&p.VerifiedMembers, l.VerifiedMembers},
		{&p.RelayOnly, l.RelayOnly},
		{&p.NoLocalAddress, l.NoLocalAddress},
		{&p.ListedOnly, l.ListedOnly},
		{&p.Receipts, l.Receipts},
		{&p.NoLogs, l.NoLogs},
	} {
		*s.on = *s.on || s.also
	}
}

// extra are the hosts that p allows: one that allows only what is on its list, and
// says nothing else, allows no others.
func (p Policy) extra() []Host {
	if p.ExtraHosts == nil && p.ListedOnly {
		return []Host{}
	}
	return p.ExtraHosts
}

func compareHosts(a, b Host) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Purpose, b.Purpose))
}

// union is sorted; nil if there is nothing in it.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// common is what both allow, sorted; nil allows everything.
func common[T comparable](a, b []T, order func(T, T) int) []T {
	switch {
	case a == nil && b == nil:
		return nil
	case a == nil:
		a = b
	case b == nil:
		b = a
	}
	both := []T{}
	for _, v := range a {
		if slices.Contains(b, v) {
			both = append(both, v)
		}
	}
	slices.SortFunc(both, order)
	return slices.Compact(both)
}

// added is what a has, and then what only b has.
func added[T any](a, b []T) []T {
	for _, v := range b {
		if !slices.ContainsFunc(a, func(old T) bool { return reflect.DeepEqual(old, v) }) {
			a = append(slices.Clip(a), v)
		}
	}
	return a
}

// least is the smaller of two bounds, of which 0 is none.
func least(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// Ports are the UDP ports from First to Last. The zero Ports are all of them; where
// Last is below First there is none.
type Ports struct{ First, Last uint16 }

// Any reports whether every port may be used.
func (p Ports) Any() bool { return p == Ports{} }

// None reports whether no port may be used.
func (p Ports) None() bool { return p.Last < p.First }

func (p Ports) String() string {
	switch {
	case p.Any():
		return ""
	case p.None():
		return "none"
	case p.First == p.Last:
		return fmt.Sprint(p.First)
	}
	return fmt.Sprintf("%d-%d", p.First, p.Last)
}

// MarshalText makes p a text in JSON.
func (p Ports) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p Ports) and(q Ports) Ports {
	switch {
	case p.Any():
		return q
	case q.Any():
		return p
	}
	both := Ports{max(p.First, q.First), min(p.Last, q.Last)}
	if both.None() {
		return Ports{First: 1}
	}
	return both
}

// Keeping says where a pass may be kept between calls. More is stricter.
type Keeping int

// The ways. None of them is a file: a pass is never written into one.
const (
	KeepAsFits  Keeping = iota // in the system's keyring or, where there is none, in memory
	KeepKeyring                // in the keyring; where there is none, nobody can sign in
	KeepMemory                 // in memory, until the program ends
)
