package file

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"

	"paravent/media/capture"
	"paravent/media/capture/internal/pixels"
)

const (
	maxStill  = 64 << 20 // bytes of a file
	maxPixels = 64 << 20
)

// decodeStill returns the picture in r, shrunk to fit into limit unless that is
// empty. What is transparent becomes black.
func decodeStill(r io.ReadSeeker, k kind, limit image.Point) (*image.YCbCr, error) {
	config, decode := png.DecodeConfig, png.Decode
	if k == isJPEG {
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	}
	if n, err := r.Seek(0, io.SeekEnd); err != nil {
		return nil, err
	} else if n > maxStill {
		return nil, fmt.Errorf("%w: more than %d MiB", capture.ErrFormat, maxStill>>20)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	c, err := config(r)
	if err != nil {
		return nil, stillError(err)
	}
	if c.Width < 2 || c.Height < 2 || c.Width > pixels.MaxSide || c.Height > pixels.MaxSide || c.Width*c.Height > maxPixels {
		return nil, fmt.Errorf("%w: a side must have 2 to %d pixels", capture.ErrFormat, pixels.MaxSide)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	src, err := decode(r)
	if err != nil {
		return nil, stillError(err)
	}
	return convert(src, fit(src.Bounds().Size(), limit)), nil
}

func convert(src image.Image, size image.Point) *image.YCbCr {
	b := src.Bounds()
	rgba := image.NewRGBA(image.Rectangle{Max: size})
	draw.Draw(rgba, rgba.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
	if size == pixels.Even(b.Dx(), b.Dy()) {
		draw.Draw(rgba, rgba.Rect, src, b.Min, draw.Over)
	} else {
		draw.CatmullRom.Scale(rgba, rgba.Rect, src, b, draw.Over, nil)
	}
	out := image.NewYCbCr(rgba.Rect, image.YCbCrSubsampleRatio420)
	pixels.RGBA(out, rgba.Pix, rgba.Stride)
	return out
}

// fit returns the size of a picture within limit, in the shape of size, even.
func fit(size, limit image.Point) image.Point {
	if limit.X > 0 && limit.Y > 0 && (size.X > limit.X || size.Y > limit.Y) {
		if size.X*limit.Y > limit.X*size.Y {
			size = image.Pt(limit.X, size.Y*limit.X/size.X)
		} else {
			size = image.Pt(size.X*limit.Y/size.Y, limit.Y)
		}
	}
	size = pixels.Even(size.X, size.Y)
	return image.Pt(max(size.X, 2), max(size.Y, 2))
}

func stillError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the file is cut short", capture.ErrFormat)
	}
	return fmt.Errorf("%w: %w", capture.ErrFormat, err)
}
