package sfu

import (
	"time"

	"paravent/media/codec"
	"paravent/privacy/egress"
	"paravent/privacy/seal"
)

// An Event is something that happened in a room.
//
//sumtype:decl
type Event interface{ event() }

// A Member is a participant as the server describes it.
type Member struct {
	ID         MemberID
	Name       Foreign
	Role       Role
	Hidden     bool // the server says that others are not shown this member
	Hand       bool
	Attributes map[string]Foreign
}

// A Role is what kind of participant a member is.
type Role string

// The roles.
const (
	Person   Role = "person"
	Recorder Role = "recorder" // stores what it gets
	Bot      Role = "bot"      // a program: an agent, an ingress
	Phone    Role = "phone"    // dialled in

	// Audience stands for all who watch, and Broadcast for all who send, on a
	// server that does not say who they are.
	Audience  Role = "audience"
	Broadcast Role = "broadcast"
)

// A Track is a stream as the server describes it.
type Track struct {
	ID            TrackID
	Member        MemberID
	Source        Source
	Codec         codec.Name
	Width, Height int // of the largest layer; 0 if unknown
	Muted         bool
	Encrypted     bool // end to end
}

// The events.
type (
	// MemberJoined is a member that is there now.
	MemberJoined struct{ Member Member }
	// MemberChanged replaces what was known of a member.
	MemberChanged struct{ Member Member }
	// MemberLeft is a member that is gone, with all its tracks.
	MemberLeft struct{ ID MemberID }

	// TrackAdded is a track that can be subscribed to.
	TrackAdded struct{ Track Track }
	// TrackChanged replaces what was known of a track.
	TrackChanged struct{ Track Track }
	// TrackRemoved is a track that is gone.
	TrackRemoved struct{ ID TrackID }

	// Speaking is everybody who speaks now, loudest first.
	Speaking struct{ Members []MemberID }

	// QualityChanged is how well a member is connected.
	QualityChanged struct {
		Member  MemberID
		Quality Quality
	}

	// ChatArrived is a message, also one of our own that others got.
	ChatArrived struct {
		From MemberID // empty if the server says it
		Name Foreign  // of who may be gone by now; empty if the roster has it
		Text Foreign
		At   time.Time

		// Sealed says that it came, or went, encrypted from end to end. Else whoever runs
		// the server can read it.
		Sealed bool
	}

	// FileCame is a file that another sent, whole, or why it was not kept.
	FileCame struct {
		File  File
		Where string // on this machine
		Err   error
	}
	// Data is what the program of another member sent to this one.
	Data struct {
		From  MemberID // by the server's word, not by its own
		Bytes []byte   // 1 to MaxData of them
	}

	// Withheld says that messages of a member could not be opened. It is told once, and
	// again only after one could.
	Withheld struct {
		From MemberID
		Why  seal.WhyError
	}

	// RecordingChanged says whether the server records.
	RecordingChanged struct{ On bool }

	// Waiting says whether the room has not let this person in yet, or has put them
	// out before its door again. While it holds nothing may be sent, and no device
	// may be open. Settled follows the first time that it ends.
	Waiting struct{ On bool }

	// MutedByRoom says that a moderator has muted our own track.
	MutedByRoom struct{ Source Source }

	// UnmuteAsked says that a moderator wants our own track open. Only the
	// person can do that.
	UnmuteAsked struct{ Source Source }

	// CapsChanged replaces what the session can do.
	CapsChanged struct{ Caps Caps }

	// Announced is something that the server, or a moderator, lets people know.
	Announced struct {
		What Announcement
		By   MemberID // empty if it is the server
		Text Foreign  // their own words; may be empty
	}

	// LinkChanged says how the way to the server is.
	LinkChanged struct{ Link Link }

	// HostNamed is a host that the server named for media or as a relay, and
	// whether the guard lets us speak to it.
	HostNamed struct {
		Host    string
		Purpose egress.Purpose
		Allowed bool
	}

	// Settled follows the members, tracks and states that were there when the
	// session began. Nothing is sent before it: a recording may be among them.
	Settled struct{}

	// Ended is the last event.
	Ended struct {
		Why    EndReason
		Detail Foreign
	}
)

func (MemberJoined) event()     {}
func (MemberChanged) event()    {}
func (MemberLeft) event()       {}
func (TrackAdded) event()       {}
func (TrackChanged) event()     {}
func (TrackRemoved) event()     {}
func (Speaking) event()         {}
func (QualityChanged) event()   {}
func (ChatArrived) event()      {}
func (Data) event()             {}
func (Withheld) event()         {}
func (FileCame) event()         {}
func (RecordingChanged) event() {}
func (Waiting) event()          {}
func (MutedByRoom) event()      {}
func (UnmuteAsked) event()      {}
func (CapsChanged) event()      {}
func (Announced) event()        {}
func (LinkChanged) event()      {}
func (HostNamed) event()        {}
func (Settled) event()          {}
func (Ended) event()            {}

// An Announcement is what people are let know.
type Announcement string

// The announcements.
const (
	RoomLocked  Announcement = "room locked"  // nobody else is let in
	RoomOpened  Announcement = "room opened"  // again
	RoomSays    Announcement = "room says"    // Text
	RoomWarns   Announcement = "room warns"   // of Text
	RoomFails   Announcement = "room fails"   // at something, as Text says
	FileOffered Announcement = "file offered" // Text names it; this program takes none
)

// A Quality is a connection in a word.
type Quality string

// The qualities.
const (
	Good Quality = "good"
	Fair Quality = "fair"
	Poor Quality = "poor"
	Lost Quality = "lost"
)

// A Link is the state of the way to the server.
type Link string

// The states of a link.
const (
	LinkUp       Link = "up"
	LinkResuming Link = "resuming" // cut; being mended without leaving the room
)

// An EndReason says why a session ended.
type EndReason string

// The reasons.
const (
	Left       EndReason = "left"                  // this person went
	Removed    EndReason = "removed"               // a moderator removed this person
	Closed     EndReason = "room closed"           // the room was ended for all
	Replaced   EndReason = "joined elsewhere"      // the same name joined again
	ServerDown EndReason = "server shut down"      // and said so
	LinkLost   EndReason = "link lost"             // and could not be mended
	Expired    EndReason = "pass expired"          // and was not renewed
	Moved      EndReason = "moved to another room" // by the server; we do not follow
	Refused    EndReason = "refused by the server" // for a reason of its own
	Broken     EndReason = "server broke the protocol"
)
