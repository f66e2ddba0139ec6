package pace

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestPicturesAreDueAtTheirRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, start := New(25), time.Now()
		for i := range 50 {
			at, err := p.Wait(t.Context())
			want := time.Duration(i) * 40 * time.Millisecond
			if err != nil || at != want || time.Since(start) != want {
				t.Fatalf("picture %d: %v, %v, after %v", i, at, err, time.Since(start))
			}
		}
	})
}

func TestWhoIsLateGetsTheNewestSlotOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(10)
		wait := func(want time.Duration) {
			t.Helper()
			if at, err := p.Wait(t.Context()); at != want || err != nil {
				t.Fatalf("got %v, %v; want %v", at, err, want)
			}
		}
		wait(0)
		<-time.After(450 * time.Millisecond)
		wait(400 * time.Millisecond)
		wait(500 * time.Millisecond)
	})
}

func TestWaitEndsWithItsContextAndWithStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(0.01)
		if _, err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		time.AfterFunc(time.Second, p.Stop)
		if _, err := p.Wait(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Fatalf("got %v", err)
		}
		p.Stop()
		if _, err := p.Wait(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestWithoutARateNothingWaits(t *testing.T) {
	p := New(0)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
