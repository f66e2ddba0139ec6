package camera

// #cgo noescape pv_take
// #cgo nocallback pv_take
// #cgo noescape pv_give
// #cgo nocallback pv_give
// #include "v4l2_linux.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"paravent/media/capture"
)

const (
	buffers = 4 // one being read, one waiting, two with the driver
	most    = 512
)

// OpenCamera opens a camera by its ID, another name of its links, or its node.
// Errors are a *capture.DeviceError.
func (c *Cameras) OpenCamera(ctx context.Context, name string, w capture.VideoWish) (capture.Camera, error) {
	fault := func(id string, err error) error {
		return &capture.DeviceError{Kind: capture.CameraKind, ID: id, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i, n := range c.nodes() {
		if !n.is(name) {
			continue
		}
		s, conv, err := openStream(c.root+n.path, w.Or(Wish()))
		if err != nil {
			return nil, fault(n.id, err)
		}
		return start(n.device(i == 0), s, conv), nil
	}
	return nil, fault(name, capture.ErrNoDevice)
}

// A v4l2 is a stream. The runtime waits for its file together with all others,
// so that a waiting camera costs no thread.
type v4l2 struct {
	fd    int
	file  *os.File // owns fd
	raw   syscall.RawConn
	mem   [][]byte
	start time.Time
	woken atomic.Bool
	take  func(fd uintptr) bool
	taken C.struct_pv_buffer // by take
}

func openStream(path string, w capture.VideoWish) (*v4l2, *converter, error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, cause(err)
	}
	s := &v4l2{fd: fd}
	conv, err := s.prepare(path, w)
	if err != nil {
		return nil, nil, errors.Join(cause(err), s.close())
	}
	return s, conv, nil
}

func (s *v4l2) prepare(path string, w capture.VideoWish) (*converter, error) {
	f, size, err := negotiate(s.fd, w)
	if err != nil {
		return nil, err
	}
	conv, err := newConverter(f)
	if err != nil {
		return nil, err
	}
	if size < conv.format.bytes() {
		conv.close()
		return nil, fmt.Errorf("%w: the camera's buffers are too small", capture.ErrFormat)
	}
	if err := s.run(path); err != nil {
		conv.close()
		return nil, err
	}
	return conv, nil
}

// run maps the buffers and starts the stream.
func (s *v4l2) run(path string) error {
	n := C.uint32_t(buffers)
	if err := errno(C.pv_request(C.int(s.fd), &n)); err != nil {
		return err
	}
	if n < 2 || n > most {
		return fmt.Errorf("%w: the camera has %d buffers", capture.ErrFormat, uint32(n))
	}
	for i := range n {
		var offset, length C.uint32_t
		if err := errno(C.pv_locate(C.int(s.fd), i, &offset, &length)); err != nil {
			return err
		}
		mem, err := unix.Mmap(s.fd, int64(offset), int(length), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			return err
		}
		s.mem = append(s.mem, mem)
		if err := errno(C.pv_give(C.int(s.fd), i)); err != nil {
			return err
		}
	}
	if err := errno(C.pv_run(C.int(s.fd), 1)); err != nil {
		return err
	}
	// Only now: some drivers say nothing to who began to wait before the start.
	s.start = time.Now()
	s.file = os.NewFile(uintptr(s.fd), path)
	raw, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	s.raw = raw
	s.take = func(fd uintptr) bool {
		s.taken = C.pv_take(C.int(fd))
		return syscall.Errno(s.taken.err) != syscall.EAGAIN
	}
	return s.file.SetReadDeadline(time.Time{}) // an error where the runtime cannot wait
}

// negotiate sets the best format for the wish and returns what the camera made
// of it, and how long a picture is at most.
func negotiate(fd int, w capture.VideoWish) (format, int, error) {
	var can C.int
	if err := errno(C.pv_can_capture(C.int(fd), &can)); err != nil {
		return format{}, 0, err
	}
	if can == 0 {
		return format{}, 0, fmt.Errorf("%w: it gives no pictures", capture.ErrFormat)
	}
	m, ok := choose(modes(fd, w), w)
	if !ok {
		return format{}, 0, fmt.Errorf("%w: the camera sends nothing that can be read", capture.ErrFormat)
	}
	f := C.struct_pv_format{fourcc: C.uint32_t(m.fourcc), width: C.uint32_t(m.width), height: C.uint32_t(m.height)}
	if err := errno(C.pv_set_format(C.int(fd), &f)); err != nil {
		return format{}, 0, err
	}
	// A camera that cannot change its rate sends at its own.
	if err := errno(C.pv_set_rate(C.int(fd), C.double(min(max(w.FPS, 1), 1000)))); errors.Is(err, syscall.ENODEV) {
		return format{}, 0, err
	}
	return format{
		fourcc: fourcc(f.fourcc),
		width:  int(f.width), height: int(f.height), stride: int(f.stride), full: f.full != 0,
	}, int(f.size), nil
}

func modes(fd int, w capture.VideoWish) []mode {
	var list []mode
	for i := range C.uint32_t(most) {
		var code C.uint32_t
		if C.pv_format_at(C.int(fd), i, &code) != 0 {
			break
		}
		if fourcc(code).price() == 0 {
			continue
		}
		list = append(list, sizes(fd, code, w)...)
	}
	return list
}

func sizes(fd int, code C.uint32_t, w capture.VideoWish) []mode {
	var list []mode
	for i := range C.uint32_t(most) {
		var s C.struct_pv_size
		if C.pv_size_at(C.int(fd), i, code, &s) != 0 {
			break
		}
		list = append(list, mode{
			fourcc: fourcc(code),
			width:  within(w.Width, int(s.min_width), int(s.max_width), int(s.step_width)),
			height: within(w.Height, int(s.min_height), int(s.max_height), int(s.step_height)),
		})
	}
	if len(list) == 0 { // the camera does not list its sizes: it will say what it can
		list = append(list, mode{fourcc: fourcc(code), width: w.Width, height: w.Height})
	}
	for i := range list {
		list[i].fps = highest(fd, code, list[i])
	}
	return list
}

func highest(fd int, code C.uint32_t, m mode) float64 {
	best := 0.0
	for i := range C.uint32_t(most) {
		var fps C.double
		if C.pv_rate_at(C.int(fd), i, code, C.uint32_t(m.width), C.uint32_t(m.height), &fps) != 0 {
			break
		}
		best = max(best, float64(fps))
	}
	return best
}

func (s *v4l2) next(deadline time.Time) (buffer, error) {
	if err := s.file.SetReadDeadline(deadline); err != nil {
		return buffer{}, err
	}
	for !s.woken.Load() {
		if err := s.raw.Read(s.take); err != nil {
			if s.woken.Load() {
				break
			}
			return buffer{}, err
		}
		if err := errno(s.taken.err); err != nil {
			return buffer{}, gone(err)
		}
		b := buffer{index: int(s.taken.index), used: int(s.taken.used)}
		if b.index >= len(s.mem) {
			return buffer{}, fmt.Errorf("%w: the camera names a buffer that it has not", capture.ErrFormat)
		}
		if s.taken.damaged == 0 && b.used > 0 {
			now := time.Since(s.start)
			b.at = max(0, now-min(max(0, time.Duration(s.taken.age)), time.Second))
			return b, nil
		}
		s.give(b)
	}
	return buffer{}, os.ErrClosed
}

// wake sets a time limit that is over, after the mark that next looks at once it
// has set its own.
func (s *v4l2) wake() {
	s.woken.Store(true)
	_ = s.file.SetReadDeadline(time.Unix(1, 0)) // it worked when the stream began
}

func (s *v4l2) pixels(b buffer) []byte {
	mem := s.mem[b.index]
	return mem[:min(b.used, len(mem))]
}

// give has no error: if the device is gone, next says so.
func (s *v4l2) give(b buffer) { C.pv_give(C.int(s.fd), C.uint32_t(b.index)) }

// close returns when the kernel has closed the device. The buffers come first:
// as long as one is mapped, it stays open.
func (s *v4l2) close() error {
	C.pv_run(C.int(s.fd), 0)
	var err error
	for _, m := range s.mem {
		err = errors.Join(err, unix.Munmap(m))
	}
	s.mem = nil
	if s.file != nil {
		return errors.Join(err, s.file.Close())
	}
	return errors.Join(err, unix.Close(s.fd))
}

func errno(n C.int) error {
	if n == 0 {
		return nil
	}
	return syscall.Errno(n)
}

// cause says in the words of package capture why a camera was not opened.
func cause(err error) error {
	switch {
	case errors.Is(err, syscall.EBUSY):
		return capture.ErrBusy
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return capture.ErrForbidden
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
		return capture.ErrNoDevice
	}
	return err
}

// gone says why an open camera ended. A camera that is unplugged answers ENODEV,
// or EIO to who was waiting.
func gone(err error) error {
	if errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENXIO) {
		return capture.ErrUnplugged
	}
	return err
}
