// Package sound puts the filters of the microphone together: what is low is taken
// away, then the echo of the loudspeaker, then everything but the person, and then
// the person's voice is brought to a good level.
//
//	microphone → rumble → echo → gate → gain → encoder
//
// They work on one block of 10 ms at a time, in place, without the network, without
// files and without memory beyond their own: nothing of the room is kept.
package sound

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"paravent/privacy/filter"
	"paravent/privacy/sound/echo"
	"paravent/privacy/sound/gate"
	"paravent/privacy/sound/level"
	"paravent/privacy/sound/net"
)

// checksum is the SHA-256 of the one model that Load takes: that with which what the
// others hear was measured.
const checksum = "2324b929bd1fa25c2014d898704302b1c1934f981d2d445dd68a8b4f49b82694"

// Options say what filters a chain needs.
type Options struct {
	Mode  gate.Mode
	Model *net.Model // what Load returned; many chains may share it

	// Reference is what the person sounds like at this device and place; nil if
	// nobody has measured it.
	Reference *gate.Reference
}

// Load reads the room gate's network. The error wraps net.ErrModel if it is not the
// known one.
func Load(model []byte) (*net.Model, error) {
	if sum := sha256.Sum256(model); hex.EncodeToString(sum[:]) != checksum {
		return nil, fmt.Errorf("room gate: %w: it is not the known one", net.ErrModel)
	}
	m, err := net.Parse(model)
	if err != nil {
		return nil, fmt.Errorf("room gate: %w", err)
	}
	return m, nil
}

// New returns the filters of one chain, in their order. It fails if the model is not
// one of a room gate.
func New(o Options) ([]filter.SoundFilter, error) {
	g, err := gate.New(o.Mode, o.Model, o.Reference)
	if err != nil {
		return nil, err
	}
	e := echo.NewLinear() // the gate's windows are those of the suppressor: 10 ms less
	g.Only(e.Gains)
	return []filter.SoundFilter{level.NewRumble(), e, g, level.NewGain(g.Speech)}, nil
}
