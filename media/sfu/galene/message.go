package galene

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"paravent/media/rtc"
	"paravent/media/sfu"
)

// errBroken reports that the server does not speak the protocol.
var errBroken = errors.New("the server's message makes no sense")

// Bounds on what one message may hold.
const (
	// maxMessage bounds a message, in bytes. The server takes 1 MiB, and wraps what
	// a member says.
	maxMessage = 2 << 20
	maxText    = 64 << 10 // of a chat message, either way
	maxName    = 1 << 10  // of ids and user names
	maxNotice  = 4 << 10  // of what the server says
	mostRights = 64
)

// What a server says. Every type of message has a type of its own here; the fields
// are named in the protocol.
type (
	handshake struct{ Version []string }
	joined    struct {
		Kind, Error, Group, Username string
		Permissions                  []string
		Status                       *status
		RTCConfiguration             *struct{ ICEServers []iceServer }
		Value                        json.RawMessage
	}
	user struct {
		Kind, ID, Username string
		Permissions        []string
		Data               map[string]json.RawMessage
	}
	offered struct{ ID, Label, Replace, Source, Username, SDP string }
	answer  struct{ ID, SDP string }
	ice     struct {
		ID        string
		Candidate *candidate
	}
	renegotiate struct{ ID string }
	closed      struct{ ID string }
	abort       struct{ ID string }
	chat        struct {
		ID, Kind, Source, Dest, Username string
		Privileged                       bool
		Time                             json.RawMessage
		Value                            json.RawMessage
		Old                              bool `json:"-"` // taken from the history
	}
	userMessage struct {
		Kind, ID, Source, Dest, Username string
		Privileged                       bool
		Value                            json.RawMessage
	}
	ping struct{}
	pong struct{}
)

// A status is what a server says of a group, by itself and when it is joined.
type status struct {
	Name, Location, Endpoint, DisplayName string
	AuthServer, AuthPortal, Redirect      string
	Locked                                bool
}

type iceServer struct {
	URLs                 list `json:"urls"`
	Username, Credential string
}

// A list is an array of strings, or one string.
type list []string

func (l *list) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

type candidate struct {
	Candidate     string  `json:"candidate"`
	SDPMid        *string `json:"sdpMid,omitempty"`
	SDPMLineIndex *int    `json:"sdpMLineIndex,omitempty"`
	Username      *string `json:"usernameFragment,omitempty"`
}

func (c *candidate) rtc() rtc.Candidate {
	out := rtc.Candidate{Line: c.Candidate}
	if c.SDPMid != nil {
		out.Mid = *c.SDPMid
	}
	if c.Username != nil {
		out.User = *c.Username
	}
	return out
}

// decode reads a message of a server, which may be anything. It returns nil for a
// type that it does not know.
func decode(b []byte) (any, error) {
	var head struct{ Type string }
	if json.Unmarshal(b, &head) != nil {
		return nil, errBroken
	}
	switch head.Type {
	case "handshake":
		return read[handshake](b)
	case "joined":
		return read[joined](b)
	case "user":
		return read[user](b)
	case "offer":
		return read[offered](b)
	case "answer":
		return read[answer](b)
	case "ice":
		return read[ice](b)
	case "renegotiate":
		return read[renegotiate](b)
	case "close":
		return read[closed](b)
	case "abort":
		return read[abort](b)
	case "chat":
		return read[chat](b)
	case "chathistory":
		m, err := read[chat](b)
		if c, ok := m.(*chat); ok {
			c.Old = true
		}
		return m, err
	case "usermessage":
		return read[userMessage](b)
	case "ping":
		return ping{}, nil
	case "pong":
		return pong{}, nil
	}
	return nil, nil
}

func read[T any](b []byte) (any, error) {
	m := new(T)
	if json.Unmarshal(b, m) != nil {
		return nil, errBroken
	}
	return m, nil
}

// text reads a value that should be a string. It returns false if it is not, or is
// too long.
func text(v json.RawMessage, most int) (string, bool) {
	var s string
	if len(v) > 6*most || json.Unmarshal(v, &s) != nil || len(s) > most {
		return "", false
	}
	return s, true
}

// words reads what a server says, and cuts it.
func words(v json.RawMessage) string {
	s, _ := text(v, maxMessage)
	return s[:min(len(s), maxNotice)]
}

// instant reads a sender's clock: ISO 8601, or milliseconds. One that is missing or
// in the future is replaced by ours.
func instant(v json.RawMessage, now time.Time) time.Time {
	var (
		s  string
		ms float64
		t  time.Time
	)
	switch {
	case json.Unmarshal(v, &s) == nil && s != "":
		t, _ = time.Parse(time.RFC3339, s) // the zero time is replaced below
	case json.Unmarshal(v, &ms) == nil && ms > 0 && ms < 1e15:
		t = time.UnixMilli(int64(ms))
	}
	if t.IsZero() || t.After(now.Add(time.Minute)) {
		return now
	}
	return t
}

// says is what we say.
type says map[string]any

func sayJoin(group string, d *door) says {
	m := says{"type": "join", "kind": "join", "group": group}
	if !d.token.Empty() {
		m["token"] = d.token.Reveal()
		if d.name != "" {
			m["username"] = d.name
		}
		return m
	}
	m["username"], m["password"] = d.name, d.password.Reveal()
	return m
}

func sayCandidate(id string, c rtc.Candidate) says {
	return says{"type": "ice", "id": id, "candidate": candidate{Candidate: c.Line, SDPMid: &c.Mid, SDPMLineIndex: &c.Part}}
}

// sayAll requests everything: what is not answered is not sent.
func sayAll() says {
	return says{"type": "request", "request": map[string][]string{"": {"audio", "video"}}}
}

func (m says) encode() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("signalling: %w", err)
	}
	return b, nil
}

// relays are the servers that a group names for media.
func (j *joined) relays() []rtc.Relay {
	if j.RTCConfiguration == nil {
		return nil
	}
	const most = 16
	var out []rtc.Relay
	for _, r := range j.RTCConfiguration.ICEServers[:min(len(j.RTCConfiguration.ICEServers), most)] {
		out = append(out, rtc.Relay{URLs: r.URLs[:min(len(r.URLs), most)], User: r.Username, Password: r.Credential})
	}
	return out
}

// name is what to call a room.
func (s *status) name() sfu.Foreign {
	if s.DisplayName != "" {
		return sfu.Foreign(s.DisplayName)
	}
	return sfu.Foreign(s.Name)
}
