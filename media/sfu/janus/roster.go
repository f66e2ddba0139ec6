package janus

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// Bounds on what a server may make us remember.
const (
	maxPeople = 5000
	maxTracks = 100 // of one person
	maxMid    = 64  // bytes
)

// A person is a member with its tracks.
type person struct {
	member sfu.Member
	id     ident
	tracks map[sfu.TrackID]bool
}

// A place is where a member sends a track. It may be used again, for another track.
type place struct {
	member sfu.MemberID
	mid    string
}

// A remoteTrack is a track of another.
type remoteTrack struct {
	sfu.Track
	feed      ident
	mid       string
	said      bool // its sender says that it is muted
	moderated bool // a moderator has muted it
}

// enter takes what the server says of the room when it lets us in, as far as it
// differs from what was known. It must be called with mu held.
func (s *session) enter(d body) {
	name := s.name
	if name == "" {
		name = d.ID.text()
	}
	s.id, s.privateID = d.ID, d.PrivateID
	s.self = sfu.Member{ID: sfu.MemberID(d.ID.text()), Name: sfu.Foreign(name), Role: sfu.Person}
	s.title = sfu.Foreign(d.Description)
	if s.title == "" {
		s.title = sfu.Foreign(s.room.text())
	}
	s.roster = d.Attendees != nil
	there := make(map[sfu.MemberID]bool)
	if d.Attendees != nil {
		for _, p := range *d.Attendees {
			there[s.takePerson(p.ID, p.Display)] = true
			s.takeTracks(p.ID, nil)
		}
	}
	for _, p := range d.Publishers {
		there[s.takePerson(p.ID, p.Display)] = true
		s.takeTracks(p.ID, p.Streams)
	}
	s.dropOthers(there)
	if len(s.heard) > 0 {
		clear(s.heard)
		s.tellSpeaking()
	}
}

// dropOthers drops all who are not there. It must be called with mu held.
func (s *session) dropOthers(there map[sfu.MemberID]bool) {
	for _, id := range slices.Sorted(maps.Keys(s.people)) {
		if !there[id] {
			s.dropPerson(id)
		}
	}
}

// handleRoom takes what happens in the room. It must be called with mu held.
func (s *session) handleRoom(d body) {
	switch d.VideoRoom {
	case "destroyed":
		s.endLocked(sfu.Ended{Why: sfu.Closed})
		return
	case "talking", "stopped-talking":
		s.talks(d)
		return
	case "event":
	default:
		return
	}
	for _, p := range d.Publishers[:min(len(d.Publishers), maxPeople)] {
		s.takePerson(p.ID, p.Display)
		s.takeTracks(p.ID, p.Streams)
	}
	switch {
	case d.Joining.ID != "":
		s.takePerson(d.Joining.ID, d.Joining.Display)
	case d.Leaving.own() && d.Reason == "kicked", d.Kicked != "" && d.Kicked == s.id:
		s.endLocked(sfu.Ended{Why: sfu.Removed})
	case d.Leaving != "":
		s.dropPerson(sfu.MemberID(d.Leaving.text()))
	case d.Kicked != "":
		s.dropPerson(sfu.MemberID(d.Kicked.text()))
	case d.Unpublished != "":
		s.takeTracks(d.Unpublished, nil)
	case d.Moderation != "":
		s.moderated(d)
	case d.Display != nil && d.ID != "":
		if s.people[sfu.MemberID(d.ID.text())] != nil {
			s.takePerson(d.ID, *d.Display)
		}
	}
}

// takePerson takes a member and returns its ID. It must be called with mu held.
func (s *session) takePerson(i ident, name string) sfu.MemberID {
	id := sfu.MemberID(i.text())
	if i == "" || i == s.id {
		return ""
	}
	m := sfu.Member{ID: id, Name: sfu.Foreign(name), Role: sfu.Person}
	old := s.people[id]
	if name == "" {
		m.Name = sfu.Foreign(id)
	}
	switch {
	case old == nil && len(s.people) >= maxPeople:
	case old == nil:
		s.people[id] = &person{member: m, id: i, tracks: make(map[sfu.TrackID]bool)}
		s.events.Put(sfu.MemberJoined{Member: m})
	case name != "" && old.member.Name != m.Name:
		old.member = m
		s.events.Put(sfu.MemberChanged{Member: m})
	}
	return id
}

// dropPerson must be called with mu held.
func (s *session) dropPerson(id sfu.MemberID) {
	p := s.people[id]
	if p == nil {
		return
	}
	for t := range p.tracks {
		s.forgetTrack(t)
	}
	delete(s.people, id)
	s.events.Put(sfu.MemberLeft{ID: id})
	if _, spoke := s.heard[id]; spoke {
		delete(s.heard, id)
		s.tellSpeaking()
	}
}

// takeTracks takes all that a member sends. It must be called with mu held.
func (s *session) takeTracks(i ident, streams []stream) {
	p := s.people[sfu.MemberID(i.text())]
	if p == nil {
		return
	}
	there := make(map[sfu.TrackID]bool, len(streams))
	for _, x := range streams[:min(len(streams), maxTracks)] {
		t, ok := trackOf(p, x)
		if !ok {
			continue
		}
		at := place{t.Member, t.mid}
		old := s.tracks[s.places[at]]
		if old == nil {
			s.serial++
			t.ID = sfu.TrackID(fmt.Sprintf("%s/%s/%d", t.Member, t.mid, s.serial))
			t.moderated = x.Moderated
			t.Muted = t.said || t.moderated
			there[t.ID], p.tracks[t.ID] = true, true
			s.tracks[t.ID], s.places[at] = &t, t.ID
			s.events.Put(sfu.TrackAdded{Track: t.Track})
			continue
		}
		there[old.ID] = true
		t.ID, old.said = old.ID, t.said
		t.Muted = t.said || old.moderated // not every server repeats that
		if t.Codec == "" {
			t.Codec = old.Codec
		}
		s.changeTrack(old, t.Track)
	}
	for _, id := range slices.Sorted(maps.Keys(p.tracks)) {
		if !there[id] {
			s.forgetTrack(id)
			delete(p.tracks, id)
			s.events.Put(sfu.TrackRemoved{ID: id})
		}
	}
	ring(s.receiver.bell)
}

// forgetTrack ends the inlet of a track and forgets it. It must be called with mu
// held.
func (s *session) forgetTrack(id sfu.TrackID) {
	s.endInlet(id)
	if t := s.tracks[id]; t != nil {
		delete(s.places, place{t.Member, t.mid})
	}
	delete(s.tracks, id)
}

// changeTrack must be called with mu held.
func (s *session) changeTrack(t *remoteTrack, now sfu.Track) {
	if t.Track != now {
		t.Track = now
		s.events.Put(sfu.TrackChanged{Track: now})
	}
}

// trackOf reads a stream; false if it is neither seen nor heard.
func trackOf(p *person, x stream) (remoteTrack, bool) {
	t := remoteTrack{feed: p.id, mid: x.Mid}
	switch x.Type {
	case "audio":
		t.Source = sfu.Microphone
	case "video":
		t.Source = sfu.Camera
	}
	if t.Source == "" || x.Disabled || x.Mid == "" || len(x.Mid) > maxMid {
		return t, false
	}
	t.Member = p.member.ID
	if name := codec.Name(strings.ToLower(x.Codec)); slices.Contains(known(), name) && (name == codec.Opus) == t.Source.IsSound() {
		t.Codec = name
	}
	if t.Codec == "" && t.Source.IsSound() {
		t.Codec = codec.Opus
	}
	words := strings.ToLower(x.Description[:min(len(x.Description), 200)])
	words, t.said = strings.CutSuffix(words, mutedWord)
	if strings.Contains(words, "screen") || strings.Contains(words, "desktop") || strings.Contains(words, "presentation") {
		t.Source = map[bool]sfu.Source{true: sfu.ScreenSound, false: sfu.Screen}[t.Source.IsSound()]
	}
	return t, true
}

func known() []codec.Name {
	return []codec.Name{codec.Opus, codec.VP8, codec.VP9, codec.H264, codec.AV1}
}

// mutedWord ends the text beside a stream of somebody who has muted it.
const mutedWord = ", muted"

// moderated takes that a moderator has muted a track, or opened it. It must be
// called with mu held.
func (s *session) moderated(d body) {
	on := d.Moderation == "muted"
	if d.ID == s.id {
		s.sender.moderated(d.Mid, on)
		return
	}
	t := s.tracks[s.places[place{sfu.MemberID(d.ID.text()), d.Mid}]]
	if t == nil {
		return
	}
	t.moderated = on
	now := t.Track
	now.Muted = t.said || on
	s.changeTrack(t, now)
}

// talks takes that somebody begins to speak, or ends. It must be called with mu
// held.
func (s *session) talks(d body) {
	id := sfu.MemberID(d.ID.text())
	if d.ID == "" || s.people[id] == nil && d.ID != s.id {
		return
	}
	_, was := s.heard[id]
	if d.VideoRoom == "talking" {
		s.heard[id] = d.Level
	} else {
		delete(s.heard, id)
	}
	if _, is := s.heard[id]; is || was {
		s.tellSpeaking()
	}
}

// tellSpeaking must be called with mu held.
func (s *session) tellSpeaking() {
	ids := slices.Collect(maps.Keys(s.heard))
	slices.SortFunc(ids, func(a, b sfu.MemberID) int {
		return cmp.Or(cmp.Compare(s.heard[a], s.heard[b]), cmp.Compare(a, b))
	})
	s.events.Put(sfu.Speaking{Members: ids})
}
