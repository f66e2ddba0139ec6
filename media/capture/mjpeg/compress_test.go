package mjpeg

import (
	"image"
	"image/color"
	"math/bits"
	"testing"
)

// compress writes a baseline JPEG of the quarters in any sampling, which the
// standard library does for 4:2:0 only. Each block of 8 × 8 pixels gets one
// colour, and the tables are left out, as by a camera.
func compress(t testing.TB, w, h int, ratio image.YCbCrSubsampleRatio) []byte {
	t.Helper()
	sampling := map[image.YCbCrSubsampleRatio]image.Point{
		image.YCbCrSubsampleRatio420: {2, 2}, image.YCbCrSubsampleRatio422: {2, 1},
		image.YCbCrSubsampleRatio444: {1, 1}, image.YCbCrSubsampleRatio410: {4, 2},
	}[ratio]
	out := []byte{0xff, 0xd8, 0xff, 0xdb, 0, 67, 0}
	for range 64 {
		out = append(out, 8) // so that a block's mean is coded as it is
	}
	out = append(out, 0xff, 0xc0, 0, 17, 8, byte(h>>8), byte(h), byte(w>>8), byte(w), 3,
		1, byte(sampling.X<<4|sampling.Y), 0, 2, 0x11, 0, 3, 0x11, 0)
	out = append(out, 0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0)

	s := scan{out: out}
	src := quarters(w, h)
	for y := 0; y < h; y += 8 * sampling.Y {
		for x := 0; x < w; x += 8 * sampling.X {
			for b := range sampling.X * sampling.Y {
				s.block(0, at(src, x+b%sampling.X*8, y+b/sampling.X*8).Y)
			}
			c := at(src, x, y)
			s.block(1, c.Cb)
			s.block(2, c.Cr)
		}
	}
	s.bits(0x7f, 7)
	return append(s.out, 0xff, 0xd9)
}

func at(src image.Image, x, y int) color.YCbCr {
	b := src.Bounds()
	return color.YCbCrModel.Convert(src.At(min(x, b.Max.X-1), min(y, b.Max.Y-1))).(color.YCbCr)
}

// A scan is the coded part of a JPEG (ITU-T T.81, annex F, tables K.3 and K.5).
type scan struct {
	out  []byte
	acc  uint32
	n    int
	last [3]int
}

func (s *scan) block(component int, mean byte) {
	v := int(mean) - 128
	diff := v - s.last[component]
	s.last[component] = v
	size := bits.Len(uint(max(diff, -diff)))
	switch {
	case size == 0:
		s.bits(0, 2)
	case size <= 5:
		s.bits(uint32(size+1), 3)
	default:
		s.bits(1<<(size-2)-2, size-2)
	}
	if diff < 0 {
		diff += 1<<size - 1
	}
	s.bits(uint32(diff), size)
	s.bits(0b1010, 4) // no more than the mean
}

func (s *scan) bits(v uint32, n int) {
	for n--; n >= 0; n-- {
		s.acc = s.acc<<1 | v>>n&1
		if s.n++; s.n == 8 {
			s.out = append(s.out, byte(s.acc))
			if byte(s.acc) == 0xff {
				s.out = append(s.out, 0)
			}
			s.n = 0
		}
	}
}
