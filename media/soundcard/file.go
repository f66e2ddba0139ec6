package soundcard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"paravent/media/capture"
	"paravent/media/frame"
	"paravent/media/soundcard/wav"
)

// patience is how far the reader of a file may be behind before the file waits
// for it instead of being read faster than time.
const patience = 500 * time.Millisecond

// A pace says when the next block is due. It counts from its first block, so
// its errors do not add up.
type pace struct {
	start time.Time
	n     int64
	timer *time.Timer
}

func newPace() *pace {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &pace{timer: t}
}

// next returns how long it is until the next block.
func (p *pace) next() time.Duration {
	if p.start.IsZero() {
		p.start = time.Now()
	}
	p.n++
	wait := time.Until(p.start.Add(time.Duration(p.n) * frame.BlockFor))
	if wait < -patience {
		p.start = p.start.Add(-wait)
		return 0
	}
	return wait
}

// A fileMicrophone reads a WAV file, of any rate, as if it were spoken, again and
// again. What the speaker plays does not reach it, so the far end is silence.
type fileMicrophone struct {
	card   *Card
	path   string
	closed chan struct{}

	mu   sync.Mutex // guards everything that follows
	file *os.File
	wav  *wav.Stream
	pace *pace
	at   time.Duration
	over bool
}

func openFileMicrophone(path string) (*fileMicrophone, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	r, err := wav.NewStream(f)
	if err == nil {
		var one [1]float32
		if _, err = r.Read(one[:]); errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: there is no sound in it", wav.ErrFormat)
		}
	}
	if err == nil {
		err = r.Rewind()
	}
	if err != nil {
		return nil, errors.Join(fileError(path, err), f.Close())
	}
	return &fileMicrophone{path: path, file: f, wav: r, pace: newPace(), closed: make(chan struct{})}, nil
}

func fileError(path string, err error) error {
	if errors.Is(err, wav.ErrFormat) {
		err = fmt.Errorf("%w: %w", capture.ErrFormat, err)
	}
	if pe := (*os.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err // the path is said already
	}
	return &capture.FileError{Path: path, Err: err}
}

func (m *fileMicrophone) Next(ctx context.Context, s *frame.Sound) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over {
		return ErrClosed
	}
	if wait := m.pace.next(); wait > 0 {
		m.pace.timer.Reset(wait)
		select {
		case <-m.pace.timer.C:
		case <-m.closed:
			m.pace.timer.Stop()
			return ErrClosed
		case <-ctx.Done():
			m.pace.timer.Stop()
			m.pace.n--
			return ctx.Err()
		}
	}
	s.Far = frame.Block{}
	s.At = m.at
	m.at += frame.BlockFor
	for done, empty := 0, false; done < frame.BlockLen; {
		n, err := m.wav.Read(s.Near[done:])
		done += n
		switch {
		case err == nil:
			empty = false
			continue
		case !errors.Is(err, io.EOF):
			return fileError(m.path, err)
		case empty:
			return fileError(m.path, fmt.Errorf("%w: its sound is gone", wav.ErrFormat))
		}
		empty = true
		if err := m.wav.Rewind(); err != nil {
			return fileError(m.path, err)
		}
	}
	return nil
}

func (m *fileMicrophone) Device() capture.Device {
	return fileDevice(capture.MicrophoneKind, m.path)
}

func (m *fileMicrophone) Close() error {
	c := m.card
	c.mu.Lock()
	if c.file != m {
		c.mu.Unlock()
		return nil
	}
	c.file = nil
	c.note()
	c.mu.Unlock()
	return m.shut()
}

func (m *fileMicrophone) shut() error {
	close(m.closed)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = true
	return m.file.Close()
}

// openFileSpeaker writes what is played to a file, until Close. The caller
// holds mu.
func (c *Card) openFileSpeaker(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fileError(path, err)
	}
	w, err := wav.NewWriter(f, frame.Rate)
	if err != nil {
		return errors.Join(fileError(path, err), f.Close())
	}
	c.recording = true
	c.note()
	c.group.Go(func() {
		err := errors.Join(c.record(w), w.Close(), f.Close())
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.recording = false
			c.note()
			c.tell(Change{Device: fileDevice(capture.SpeakerKind, path), Lost: true, Err: fileError(path, err)})
		}
	})
	return nil
}

// record plays into w by the clock, until Close. The file is whole again
// after every second.
func (c *Card) record(w *wav.Writer) error {
	p := newPace()
	defer p.timer.Stop()
	var b frame.Block
	for n := 1; ; n++ {
		if wait := p.next(); wait > 0 {
			p.timer.Reset(wait)
			select {
			case <-p.timer.C:
			case <-c.done:
				return nil
			}
		}
		c.play.Pull(&b)
		if err := w.Write(b[:]); err != nil {
			return err
		}
		if n%100 == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}
