package faults

import (
	"context"
	"errors"
	"io"
	"math"
	"time"

	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/codec/opus"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/privacy/filter"
)

// microphones is an opener of one microphone, whose faults come from in; without it the room is all that is heard.
type microphones struct {
	*marker
	in *soundInjector
}

func (m *microphones) OpenMicrophone(context.Context) (capture.Microphone, error) {
	if m.in != nil {
		m.in.opened()
	}
	return &capsule{microphones: m, tick: time.NewTicker(frame.BlockFor), opened: time.Now()}, nil
}

// A capsule is the microphone while it is open.
type capsule struct {
	*microphones
	tick   *time.Ticker
	opened time.Time
	blocks int           // since it was opened, by the clock
	off    time.Duration // by which the time it tells is wrong
	voice  voice
	far    voice
}

func (c *capsule) Device() capture.Device {
	return capture.Device{ID: "test", Kind: capture.MicrophoneKind}
}

func (c *capsule) Close() error {
	c.tick.Stop()
	return nil
}

// behind is how many blocks a reader may be behind: then the oldest are lost, as those of a device are.
const behind = 16

func (c *capsule) Next(ctx context.Context, s *frame.Sound) error {
	for {
		due := int(time.Since(c.opened) / frame.BlockFor)
		if c.blocks < due {
			c.blocks = max(c.blocks, due-behind) + 1
			break
		}
		select {
		case <-c.tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	*s = frame.Sound{At: frame.BlockFor*time.Duration(c.blocks) + c.off}
	c.far.next(&s.Far)
	if c.in == nil {
		s.Near = c.block(c.blocks)
		return nil
	}
	switch c.in.next() {
	case talk:
		c.voice.next(&s.Near)
	case room:
		s.Near = c.block(c.blocks)
	case hush:
	}
	if c.in.wantsReset() {
		c.jump(s, frame.BlockFor)
	}
	what, ok := c.in.strike(microphone)
	if !ok {
		return nil
	}
	return c.broken(what, s)
}

// broken puts a fault into s.
func (c *capsule) broken(what kind, s *frame.Sound) error {
	fill := func(b []float32, v float64) {
		for i := range b {
			b[i] = float32(v)
		}
	}
	if err := map[kind]error{
		unplugged: &capture.DeviceError{Kind: capture.MicrophoneKind, ID: "test", Err: capture.ErrUnplugged},
		shortFile: io.EOF,
	}[what]; err != nil {
		return err
	}
	damage := map[kind]func(){
		nearNaN:  func() { fill(s.Near[:], math.NaN()) },
		nearHalf: func() { fill(s.Near[:frame.BlockLen/2], math.NaN()) },
		nearInf:  func() { fill(s.Near[:], math.Inf(1)) },
		nearHuge: func() { fill(s.Near[:100], math.MaxFloat32) },
		farNaN:   func() { fill(s.Far[:], math.NaN()) },
		farInf:   func() { fill(s.Far[:], math.Inf(-1)) },
		farJump:  func() { c.far.n += frame.Rate / 7; c.far.next(&s.Far) },
		skips:    func() { c.jump(s, 300*time.Millisecond) },
		goesBack: func() { c.jump(s, -s.At) },
		stands:   func() { c.jump(s, -frame.BlockFor) },
	}[what]
	if damage == nil {
		return errors.New("no fault of a microphone: " + string(what))
	}
	damage()
	return nil
}

// jump lets the time of s, and of all that follows, be another one.
func (c *capsule) jump(s *frame.Sound, by time.Duration) {
	c.off += by
	s.At += by
}

// soundCodecs are the program's own. What an encoder is given is judged first, by each.
func soundCodecs(each func(*frame.Block)) codec.Set {
	return codec.Set{
		NewSoundEncoder: func(s codec.SoundSettings) (codec.SoundEncoder, error) {
			e, err := opus.NewEncoder(s)
			return overheard{e, each}, err
		},
		NewSoundDecoder: opus.NewDecoder,
	}
}

// overheard is an encoder that tells what it is given.
type overheard struct {
	codec.SoundEncoder
	each func(*frame.Block)
}

func (o overheard) Encode(s filter.ClearedSound) (codec.Packet, error) {
	o.each(s.Block())
	return o.SoundEncoder.Encode(s)
}

// loudspeaker pulls from what is played, as a device does, until ctx is done, and gives each each block.
func loudspeaker(ctx context.Context, mixer *present.Mixer, each func(*frame.Block)) {
	began := time.Now()
	tick := time.NewTicker(frame.BlockFor)
	defer tick.Stop()
	var b frame.Block
	for n := 0; ; {
		for ; n < int(time.Since(began)/frame.BlockFor); n++ {
			mixer.Pull(&b)
			each(&b)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
