package janus

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// maxMessage bounds one message of a server, in bytes: the list of a room of
// some thousands.
const maxMessage = 2 << 20

// errBroken reports that the server does not speak the protocol.
var errBroken = errors.New("the server's message makes no sense")

// A message is what a server says: an answer, by its transaction, or an event.
// It may hold anything.
type message struct {
	Janus       string        `json:"janus"`
	Transaction string        `json:"transaction"`
	Sender      uint64        `json:"sender"` // the handle
	Data        created       `json:"data"`
	Plugin      pluginData    `json:"plugindata"`
	JSEP        description   `json:"jsep"`
	Error       coreError     `json:"error"`
	Reason      string        `json:"reason"`
	Candidate   candidateInfo `json:"candidate"`
}

type created struct {
	ID uint64 `json:"id"`
}

type pluginData struct {
	Data body `json:"data"`
}

type coreError struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
}

// A description is a session description. Restart asks the far side nothing: it is
// seen by the changed credentials.
type description struct {
	Type     string `json:"type,omitempty"`
	SDP      string `json:"sdp,omitempty"`
	RIDOrder string `json:"rid_order,omitempty"` // "lmh": the smallest size is named first
	Trickle  *bool  `json:"trickle,omitempty"`
}

type candidateInfo struct {
	Candidate string `json:"candidate,omitempty"`
	Mid       string `json:"sdpMid,omitempty"`
	Part      *int   `json:"sdpMLineIndex,omitempty"`
	Completed bool   `json:"completed,omitempty"`
}

// A body is what the VideoRoom plugin says.
type body struct {
	VideoRoom    string        `json:"videoroom"`
	Room         ident         `json:"room"`
	Description  string        `json:"description"`
	ID           ident         `json:"id"`
	PrivateID    uint64        `json:"private_id"`
	Display      *string       `json:"display"`
	Publishers   []publisher   `json:"publishers"`
	Attendees    *[]publisher  `json:"attendees"` // nil: this room does not tell of those who send nothing
	Joining      publisher     `json:"joining"`
	Leaving      ident         `json:"leaving"`
	Kicked       ident         `json:"kicked"`
	Unpublished  ident         `json:"unpublished"`
	Reason       string        `json:"reason"`
	Mid          string        `json:"mid"`
	Moderation   string        `json:"moderation"`
	Level        float64       `json:"audio-level-dBov-avg"` // decibels below full scale
	Streams      []stream      `json:"streams"`
	Participants []participant `json:"participants"`
	Code         int           `json:"error_code"`
	Error        string        `json:"error"`
}

// A publisher is a participant, with what it sends.
type publisher struct {
	ID      ident    `json:"id"`
	Display string   `json:"display"`
	Dummy   bool     `json:"dummy"` // stands for streams that are to come
	Streams []stream `json:"streams"`
}

type participant struct {
	ID        ident  `json:"id"`
	Display   string `json:"display"`
	Publisher bool   `json:"publisher"`
}

// A stream is one of a publisher, or one of a subscription, which then says whose
// it is.
type stream struct {
	Type        string `json:"type"`
	Mid         string `json:"mid"`
	Codec       string `json:"codec"`
	Description string `json:"description"`
	Disabled    bool   `json:"disabled"`
	Moderated   bool   `json:"moderated"`

	Active          bool   `json:"active"`
	Feed            ident  `json:"feed_id"`
	FeedMid         string `json:"feed_mid"`
	FeedDisplay     string `json:"feed_display"`
	FeedDescription string `json:"feed_description"`
}

// decode reads one message of a server. It may be anything: what has another type
// than it should is taken for missing, what is no JSON at all is an error.
func decode(b []byte) (message, error) {
	var m message
	var other *json.UnmarshalTypeError
	if err := json.Unmarshal(b, &m); err != nil && !errors.As(err, &other) || m.Janus == "" {
		return message{}, errBroken
	}
	return m, nil
}

// maxIdent bounds an identifier, in bytes.
const maxIdent = 256

// An ident names a room or a member: a number on most servers, a text on others.
// It is kept as JSON has it, to be given back as it came. The empty ident is none.
type ident string

// identOf reads what a link calls a room.
func identOf(name string, asText bool) ident {
	if _, err := strconv.ParseUint(name, 10, 64); err == nil && !asText {
		return ident(name)
	}
	b, err := json.Marshal(name)
	if err != nil {
		return ""
	}
	return ident(b)
}

// UnmarshalJSON takes a whole number or a text; anything else is none.
func (i *ident) UnmarshalJSON(b []byte) error {
	*i = ""
	if len(b) > maxIdent {
		return nil
	}
	if _, err := strconv.ParseUint(string(b), 10, 64); err == nil {
		*i = ident(b)
		return nil
	}
	var s string
	if bytes.HasPrefix(b, []byte{'"'}) && json.Unmarshal(b, &s) == nil && s != "" {
		if is := identOf(s, true); len(is) <= maxIdent { // which may be longer than what came
			*i = is
		}
	}
	return nil
}

// MarshalJSON gives back what came.
func (i ident) MarshalJSON() ([]byte, error) {
	if i == "" {
		return []byte("null"), nil
	}
	return []byte(i), nil
}

// text is the ident without JSON's quotes.
func (i ident) text() string {
	var s string
	if json.Unmarshal([]byte(i), &s) == nil {
		return s
	}
	return string(i)
}

// own reports whether the server means ourselves.
func (i ident) own() bool { return i == `"ok"` }

// A request is what we say.
type request struct {
	Janus       string         `json:"janus"`
	Transaction string         `json:"transaction"`
	Token       string         `json:"token,omitempty"`
	Session     uint64         `json:"session_id,omitempty"`
	Handle      uint64         `json:"handle_id,omitempty"`
	Plugin      string         `json:"plugin,omitempty"`
	Body        any            `json:"body,omitempty"`
	JSEP        *description   `json:"jsep,omitempty"`
	Candidate   *candidateInfo `json:"candidate,omitempty"`
}

const plugin = "janus.plugin.videoroom"

// joining enters a room, as a publisher or as a subscriber.
type joining struct {
	Request   string      `json:"request"` // "join"
	Kind      string      `json:"ptype"`   // "publisher", "subscriber"
	Room      ident       `json:"room"`
	ID        ident       `json:"id,omitempty"`
	Display   string      `json:"display,omitempty"`
	PIN       string      `json:"pin,omitempty"`
	Token     string      `json:"token,omitempty"` // of rooms with a list of invitations
	PrivateID uint64      `json:"private_id,omitempty"`
	Streams   []selection `json:"streams,omitempty"`
}

// A selection is a stream of a publisher that is wanted, or not any more. Without a
// mid it is all of them.
type selection struct {
	Feed      ident  `json:"feed,omitempty"`
	Mid       string `json:"mid,omitempty"`
	Sub       string `json:"sub_mid,omitempty"`
	Substream *int   `json:"substream,omitempty"`
}

type updating struct {
	Request     string      `json:"request"` // "update"
	Subscribe   []selection `json:"subscribe,omitempty"`
	Unsubscribe []selection `json:"unsubscribe,omitempty"`
}

// configuring changes how streams are sent, to us or by us.
type configuring struct {
	Request      string    `json:"request"` // "configure"
	Streams      []setting `json:"streams,omitempty"`
	Descriptions []label   `json:"descriptions,omitempty"`
	Restart      bool      `json:"restart,omitempty"` // of a subscription: look for a new way
}

type setting struct {
	Mid       string `json:"mid"`
	Send      bool   `json:"send"`
	Substream *int   `json:"substream,omitempty"`
	Temporal  *int   `json:"temporal,omitempty"`
}

// A label says in words what a stream of ours is.
type label struct {
	Mid         string `json:"mid"`
	Description string `json:"description"`
}

// asking is any request that is no more than a word, and the room.
type asking struct {
	Request string `json:"request"`
	Room    ident  `json:"room,omitempty"`
	PIN     string `json:"pin,omitempty"`
}
