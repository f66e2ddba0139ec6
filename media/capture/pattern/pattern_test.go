package pattern

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"paravent/media/capture"
	"paravent/media/frame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func next(t testing.TB, p *Pattern) *frame.Picture {
	t.Helper()
	pic, err := p.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return pic
}

func TestPicturesComeAtTheWishedRateAndAreNumbered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Open(capture.VideoWish{Width: 320, Height: 180, FPS: 20})
		defer p.Close()
		start := time.Now()
		for i := range 40 {
			pic := next(t, p)
			if n, ok := ReadCounter(pic); !ok || n != uint32(i) {
				t.Fatalf("picture %d says %d, %v", i, n, ok)
			}
			if pic.Size() != image.Pt(320, 180) || pic.At != time.Since(start) {
				t.Fatalf("%v at %v", pic.Size(), pic.At)
			}
			pic.Release()
		}
		if d := time.Since(start); d != 39*50*time.Millisecond {
			t.Errorf("40 pictures took %v", d)
		}
	})
}

func TestWhoWishesNothingGetsTheUsualAndOddSizesBecomeEven(t *testing.T) {
	for wish, want := range map[capture.VideoWish]image.Point{
		{}:                                     {640, 360},
		{Width: 321, Height: 181, FPS: 5}:      {320, 180},
		{Width: 1, Height: 1}:                  {32, 32},
		{Width: 1 << 30, Height: 64, FPS: 1e9}: {8192, 64},
	} {
		p := Open(wish)
		pic := next(t, p)
		if pic.Size() != want {
			t.Errorf("%v gave %v", wish, pic.Size())
		}
		pic.Release()
		p.Close()
	}
}

func TestTheNumberOutlivesScalingAndCoding(t *testing.T) {
	for _, size := range []image.Point{{640, 360}, {854, 480}, {640, 480}} {
		for _, n := range []uint32{0, 0xdeadbeef, 0xffffffff} {
			full := frame.NewPool(size.X, size.Y).Get(0)
			frame.CopyPlanes(full.Image, bars(size))
			drawCounter(full.Image, n)
			for _, by := range []int{1, 2, 4} {
				small := frame.NewPool(size.X/by&^1, size.Y/by&^1).Get(0)
				frame.Shrink(small, full)
				var coded bytes.Buffer
				if err := jpeg.Encode(&coded, small.Image, &jpeg.Options{Quality: 5}); err != nil {
					t.Fatal(err)
				}
				img, err := jpeg.Decode(&coded)
				if err != nil {
					t.Fatal(err)
				}
				frame.CopyPlanes(small.Image, img.(*image.YCbCr))
				if got, ok := ReadCounter(small); !ok || got != n {
					t.Errorf("%v, a %dth: %x is read as %x, %v", size, by, n, got, ok)
				}
			}
		}
	}
}

func TestAPictureWithoutANumberHasNone(t *testing.T) {
	p := frame.NewPool(640, 360).Get(0)
	for _, c := range []frame.Colour{frame.Black(), {Y: 128, Cb: 128, Cr: 128}, {Y: 235, Cb: 10, Cr: 10}} {
		p.Fill(c)
		if n, ok := ReadCounter(p); ok {
			t.Errorf("%v: read %d", c, n)
		}
	}
	frame.CopyPlanes(p.Image, bars(p.Size()))
	if n, ok := ReadCounter(p); ok {
		t.Errorf("bars: read %d", n)
	}
	drawCounter(p.Image, 77)
	fill(p.Image, image.Rect(200, 0, 300, 30), frame.Colour{Y: 235, Cb: 128, Cr: 128})
	if n, ok := ReadCounter(p); ok {
		t.Errorf("covered: read %d", n)
	}
	if _, ok := ReadCounter(nil); ok {
		t.Error("nothing: read something")
	}
	if _, ok := ReadCounter(frame.NewPool(2, 2).Get(0)); ok {
		t.Error("two pixels: read something")
	}
}

func TestTheBoxMoves(t *testing.T) {
	p := Open(capture.VideoWish{FPS: 200})
	defer p.Close()
	a, b := next(t, p), next(t, p)
	for bytes.Equal(a.Image.Y[a.Image.YStride*180:], b.Image.Y[b.Image.YStride*180:]) {
		b.Release()
		if b = next(t, p); b.At > time.Second {
			t.Fatal("it stands still")
		}
	}
}

func TestCloseEndsAWaitingNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Open(capture.VideoWish{FPS: 0.01})
		next(t, p).Release()
		time.AfterFunc(time.Second, func() { p.Close() })
		if _, err := p.Next(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNextObeysItsContext(t *testing.T) {
	p := Open(capture.VideoWish{})
	defer p.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNextDoesNotAllocate(t *testing.T) {
	p := Open(capture.VideoWish{FPS: maxRate})
	defer p.Close()
	next(t, p).Release()
	if n := testing.AllocsPerRun(20, func() { next(t, p).Release() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNext(b *testing.B) {
	p := Open(capture.VideoWish{Width: 1280, Height: 720})
	defer p.Close()
	b.ReportAllocs()
	pic := p.pool.Get(0)
	for b.Loop() {
		frame.CopyPlanes(pic.Image, p.bars)
		box(pic.Image, pic.At)
		drawCounter(pic.Image, 1)
	}
}
