// Package pattern is a camera that needs no device: colour bars, a box that
// moves, and a number in every picture.
//
// The number is in the top twelfth, in a code of 48 black and white cells that
// outlives lossy coding and scaling, so that a test at the other end of a call
// can tell which pictures arrived: see ReadCounter.
package pattern

import (
	"context"
	"image"
	"time"

	"paravent/media/capture"
	"paravent/media/capture/internal/pace"
	"paravent/media/capture/internal/pixels"
	"paravent/media/frame"
)

// Name is what a person types to open the pattern.
const Name = "pattern"

const (
	minSide = 32 // below it the code has no pixels
	maxRate = 240
)

// Wish is what is made for who wishes nothing.
func Wish() capture.VideoWish { return capture.VideoWish{Width: 640, Height: 360, FPS: 30} }

// Device describes the pattern.
func Device() capture.Device {
	return capture.Device{ID: Name, Kind: capture.CameraKind, Label: "Test picture"}
}

// A Pattern is a capture.Camera.
type Pattern struct {
	pace  *pace.Pace
	pool  *frame.Pool
	bars  *image.YCbCr
	count uint32
}

// Open returns a pattern of the wished size, made even, and the wished rate.
func Open(w capture.VideoWish) *Pattern {
	w = w.Or(Wish())
	size := pixels.Even(clamp(w.Width), clamp(w.Height))
	return &Pattern{
		pace: pace.New(min(w.FPS, maxRate)),
		pool: frame.NewPool(size.X, size.Y),
		bars: bars(size),
	}
}

func clamp(side int) int { return min(max(side, minSide), pixels.MaxSide) }

// Next waits until the next picture is due and draws it. Real-time: it does
// not allocate once its pictures come back.
func (p *Pattern) Next(ctx context.Context) (*frame.Picture, error) {
	at, err := p.pace.Wait(ctx)
	if err != nil {
		return nil, err
	}
	pic := p.pool.Get(at)
	frame.CopyPlanes(pic.Image, p.bars)
	box(pic.Image, at)
	drawCounter(pic.Image, p.count)
	p.count++
	return pic, nil
}

// Device returns what Device does.
func (p *Pattern) Device() capture.Device { return Device() }

// Close ends Next.
func (p *Pattern) Close() error {
	p.pace.Stop()
	return nil
}

// bars draws the eight colours of a television's test card, at three quarters
// of their strength.
func bars(size image.Point) *image.YCbCr {
	img := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
	for i := range 8 {
		strength := func(bit int) byte { return byte(191 * (^i >> bit & 1)) }
		c := frame.RGB(strength(1), strength(2), strength(0))
		fill(img, image.Rect(i*size.X/8, 0, (i+1)*size.X/8, size.Y), c)
	}
	return img
}

// box draws a square that crosses the picture in three seconds and comes back.
func box(img *image.YCbCr, at time.Duration) {
	size := img.Rect.Size()
	side := size.Y / 4
	way := size.X - side
	x := way * int(at.Milliseconds()%6000) / 3000
	if x > way {
		x = 2*way - x
	}
	y := size.Y * 5 / 8
	fill(img, image.Rect(x, y, x+side, y+side), frame.Colour{Y: 235, Cb: 128, Cr: 128})
	fill(img, image.Rect(x+side/4, y+side/4, x+side*3/4, y+side*3/4), frame.RGB(230, 90, 0))
}

// fill colours r, made even.
func fill(img *image.YCbCr, r image.Rectangle, c frame.Colour) {
	r = image.Rect(r.Min.X&^1, r.Min.Y&^1, (r.Max.X+1)&^1, (r.Max.Y+1)&^1).Intersect(img.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		set(img.Y[y*img.YStride+r.Min.X:y*img.YStride+r.Max.X], c.Y)
	}
	for y := r.Min.Y / 2; y < r.Max.Y/2; y++ {
		set(img.Cb[y*img.CStride+r.Min.X/2:y*img.CStride+r.Max.X/2], c.Cb)
		set(img.Cr[y*img.CStride+r.Min.X/2:y*img.CStride+r.Max.X/2], c.Cr)
	}
}

func set(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}
