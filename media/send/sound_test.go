package send_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/send"
	"paravent/media/sfu"
	"paravent/privacy/filter"
)

// A microphone is a double that gives so many blocks.
type microphone struct {
	left   int
	at     time.Duration
	closed bool
}

func (m *microphone) Next(_ context.Context, s *frame.Sound) error {
	if m.left == 0 {
		return io.EOF
	}
	m.left--
	s.At, m.at = m.at, m.at+frame.BlockFor
	s.Near = frame.Block{0.5, -0.5}
	return nil
}
func (*microphone) Device() capture.Device { return capture.Device{} }
func (m *microphone) Close() error         { m.closed = true; return nil }

// A half is a filter that halves, and notes what its blocks say.
type half struct {
	n     int
	notes func(n int) filter.Notes
}

func (*half) Name() string { return "half" }
func (h *half) Apply(s *frame.Sound) error {
	h.n++
	for i := range s.Near {
		s.Near[i] /= 2
	}
	return nil
}
func (h *half) Notes() filter.Notes { return h.notes(h.n) }

// mute is an encoder that makes nothing.
type mute struct{}

func (mute) Encode(filter.ClearedSound) (codec.Packet, error) { return codec.Packet{}, nil }
func (mute) SetBitrate(int)                                   {}
func (mute) ExpectLoss(int)                                   {}
func (mute) Shape(time.Duration, bool)                        {}
func (mute) Close() error                                     { return nil }

type nowhere struct{}

func (nowhere) Send(codec.Packet) error          { return nil }
func (nowhere) Asks() <-chan sfu.Ask             { return nil }
func (nowhere) Mute(context.Context, bool) error { return nil }
func (nowhere) Close() error                     { return nil }

func line(t *testing.T, blocks int, notes func(int) filter.Notes) *send.SoundLine {
	t.Helper()
	chain, err := filter.NewAudioChain(nil, &half{notes: notes})
	if err != nil {
		t.Fatal(err)
	}
	return &send.SoundLine{
		Microphone: &microphone{left: blocks}, Chain: chain, Encoder: mute{}, Outlet: nowhere{},
		Held: func(string) {}, Noted: func(filter.Notes) {}, Meter: new(send.Meter),
	}
}

func TestNotesOfTheSoundAreToldWhenTheyHaveSettled(t *testing.T) {
	l := line(t, 300, func(n int) filter.Notes {
		switch {
		case n > 100 && n <= 200:
			return filter.Clipping | filter.Echo
		case n%2 == 0:
			return filter.HeldBack // flickers
		}
		return 0
	})
	var told []filter.Notes
	l.Noted = func(n filter.Notes) { told = append(told, n) }
	if err := l.Run(t.Context()); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if len(told) != 2 || told[0] != filter.Clipping|filter.Echo || told[1] != 0 {
		t.Errorf("told %v", told)
	}
}

func TestTheTapAndTheMeterGetOnlyWhatWasCleared(t *testing.T) {
	l := line(t, 10, func(int) filter.Notes { return 0 })
	blocks := 0
	l.Tap = func(b *frame.Block) {
		blocks++
		if b[0] != 0.25 || b[1] != -0.25 {
			t.Errorf("block %d is of %v", blocks, b[:2])
		}
	}
	if err := l.Run(t.Context()); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if blocks != 10 || l.Meter.TakePeak() != 0.25 || l.Meter.TakePeak() != 0 {
		t.Errorf("%d blocks", blocks)
	}
}

func TestSoundWithNotesAndATapAllocatesNothingPerBlock(t *testing.T) {
	run := func(blocks int) float64 {
		return testing.AllocsPerRun(5, func() {
			l := line(t, blocks, func(n int) filter.Notes { return filter.Notes(n % 3) })
			l.Tap = func(*frame.Block) {}
			_ = l.Run(t.Context())
		})
	}
	if few, many := run(10), run(1000); many > few {
		t.Errorf("%v allocations for 10 blocks, %v for 1000", few, many)
	}
}

// losses is an encoder that notes what it should make up for.
type losses struct {
	mute
	told []int
}

func (l *losses) ExpectLoss(percent int) { l.told = append(l.told, percent) }

// asked is a room that has asked for things.
type asked struct {
	nowhere
	asks chan sfu.Ask
}

func (a asked) Asks() <-chan sfu.Ask { return a.asks }

func TestTheEncoderMakesUpForWhatIsLostAtOnceAndLessBitByBit(t *testing.T) {
	l, enc, room := line(t, 10, func(int) filter.Notes { return 0 }), &losses{}, asked{asks: make(chan sfu.Ask, 8)}
	l.Encoder, l.Outlet, l.Held, l.Noted = enc, room, func(string) {}, func(filter.Notes) {}
	for _, percent := range []int{0, 20, 0, 0, 12, 30} {
		room.asks <- sfu.Ask{Lost: &percent}
	}
	if err := l.Run(t.Context()); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if want := []int{20, 15, 11, 12, 30}; !slices.Equal(enc.told, want) {
		t.Errorf("told %v, want %v", enc.told, want)
	}
}
