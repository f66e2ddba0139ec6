package call

import (
	"fmt"
	"maps"
	"strings"

	"paravent/media/present"
	"paravent/media/sfu"
)

// A Volume is how loud this person hears a member.
type Volume struct {
	Percent int  // 0 to MostPercent; 100 is as it comes
	Muted   bool // for this person alone; Percent is what comes back
}

// MostPercent is the largest volume.
const MostPercent = 100 * present.MostGain

func (v Volume) gain() float32 {
	if v.Muted {
		return 0
	}
	return float32(v.Percent) / 100
}

// Volume returns how loud this person hears a member.
func (s State) Volume(id sfu.MemberID) Volume {
	if v, ok := s.Volumes[id]; ok {
		return v
	}
	return Volume{Percent: 100}
}

// A MemberError says that a name is nobody's, or not of one member alone.
type MemberError struct {
	Name string // as typed
	Fits int    // members
}

func (e *MemberError) Error() string {
	if e.Fits == 0 {
		return fmt.Sprintf("nobody here is called %q", e.Name)
	}
	return fmt.Sprintf("%d members are called %q", e.Fits, e.Name)
}

// Find returns the other member whom a person means by a name: the ID, the name,
// or the beginning of one name only, in capitals or not.
func (s State) Find(name string) (sfu.MemberID, error) {
	fold := strings.ToLower
	for _, fits := range []func(Member) bool{
		func(m Member) bool { return string(m.ID) == name },
		func(m Member) bool { return strings.EqualFold(m.Name, name) },
		func(m Member) bool { return name != "" && strings.HasPrefix(fold(m.Name), fold(name)) },
	} {
		var hits []sfu.MemberID
		for _, m := range s.Roster {
			if m.ID != s.Self && fits(m) {
				hits = append(hits, m.ID)
			}
		}
		switch len(hits) {
		case 0:
		case 1:
			return hits[0], nil
		default:
			return "", &MemberError{Name: name, Fits: len(hits)}
		}
	}
	return "", &MemberError{Name: name}
}

// SetVolume says how loud this person hears a member, for the rest of the call,
// also when the member comes back. Nobody else is told.
func (c *Call) SetVolume(id sfu.MemberID, v Volume) {
	v.Percent = max(0, min(v.Percent, MostPercent))
	c.others.setVolume(id, v)
	c.change(func(s State) State {
		s.Volumes = maps.Clone(s.Volumes)
		if s.Volumes == nil {
			s.Volumes = make(map[sfu.MemberID]Volume)
		}
		s.Volumes[id] = v
		if v == (Volume{Percent: 100}) {
			delete(s.Volumes, id)
		}
		return s
	})
}

func (r *receivers) setVolume(id sfu.MemberID, v Volume) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wishes[id] = v
	for _, line := range r.lines {
		if line.member == id {
			line.volume.Set(v.gain())
		}
	}
}

// TellVolumes adds a notice that lists how loud this person hears the others.
func (c *Call) TellVolumes() {
	s := c.State()
	var list []string
	for _, m := range s.Roster {
		if m.ID == s.Self {
			continue
		}
		v := s.Volume(m.ID)
		text := fmt.Sprintf("%s %d %%", m.Name, v.Percent)
		if v.Muted {
			text = m.Name + " 0 %"
		}
		list = append(list, text)
	}
	c.Tell(Notice{What: Volumes, Arg: strings.Join(list, ", ")})
}
