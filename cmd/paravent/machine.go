package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"paravent/cmd/internal/calibration"
	"paravent/cmd/internal/config"
	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/capture/camera"
	"paravent/media/capture/screen"
	"paravent/media/capture/source"
	"paravent/media/codec"
	"paravent/media/codec/av1"
	"paravent/media/codec/h264"
	"paravent/media/codec/opus"
	"paravent/media/codec/vpx"
	"paravent/media/present"
	"paravent/media/sfu"
	"paravent/media/soundcard"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/ui/say"
)

// A machine is this computer's cameras, sound, codecs and filters, wired for one
// call.
type machine struct {
	equipment        call.Equipment
	wish             capture.VideoWish
	sound            codec.SoundSettings
	background, gate string // the filters' words

	card *soundcard.Card
	lost []error // what the person must know from the beginning, and did not choose
	says string  // what the organisation tells whoever joins, if the face covers what was said before
	deaf bool    // there is no loudspeaker although none was refused
}

// codecs is what this build encodes and decodes.
func codecs() codec.Set {
	return codec.Set{
		Video:           []codec.VideoCodec{vpx.VP8(), vpx.VP9(), h264.Codec(), av1.Codec()},
		NewSoundEncoder: opus.NewEncoder,
		NewSoundDecoder: opus.NewDecoder,
	}
}

// cameras opens what can stand for a camera.
func cameras() *source.Source { return source.New(camera.New(), screens()) }

// openers are what a policy lets be opened.
func openers(rules policy.Policy, card *soundcard.Card) (cams, shown capture.Opener, mics capture.MicrophoneOpener) {
	cams, shown, mics = cameras(), source.New(screens()), card
	if err := rules.MayUse(policy.Screen); err != nil {
		cams, shown = source.New(camera.New()), closed{err}
	}
	if err := rules.MayUse(policy.Camera); err != nil {
		cams = closed{err}
	}
	if err := rules.MayUse(policy.Microphone); err != nil {
		mics = closed{err}
	}
	return cams, shown, mics
}

// closed opens nothing.
type closed struct{ why error }

func (c closed) OpenCamera(context.Context, string, capture.VideoWish) (capture.Camera, error) {
	return nil, c.why
}

func (c closed) OpenMicrophone(context.Context) (capture.Microphone, error) { return nil, c.why }

// screens opens screens and windows.
func screens() *screen.Screens { return screen.New(os.Getenv("DISPLAY")) }

// deviceOf is the device that is opened when the person says so: the one chosen
// for this call, or else the one in the settings.
func deviceOf(chosen, setting string) string {
	if chosen != soundcard.Off {
		return chosen
	}
	return setting
}

// newMachine opens the loudspeaker and nothing else.
func newMachine(ctx context.Context, to purpose, chosen, settings config.Join, rules policy.Policy, log *slog.Logger) (*machine, error) {
	mixer := present.NewMixer()
	m := &machine{
		wish:  capture.VideoWish{Width: 640, Height: 360, FPS: 30},
		sound: codec.SoundSettings{Bitrate: 32_000, PacketFor: 20 * time.Millisecond, Complexity: 5, FEC: true, DTX: true},
	}
	if f := face(chosen.Face); f == config.Terminal || f == config.Window {
		m.says = sfu.Foreign(rules.Notice).Clean()
	}
	wish := soundcard.Wish{Speaker: chosen.Speaker, Microphone: deviceOf(chosen.Microphone, settings.Microphone)}
	card, err := soundcard.Open(ctx, wish, mixer)
	if err != nil && chosen.Speaker == "" && chosen.Microphone == soundcard.Off {
		// Nobody asked for sound by name: a machine without it can still see
		// and write, and is told what is missing.
		m.lost, m.deaf = append(m.lost, err), true
		card, err = soundcard.Open(ctx, soundcard.Wish{Speaker: soundcard.Off, Microphone: soundcard.Off}, mixer)
	}
	if err != nil {
		return nil, err
	}
	m.card = card
	cams, shown, mics := openers(rules, card)
	m.equipment = call.Equipment{
		Cameras: cams, Screens: shown, Microphones: mics, Codecs: codecs(),
		Play: mixer.Add, Speaker: func() capture.Device { return card.InUse().Speaker }, Log: log,
		ScreenChain: func() (*filter.VideoChain, error) {
			leave, err := rules.Screen()
			if err != nil {
				return nil, err
			}
			return filter.NewOpenVideoChain(leave)
		},
	}
	if err := errors.Join(m.wirePicture(to, chosen, rules), m.wireSound(chosen, rules)); err != nil {
		return nil, errors.Join(err, card.Close())
	}
	return m, nil
}

func (m *machine) wirePicture(to purpose, chosen config.Join, rules policy.Policy) error {
	chain, err := newCameraChain(chosen.Background, rules)
	if err != nil {
		return err
	}
	if chain.lost != nil {
		m.lost = append(m.lost, chain.lost)
	}
	m.background = chain.name
	m.equipment.CameraChain = func() (*filter.VideoChain, error) { return chain.make(to) }
	return nil
}

func (m *machine) wireSound(chosen config.Join, rules policy.Policy) error {
	chain, err := newSoundChain(chosen.RoomGate, rules)
	if err != nil {
		return err
	}
	m.gate = chain.name
	known, err := calibration.Load(calibration.Path())
	if bad := (*calibration.FileError)(nil); errors.As(err, &bad) {
		err = &capture.FileError{Path: bad.Path, Err: errors.New(bad.Why)}
	}
	if err != nil {
		m.lost = append(m.lost, err) // the gate does without
	}
	var last lastChain
	m.equipment.SoundChain = func() (*filter.AudioChain, error) {
		use := m.card.InUse() // open by now
		mic := use.Microphone
		return last.of(use, func() (*filter.AudioChain, error) {
			worn := soundcard.FormOf(mic.ID, mic.Label) == capture.Headset
			if ref, ok := known.Find(mic.ID, mic.Label); ok {
				return chain.make(&ref, worn)
			}
			return chain.make(nil, worn)
		})
	}
	return nil
}

// A lastChain keeps the chain of the microphone that was opened last, so that the path
// of the echo is not learnt anew with every press of push to talk. One microphone is
// open at a time.
type lastChain struct {
	use   soundcard.Use
	chain *filter.AudioChain
}

// of returns the last chain if the devices are still the same, and makes one if not.
func (l *lastChain) of(use soundcard.Use, fresh func() (*filter.AudioChain, error)) (*filter.AudioChain, error) {
	if l.chain != nil && l.use == use && l.chain.Again() {
		return l.chain, nil
	}
	c, err := fresh()
	l.use, l.chain = use, c
	return c, err
}

// tryOut opens and closes what is to be open from the beginning, so that a
// mistake ends the program before anybody sees the person come and go.
func (m *machine) tryOut(ctx context.Context, chosen config.Join) error {
	if chosen.Camera != soundcard.Off {
		cam, err := m.equipment.Cameras.OpenCamera(ctx, chosen.Camera, m.wish)
		if err != nil {
			return err
		}
		p, err := cam.Next(ctx)
		p.Release()
		if err := errors.Join(err, cam.Close()); err != nil {
			return err
		}
	}
	if chosen.Microphone != soundcard.Off && !chosen.Push() {
		mic, err := m.equipment.Microphones.OpenMicrophone(ctx)
		if err != nil {
			return err
		}
		return mic.Close()
	}
	return nil
}

// announce tells the person which devices are lost, found and really used.
func (m *machine) announce(ctx context.Context, c *call.Call) {
	if m.says != "" {
		c.Tell(call.Notice{What: call.Organisation, Arg: m.says})
	}
	for _, err := range m.lost {
		c.Tell(call.Notice{Err: err})
	}
	for {
		select {
		case <-ctx.Done():
			return
		case ch, ok := <-m.card.Changes():
			if !ok {
				return
			}
			if ch.Lost {
				c.Tell(call.Notice{Err: ch.Err})
				continue
			}
			c.Tell(call.Notice{What: call.DeviceChanged, Arg: say.Device(ch.Device)})
		}
	}
}

func (m *machine) close() error { return m.card.Close() }
