// Package sfu says what a conference server must offer, whatever its kind.
//
// A package below this one speaks to one kind of server. It opens no socket
// of its own: everything it needs to reach the network is in its Kit.
package sfu

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"paravent/media/codec"
	"paravent/privacy/egress"
	"paravent/privacy/seal"
	"paravent/privacy/secret"
)

type (
	// A MemberID names one participant for as long as it stays.
	MemberID string
	// A TrackID names one stream of pictures or sound in a room.
	TrackID string
)

// A Room is where a link leads.
type Room struct {
	Kind   string        // the connector's
	Server string        // host, or host:port
	Plain  bool          // without TLS; only ever to this machine itself
	Name   string        // as far as the link tells; may be empty
	Path   secret.Secret // on the server, with its query, of kinds that have one: some hide a key in it
	Token  secret.Secret // from the link; may be empty
}

// A Pass is what proves who joins.
type Pass struct {
	DisplayName string
	Token       secret.Secret
}

// A Kit is all that a connector may use of the outside world.
type Kit struct {
	Signalling *http.Client // goes through the egress guard
	Media      *egress.Lane // the guard's sockets for pictures, sound and data
	Network    Network      // how this machine is connected; nil is not known, as for a server on this machine
	RelayOnly  bool         // never show this machine's address to the others
	Pictures   []codec.Name // that this machine can send, the preferred first; none is VP8 and H.264
	Log        *slog.Logger

	// NoHostCandidates tells the server no address of this machine's interfaces. It
	// still sees the one that packets come from.
	NoHostCandidates bool
	// Messages seals what goes as a message, and opens it, in a call that is encrypted
	// from end to end; nil in others. Where it is set, a connector whose Caps say Sealed
	// sends no message without it.
	Messages seal.Messages

	// Files takes what others send; nil takes nothing.
	Files Shelf
}

// A Connector joins rooms on one kind of server.
type Connector interface {
	// Kind is the word users see, such as "livekit".
	Kind() string

	// Room reads a link. It returns false if the link is not for this kind, and
	// an error, such as a *LinkError, if it is but cannot be used.
	Room(link string) (Room, bool, error)

	// Join enters a room. When it returns, the session is up. What the server
	// refuses is a *JoinError.
	Join(ctx context.Context, r Room, p Pass, k Kit) (Session, error)
}

// Traits are what is known of a kind of server before anybody enters.
type Traits struct {
	Login  bool // it takes the access token of a login
	Signed bool // of such tokens, only those that say what they are
	Sealed bool // it carries what is encrypted from end to end
}

// TraitsOf returns the traits of a kind, none of a kind that does not tell them by a
// method Traits.
func TraitsOf(c Connector) Traits {
	if t, ok := c.(interface{ Traits() Traits }); ok {
		return t.Traits()
	}
	return Traits{}
}

// A Session is one stay in one room. All methods may be called from several
// goroutines at once.
type Session interface {
	// Self is this person's own entry in the roster.
	Self() Member

	// RoomName is what the server calls the room.
	RoomName() Foreign

	// Caps says what this server, and this pass, allow.
	Caps() Caps

	// Events gives what happens, in order and without loss, beginning with the
	// members, tracks and recordings that are there already, and then Settled.
	// It is closed after an Ended event, which is always the last.
	Events() <-chan Event

	// Publish announces a track. The outlet exists when it returns. It returns
	// ErrUnsupported for what Caps does not have, and ErrOnePicture where a
	// server takes only one picture at a time.
	Publish(ctx context.Context, t TrackOffer) (Outlet, error)

	// Subscribe asks for a track that TrackAdded announced.
	Subscribe(ctx context.Context, id TrackID) (Inlet, error)

	// Say sends a chat message to all. It returns ErrUnsupported where Caps has no
	// Chat.
	Say(ctx context.Context, text string) error

	// SetHand raises or lowers this person's hand. It returns ErrUnsupported
	// where Caps has no Hand.
	SetHand(ctx context.Context, up bool) error

	// Stats returns the counters of now.
	Stats() Stats

	// Leave ends the session and returns when nothing of it is left. It may be
	// called more than once.
	Leave(ctx context.Context) error
}

// A Keeper is a session through which a person may look after the room, as far as
// Caps says so.
type Keeper interface {
	// Remove sends a member away, who may come back if the room is open. It returns
	// ErrUnsupported where Caps has no Remove.
	Remove(ctx context.Context, id MemberID) error

	// Lock lets nobody else in, or people in again. It returns ErrUnsupported where
	// Caps has no Lock.
	Lock(ctx context.Context, on bool) error
}

// MaxData is the length of the longest data that a Courier carries, in bytes.
const MaxData = 8 << 10

// A Courier is a session through which the programs of members speak to each other,
// as far as Caps says so. People see nothing of it. Nobody but the members it is for
// gets it, as far as the server keeps to that; the server can read it.
type Courier interface {
	// SendData sends b, of 1 to MaxData bytes, to one member, or to all others if to
	// is empty. It is lost if the member is not there any more, or is sent
	// more than it reads. It returns ErrUnsupported where Caps has no Data.
	SendData(ctx context.Context, to MemberID, b []byte) error
}

// Caps is what a session can do. What is false is shown as missing, not faked.
type Caps struct {
	Publish   map[Source]bool
	Pictures  []codec.Name // that the server takes, the preferred first; none is not known
	Roster    bool         // the server says who is there
	Watch     bool         // what others send can be watched and heard
	Tracks    bool         // the others are told which tracks there are
	Mute      bool         // the others are told which of them are muted
	Chat      bool
	Files     bool // the session is a Courier
	Hand      bool
	Layers    bool // pictures in several sizes, of which one is chosen
	Recording bool // the server says whether it records
	Quality   bool // the server rates the connections

	// Sealed says that frames and messages which are encrypted from end to end get
	// through, and that the others are told which are.
	Sealed bool

	// Injected ends the frames that the server itself puts among those that are
	// encrypted from end to end; empty if it puts in none, or they cannot be told.
	Injected []byte
	Remove   bool // this person may send members away
	Lock     bool // this person may lock the room
	Data     bool // the programs of members can send data to each other: see Courier
}

// A Source is what a track shows or plays.
type Source string

// The sources.
const (
	Camera      Source = "camera"
	Microphone  Source = "microphone"
	Screen      Source = "screen"
	ScreenSound Source = "screen sound"
)

// IsSound reports whether the source is heard rather than seen.
func (s Source) IsSound() bool { return s == Microphone || s == ScreenSound }

// A TrackOffer describes a track before it is sent.
type TrackOffer struct {
	Source Source
	Codec  codec.Name
	Layers []Layer // of pictures: the sizes sent at once, smallest first
	Sealed bool    // encrypted from end to end
}

// A Layer is one size of a picture.
type Layer struct {
	Width, Height int // pixels
	FPS           float64
	Bitrate       int // bits per second, at most
}

// An Outlet takes the packets of a track that we send.
type Outlet interface {
	// Send borrows p until it returns. While the outlet is muted or paused it
	// drops p.
	Send(p codec.Packet) error

	// Mute tells the room that the track is silent, or dark. Muted, the outlet
	// sends nothing at all.
	Mute(ctx context.Context, on bool) error

	// Asks gives what the server or a viewer asks of the encoder.
	Asks() <-chan Ask

	// Close takes the track back.
	Close() error
}

// An Ask is a wish of the receiving side, for one layer.
type Ask struct {
	Layer    int
	Keyframe bool
	Bitrate  int   // bits per second; 0 is no wish
	Wanted   *bool // false: nobody looks at this layer; nil is no wish
	Lost     *int  // of 100 packets, lately; nil is no word
}

// An Inlet gives the packets of a track that another sends.
type Inlet interface {
	// Receive waits for the next packet, which is good until the next call. Of
	// pictures it gives whole ones in order; of sound, packets as they arrive.
	// It returns io.EOF when the track has ended.
	Receive(ctx context.Context) (codec.Packet, error)

	// AskKeyframe may be called often; the inlet asks as often as is polite.
	AskKeyframe() error

	// Want says how large the picture is shown, so that the server sends no
	// more than that; the zero View stops it until a later call.
	Want(v View) error

	Close() error
}

// A View is how large a picture is shown.
type View struct {
	Width, Height int     // pixels; 0 × 0 is not at all
	FPS           float64 // 0 is all
}

// Stats are counters of a session.
type Stats struct {
	RTT                time.Duration
	Sent               map[Source]Sent
	Got                map[TrackID]Got
	Up                 int    // bits per second that the way to the server seems to carry; 0 if unknown
	Header             int    // bytes that each packet of our sound takes on the wire beside the sound; 0 if unknown
	BytesUp, BytesDown uint64 // on the wire, as far as the transports count them
}

// Sent counts one outgoing track.
type Sent struct{ Packets, Bytes, Frames uint64 }

// Plus returns both together, as of a track whose way was replaced.
func (s Sent) Plus(t Sent) Sent {
	return Sent{Packets: s.Packets + t.Packets, Bytes: s.Bytes + t.Bytes, Frames: s.Frames + t.Frames}
}

// Got counts one incoming track.
type Got struct {
	Codec                        codec.Name
	Packets, Bytes, Frames, Lost uint64
	Jitter                       time.Duration
}
