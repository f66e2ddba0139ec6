//go:build !nowindow

package window

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"paravent/media/call"
	"paravent/media/frame"
	"paravent/media/sfu"
	"paravent/ui/say"
)

// inWindow runs a host as Run does, with a goroutine of its own in the place of
// Fyne's, and gives the test its rig.
func inWindow(t *testing.T, s call.State, body func(h *host, r *rig, person context.CancelFunc)) {
	r := newRig(t, 1280, 720)
	synctest.Test(t, func(t *testing.T) {
		r.call = newDouble(s)
		inner, stop := context.WithCancel(t.Context())
		person, interrupt := context.WithCancel(t.Context())
		queue := make(chan func(), 64)
		h := newHost(r.call, func(fn func()) { queue <- fn }, inner.Done())
		h.face, h.quit = r.face, func() { r.shut.Store(true) }
		r.face.out = outside{verb: h.desk.run, ring: h.ring, want: h.watcher.want, close: h.close, now: time.Now}
		drawing := make(chan struct{})
		go func() {
			defer close(drawing)
			for {
				select {
				case fn := <-queue:
					fn()
				case <-inner.Done():
					return
				}
			}
		}()
		h.start(inner, person)
		synctest.Wait()
		body(h, r, interrupt)
		h.shut()
		stop()
		interrupt()
		h.tasks.Wait()
		<-drawing
	})
}

// pass lets d go by in the bubble.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// onCard returns the words of the card, read where they are written.
func onCard(h *host, r *rig) (list []string) {
	h.done(func() {
		if r.face.card != nil {
			list = texts(r.face.card.Content)
		}
	})
	return list
}

func TestAnEndIsSaidInWordsAndTheWindowClosesAfterAWhile(t *testing.T) {
	inWindow(t, meeting("Ann"), func(h *host, r *rig, _ context.CancelFunc) {
		ended := sfu.Ended{Why: sfu.Removed, Detail: "too \x1b[1mloud"}
		r.call.set(r.call.State().After(ended))
		synctest.Wait()
		if got := strings.Join(onCard(h, r), "\n"); !strings.Contains(got, say.Ended(ended).Text) {
			t.Fatalf("the window says %q", got)
		}
		if pass(ackFor - time.Millisecond); r.shut.Load() {
			t.Fatal("it closes before it can be read")
		}
		if pass(2 * time.Millisecond); !r.shut.Load() {
			t.Fatal("it stays for ever")
		}
	})
}

func TestAnEndClosesAtOnceWhenItIsAcknowledgedOrWasWanted(t *testing.T) {
	inWindow(t, meeting("Ann"), func(h *host, r *rig, _ context.CancelFunc) {
		r.call.set(r.call.State().After(sfu.Ended{Why: sfu.LinkLost}))
		synctest.Wait()
		h.do(func() { r.key(fyne.KeyReturn) })
		if synctest.Wait(); !r.shut.Load() {
			t.Fatal("Enter does not close it")
		}
	})
	inWindow(t, meeting("Ann"), func(_ *host, r *rig, _ context.CancelFunc) {
		r.call.set(r.call.State().After(sfu.Ended{Why: sfu.Left}))
		if synctest.Wait(); !r.shut.Load() {
			t.Fatal("who has left must wait")
		}
	})
}

func TestClosingTheWindowLeavesTheCall(t *testing.T) {
	inWindow(t, meeting(), func(h *host, r *rig, _ context.CancelFunc) {
		h.do(h.leave)
		synctest.Wait()
		if got := r.call.took(); !slices.Equal(got, []string{"leave"}) || r.shut.Load() {
			t.Fatalf("asked: %q, closed: %v", got, r.shut.Load())
		}
		if pass(leaveFor + time.Millisecond); !r.shut.Load() {
			t.Fatal("a server that does not answer keeps the window open")
		}
	})
	inWindow(t, meeting(), func(h *host, r *rig, _ context.CancelFunc) {
		h.do(h.leave)
		h.do(h.leave)
		if synctest.Wait(); !r.shut.Load() {
			t.Fatal("closed twice, the window stays")
		}
	})
}

func TestAnInterruptionLeavesAtOnceAndIsSaid(t *testing.T) {
	inWindow(t, meeting(), func(h *host, r *rig, interrupt context.CancelFunc) {
		interrupt()
		synctest.Wait()
		if got := r.call.took(); !slices.Equal(got, []string{"leave"}) {
			t.Fatalf("asked: %q", got)
		}
		r.call.set(r.call.State().After(sfu.Ended{Why: sfu.Left}))
		synctest.Wait()
		if r.shut.Load() {
			t.Fatal("the window is gone before it said why")
		}
		if got := onCard(h, r); !slices.Contains(got, say.Of(context.Canceled).Text) {
			t.Fatalf("the window says %q", got)
		}
		if pass(ackFor); !r.shut.Load() {
			t.Fatal("the window stays")
		}
	})
}

func TestPanicDoesNotWaitForASlowCamera(t *testing.T) {
	inWindow(t, meeting(), func(h *host, r *rig, _ context.CancelFunc) {
		r.call.slow = make(chan struct{})
		h.do(func() { r.press("ccccccccccc!") })
		synctest.Wait()
		if got := r.call.took(); !slices.Equal(got, []string{"panic"}) {
			t.Fatalf("asked: %q", got)
		}
		close(r.call.slow)
		synctest.Wait()
		if n := len(r.call.took()); n == 0 || n > waiting+1 {
			t.Fatalf("the camera was asked %d times", n)
		}
	})
}

func TestWhatIsSeenIsWatchedAndNothingAtTheEnd(t *testing.T) {
	var c *double
	inWindow(t, meeting("Ann"), func(h *host, r *rig, _ context.CancelFunc) {
		c = r.call
		pass(settleFor)
		got := c.took()
		if len(got) != 1 || !strings.HasPrefix(got[0], "watch t-Ann ") || strings.HasSuffix(got[0], " 0×0") {
			t.Fatalf("asked: %q", got)
		}
		s := r.call.State()
		s.Own.Camera.Phase = call.On
		c.set(s)
		pass(settleFor)
		if got := c.took(); !slices.Contains(got, "watch self camera true") {
			t.Fatalf("asked: %q", got)
		}
		h.do(func() { r.face.setHidden(true) })
		pass(settleFor)
		got = c.took()
		slices.Sort(got)
		if !slices.Equal(got, []string{"watch self camera false", "watch t-Ann 0×0"}) {
			t.Fatalf("minimised: %q", got)
		}
		h.do(func() { r.face.setHidden(false) })
		pass(settleFor)
		c.took()
	})
	got := c.took()
	slices.Sort(got)
	if !slices.Equal(got, []string{"watch self camera false", "watch t-Ann 0×0"}) {
		t.Fatalf("at the end: %q", got)
	}
}

func TestTheWindowIsRepaintedThirtyTimesASecondAtMost(t *testing.T) {
	var painted atomic.Int64
	r := newRig(t, 1280, 720)
	r.face.update(meeting("Ann"))
	ann := r.face.tiles[key{track: "t-Ann", src: sfu.Camera}]
	synctest.Test(t, func(t *testing.T) {
		inner, stop := context.WithCancel(t.Context())
		h := newHost(r.call, func(fn func()) {
			fn()
			painted.Add(1)
			ann.sheet.pixels() // as the painter does after a repaint
		}, inner.Done())
		h.face = r.face
		h.tasks.Go(func() { h.pace(inner) })
		ann.sheet.ring = h.ring
		p := frame.NewPool(64, 36).Get(0)
		for range 1000 {
			ann.sheet.Show(p)
			pass(time.Millisecond)
		}
		if n := painted.Load(); n < maxFPS-2 || n > maxFPS+2 {
			t.Errorf("painted %d times in a second", n)
		}
		pass(100 * time.Millisecond)
		if fresh, _ := ann.sheet.news(); fresh {
			t.Error("the last picture was not painted")
		}
		n := painted.Load()
		if pass(time.Second); painted.Load() != n {
			t.Error("it is painted although nothing is new")
		}
		stop()
		h.tasks.Wait()
	})
}
