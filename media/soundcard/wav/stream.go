package wav

import (
	"io"

	"paravent/media/frame"
	"paravent/media/soundcard/resample"
)

// A Stream reads a file as the program needs it: mono at frame.Rate.
type Stream struct {
	file *Reader
	turn *resample.Resampler // nil where the file has that rate
}

// NewStream is NewReader, at frame.Rate.
func NewStream(r io.Reader) (*Stream, error) {
	file, err := NewReader(r)
	if err != nil {
		return nil, err
	}
	s := &Stream{file: file}
	if file.format.Rate != frame.Rate {
		if s.turn, err = resample.New(file, file.format.Rate, frame.Rate); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Format returns how the file is written.
func (s *Stream) Format() Format { return s.file.format }

// Read is that of a Reader.
func (s *Stream) Read(out []float32) (int, error) {
	if s.turn == nil {
		return s.file.Read(out)
	}
	return s.turn.Read(out)
}

// Cut is that of a Reader.
func (s *Stream) Cut() bool { return s.file.Cut() }

// Rewind is that of a Reader.
func (s *Stream) Rewind() error {
	err := s.file.Rewind()
	if s.turn != nil {
		s.turn.Reset()
	}
	return err
}
