package livekit

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/seal"
)

// The attribute that says that a hand is raised, as LiveKit's own meeting
// applications have none.
const (
	handAttribute = "hand"
	handRaised    = "raised"
)

// Bounds on what a server may make us remember.
const (
	maxPeople     = 5000
	maxTracks     = 100 // of one person
	maxAttributes = 64
)

// A person is a member with its tracks.
type person struct {
	member  sfu.Member
	number  string // its SID
	version uint32
	tracks  map[sfu.TrackID]bool

	withheld seal.WhyError // why its last message did not open
}

// A remoteTrack is a track of another.
type remoteTrack struct{ sfu.Track }

// States of livekit.ParticipantInfo.State.
const stateDisconnected = 3

// takeSelf takes what the server says of ourselves. It must be called with mu
// held.
func (s *session) takeSelf(p *wire.ParticipantInfo) {
	m := memberOf(p)
	s.caps = capsOf(p.Permission)
	changed := s.self.ID != "" && !same(m, s.self)
	s.self = m
	s.numbers[p.Sid] = m.ID
	if changed {
		s.put(sfu.MemberChanged{Member: m})
	}
}

func capsOf(p *wire.ParticipantPermission) sfu.Caps {
	c := sfu.Caps{Publish: make(map[sfu.Source]bool), Roster: true, Tracks: true, Mute: true, Layers: true, Recording: true, Quality: true, Sealed: true}
	if p == nil { // old servers say nothing and allow all
		p = &wire.ParticipantPermission{CanSubscribe: true, CanPublish: true, CanPublishData: true}
	}
	for _, src := range []sfu.Source{sfu.Camera, sfu.Microphone, sfu.Screen, sfu.ScreenSound} {
		c.Publish[src] = p.CanPublish && (len(p.CanPublishSources) == 0 || slices.Contains(p.CanPublishSources, sourceNumber(src)))
	}
	c.Watch, c.Chat, c.Files, c.Data, c.Hand = p.CanSubscribe, p.CanPublishData, p.CanPublishData, p.CanPublishData, p.CanUpdateMetadata
	return c
}

// takePerson takes what the server says of a member. It must be called with mu
// held.
func (s *session) takePerson(p *wire.ParticipantInfo) {
	id := sfu.MemberID(p.Identity)
	if id == "" {
		return
	}
	if id == s.self.ID {
		if p.Sid == s.number && p.State != stateDisconnected {
			s.takeSelf(p)
		}
		return
	}
	old := s.people[id]
	switch {
	case p.State == stateDisconnected:
		if old != nil && old.number == p.Sid {
			s.dropPerson(id)
		}
		return
	case old != nil && old.number != p.Sid: // came back before it was missed
		s.dropPerson(id)
		old = nil
	case old != nil && p.Version != 0 && p.Version < old.version:
		return
	case old == nil && len(s.people) >= maxPeople:
		return
	}
	m := memberOf(p)
	if old == nil {
		old = &person{member: m, number: p.Sid, tracks: make(map[sfu.TrackID]bool)}
		s.people[id] = old
		s.numbers[p.Sid] = id
		s.put(sfu.MemberJoined{Member: m})
	} else if !same(m, old.member) {
		s.put(sfu.MemberChanged{Member: m})
	}
	old.member, old.version = m, p.Version
	s.takeTracks(old, p.Tracks)
}

// dropPerson must be called with mu held.
func (s *session) dropPerson(id sfu.MemberID) {
	p := s.people[id]
	for t := range p.tracks {
		s.endInlet(t)
		delete(s.tracks, t)
	}
	delete(s.people, id)
	delete(s.numbers, p.number)
	s.put(sfu.MemberLeft{ID: id})
	if _, spoke := s.heard[id]; spoke {
		delete(s.heard, id)
		s.tellSpeaking()
	}
}

// takeTracks must be called with mu held.
func (s *session) takeTracks(p *person, infos []*wire.TrackInfo) {
	there := make(map[sfu.TrackID]bool, len(infos))
	for _, info := range infos[:min(len(infos), maxTracks)] {
		t, ok := trackOf(p.member.ID, info)
		if !ok {
			continue
		}
		there[t.ID] = true
		switch old := s.tracks[t.ID]; {
		case old == nil:
			s.tracks[t.ID] = &remoteTrack{t}
			p.tracks[t.ID] = true
			s.put(sfu.TrackAdded{Track: t})
		case old.Member != p.member.ID: // another's number
		case old.Track != t:
			old.Track = t
			s.put(sfu.TrackChanged{Track: t})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.tracks)) {
		if !there[id] {
			s.endInlet(id)
			delete(s.tracks, id)
			delete(p.tracks, id)
			s.put(sfu.TrackRemoved{ID: id})
		}
	}
}

// tellSpeaking must be called with mu held.
func (s *session) tellSpeaking() {
	ids := slices.Collect(maps.Keys(s.heard))
	slices.SortFunc(ids, func(a, b sfu.MemberID) int {
		return cmp.Or(cmp.Compare(s.heard[b], s.heard[a]), cmp.Compare(a, b))
	})
	s.put(sfu.Speaking{Members: ids})
}

func memberOf(p *wire.ParticipantInfo) sfu.Member {
	m := sfu.Member{
		ID: sfu.MemberID(p.Identity), Name: sfu.Foreign(p.Name), Role: roleOf(p), Hidden: p.GetPermission().GetHidden(),
		Hand: p.Attributes[handAttribute] == handRaised,
	}
	if m.Name == "" {
		m.Name = sfu.Foreign(p.Identity)
	}
	for _, k := range slices.Sorted(maps.Keys(p.Attributes)) {
		if len(m.Attributes) == maxAttributes {
			break
		}
		if m.Attributes == nil {
			m.Attributes = make(map[string]sfu.Foreign)
		}
		m.Attributes[k] = sfu.Foreign(p.Attributes[k])
	}
	return m
}

func roleOf(p *wire.ParticipantInfo) sfu.Role {
	perm := p.GetPermission()
	switch { // livekit.ParticipantInfo.Kind
	case p.Kind == 2, perm.GetRecorder():
		return sfu.Recorder
	case p.Kind == 1, p.Kind == 4, p.Kind == 7, p.Kind == 8, perm.GetAgent():
		return sfu.Bot
	case p.Kind == 3:
		return sfu.Phone
	}
	return sfu.Person
}

func same(a, b sfu.Member) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Role == b.Role && a.Hidden == b.Hidden && a.Hand == b.Hand && maps.Equal(a.Attributes, b.Attributes)
}

// trackOf reads a track; false if it is neither seen nor heard.
func trackOf(member sfu.MemberID, i *wire.TrackInfo) (sfu.Track, bool) {
	t := sfu.Track{
		ID: sfu.TrackID(i.Sid), Member: member, Width: int(i.Width), Height: int(i.Height),
		Muted: i.Muted, Encrypted: i.Encryption != 0,
	}
	_, name, _ := strings.Cut(strings.ToLower(i.MimeType), "/")
	switch n := codec.Name(name); n {
	case codec.VP8, codec.VP9, codec.H264, codec.AV1, codec.Opus:
		t.Codec = n
	}
	sound := i.Type == 0
	if name == "red" || sound && t.Codec == "" {
		t.Codec = codec.Opus // the server takes the redundancy out for us
	}
	switch i.Source { // livekit.TrackSource
	case 1:
		t.Source = sfu.Camera
	case 2:
		t.Source = sfu.Microphone
	case 3:
		t.Source = sfu.Screen
	case 4:
		t.Source = sfu.ScreenSound
	default:
		t.Source = sfu.Camera
		if sound {
			t.Source = sfu.Microphone
		}
	}
	return t, t.ID != "" && (i.Type == 0 || i.Type == 1) && t.Source.IsSound() == sound
}

func sourceNumber(s sfu.Source) int32 {
	switch s {
	case sfu.Camera:
		return 1
	case sfu.Microphone:
		return 2
	case sfu.Screen:
		return 3
	case sfu.ScreenSound:
		return 4
	}
	return 0
}
