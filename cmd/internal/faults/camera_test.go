package faults

import (
	"context"
	"errors"
	"image"
	"io"
	"math"
	"sync"
	"time"

	"paravent/cmd/internal/scene"
	"paravent/media/capture"
	"paravent/media/frame"
)

// The camera's pictures: as small as the model's own are, and as many as two cores carry.
const (
	width, height = 320, 180
	fps           = 60
	home          = "../../.." // the root of the repository, from here
	poses         = 16
)

// cameras is an opener of one camera, whose faults come from in; nil has none.
type cameras struct {
	in *injector

	mu     sync.Mutex // guards everything that follows
	stills map[image.Point][]*frame.Picture
}

func (c *cameras) OpenCamera(context.Context, string, capture.VideoWish) (capture.Camera, error) {
	if c.in != nil {
		c.in.opened()
	}
	return &lens{cameras: c, tick: time.NewTicker(time.Second / fps), opened: time.Now(), pool: frame.NewPool(width, height)}, nil
}

// of returns pictures of the given size: a person who moves in front of the board.
func (c *cameras) of(size image.Point) ([]*frame.Picture, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if all := c.stills[size]; all != nil {
		return all, nil
	}
	person, err := scene.LoadPerson(max(1, size.X*personWide/width))
	if err != nil {
		return nil, err
	}
	var all []*frame.Picture
	for n := range poses {
		img := scene.Board(size)
		person.Stand(img, pose(n, size))
		all = append(all, &frame.Picture{Image: img})
	}
	if c.stills == nil {
		c.stills = make(map[image.Point][]*frame.Picture)
	}
	c.stills[size] = all
	return all, nil
}

// The person in a picture of the usual size, in pixels: as wide, and with the upper left corner there, a little to either side.
const (
	personWide = 180
	personX    = 70
	personY    = 48
	sway       = 10
)

func pose(n int, size image.Point) image.Point {
	x := personX + sway*math.Sin(2*math.Pi*float64(n)/poses)
	return image.Pt(int(x)*size.X/width, personY*size.Y/height)
}

// A lens is the camera while it is open.
type lens struct {
	*cameras
	tick   *time.Ticker
	opened time.Time
	pool   *frame.Pool
	given  int
}

func (l *lens) Device() capture.Device { return capture.Device{ID: "test", Kind: capture.CameraKind} }

func (l *lens) Close() error {
	l.tick.Stop()
	return nil
}

func (l *lens) Next(ctx context.Context) (*frame.Picture, error) {
	select {
	case <-l.tick.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	at := time.Since(l.opened)
	usual, err := l.of(image.Pt(width, height))
	if err != nil {
		return nil, err
	}
	still := usual[l.given%poses]
	l.given++
	if l.in != nil && l.given > 1 { // the first tells the size of what is published
		if what, ok := l.in.strike(camera, at); ok {
			return l.broken(what, still, at)
		}
	}
	p := l.pool.Get(at)
	frame.CopyPlanes(p.Image, still.Image)
	return p, nil
}

// broken is what the camera gives in place of still.
func (l *lens) broken(what kind, still *frame.Picture, at time.Duration) (*frame.Picture, error) {
	if err := map[kind]error{
		unplugged: &capture.DeviceError{Kind: capture.CameraKind, ID: "test", Err: capture.ErrUnplugged},
		ended:     io.EOF,
	}[what]; err != nil {
		return nil, err
	}
	if sizes := map[kind][]image.Point{
		otherSize: {{160, 90}, {256, 144}, {480, 270}, {640, 360}},
		oddSize:   {{321, 181}, {319, 179}, {97, 55}, {177, 321}},
		onePixel:  {{1, 1}},
	}[what]; sizes != nil {
		all, err := l.of(sizes[l.given%len(sizes)])
		if err != nil {
			return nil, err
		}
		return own(all[l.given%poses].Image, at), nil
	}
	damage := map[kind]func(*image.YCbCr){
		shortLuma:  func(img *image.YCbCr) { img.Y = img.Y[:len(img.Y)/2] },
		shortBlue:  func(img *image.YCbCr) { img.Cb = img.Cb[:len(img.Cb)/2] },
		noStride:   func(img *image.YCbCr) { img.YStride = 0 },
		shifted:    func(img *image.YCbCr) { img.Rect = img.Rect.Add(image.Pt(3, 5)) },
		fullChroma: func(img *image.YCbCr) { img.SubsampleRatio = image.YCbCrSubsampleRatio444 },
	}[what]
	if damage == nil {
		return nil, errors.New("no fault of a camera: " + string(what))
	}
	p := own(still.Image, at)
	damage(p.Image)
	return p, nil
}

// own returns a picture of img's pixels that belongs to no pool, so that what is broken in it stays in it.
func own(img *image.YCbCr, at time.Duration) *frame.Picture {
	p := &frame.Picture{Image: image.NewYCbCr(img.Rect, img.SubsampleRatio), At: at}
	frame.CopyPlanes(p.Image, img)
	return p
}
