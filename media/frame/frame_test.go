package frame_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"paravent/media/frame"
)

func TestAReleasedPictureIsWipedBeforeItIsUsedAgain(t *testing.T) {
	pool := frame.NewPool(5, 3)
	p := pool.Get(0)
	p.Fill(frame.RGB(200, 10, 10))
	pixels := p.Image.Y
	p.Release()
	for i, v := range pixels {
		if v != frame.Black().Y {
			t.Fatalf("pixel %d is %d after Release", i, v)
		}
	}
	if again := pool.Get(time.Second); again != p || again.At != time.Second {
		t.Error("the pool did not use the memory again")
	}
}

func TestAPictureReleasedTwiceIsGivenOutOnce(t *testing.T) {
	pool := frame.NewPool(2, 2)
	p := pool.Get(0)
	p.Release()
	p.Release()
	if a, b := pool.Get(0), pool.Get(0); a == b {
		t.Error("one picture was given to two owners")
	}
}

func TestMailboxKeepsTheNewestAndReleasesTheOlder(t *testing.T) {
	pool := frame.NewPool(2, 2)
	box := frame.NewMailbox()
	first, second := pool.Get(1), pool.Get(2)
	first.Fill(frame.RGB(255, 255, 255))
	pixels := first.Image.Y
	box.Put(first)
	box.Put(second)
	got, err := box.Take(t.Context())
	if err != nil || got != second {
		t.Fatalf("Take = %v, %v; want the second picture", got, err)
	}
	if pixels[0] != frame.Black().Y {
		t.Error("the older picture was not wiped")
	}
	if n := box.Dropped(); n != 1 {
		t.Errorf("Dropped = %d, want 1", n)
	}
}

func TestMailboxTakeWaitsAndEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := frame.NewMailbox().Take(ctx); err == nil {
			t.Error("Take returned a picture that nobody put")
		}
	})
}

func TestAClosedMailboxWipesWhatComes(t *testing.T) {
	pool := frame.NewPool(2, 2)
	box := frame.NewMailbox()
	box.Close()
	p := pool.Get(0)
	p.Fill(frame.RGB(255, 255, 255))
	pixels := p.Image.Y
	box.Put(p)
	if box.TakeNow() != nil || pixels[0] != frame.Black().Y {
		t.Error("a closed mailbox kept a picture")
	}
}

func TestShrinkKeepsTheMeanOfAPicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(2, 40).Draw(t, "w"), rapid.IntRange(2, 40).Draw(t, "h")
		src := frame.NewPool(w, h).Get(7)
		dst := frame.NewPool(rapid.IntRange(1, w).Draw(t, "dw"), rapid.IntRange(1, h).Draw(t, "dh")).Get(0)
		lo, hi := 255, 0
		for i := range src.Image.Y {
			v := rapid.Byte().Draw(t, "y")
			src.Image.Y[i] = v
			lo, hi = min(lo, int(v)), max(hi, int(v))
		}
		frame.Shrink(dst, src)
		if dst.At != 7 {
			t.Fatal("the time was lost")
		}
		for _, v := range dst.Image.Y {
			if int(v) < lo || int(v) > hi {
				t.Fatalf("pixel %d is outside %d to %d", v, lo, hi)
			}
		}
	})
}

func TestHalvingAveragesFourPixels(t *testing.T) {
	src, dst := frame.NewPool(4, 2).Get(0), frame.NewPool(2, 1).Get(0)
	copy(src.Image.Y, []byte{10, 20, 100, 100, 30, 40, 100, 101})
	frame.Shrink(dst, src)
	if dst.Image.Y[0] != 25 || dst.Image.Y[1] != 100 {
		t.Errorf("got %v, want 25 and 100", dst.Image.Y[:2])
	}
}

func TestGettingAndReleasingDoesNotAllocate(t *testing.T) {
	pool := frame.NewPool(64, 36)
	box := frame.NewMailbox()
	pool.Get(0).Release()
	if n := testing.AllocsPerRun(100, func() {
		box.Put(pool.Get(0))
		box.TakeNow().Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkShrink720pByHalf(b *testing.B) {
	src, dst := frame.NewPool(1280, 720).Get(0), frame.NewPool(640, 360).Get(0)
	b.ReportAllocs()
	for b.Loop() {
		frame.Shrink(dst, src)
	}
}

func BenchmarkGetAndWipe720p(b *testing.B) {
	pool := frame.NewPool(1280, 720)
	b.ReportAllocs()
	for b.Loop() {
		pool.Get(0).Release()
	}
}
