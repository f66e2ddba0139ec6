package filter

import (
	"encoding/json"
	"math/bits"
	"strings"
)

// Notes are what a person should know of their own picture and sound: a set of
// bits. None of them lets more be seen or heard; they say why less is, or what
// could be better.
type Notes uint32

// The notes.
const (
	// NoFace: there is a person, and no face to keep hold of.
	NoFace Notes = 1 << iota
	// Away: the chair is empty, and the others see a colour.
	Away
	// OffCentre: the person is at the edge of the picture.
	OffCentre
	// SecondPerson: somebody else is in the picture and is held back.
	SecondPerson
	// Readable: text or a screen behind the person could be read.
	Readable
	// Backlight: the light comes from behind the person.
	Backlight
	// Close: the face is cut by the edge, or too near.
	Close
	// SlowMask: the mask is not made anew for every picture.
	SlowMask
	// SmallPicture: the picture is made smaller, so that the filters keep up.
	SmallPicture
	// TooSlow: the filters do not keep up at all, and the others see a colour.
	TooSlow
	// HeldBack: somebody else, or something, is heard and is held back.
	HeldBack
	// Echo: the microphone hears the loudspeaker so well that the others may hear
	// themselves.
	Echo
	// Clipping: the microphone is set so loud that it distorts.
	Clipping
	// TooLive: the room rings so much that near and far cannot be told apart well.
	TooLive
	// Uncalibrated: the room gate does not know the person's level at this device.
	Uncalibrated

	notesEnd
)

// codes are stable, for reports and scripts, in the order of the bits.
func codes() [15]string {
	return [...]string{
		"no-face", "away", "off-centre", "second-person", "readable",
		"backlight", "close", "slow-mask", "small-picture", "too-slow",
		"held-back", "echo", "clipping", "too-live", "uncalibrated",
	}
}

// Has reports whether n has all of m.
func (n Notes) Has(m Notes) bool { return n&m == m }

// Each returns the notes in n, one by one.
func (n Notes) Each() []Notes {
	var all []Notes
	for n &= notesEnd - 1; n != 0; n &= n - 1 {
		all = append(all, n&-n)
	}
	return all
}

// Codes returns a stable word for each note in n, such as "second-person".
func (n Notes) Codes() []string {
	words := codes()
	all := make([]string, 0, bits.OnesCount32(uint32(n)))
	for _, one := range n.Each() {
		all = append(all, words[bits.TrailingZeros32(uint32(one))])
	}
	return all
}

// String joins the codes with commas; of no notes it is empty.
func (n Notes) String() string { return strings.Join(n.Codes(), ",") }

// MarshalJSON writes the codes as a list.
func (n Notes) MarshalJSON() ([]byte, error) { return json.Marshal(n.Codes()) }
