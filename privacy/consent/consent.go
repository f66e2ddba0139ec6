// Package consent asks the person at this machine.
package consent

import "context"

// A Topic is something that only the person may decide.
type Topic string

// The topics.
const (
	Recording Topic = "recording" // go on sending although the room is recorded
	UnmuteMe  Topic = "unmute-me" // somebody wants this microphone or camera open

	NewIdentity Topic = "new-identity" // go on although a known name has another identity
)

// A Question is put to the person, in their language, by an Asker.
type Question struct {
	Topic Topic
	Room  string
	About string // who or what asks; text from the network, already cleaned
}

// An Asker puts a question to the person. It returns true only for an
// explicit yes: closing the question, a time-out and an error are all a no.
type Asker interface {
	Ask(ctx context.Context, q Question) (bool, error)
}

// Refuse is the Asker for when nobody is there to answer.
type Refuse struct{}

// Ask answers no.
func (Refuse) Ask(context.Context, Question) (bool, error) { return false, nil }
