package send

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"paravent/media/budget"
	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/sfu"
	"paravent/privacy/filter"
)

// A SoundLine is the way of one microphone's sound to the room.
type SoundLine struct {
	Microphone capture.Microphone // closed when Run returns
	Chain      *filter.AudioChain
	Encoder    codec.SoundEncoder // closed when Run returns
	Outlet     sfu.Outlet
	Began      time.Duration // as in VideoLine

	// Held and Noted are as in VideoLine.
	Held  func(filter string)
	Noted func(filter.Notes)

	// Meter counts the sound that was cleared; nil counts nothing.
	Meter *Meter

	// Tap is given every block that was cleared, which it borrows until it
	// returns; nil is none. Real-time: it must not block or allocate.
	Tap func(*frame.Block)

	// Shape, if something was stored, is how the sound is coded from the next packet on.
	Shape atomic.Pointer[budget.Sound]

	notes steady
	loss  int // percent that the encoder makes up for
}

// Run carries sound until ctx is done or the microphone or the room fails. A
// sound that a filter holds back is sent as silence. When Run returns, the
// microphone is closed. Real-time: the loop does not allocate.
func (l *SoundLine) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, l.Microphone.Close(), l.Encoder.Close()) }()
	var (
		s       frame.Sound
		holding string
	)
	defer s.Wipe()
	for {
		l.heed()
		if err := l.Microphone.Next(ctx, &s); err != nil {
			return err
		}
		cleared, err := l.Chain.Clear(&s)
		if name := heldBy(err); name != holding {
			holding = name
			l.Held(name)
		}
		if l.notes.after(s.At, l.Chain.Notes()) {
			l.Noted(l.notes.told)
		}
		l.Meter.sound(cleared.Block())
		if l.Tap != nil {
			l.Tap(cleared.Block())
		}
		pkt, err := l.Encoder.Encode(cleared)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		if len(pkt.Data) == 0 {
			continue
		}
		pkt.At += l.Began
		if err := l.Outlet.Send(pkt); err != nil {
			return err
		}
	}
}

func (l *SoundLine) heed() {
	if l.Shape.Load() != nil {
		if s := l.Shape.Swap(nil); s != nil {
			l.Encoder.Shape(s.PacketFor, s.Constant)
			l.Encoder.SetBitrate(s.Bitrate)
		}
	}
	for {
		select {
		case a := <-l.Outlet.Asks():
			if a.Bitrate > 0 {
				l.Encoder.SetBitrate(a.Bitrate)
			}
			if a.Lost != nil {
				l.expect(*a.Lost)
			}
		default:
			return
		}
	}
}

// expect has the encoder make up for what is lost: at once for more, and bit by bit for
// less, because losses come in bursts.
func (l *SoundLine) expect(percent int) {
	if percent = max(percent, l.loss*3/4); percent != l.loss {
		l.loss = percent
		l.Encoder.ExpectLoss(percent)
	}
}
