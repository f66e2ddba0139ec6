package janus

import (
	"errors"
	"fmt"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

// Codes of the core and of the VideoRoom plugin; their ranges do not meet. Other
// than these are faults of the server.
const (
	codeUnauthorized  = 403
	codeNoPlugin405   = 405 // the token is not for this plugin
	codeNoSuchRoom    = 426
	codeNoSuchFeed    = 428
	codeMissing       = 429
	codeInvalid       = 430
	codeFull          = 432
	codeRefused       = 433
	codeIDTaken       = 436
	codeSessionGone   = 458
	codeHandleGone    = 459
	codeNoSuchPlugin  = 460
	codeBadSDP        = 465
	codeNotAccepting  = 472
	codeOfferRefused  = 437
	codeAlreadyJoined = 425
)

// A fault is the server's no to a request, in its own words.
type fault struct {
	code  int
	words sfu.Foreign
}

func (f *fault) Error() string {
	return fmt.Sprintf("the server says no (%d): %s", f.code, f.words.Clean())
}

func isFault(err error, codes ...int) bool {
	var f *fault
	if !errors.As(err, &f) {
		return false
	}
	for _, c := range codes {
		if f.code == c {
			return true
		}
	}
	return false
}

// faultOf returns the server's no, if m is one. A pass that it repeats is taken out.
func faultOf(m message, hidden ...secret.Secret) error {
	switch d := m.Plugin.Data; {
	case m.Janus == "error":
		return &fault{m.Error.Code, sfu.Hide(m.Error.Reason, hidden...)}
	case d.Code != 0:
		return &fault{d.Code, sfu.Hide(d.Error, hidden...)}
	}
	return nil
}

// refusal puts a no to coming in in the house's words. known tells whether a pass
// was shown.
func refusal(err error, known bool) error {
	var f *fault
	if !errors.As(err, &f) {
		return err
	}
	why := sfu.ServerFault
	switch f.code {
	case codeUnauthorized, codeNoPlugin405, codeRefused:
		why = sfu.PassRefused
		if !known {
			why = sfu.PassMissing
		}
	case codeMissing:
		if !known {
			why = sfu.PassMissing
		}
	case codeNoSuchRoom, codeInvalid: // a name of the wrong kind names no room
		why = sfu.NoSuchRoom
	case codeFull:
		why = sfu.RoomFull
	case codeNoSuchPlugin:
		why = sfu.NotAServer
	case codeNotAccepting:
		why = sfu.Busy
	case codeOfferRefused, codeBadSDP:
		why = sfu.OfferRefused
	}
	return &sfu.JoinError{Why: why, Detail: f.words}
}
