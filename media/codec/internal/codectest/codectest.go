// Package codectest tries codecs: one suite for all that send pictures, and the
// moving picture that it sends.
package codectest

import (
	"image"
	"math"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
)

// FPS is the rate of the moving picture.
const FPS = 25

// At is when the n-th picture is taken.
func At(n int) time.Duration { return time.Duration(n) * time.Second / FPS }

// Draw paints the n-th picture of a scene: a light that wanders over a wall, and
// a chequered board that moves in front of it, with noise that no encoder can
// foresee.
func Draw(p *frame.Picture, n int) {
	img, size := p.Image, p.Size()
	noise := uint32(n)*2654435761 + 1
	bx, by := (n*3)%max(size.X/2, 1), (n*2)%max(size.Y/2, 1)
	board := image.Rect(bx, by, bx+size.X/3, by+size.Y/3)
	for y := range size.Y {
		row := img.Y[y*img.YStride:][:size.X]
		for x := range row {
			noise = noise*1664525 + 1013904223
			v := 90 + 50*wave(x+2*n, size.X) + 30*wave(y-n, size.Y) + int(noise>>30)*64
			if image.Pt(x, y).In(board) {
				v = 4200
				if ((x-bx)/8+(y-by)/8)%2 == 0 {
					v = 11200
				}
				v += int(noise>>30) * 64
			}
			row[x] = byte(min(max(16+v/64, 16), 235))
		}
	}
	for y := range (size.Y + 1) / 2 {
		cb := img.Cb[y*img.CStride:][:(size.X+1)/2]
		cr := img.Cr[y*img.CStride:][:(size.X+1)/2]
		for x := range cb {
			cb[x] = byte(128 + wave(2*x+n, size.X)/4)
			cr[x] = byte(128 - wave(2*y+n, size.Y)/4)
		}
	}
}

// wave is a triangle of the given period between −64 and 64.
func wave(x, period int) int {
	x = ((x%period)+period)%period*256/period - 128
	return max(x, -x) - 64
}

// A Source gives the cleared pictures of the scene.
type Source struct {
	pool  *frame.Pool
	chain *filter.VideoChain
}

// NewSource returns a source of pictures of the given size.
func NewSource(tb testing.TB, width, height int) *Source {
	tb.Helper()
	leave, err := policy.Default().RawPicture()
	if err != nil {
		tb.Fatal(err)
	}
	chain, err := filter.NewOpenVideoChain(leave)
	if err != nil {
		tb.Fatal(err)
	}
	return &Source{frame.NewPool(width, height), chain}
}

// Picture returns the n-th picture, which the caller releases.
func (s *Source) Picture(tb testing.TB, n int) filter.ClearedPicture {
	p := s.pool.Get(At(n))
	Draw(p, n)
	return s.clear(tb, p)
}

// Black returns a black picture, which the caller releases.
func (s *Source) Black(tb testing.TB, n int) filter.ClearedPicture {
	return s.clear(tb, s.pool.Get(At(n)))
}

func (s *Source) clear(tb testing.TB, p *frame.Picture) filter.ClearedPicture {
	c, err := s.chain.Clear(p)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// PSNR returns how near b is to a, over all planes, in dB.
func PSNR(a, b *frame.Picture) float64 {
	if a.Size() != b.Size() {
		return 0
	}
	size := a.Size()
	c := image.Pt((size.X+1)/2, (size.Y+1)/2)
	sum := squares(a.Image.Y, a.Image.YStride, b.Image.Y, b.Image.YStride, size) +
		squares(a.Image.Cb, a.Image.CStride, b.Image.Cb, b.Image.CStride, c) +
		squares(a.Image.Cr, a.Image.CStride, b.Image.Cr, b.Image.CStride, c)
	if sum == 0 {
		return 99
	}
	return 10 * math.Log10(255*255*float64(size.X*size.Y+2*c.X*c.Y)/sum)
}

func squares(a []byte, as int, b []byte, bs int, size image.Point) float64 {
	sum := 0
	for y := range size.Y {
		for x := range size.X {
			d := int(a[y*as+x]) - int(b[y*bs+x])
			sum += d * d
		}
	}
	return float64(sum)
}

// Settings are ones that suit the scene in 320×180.
func Settings() codec.VideoSettings {
	return codec.VideoSettings{Width: 320, Height: 180, FPS: FPS, Bitrate: 400_000}
}

// Encoder opens an encoder that is closed at the end of the test.
func Encoder(tb testing.TB, c codec.VideoCodec, s codec.VideoSettings) codec.VideoEncoder {
	tb.Helper()
	e, err := c.NewEncoder(s)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// Decoder opens a decoder that is closed at the end of the test.
func Decoder(tb testing.TB, c codec.VideoCodec) codec.VideoDecoder {
	tb.Helper()
	d, err := c.NewDecoder()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

// Encode returns packets from to to of the scene in the size of s, as copies. A
// picture that the encoder left out is a packet without Data.
func Encode(tb testing.TB, e codec.VideoEncoder, s codec.VideoSettings, from, to int) []codec.Packet {
	tb.Helper()
	src := NewSource(tb, s.Width, s.Height)
	var pkts []codec.Packet
	for n := from; n < to; n++ {
		p := src.Picture(tb, n)
		pkt, err := e.Encode(p)
		p.Release()
		if err != nil {
			tb.Fatalf("picture %d: %v", n, err)
		}
		pkt.Data = append([]byte(nil), pkt.Data...)
		pkts = append(pkts, pkt)
	}
	return pkts
}
