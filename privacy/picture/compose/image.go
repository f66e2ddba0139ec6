package compose

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"paravent/media/frame"
)

const (
	maxFile   = 64 << 20 // bytes
	maxPixels = 40 << 20 // more than an 8K picture
)

// The errors of ReadImage.
var (
	// ErrNoImage is returned for what is neither PNG nor JPEG, or is damaged.
	ErrNoImage = errors.New("not a PNG or JPEG image")

	// ErrTooLarge is returned for a file of more than 64 MiB, or an image of
	// more than 40 million pixels.
	ErrTooLarge = errors.New("image too large")
)

// ReadImage decodes a PNG or JPEG file, which it looks at before it spends
// memory on it.
func ReadImage(r io.Reader) (image.Image, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: more than %d MiB", ErrTooLarge, maxFile>>20)
	}
	decode, config := jpeg.Decode, jpeg.DecodeConfig
	if bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		decode, config = png.Decode, png.DecodeConfig
	}
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoImage, err)
	}
	if c.Width < 1 || c.Height < 1 {
		return nil, fmt.Errorf("%w: %d×%d", ErrNoImage, c.Width, c.Height)
	}
	if int64(c.Width)*int64(c.Height) > maxPixels {
		return nil, fmt.Errorf("%w: %d×%d", ErrTooLarge, c.Width, c.Height)
	}
	img, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoImage, err)
	}
	return img, nil
}

// Fit draws the middle of src over a picture of w×h, so that all of the picture
// is covered and nothing is distorted. What is transparent becomes black. It is
// slow, and meant to be called once for each size.
func Fit(src image.Image, w, h int) (*frame.Picture, error) {
	b := src.Bounds()
	if w < 1 || h < 1 || w > maxSide || h > maxSide {
		return nil, fmt.Errorf("%w: %d×%d", ErrSize, w, h)
	}
	if b.Empty() {
		return nil, fmt.Errorf("%w: empty", ErrNoImage)
	}
	scale := min(float64(b.Dx())/float64(w), float64(b.Dy())/float64(h))
	f := fitter{
		src: src, scale: scale,
		x0:   (float64(b.Dx()) - scale*float64(w)) / 2,
		line: image.NewRGBA(image.Rect(0, 0, b.Dx(), 1)),
		sum:  make([]float64, 3*w),
	}
	y0 := (float64(b.Dy()) - scale*float64(h)) / 2
	p := frame.NewPool(w, h).Get(0)
	cw := (w + 1) / 2
	chroma := make([]int, 2*cw)
	for y := range h {
		f.row(y0 + (float64(y)+.5)*scale)
		for x := range w {
			c := frame.RGB(byte(f.sum[3*x]+.5), byte(f.sum[3*x+1]+.5), byte(f.sum[3*x+2]+.5))
			p.Image.Y[y*p.Image.YStride+x] = c.Y
			n := 1
			if x == w-1 && w&1 == 1 {
				n = 2 // the last column counts for the missing one
			}
			chroma[x/2] += n * int(c.Cb)
			chroma[cw+x/2] += n * int(c.Cr)
		}
		if y&1 == 0 && y+1 < h {
			continue
		}
		n := 4
		if y&1 == 0 {
			n = 2
		}
		for x := range cw {
			p.Image.Cb[y/2*p.Image.CStride+x] = byte((chroma[x] + n/2) / n)
			p.Image.Cr[y/2*p.Image.CStride+x] = byte((chroma[cw+x] + n/2) / n)
		}
		clear(chroma)
	}
	return p, nil
}

// A fitter makes rows out of an image, each the mean of what it covers, or of
// two pixels where it is enlarged.
type fitter struct {
	src       image.Image
	scale, x0 float64
	line      *image.RGBA // one row of src
	sum       []float64   // red, green and blue of one row of the picture
}

// row leaves the row whose middle is at y of src in sum.
func (f *fitter) row(y float64) {
	b := f.src.Bounds()
	clear(f.sum)
	cover(y, f.scale, b.Dy(), func(k int, wy float64) {
		draw.Draw(f.line, f.line.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
		draw.Draw(f.line, f.line.Rect, f.src, image.Pt(b.Min.X, b.Min.Y+k), draw.Over)
		for x := range len(f.sum) / 3 {
			cover(f.x0+(float64(x)+.5)*f.scale, f.scale, b.Dx(), func(j int, wx float64) {
				w := wy * wx
				f.sum[3*x] += w * float64(f.line.Pix[4*j])
				f.sum[3*x+1] += w * float64(f.line.Pix[4*j+1])
				f.sum[3*x+2] += w * float64(f.line.Pix[4*j+2])
			})
		}
	})
}

// cover calls do for each of n pixels under a window of the given width, at
// least one pixel, around the middle at, with its share.
func cover(at, width float64, n int, do func(k int, share float64)) {
	width = max(width, 1)
	from, to := at-width/2, at+width/2
	for k := int(math.Floor(from)); float64(k) < to; k++ {
		share := (min(to, float64(k+1)) - max(from, float64(k))) / width
		do(min(max(k, 0), n-1), share)
	}
}
