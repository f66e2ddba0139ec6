package galene

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"paravent/media/sfu"
)

const (
	// handData is where Galene's own pages keep a raised hand.
	handData = "raisehand"
	// rightsAttribute holds what a member may do, as the server calls it.
	rightsAttribute = "permissions"
	maxPeople       = 5000
	// mostReplies bounds how many files are declined; what comes after that is only
	// told.
	mostReplies = 100
	// mostSeen is how many messages are remembered, so that the history that comes
	// after a cut is told once.
	mostSeen = 2000
)

// arrive takes what the server says when the group is entered, as far as it
// differs from what was known. It returns what happened in the group before, which
// is to be handled later.
func (s *session) arrive(in *entry) (later []any) {
	s.mu.Lock()
	s.group, s.room = in.status.Name, in.status.name()
	s.takeJoined(in.joined)
	there := make(map[sfu.MemberID]bool)
	for _, m := range in.rest {
		switch m := m.(type) {
		case *user:
			there[sfu.MemberID(m.ID)] = m.Kind != "delete"
			s.takeUser(m)
		default:
			later = append(later, m)
		}
	}
	for id := range s.people {
		if !there[id] {
			s.dropPerson(id)
		}
	}
	s.mu.Unlock()
	return later
}

func (s *session) handleAll(ms []any) {
	for _, m := range ms {
		s.handle(m)
	}
}

// handle takes one message of the server, which may be anything.
func (s *session) handle(m any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	switch m := m.(type) {
	case *joined:
		s.rejoined(m)
	case *user:
		s.takeUser(m)
	case *offered:
		s.offered(m)
	case *answer:
		if w := s.ways[m.ID]; w != nil && w.out != nil {
			s.desk.put(func() { s.answered(w, m.SDP) })
		}
	case *ice:
		s.trickle(m)
	case *renegotiate:
		if w := s.ways[m.ID]; w != nil && w.out != nil {
			s.desk.put(func() { s.offer(w, true) })
		}
	case *closed:
		s.closed(m.ID)
	case *abort:
		if w := s.ways[m.ID]; w != nil && w.out != nil {
			s.aborted(w)
		}
	case *chat:
		s.chat(m)
	case *userMessage:
		s.userMessage(m)
	case ping:
		s.say(says{"type": "pong"})
	case pong:
		if s.pings.waiting {
			s.pings.rtt, s.pings.waiting = time.Since(s.pings.sent), false
		}
	}
}

// rejoined takes a change of our own stay. It must be called with mu held.
func (s *session) rejoined(m *joined) {
	switch m.Kind {
	case "change":
		locked, caps := s.locked, s.caps
		s.takeJoined(m)
		if s.locked != locked {
			what := map[bool]sfu.Announcement{true: sfu.RoomLocked, false: sfu.RoomOpened}[s.locked]
			s.put(sfu.Announced{What: what})
		}
		if !reflect.DeepEqual(s.caps, caps) {
			s.put(sfu.CapsChanged{Caps: s.caps})
		}
	case "leave", "fail":
		s.farewell, s.told = sfu.Ended{Why: sfu.Removed, Detail: s.door.hide(words(m.Value))}, true
		s.hangUp()
	case "redirect":
		e := sfu.Ended{Why: sfu.Moved}
		if u, err := url.Parse(words(m.Value)); err == nil {
			e.Detail = sfu.Foreign(u.Host)
		}
		s.farewell, s.told = e, true
		s.hangUp()
	}
}

// hangUp ends the connection, and with it the session if a farewell was said. It
// must be called with mu held.
func (s *session) hangUp() {
	if l := s.line; l != nil {
		s.working.Go(l.close)
	}
}

// takeJoined must be called with mu held.
func (s *session) takeJoined(m *joined) {
	s.username, s.rights = m.Username, m.Permissions[:min(len(m.Permissions), mostRights)]
	if len(s.username) > maxName {
		s.username = ""
	}
	if r := m.relays(); r != nil {
		s.relays = r
	}
	if m.Status != nil {
		s.locked = m.Status.Locked
		if m.Status.Name == s.group {
			s.room = m.Status.name()
		}
	}
	present := slices.Contains(s.rights, "present")
	s.caps = sfu.Caps{
		Publish: map[sfu.Source]bool{sfu.Camera: present, sfu.Microphone: present, sfu.Screen: present, sfu.ScreenSound: present},
		Roster:  true, Watch: true, Tracks: true, Hand: true, Layers: true, Recording: true,
		Remove: slices.Contains(s.rights, "op"), Lock: slices.Contains(s.rights, "op"),
		Chat: slices.Contains(s.rights, "message"),
	}
}

// memberOf is who has a number in the group.
func (s *session) memberOf(number string) sfu.MemberID {
	if number == s.number || s.ghosts[number] {
		return s.self.ID
	}
	return sfu.MemberID(number)
}

// takeUser takes what the server says of a member. It must be called with mu held.
func (s *session) takeUser(m *user) {
	if m.ID == "" || len(m.ID) > maxName {
		return
	}
	if s.ghosts[m.ID] {
		if m.Kind == "delete" {
			delete(s.ghosts, m.ID)
		}
		return
	}
	next := memberFrom(m)
	id := s.memberOf(m.ID)
	next.ID = id
	old, known := s.people[id]
	switch {
	case id == s.self.ID:
		if m.Kind != "delete" && !same(next, s.self) {
			s.self = next
			if s.settled {
				s.put(sfu.MemberChanged{Member: next})
			}
		}
		return
	case m.Kind == "delete":
		s.dropPerson(id)
		return
	case !known && len(s.people) >= maxPeople:
		return
	case !known:
		s.put(sfu.MemberJoined{Member: next})
	case !same(old, next):
		s.put(sfu.MemberChanged{Member: next})
	}
	s.people[id] = next
	s.tellRecording()
}

// dropPerson must be called with mu held.
func (s *session) dropPerson(id sfu.MemberID) {
	if _, ok := s.people[id]; !ok {
		return
	}
	for _, d := range s.downs {
		if d.member == id {
			s.dropDown(d, false)
		}
	}
	delete(s.people, id)
	s.put(sfu.MemberLeft{ID: id})
	s.tellRecording()
}

// tellRecording says whether somebody in the group records. It must be called with
// mu held.
func (s *session) tellRecording() {
	on := false
	for _, p := range s.people {
		on = on || p.Role == sfu.Recorder
	}
	if on != s.record {
		s.record = on
		s.put(sfu.RecordingChanged{On: on})
	}
}

func memberFrom(m *user) sfu.Member {
	out := sfu.Member{Name: sfu.Foreign(m.Username[:min(len(m.Username), maxName)]), Role: sfu.Person}
	if out.Name == "" {
		out.Name = "anonymous"
	}
	rights := m.Permissions[:min(len(m.Permissions), mostRights)]
	if slices.Contains(rights, "system") { // the server's own member: it stores what it gets
		out.Role = sfu.Recorder
	}
	if len(rights) > 0 {
		all := strings.Join(rights, " ")
		out.Attributes = map[string]sfu.Foreign{rightsAttribute: sfu.Foreign(all[:min(len(all), maxName)])}
	}
	_ = json.Unmarshal(m.Data[handData], &out.Hand) // what is no boolean is no hand
	return out
}

func same(a, b sfu.Member) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Role == b.Role && a.Hand == b.Hand && a.Attributes[rightsAttribute] == b.Attributes[rightsAttribute]
}

// chat takes a message, now or from the history. It must be called with mu held.
func (s *session) chat(m *chat) {
	said, ok := text(m.Value, maxText)
	if !ok || said == "" || len(m.Source) > maxName || m.ID != "" && !s.seen.fresh(m.ID) {
		return
	}
	switch m.Kind {
	case "me":
		said = "* " + said
	case "caption":
		said = "(caption) " + said
	}
	if m.Dest != "" && m.Source != "" {
		said = "(private) " + said
	}
	e := sfu.ChatArrived{
		From: s.memberOf(m.Source), Name: sfu.Foreign(m.Username[:min(len(m.Username), maxName)]),
		Text: sfu.Foreign(said), At: instant(m.Time, time.Now()),
	}
	if m.Source == "" {
		e.From = ""
	}
	s.put(e)
}

// userMessage takes what is meant for the program. What only the server or an
// operator may say counts only if the server says that it was one. It must be
// called with mu held.
func (s *session) userMessage(m *userMessage) {
	said := words(m.Value)
	switch {
	case m.Kind == "filetransfer":
		s.file(m)
	case !m.Privileged:
	case m.Kind == "kicked":
		s.farewell, s.told = farewell(m, s.door.hide(said)), true
		s.hangUp()
	case m.Kind == "mute" && (m.Dest == "" || m.Dest == s.number):
		if m.Source == s.number {
			return
		}
		for o := range s.outlets {
			if o.offer.Source == sfu.Microphone && !o.hush(true) {
				s.put(sfu.MutedByRoom{Source: sfu.Microphone})
			}
		}
	case said != "":
		what, ok := map[string]sfu.Announcement{"error": sfu.RoomFails, "warning": sfu.RoomWarns, "info": sfu.RoomSays}[m.Kind]
		if !ok {
			return
		}
		by := sfu.MemberID("")
		if m.Source != "" && len(m.Source) <= maxName {
			by = s.memberOf(m.Source)
		}
		s.put(sfu.Announced{What: what, By: by, Text: s.door.hide(said)})
	}
}

// farewell says why we are sent away: by an operator, who is named, or by the
// server.
func farewell(m *userMessage, said sfu.Foreign) sfu.Ended {
	e := sfu.Ended{Why: sfu.Removed, Detail: said}
	if m.ID == "" && m.Username == "" {
		e.Why = sfu.Closed
		if strings.Contains(string(said), "shutting down") {
			e.Why = sfu.ServerDown
		}
	}
	return e
}

// file tells that somebody offers a file, and declines it: they go from machine to
// machine, and this program takes none.
func (s *session) file(m *userMessage) {
	var f struct {
		Type, ID, Name string
		Size           float64
	}
	if json.Unmarshal(m.Value, &f) != nil || f.Type != "invite" || m.Source == "" || m.Source == s.number || len(m.Source) > maxName || len(f.ID) > maxName {
		return
	}
	size := min(max(f.Size, 0), 1<<53)
	s.put(sfu.Announced{What: sfu.FileOffered, By: s.memberOf(m.Source), Text: sfu.Foreign(fmt.Sprintf("%s (%.0f bytes)", f.Name[:min(len(f.Name), maxName)], size))})
	if s.replies++; s.replies > mostReplies || !s.caps.Chat {
		return
	}
	s.say(says{
		"type": "usermessage", "kind": "filetransfer", "source": s.number, "username": s.username, "dest": m.Source,
		"value": map[string]any{"type": "cancel", "id": f.ID, "message": "this program takes no files"},
	})
}

// tellLink must be called with mu held.
func (s *session) tellLink() {
	now := sfu.LinkUp
	if s.line == nil {
		now = sfu.LinkResuming
	}
	for _, w := range s.ways {
		if !w.trouble.IsZero() {
			now = sfu.LinkResuming
		}
	}
	if now != s.link && !s.ended {
		s.link = now
		s.put(sfu.LinkChanged{Link: now})
	}
}

// seen remembers messages by their ids.
type seen struct {
	known map[string]bool
	order []string
}

func newSeen() *seen { return &seen{known: make(map[string]bool)} }

// fresh reports whether a message is new, and remembers it.
func (s *seen) fresh(id string) bool {
	if len(id) > maxName || s.known[id] {
		return false
	}
	if len(s.order) >= mostSeen {
		delete(s.known, s.order[0])
		s.order = s.order[1:]
	}
	s.known[id] = true
	s.order = append(s.order, id)
	return true
}
