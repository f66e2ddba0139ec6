// Package policy says what must hold before anything leaves this machine.
//
// Policies come from the program, the organisation, the person and the room.
// They are merged so that the strictest word wins: a room can ask for more
// privacy than the person set, never for less.
package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Policy is one layer of rules. The zero value asks for nothing. Every field has a
// key in Schema, which says what it does in words for people.
type Policy struct {
	// Background is the file of the image that stands in place of the room, PNG or
	// JPEG; empty leaves the room to the person. A person may only hide more: the
	// whole picture. An image that cannot be read hides the whole picture, too.
	Background string

	PictureFilters []string // names of filters that every picture must go through
	SoundFilters   []string // names of filters that every sound must go through
	NoRawPicture   bool     // the background must never be off
	NoRawSound     bool     // the room gate must never be off

	NoCamera     bool // what is taken away entirely
	NoMicrophone bool
	NoScreen     bool // screens and windows must not be shared
	NoChat       bool
	NoFiles      bool

	AskRecording    bool // stop sending until the person accepts a recording
	EndToEnd        bool // join only where pictures and sound are encrypted end to end
	VerifiedMembers bool // send only while every member is verified

	RelayOnly      bool   // never show this machine's address to the others
	NoLocalAddress bool   // offer no address of this machine's own network cards
	MostUp         int64  // bits per second on the wire, headers included; 0 is no bound
	MostDown       int64  // likewise
	Ports          Ports  // the local UDP ports that may be used
	Authorities    string // a file with further certificate authorities, PEM

	Operators  []Operator // who runs which servers, as far as the organisation knows
	ListedOnly bool       // only servers of Operators may be joined, or asked what they are

	// ExtraHosts may be spoken to beside the server of a link. nil says nothing; an
	// empty list allows none. The program's own answer to nil is none.
	ExtraHosts []Host

	Issuers []string // that a sign-in may go to: addresses; nil is any, an empty list none
	ACR     []string // classes of sign-in, one of which must be proven; nil asks for none
	Secrets Keeping  // where passes may be kept

	Receipts    bool  // no call without a receipt of what was sent
	ReceiptDays int64 // after so many days receipts are deleted; 0 leaves it to the person
	NoLogs      bool  // nothing may be logged, whatever is asked for

	Notice string // what the organisation tells whoever joins

	only [][]Operator // of merged policies: the lists that a server must be on, each of them
}

// An Operator runs servers. What is empty is not known.
type Operator struct {
	Hosts        []string `json:"hosts"` // names; one that begins with a dot stands for all below it
	Name         string   `json:"name,omitempty"`
	Jurisdiction string   `json:"jurisdiction,omitempty"` // whose law holds, such as "Germany"
	Notice       string   `json:"notice,omitempty"`       // where to read what becomes of personal data
}

// A Host may be spoken to for one purpose: a word of the guard's, such as "media".
type Host struct {
	Name    string `json:"host"`
	Purpose string `json:"purpose"`
}

// Default is the program's own layer: the most private settings that still
// leave the person a choice.
func Default() Policy { return Policy{AskRecording: true} }

// ErrRaw is returned when a policy does not let a raw picture or sound go out.
var ErrRaw = errors.New("the policy does not allow sending without a filter")

// ErrNotListed is returned for a server that is not on a policy's list.
var ErrNotListed = errors.New("your organisation's policy does not list this server")

// MayReach gives leave to ask and to join the server at host, or ErrNotListed.
func (p Policy) MayReach(host string) error {
	for _, l := range p.lists() {
		if _, ok := operator(l, host); !ok {
			return fmt.Errorf("%s: %w", host, ErrNotListed)
		}
	}
	return nil
}

// Operator returns who runs the server at host, and whether that is known.
func (p Policy) Operator(host string) (Operator, bool) { return operator(p.Operators, host) }

// lists are the lists that a server must be on.
func (p Policy) lists() [][]Operator {
	if p.only == nil && p.ListedOnly {
		return [][]Operator{p.Operators}
	}
	return p.only
}

func operator(list []Operator, host string) (Operator, bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, o := range list {
		for _, h := range o.Hosts {
			if h = strings.ToLower(h); h == host || len(h) > 1 && h[0] == '.' && strings.HasSuffix(host, h) {
				return o, true
			}
		}
	}
	return Operator{}, false
}

// A BackgroundError says that the image of Policy.Background cannot be shown.
type BackgroundError struct {
	Path string
	Err  error
}

func (e *BackgroundError) Error() string {
	return fmt.Sprintf("the background that your organisation has set, %s, cannot be used: %v", e.Path, e.Err)
}

func (e *BackgroundError) Unwrap() error { return e.Err }

// A Leave proves that a policy was asked before something raw may be sent. Its
// zero value allows nothing; only a Policy makes one that does.
type Leave struct{ given bool }

// Given reports whether the leave was really given.
func (l Leave) Given() bool { return l.given }

// RawPicture gives leave to send the camera's picture as it is, or ErrRaw.
func (p Policy) RawPicture() (Leave, error) {
	if p.NoRawPicture || p.Background != "" || len(p.PictureFilters) > 0 {
		return Leave{}, ErrRaw
	}
	return Leave{given: true}, nil
}

// RawSound gives leave to send the microphone's sound as it is, or ErrRaw.
func (p Policy) RawSound() (Leave, error) {
	if p.NoRawSound || len(p.SoundFilters) > 0 {
		return Leave{}, ErrRaw
	}
	return Leave{given: true}, nil
}

// Screen gives leave to send a screen or window as it is, or an *OffError. Sharing
// is a choice of what to show, so no filter stands in for it.
func (p Policy) Screen() (Leave, error) {
	if err := p.MayUse(Screen); err != nil {
		return Leave{}, err
	}
	return Leave{given: true}, nil
}

// A Use is what a policy can take away entirely.
type Use string

// The uses.
const (
	Camera     Use = "camera"
	Microphone Use = "microphone"
	Screen     Use = "screen"
	Chat       Use = "chat"
	Files      Use = "files"
)

// An OffError says that a policy has taken something away.
type OffError struct{ Use Use }

func (e *OffError) Error() string {
	return "the policy has taken away: " + string(e.Use)
}

// ErrIssuer is returned for an identity provider that is not on a policy's list.
var ErrIssuer = errors.New("your organisation lets nobody sign in there")

// MaySignIn gives leave to sign in at an identity provider, named by its address, or
// ErrIssuer.
func (p Policy) MaySignIn(issuer string) error {
	same := func(listed string) bool { return strings.TrimSuffix(listed, "/") == strings.TrimSuffix(issuer, "/") }
	if p.Issuers != nil && !slices.ContainsFunc(p.Issuers, same) {
		return fmt.Errorf("%s: %w", issuer, ErrIssuer)
	}
	return nil
}

// MayUse gives leave to use u, or an *OffError. A use that it does not know is
// refused.
func (p Policy) MayUse(u Use) error {
	off := map[Use]bool{Camera: p.NoCamera, Microphone: p.NoMicrophone, Screen: p.NoScreen, Chat: p.NoChat, Files: p.NoFiles}
	if no, known := off[u]; no || !known {
		return &OffError{u}
	}
	return nil
}

// Extra returns the hosts that may be spoken to for a purpose beside the server of
// a link.
func (p Policy) Extra(purpose string) (hosts []string) {
	for _, h := range p.ExtraHosts {
		if h.Purpose == purpose {
			hosts = append(hosts, h.Name)
		}
	}
	return hosts
}
