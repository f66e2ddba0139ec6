// Package codec says how cleared pictures and sound become packets, and how
// packets become raw ones again. The packages below it are thin layers over the
// well-kept C libraries; none of them allocates for a frame.
package codec

import (
	"errors"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
)

// A Name is the word for a way of coding, as in MIME types, in lower case.
type Name string

// The codecs.
const (
	VP8  Name = "vp8"
	VP9  Name = "vp9"
	H264 Name = "h264"
	AV1  Name = "av1"
	Opus Name = "opus"
)

// A Packet is one encoded picture, or one run of encoded sound.
type Packet struct {
	// Data is borrowed from the encoder or inlet that gave the packet, until
	// its next call. It is empty when there is nothing to send.
	Data []byte

	Codec    Name
	At       time.Duration // media time on the sender's clock, since the track began
	Captured time.Time     // the same instant on the sender's wall clock; zero while unknown
	Arrived  time.Time     // of an incoming packet, on this machine's clock
	Seq      uint64        // of incoming sound: grows by one a packet, so gaps are losses
	Keyframe bool          // of a picture: a new viewer can start here
	Layer    int           // of a picture sent in several sizes: 0 is the smallest
	Temporal int           // of an encoded picture: its temporal layer; 0 is the slowest and needs no other
	Sync     bool          // of a picture with Temporal > 0: it needs only pictures of temporal layer 0
	Sealed   int           // bytes that encryption from end to end added to Data; 0 is not encrypted
}

// ErrNeedKeyframe is returned by a decoder that cannot go on until a keyframe
// arrives.
var ErrNeedKeyframe = errors.New("waiting for a keyframe")

// VideoSettings are what an encoder is made for.
type VideoSettings struct {
	Width, Height  int     // pixels
	FPS            float64 // pictures a second, at most
	Bitrate        int     // bits per second, to begin with
	Threads        int     // 0 lets the encoder choose by size
	TemporalLayers int     // 1 to 3; 0 is 1
	Screen         bool    // sharp text matters more than motion
}

// A VideoEncoder encodes the pictures of one outgoing track in one size. It is
// used by one goroutine at a time.
type VideoEncoder interface {
	// Encode borrows p, whose size must be that of the settings, until it
	// returns. A Packet without Data means that the encoder left the picture
	// out to keep its bitrate.
	Encode(p filter.ClearedPicture) (Packet, error)

	// SetBitrate aims at the given number of bits per second.
	SetBitrate(bps int)

	// ForceKeyframe makes the next packet one that a new viewer can start at.
	ForceKeyframe()

	Close() error
}

// A VideoDecoder decodes the packets of one incoming track. It is used by one
// goroutine at a time. What it is given comes from the network: anything may be
// in it.
type VideoDecoder interface {
	// Decode returns a picture that the caller owns, nil if none is complete
	// yet, or ErrNeedKeyframe, also after a packet that made no sense.
	Decode(pkt Packet) (*frame.Picture, error)

	Close() error
}

// SoundSettings are what a sound encoder is made for.
type SoundSettings struct {
	Bitrate    int           // bits per second
	PacketFor  time.Duration // 10, 20, 40, 60, 80, 100 or 120 ms; 0 is 20 ms
	Complexity int           // 0 to 10
	FEC        bool          // let a packet carry the one before it, coarsely
	DTX        bool          // send next to nothing during silence
}

// A SoundEncoder encodes one outgoing track of sound. It is used by one
// goroutine at a time.
type SoundEncoder interface {
	// Encode takes 10 ms. It returns a Packet without Data until enough has
	// come together, and during silence with DTX.
	Encode(s filter.ClearedSound) (Packet, error)

	// SetBitrate aims at the given number of bits per second.
	SetBitrate(bps int)

	// ExpectLoss tells how many of 100 packets are lost on the way.
	ExpectLoss(percent int)

	// Shape sets the length of packets, one of those of SoundSettings, and whether
	// all of them have one size, where that is possible without speech becoming
	// narrower than wideband. It holds from the next packet on, and nothing that
	// waits for its packet is lost. What cannot be is left as it was.
	Shape(packetFor time.Duration, constant bool)

	Close() error
}

// MaxSound is the length of the longest sound packet, in samples: 120 ms.
const MaxSound = 12 * frame.BlockLen

// A SoundDecoder decodes one incoming track of sound. It is used by one
// goroutine at a time. What it is given comes from the network.
type SoundDecoder interface {
	// Decode writes the packet's samples to out, which must have room for
	// MaxSound, and returns how many there are.
	Decode(data []byte, out []float32) (int, error)

	// Recover makes the packet before next, which was lost, from what next
	// carries of it, in as many samples as out is long.
	Recover(next []byte, out []float32) error

	// Conceal invents as many samples as out is long, in place of a lost packet.
	Conceal(out []float32) error

	// Duration returns how many samples data holds, without decoding it.
	Duration(data []byte) (int, error)

	Close() error
}

// A VideoCodec is one way of coding pictures.
type VideoCodec struct {
	Name       Name
	NewEncoder func(VideoSettings) (VideoEncoder, error) // nil if this program cannot send it
	NewDecoder func() (VideoDecoder, error)
}

// A Set is what this build can encode and decode. The program makes one and
// hands it to the call.
type Set struct {
	Video           []VideoCodec // the first is preferred for sending
	NewSoundEncoder func(SoundSettings) (SoundEncoder, error)
	NewSoundDecoder func() (SoundDecoder, error)
}

// Find returns the codec of the given name.
func (s Set) Find(name Name) (VideoCodec, bool) {
	for _, c := range s.Video {
		if c.Name == name {
			return c, true
		}
	}
	return VideoCodec{}, false
}
