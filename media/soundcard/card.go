// Package soundcard plays what others say and reads this machine's microphone.
//
//	present.AudioSource                     capture.Microphone
//	   │ Pull, 10 ms                           ▲ 10 ms, with the 10 ms that
//	   ▼            ┌───── tap ─────┐          │ the speaker played meanwhile
//	speaker's thread┘               └─► microphone's thread
//	   ▼                                       ▲
//	loudspeaker  ··············································  room
//
// Either side may also be a WAV file. The room knows nothing of calls and has
// no way to the network. A device that is lost ends in words: a chosen speaker
// never gives way to another one, and a microphone is never opened by anybody
// but OpenMicrophone.
//
// 2026-11-22: the two sides are two miniaudio devices whose samples are paired
// here, not one of its full-duplex devices. Over PulseAudio that one is two
// streams as well; it leaves the speaker's buffer as it was whenever the
// microphone is late (ma_device__handle_duplex_callback_playback), is silent
// until the microphone delivers, for two seconds on an idle null sink, ends
// both sides when one is lost, and would interrupt what is heard at every mute.
// Here both sides keep their distance while both run; see tap.
package soundcard

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"paravent/media/capture"
	"paravent/media/present"
)

// Off is the Wish for no device at all.
const Off = "off"

// filePrefix begins the Wish for a WAV file.
const filePrefix = "file:"

// ErrClosed is returned by a microphone, or a Card, that was closed.
var ErrClosed = errors.New("sound device is closed")

// ErrNoSystem is wrapped, with capture.ErrNoDevice, when the machine has no
// sound system that could be asked for devices.
var ErrNoSystem = errors.New("there is no sound system on this machine, or it does not answer")

// A Wish is what a person chose: "" is the system's default, Off nothing,
// "file:PATH" a WAV file, and all else the ID of a device, its label, or the
// beginning of the label of one device only.
type Wish struct{ Speaker, Microphone string }

// Use is what is open right now. The zero Device is none.
type Use struct{ Speaker, Microphone capture.Device }

// A Change says what happened to a device without anybody having asked for it.
type Change struct {
	Device capture.Device // its Kind says which side

	// Lost: the device was in use and is gone. A speaker is silent from now on,
	// a microphone has ended. Otherwise the device is there: a speaker is
	// already playing, a microphone waits for OpenMicrophone.
	Lost bool

	Err error // why, of what is lost
}

// A Card is the sound of one call. Its methods may be called by several
// goroutines at once.
type Card struct {
	wish    Wish
	play    present.AudioSource
	start   func() (system, error)
	tap     *tap
	changes chan Change
	nudge   chan struct{} // a device stopped: look now
	use     atomic.Pointer[Use]

	done  chan struct{} // closed by Close
	group sync.WaitGroup

	mu sync.Mutex // guards everything that follows; no device's thread takes it
	rig
}

// A rig is what a Card has open.
type rig struct {
	closed    bool
	watching  bool
	recording bool // the speaker is a file
	sys       system
	speaker   side
	mic       side
	ears      *microphone // the open microphone, if it is a device
	file      *fileMicrophone
}

// A side is one direction of the card, if it is a device.
type side struct {
	dev    found
	stream stream // nil: not open
	lost   bool   // it was open, and waits for the device to come back
	engine interface{ called() uint64 }
	calls  uint64 // of engine, when it was last looked at
	still  int    // looks at which calls had not grown
}

// shut closes the device and returns when it is closed.
func (s *side) shut() {
	if s.stream != nil {
		s.stream.close()
		s.stream, s.engine = nil, nil
	}
}

// Open opens the speaker and plays what play gives, a block at a time, by the
// speaker's clock. It checks, without opening it, that the microphone of the
// wish is there. What is missing is a *capture.DeviceError, a file that cannot
// be used a *capture.FileError. With two files, or a file and Off, it does not
// touch the sound system at all. ctx is for opening alone.
func Open(ctx context.Context, w Wish, play present.AudioSource) (*Card, error) {
	return open(ctx, w, play, startMalgo)
}

func open(ctx context.Context, w Wish, play present.AudioSource, start func() (system, error)) (*Card, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &Card{
		wish: w, play: play, start: start, tap: new(tap),
		changes: make(chan Change, 32),
		nudge:   make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	c.use.Store(&Use{})
	if err := c.openAll(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Card) openAll() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.checkMicrophone(); err != nil {
		return err
	}
	if c.wish.Speaker == Off {
		return nil
	}
	if path, ok := strings.CutPrefix(c.wish.Speaker, filePrefix); ok {
		return c.openFileSpeaker(path)
	}
	dev, err := c.find(capture.SpeakerKind, c.wish.Speaker)
	if err != nil {
		return err
	}
	return c.openSpeaker(dev)
}

func (c *Card) checkMicrophone() error {
	switch path, isFile := strings.CutPrefix(c.wish.Microphone, filePrefix); {
	case c.wish.Microphone == Off, c.wish.Microphone == "":
		return nil
	case isFile:
		m, err := openFileMicrophone(path)
		if err != nil {
			return err
		}
		return m.file.Close()
	default:
		_, err := c.find(capture.MicrophoneKind, c.wish.Microphone)
		return err
	}
}

// find starts the sound system if need be, and chooses a device. The caller
// holds mu.
func (c *Card) find(kind capture.Kind, wish string) (found, error) {
	if c.sys == nil {
		sys, err := c.start()
		if err != nil {
			return found{}, noSystem(kind, wish, err)
		}
		c.sys = sys
	}
	c.watch()
	list, err := c.sys.list()
	if err != nil {
		return found{}, noSystem(kind, wish, err)
	}
	return choose(list, kind, wish)
}

func noSystem(kind capture.Kind, wish string, err error) error {
	return &capture.DeviceError{Kind: kind, ID: named(wish), Err: fmt.Errorf("%w: %w (%w)", capture.ErrNoDevice, ErrNoSystem, err)}
}

// openSpeaker plays on dev. The caller holds mu.
func (c *Card) openSpeaker(dev found) error {
	e := &player{play: c.play, tap: c.tap}
	st, err := c.sys.open(dev, e.data, c.poke)
	if err != nil {
		return &capture.DeviceError{Kind: dev.Kind, ID: dev.Label, Err: err}
	}
	c.speaker = side{dev: dev, stream: st, engine: e}
	c.note()
	return nil
}

// note makes known what is open. The caller holds mu.
func (c *Card) note() {
	var u Use
	if c.recording && !c.closed {
		u.Speaker = fileDevice(capture.SpeakerKind, strings.TrimPrefix(c.wish.Speaker, filePrefix))
	}
	if c.speaker.stream != nil {
		u.Speaker = c.speaker.dev.Device
	}
	if c.mic.stream != nil {
		u.Microphone = c.mic.dev.Device
	}
	if c.file != nil {
		u.Microphone = c.file.Device()
	}
	c.use.Store(&u)
}

// poke asks for a look at the devices. Real-time: it does not block.
func (c *Card) poke() {
	select {
	case c.nudge <- struct{}{}:
	default:
	}
}

// InUse returns what is really open. It does not wait for a device.
func (c *Card) InUse() Use { return *c.use.Load() }

// Changes gives what happens to the devices. A reader that is far behind misses
// the oldest. It is closed by Close.
func (c *Card) Changes() <-chan Change { return c.changes }

// tell announces a change. The caller holds mu.
func (c *Card) tell(ch Change) {
	for {
		select {
		case c.changes <- ch:
			return
		default:
		}
		select {
		case <-c.changes:
		default:
		}
	}
}

// Close closes all that is open, and returns when it is closed. A file that was
// written is whole then.
func (c *Card) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	close(c.done)
	c.mic.shut()
	c.speaker.shut()
	if c.ears != nil {
		c.ears.ring.end(ErrClosed)
		c.ears = nil
	}
	file := c.file
	c.file = nil
	c.note()
	c.mu.Unlock()

	c.group.Wait() // nobody uses the sound system after this
	var err error
	if file != nil {
		err = file.shut()
	}
	if c.sys != nil {
		c.sys.close()
	}
	close(c.changes)
	return err
}

func fileDevice(kind capture.Kind, path string) capture.Device {
	return capture.Device{ID: filePrefix + path, Kind: kind, Label: filepath.Base(path)}
}

func named(wish string) string {
	if wish == "" {
		return "system default"
	}
	return wish
}
