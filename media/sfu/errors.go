package sfu

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnsupported is returned for what this kind of server does not have.
var ErrUnsupported = errors.New("this server cannot do that")

// ErrOnePicture is returned where a server takes one picture at a time, and one
// is being sent.
var ErrOnePicture = errors.New("this server takes one picture at a time, and one is being sent")

// ErrNoAnswer is returned when the server does not answer a request in time.
var ErrNoAnswer = errors.New("the server does not answer")

// ErrDataLength is returned for data that is empty, or longer than MaxData.
var ErrDataLength = errors.New("the data is empty, or too long")

// ErrEnded is returned by a session that is over.
var ErrEnded = errors.New("the session has ended")

// A LinkError says what is wrong with a link. It never holds the link itself,
// which may carry a secret.
type LinkError struct {
	Kind string
	Why  string // in words, from this program
}

func (e *LinkError) Error() string { return fmt.Sprintf("%s link: %s", e.Kind, e.Why) }

// A JoinProblem is why a server does not let somebody in.
type JoinProblem string

// The problems.
const (
	PassMissing JoinProblem = "pass missing"
	PassRefused JoinProblem = "pass refused" // not made for this server or room
	PassExpired JoinProblem = "pass expired"
	NoSuchRoom  JoinProblem = "no such room"
	RoomFull    JoinProblem = "room is full or locked"
	NotAServer  JoinProblem = "not such a server" // something else answers there
	ServerFault JoinProblem = "server fault"
	Busy        JoinProblem = "server is busy"   // and says so
	NoMedia     JoinProblem = "no way for media" // signalling works, pictures and sound do not get through
	BadProtocol JoinProblem = "server broke the protocol"

	// OfferRefused is of a server that takes none of our codecs, or not what else
	// we offer.
	OfferRefused JoinProblem = "offer refused"
)

// A JoinError is the server's no.
type JoinError struct {
	Why    JoinProblem
	Detail Foreign // the server's own words; may be empty
	Err    error   // may be nil

	// After is how long the server wants to be left alone; 0 if it does not say.
	After time.Duration
}

func (e *JoinError) Error() string {
	if e.Detail == "" {
		return "join: " + string(e.Why)
	}
	return fmt.Sprintf("join: %s: %s", e.Why, e.Detail.Clean())
}
func (e *JoinError) Unwrap() error { return e.Err }
