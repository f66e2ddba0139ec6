package codec

import (
	"errors"
	"fmt"
	"image"
	"runtime"

	"paravent/media/frame"
)

// The largest picture that anything here encodes or decodes. The first bounds
// either side, the second the memory of one picture: 16.8 megapixels.
const (
	MaxSide   = 8192
	MaxPixels = 4096 * 4096
)

// The bounds of VideoSettings.
const (
	MinSide         = 16          // pixels: one macroblock
	MinVideoBitrate = 5_000       // bits per second
	MaxVideoBitrate = 100_000_000 // bits per second
	MinFPS          = 0.1         // pictures a second
	MaxFPS          = 120         // pictures a second
	MaxThreads      = 16          // of one encoder
)

// The bounds of SoundSettings; RFC 6716, section 2.1.1.
const (
	MinSoundBitrate = 6_000   // bits per second
	MaxSoundBitrate = 510_000 // bits per second
	MaxComplexity   = 10
)

// From these sizes on, one picture is worth two threads, and four.
const (
	bigPixels  = 1280 * 720
	hugePixels = 1920 * 1080
)

// ErrClosed is returned by an encoder or decoder after Close.
var ErrClosed = errors.New("codec is closed")

// ErrTooLarge is returned by a decoder for a picture beyond MaxSide or
// MaxPixels, before memory is taken for it.
var ErrTooLarge = errors.New("picture is too large to decode")

// ErrFormat is returned by a decoder for a picture that is not 8-bit 4:2:0.
var ErrFormat = errors.New("picture is not in 8-bit 4:2:0")

// ErrSettings is the cause of every error about settings out of range.
var ErrSettings = errors.New("setting out of range")

// Check reports the first setting that no encoder takes, as an ErrSettings.
func (s VideoSettings) Check() error {
	switch {
	case !Fits(image.Pt(s.Width, s.Height)) || s.Width < MinSide || s.Height < MinSide:
		return fmt.Errorf("%w: picture of %d×%d pixels", ErrSettings, s.Width, s.Height)
	case !(s.FPS >= MinFPS && s.FPS <= MaxFPS): // also catches what is not a number
		return fmt.Errorf("%w: %g pictures a second", ErrSettings, s.FPS)
	case s.Bitrate < MinVideoBitrate || s.Bitrate > MaxVideoBitrate:
		return fmt.Errorf("%w: %d bits per second", ErrSettings, s.Bitrate)
	case s.Threads < 0 || s.Threads > MaxThreads:
		return fmt.Errorf("%w: %d threads", ErrSettings, s.Threads)
	case s.TemporalLayers < 0 || s.TemporalLayers > 3:
		return fmt.Errorf("%w: %d temporal layers", ErrSettings, s.TemporalLayers)
	}
	return nil
}

// Check reports the first setting that no encoder takes, as an ErrSettings.
func (s SoundSettings) Check() error {
	switch {
	case s.Bitrate < MinSoundBitrate || s.Bitrate > MaxSoundBitrate:
		return fmt.Errorf("%w: %d bits per second", ErrSettings, s.Bitrate)
	case s.Complexity < 0 || s.Complexity > MaxComplexity:
		return fmt.Errorf("%w: complexity %d", ErrSettings, s.Complexity)
	}
	const block = frame.BlockFor
	blocks := s.PacketFor / block
	if s.PacketFor%block != 0 || blocks < 0 || blocks > 12 || blocks > 1 && blocks%2 != 0 {
		return fmt.Errorf("%w: packets of %v", ErrSettings, s.PacketFor)
	}
	return nil
}

// Fits reports whether a picture of the given size is one that may be decoded:
// not empty, and within MaxSide and MaxPixels.
func Fits(size image.Point) bool {
	return size.X > 0 && size.Y > 0 && size.X <= MaxSide && size.Y <= MaxSide && size.X*size.Y <= MaxPixels
}

// Threads returns how many threads a picture of the given size is worth on this
// machine. Small pictures get one, so that many tiles do not mean many threads.
func Threads(size image.Point) int {
	n := 1
	switch pixels := size.X * size.Y; {
	case pixels >= hugePixels:
		n = 4
	case pixels >= bigPixels:
		n = 2
	}
	return min(n, runtime.NumCPU())
}
