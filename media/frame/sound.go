package frame

import "time"

// The one form of sound in the program: mono, 48 kHz, in blocks of 10 ms.
const (
	Rate     = 48000      // samples a second
	BlockLen = Rate / 100 // samples in a block
	BlockFor = 10 * time.Millisecond
)

// A Block is 10 ms of mono sound at 48 kHz; full scale is −1 to 1.
type Block [BlockLen]float32

// A Sound is 10 ms at this machine's microphone, with what its loudspeaker
// played at the same instant. The raw room is in it, so whoever holds one calls
// Wipe after use.
type Sound struct {
	Near Block         // from the microphone
	Far  Block         // played by the loudspeaker; zeros when it is off
	At   time.Duration // since the source was opened; grows by BlockFor
}

// Wipe overwrites the samples with silence.
func (s *Sound) Wipe() { *s = Sound{At: s.At} }
