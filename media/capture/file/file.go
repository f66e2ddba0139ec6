// Package file is a camera that plays a file: a Y4M video, or a still in JPEG
// or PNG. What a file is, its first bytes say, not its name.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"paravent/media/capture"
	"paravent/media/capture/internal/pace"
	"paravent/media/capture/y4m"
	"paravent/media/frame"
)

// Prefix is what a person types before the path.
const Prefix = "file:"

// Options say how a file plays. The zero value reads each picture of a video
// once and as fast as it is asked for.
type Options struct {
	Loop  bool // start again at the end, as a camera never ends
	Paced bool // at the file's rate, or a still at the wished one
}

// Camera are the options of a file that stands in for a camera.
func Camera() Options { return Options{Loop: true, Paced: true} }

// Open opens the file at path. A video keeps its own size and rate; a still is
// shrunk to fit into the wished size, if there is one. Without Loop, a still is
// one picture long. Errors are a *capture.FileError; if the content is at
// fault, and be it in the last picture, it wraps capture.ErrFormat.
func Open(path string, w capture.VideoWish, o Options) (capture.Camera, error) {
	cam, err := open(path, w, o)
	if err != nil {
		return nil, fileError(path, err)
	}
	return cam, nil
}

func open(path string, w capture.VideoWish, o Options) (capture.Camera, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var cam capture.Camera
	switch kind, err := sniff(f); {
	case err != nil:
		return nil, errors.Join(err, f.Close())
	case kind == isVideo:
		cam, err = openVideo(f, path, o)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return cam, nil
	default:
		defer f.Close() //nolint:errcheck // it was only read
		return openStill(f, path, kind, w, o)
	}
}

// fileError leaves out the path that the system's error repeats.
func fileError(path string, err error) error {
	var system *os.PathError
	if errors.As(err, &system) {
		err = system.Err
	}
	return &capture.FileError{Path: path, Err: err}
}

type kind int

const (
	isVideo kind = iota
	isJPEG
	isPNG
)

func sniff(f *os.File) (kind, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%w: it is not a regular file", capture.ErrFormat)
	}
	start := make([]byte, 9)
	n, err := f.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	switch start = start[:n]; {
	case bytes.Equal(start, []byte("YUV4MPEG2")):
		return isVideo, nil
	case bytes.HasPrefix(start, []byte("\xff\xd8\xff")):
		return isJPEG, nil
	case bytes.HasPrefix(start, []byte("\x89PNG\r\n\x1a\n")):
		return isPNG, nil
	}
	return 0, fmt.Errorf("%w: it is neither Y4M nor JPEG nor PNG", capture.ErrFormat)
}

func device(path string) capture.Device {
	return capture.Device{ID: Prefix + path, Kind: capture.CameraKind, Label: filepath.Base(path)}
}

// A video plays a Y4M file.
type video struct {
	path string
	o    Options
	pace *pace.Pace
	pool *frame.Pool
	step time.Duration

	mu     sync.Mutex // guards everything that follows
	f      *os.File
	reader *y4m.Reader
	count  int64
}

func openVideo(f *os.File, path string, o Options) (*video, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if _, _, err := y4m.Scan(f, info.Size()); err != nil {
		return nil, err
	}
	r, err := y4m.NewReader(f)
	if err != nil {
		return nil, err
	}
	size, fps := r.Header().Size(), r.Header().Rate.Float()
	v := &video{
		path: path, o: o, f: f, reader: r,
		pool: frame.NewPool(size.X, size.Y),
		step: time.Duration(float64(time.Second) / fps),
	}
	if o.Paced {
		v.pace = pace.New(fps)
	} else {
		v.pace = pace.New(0)
	}
	return v, nil
}

// Next does not allocate, but where the file begins again.
func (v *video) Next(ctx context.Context) (*frame.Picture, error) {
	at, err := v.pace.Wait(ctx)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.f == nil {
		return nil, os.ErrClosed
	}
	if !v.o.Paced {
		at = time.Duration(v.count) * v.step
	}
	p := v.pool.Get(at)
	err = v.reader.Next(p)
	if errors.Is(err, io.EOF) && v.o.Loop {
		if err = v.rewind(); err == nil {
			err = v.reader.Next(p)
		}
	}
	if err != nil {
		p.Release()
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fileError(v.path, err)
	}
	v.count++
	return p, nil
}

func (v *video) rewind() error {
	if _, err := v.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r, err := y4m.NewReader(v.f)
	if err != nil {
		return err
	}
	if r.Header() != v.reader.Header() {
		return fmt.Errorf("%w: the file was replaced by another", capture.ErrFormat)
	}
	v.reader = r
	return nil
}

func (v *video) Device() capture.Device { return device(v.path) }

func (v *video) Close() error {
	v.pace.Stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.f == nil {
		return nil
	}
	f := v.f
	v.f = nil
	return f.Close()
}

// A still is one picture, again and again.
type still struct {
	path   string
	o      Options
	pace   *pace.Pace
	pool   *frame.Pool
	pixels *image.YCbCr
	given  bool
}

func openStill(f *os.File, path string, k kind, w capture.VideoWish, o Options) (*still, error) {
	img, err := decodeStill(f, k, image.Pt(w.Width, w.Height))
	if err != nil {
		return nil, err
	}
	s := &still{path: path, o: o, pixels: img, pool: frame.NewPool(img.Rect.Dx(), img.Rect.Dy())}
	if o.Paced {
		s.pace = pace.New(w.Or(capture.VideoWish{FPS: 30}).FPS)
	} else {
		s.pace = pace.New(0)
	}
	return s, nil
}

// Next does not allocate.
func (s *still) Next(ctx context.Context) (*frame.Picture, error) {
	at, err := s.pace.Wait(ctx)
	if err != nil {
		return nil, err
	}
	if s.given && !s.o.Loop {
		return nil, io.EOF
	}
	s.given = true
	p := s.pool.Get(at)
	frame.CopyPlanes(p.Image, s.pixels)
	return p, nil
}

func (s *still) Device() capture.Device { return device(s.path) }

func (s *still) Close() error {
	s.pace.Stop()
	return nil
}
