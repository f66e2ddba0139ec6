package call

import (
	"slices"
	"time"

	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/filter"
	"paravent/privacy/seal"
)

// A State is all that a user interface shows of a call. It is a value: a
// State that was handed out never changes.
type State struct {
	Server string // host, or host:port
	Room   string // already cleaned
	Self   sfu.MemberID
	Caps   sfu.Caps

	Roster    []Member // in the order they joined, this person first
	Tracks    []Track  // in the order they came
	Chat      []ChatLine
	Files     []File         // that were received, oldest first
	Speaking  []sfu.MemberID // loudest first
	Recording bool
	Settled   bool // who and what was there when the call began is known
	Waiting   bool // before the door: the room has not let this person in
	Link      sfu.Link
	Hosts     []Host // that the server named for media

	// Rehearsal is true if nothing leaves this machine: the other member is an
	// echo, whose picture is what others would get.
	Rehearsal bool
	Meters    Meters // of a rehearsal

	Encryption Encryption
	signed     map[sfu.MemberID]string // the names of members who have signed them; never changed in place

	// Volumes are how loud this person hears members, where that was changed. It
	// is never changed in place.
	Volumes map[sfu.MemberID]Volume

	Thin     Thin
	Own      Own
	Take     Take
	Notices  []Notice          // what the person should know, oldest first
	Question *consent.Question // waiting for the person; nil if there is none
	Ended    *sfu.Ended        // nil while the call goes on
}

// A Member is one participant.
type Member struct {
	ID      sfu.MemberID
	Name    string // already cleaned; never empty
	Role    sfu.Role
	Hidden  bool
	Hand    bool
	Quality sfu.Quality // empty while unknown
}

// A Track is one stream that another sends.
type Track struct {
	ID            sfu.TrackID
	Member        sfu.MemberID
	Source        sfu.Source
	Codec         string
	Width, Height int // pixels; 0 if unknown
	Muted         bool
	Encrypted     bool

	// Withheld is why it is neither shown nor heard; 0 if it is, or would be.
	Withheld seal.WhyError
}

// A ChatLine is one message.
type ChatLine struct {
	Seq  int    // grows by one
	From string // the name at the time
	Own  bool
	Text string // already cleaned
	At   time.Time

	// Sealed says that it was encrypted from end to end. Else whoever runs the server
	// can read it.
	Sealed bool
}

// A Host is a host that the server named for media.
type Host struct {
	Name    string // already cleaned
	Allowed bool
}

// Own is what leaves this machine.
type Own struct {
	Camera, Microphone, Screen Sending
	Hand                       bool

	// Background and Gate name the filters in words, such as "cover" and
	// "gate"; "off" is the raw picture or sound.
	Background, Gate string

	// PushToTalk says that the microphone is open only while the person talks.
	PushToTalk bool

	// Paused is true while nothing is sent because a question is open or was
	// answered with no.
	Paused bool
}

// A Phase is how far a device is.
type Phase string

// The phases.
const (
	Off     Phase = "off" // the device is closed
	Opening Phase = "opening"
	On      Phase = "on"
	Closing Phase = "closing"
)

// A Sending is one own device on its way to the room.
type Sending struct {
	Phase  Phase
	Device string // what is really used, for people; empty when off
	Held   string // the filter that holds everything back; empty if none does

	// Notes are what the person should know of the picture, or of the sound.
	Notes filter.Notes
}

// Heard reports whether the others hear this person now, or would if there were
// something to hear.
func (o Own) Heard() bool {
	return o.Microphone.Phase == On && o.Microphone.Held == "" && !o.Paused
}

// A Notice is something that happened to this person's own call, as an error
// to be put in words, or in a word of its own.
type Notice struct {
	Seq  int // grows by one
	At   time.Time
	Err  error // nil if What says it
	What What
	Arg  string // of What: a device, a source; already cleaned
	File *File  // of FileKept and FileSent
}

// A What is a notice without an error.
type What string

// The whats.
const (
	MutedByRoom   What = "muted by room"
	DeviceChanged What = "device changed"
	PanicDone     What = "panic"
	MutedAway     What = "muted away" // the chair is empty, and the setting says so
	Showing       What = "showing"    // what the person holds is shown for a while
	UseHeadset    What = "use headset"
	Volumes       What = "volumes" // Arg lists them
	TakeDropped   What = "recording dropped"
	LinkCut       What = "link cut" // and being mended
	LinkBack      What = "link back"
	SharedKey     What = "shared key" // what a passphrase is not worth
	PlainChat     What = "plain chat" // the first message that the operator can read
	FileKept      What = "file kept"
	FileSent      What = "file sent"
	NoFiles       What = "no files"
	PicturesOff   What = "pictures off" // because the link is limited
	PicturesBack  What = "pictures back"
	LinkTooThin   What = "link too thin" // for speech
	Organisation  What = "organisation"  // has something to tell, which is Arg

	SafetyWords     What = "safety words"     // are Arg
	MembersVerified What = "members verified" // Arg lists them

	// What the room lets people know is the connector's word, such as
	// sfu.RoomLocked; Arg says who, and what.
)

// maxChat and maxNotices bound what a call remembers; what others write comes
// from the network.
const (
	maxChat    = 1000
	maxNotices = 50
)

// After returns the state after e. It is pure: all that a call does on an
// event that is not in its state is done by Call.
func (s State) After(e sfu.Event) State {
	switch e := e.(type) {
	case sfu.MemberJoined:
		s.Roster = s.withMember(e.Member)
	case sfu.MemberChanged:
		s.Roster = s.withMember(e.Member)
	case sfu.MemberLeft:
		s.Roster = slices.DeleteFunc(slices.Clone(s.Roster), func(m Member) bool { return m.ID == e.ID })
		s.Tracks = slices.DeleteFunc(slices.Clone(s.Tracks), func(t Track) bool { return t.Member == e.ID })
		s.Speaking = slices.DeleteFunc(slices.Clone(s.Speaking), func(id sfu.MemberID) bool { return id == e.ID })
	case sfu.TrackAdded:
		s = s.withTrack(e.Track)
	case sfu.TrackChanged:
		s = s.withTrack(e.Track)
	case sfu.TrackRemoved:
		s.Tracks = slices.DeleteFunc(slices.Clone(s.Tracks), func(t Track) bool { return t.ID == e.ID })
	case sfu.Speaking:
		s.Speaking = slices.Clone(e.Members)
	case sfu.QualityChanged:
		s.Roster = slices.Clone(s.Roster)
		if i := s.member(e.Member); i >= 0 {
			s.Roster[i].Quality = e.Quality
		}
	case sfu.Withheld:
		s = s.withWithheld(e.From, Message, e.Why)
	case sfu.FileCame:
		s = s.withFile(e)
	case sfu.ChatArrived:
		if s.Encryption.Required && !e.Sealed {
			return s.withWithheld(e.From, Message, seal.ErrNotSealed)
		}
		line := ChatLine{Seq: 1, From: s.Name(e.From), Own: e.From == s.Self, Text: e.Text.Clean(), At: e.At, Sealed: e.Sealed}
		if name := e.Name.Clean(); name != "" && s.member(e.From) < 0 {
			line.From = name
		}
		if n := len(s.Chat); n > 0 {
			line.Seq = s.Chat[n-1].Seq + 1
		}
		if !e.Sealed && !s.Rehearsal && !slices.ContainsFunc(s.Chat, func(c ChatLine) bool { return !c.Sealed }) {
			s = s.withNotice(Notice{What: PlainChat})
		}
		s.Chat = last(append(slices.Clone(s.Chat), line), maxChat)
	case sfu.RecordingChanged:
		s.Recording = e.On
	case sfu.Waiting:
		s.Waiting = e.On
	case sfu.MutedByRoom:
		s = s.withNotice(Notice{What: MutedByRoom, Arg: string(e.Source)})
	case sfu.Settled: // which Call acts on as well
		s.Settled = true
		if s.Encryption.Grade == seal.Passphrase {
			s = s.withNotice(Notice{What: SharedKey})
		}
	case sfu.UnmuteAsked, sfu.Data: // which Call acts on
	case sfu.CapsChanged:
		s.Caps = e.Caps
	case sfu.Announced:
		arg := e.Text.Clean()
		if s.member(e.By) >= 0 {
			arg = s.Name(e.By) + ": " + arg
		}
		s = s.withNotice(Notice{What: What(e.What), Arg: arg})
	case sfu.LinkChanged:
		switch {
		case e.Link == sfu.LinkResuming && s.Link != e.Link:
			s = s.withNotice(Notice{What: LinkCut})
		case e.Link == sfu.LinkUp && s.Link == sfu.LinkResuming:
			s = s.withNotice(Notice{What: LinkBack})
		}
		s.Link = e.Link
	case sfu.HostNamed:
		h := Host{Name: sfu.Foreign(e.Host).Clean(), Allowed: e.Allowed}
		if !slices.Contains(s.Hosts, h) {
			s.Hosts = append(slices.Clone(s.Hosts), h)
		}
	case sfu.Ended:
		s.Ended = &e
		s.Question = nil
	}
	return s
}

func (s State) withMember(m sfu.Member) []Member {
	next := Member{ID: m.ID, Name: m.Name.Clean(), Role: m.Role, Hidden: m.Hidden, Hand: m.Hand}
	if name, ok := s.signed[m.ID]; ok {
		next.Name = name
	}
	if next.Name == "" {
		next.Name = sfu.Foreign(m.ID).Clean()
	}
	if next.Name == "" {
		next.Name = "?"
	}
	roster := slices.Clone(s.Roster)
	i := s.member(m.ID)
	switch {
	case i >= 0:
		next.Quality = roster[i].Quality
		roster[i] = next
	case m.ID == s.Self:
		roster = slices.Insert(roster, 0, next)
	default:
		roster = append(roster, next)
	}
	return roster
}

func (s State) withTrack(t sfu.Track) State {
	next := Track{
		ID: t.ID, Member: t.Member, Source: t.Source, Codec: string(t.Codec),
		Width: t.Width, Height: t.Height, Muted: t.Muted, Encrypted: t.Encrypted,
	}
	next.Withheld = s.Encryption.bars(next)
	s.Tracks = slices.Clone(s.Tracks)
	i := slices.IndexFunc(s.Tracks, func(o Track) bool { return o.ID == t.ID })
	if i < 0 {
		s.Tracks = append(s.Tracks, next)
	} else {
		if old := s.Tracks[i]; next.Withheld == 0 && old.Encrypted == next.Encrypted {
			next.Withheld = old.Withheld
		}
		s.Tracks[i] = next
	}
	if next.Muted { // it is not said of what nobody would see or hear
		return s
	}
	return s.withWithheld(next.Member, next.Source, next.Withheld)
}

func (s State) withNotice(n Notice) State {
	n.Seq = 1
	if k := len(s.Notices); k > 0 {
		n.Seq = s.Notices[k-1].Seq + 1
	}
	s.Notices = last(append(slices.Clone(s.Notices), n), maxNotices)
	return s
}

func (s State) member(id sfu.MemberID) int {
	return slices.IndexFunc(s.Roster, func(m Member) bool { return m.ID == id })
}

// Name returns a member's name, or "?" for one who is not there.
func (s State) Name(id sfu.MemberID) string {
	if i := s.member(id); i >= 0 {
		return s.Roster[i].Name
	}
	return "?"
}

// Track returns the track of the given ID.
func (s State) Track(id sfu.TrackID) (Track, bool) {
	if i := slices.IndexFunc(s.Tracks, func(t Track) bool { return t.ID == id }); i >= 0 {
		return s.Tracks[i], true
	}
	return Track{}, false
}

// Sends reports whether a member has an open track of the given source.
func (s State) Sends(id sfu.MemberID, src sfu.Source) bool {
	return slices.ContainsFunc(s.Tracks, func(t Track) bool { return t.Member == id && t.Source == src && !t.Muted })
}

// IsSpeaking reports whether a member speaks now.
func (s State) IsSpeaking(id sfu.MemberID) bool { return slices.Contains(s.Speaking, id) }

// RecorderPresent reports whether somebody in the room stores what is sent.
func (s State) RecorderPresent() bool {
	return slices.ContainsFunc(s.Roster, func(m Member) bool { return m.Role == sfu.Recorder })
}

func last[T any](list []T, n int) []T {
	if len(list) > n {
		return slices.Clone(list[len(list)-n:])
	}
	return list
}
