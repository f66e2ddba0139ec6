package sfu_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/sfu"
	"paravent/privacy/egress"
)

// times tries until the given try succeeds, each failing with err, and returns
// when each try was.
func times(ctx context.Context, good int, err error) (at []time.Duration, last error) {
	began := time.Now()
	last = sfu.Mend(ctx, nil, func(context.Context) error {
		at = append(at, time.Since(began))
		if len(at) == good {
			return nil
		}
		return err
	})
	return at, last
}

func TestACutWayIsMendedEverMoreSeldomAndNotByAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := &egress.ReachError{Host: "h", Why: egress.Refusing}
		seen := make(map[time.Duration]bool)
		for range 20 {
			at, err := times(t.Context(), 4, cut)
			if err != nil || len(at) != 4 || at[0] != 0 {
				t.Fatalf("%v, %v", at, err)
			}
			for n, most := range []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, 1200 * time.Millisecond} {
				if d := at[n+1] - at[n]; d < most/2 || d > most {
					t.Errorf("try %d came %v after the one before", n+2, d)
				}
			}
			seen[at[1]] = true
		}
		if len(seen) < 2 {
			t.Error("all come back at the same moment")
		}
		at, err := times(t.Context(), 0, cut)
		if !errors.Is(err, cut) || at[len(at)-1] > 8*time.Second || at[len(at)-1] < 5*time.Second {
			t.Errorf("given up after %v: %v", at, err)
		}
	})
}

func TestAServerThatWantsToBeLeftAloneIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := func(after time.Duration) error {
			return fmt.Errorf("post: %w", &sfu.JoinError{Why: sfu.Busy, After: after})
		}
		if at, err := times(t.Context(), 2, busy(5*time.Second)); err != nil || at[1] != 5*time.Second {
			t.Errorf("%v, %v", at, err)
		}
		began := time.Now()
		at, err := times(t.Context(), 2, busy(time.Minute))
		if err == nil || len(at) != 1 || time.Since(began) != 0 {
			t.Errorf("a minute is more than there is: %v, %v, after %v", at, err, time.Since(began))
		}
	})
}

func TestWhatIsFinalIsNotTriedAgain(t *testing.T) {
	for _, c := range []struct {
		err   error
		final bool
		end   sfu.EndReason
	}{
		{&sfu.JoinError{Why: sfu.PassExpired}, true, sfu.Expired},
		{&sfu.JoinError{Why: sfu.PassRefused}, true, sfu.Refused},
		{&sfu.JoinError{Why: sfu.NoSuchRoom}, true, sfu.Closed},
		{&sfu.JoinError{Why: sfu.RoomFull}, true, sfu.Refused},
		{&sfu.JoinError{Why: sfu.ServerFault}, false, sfu.LinkLost},
		{&sfu.JoinError{Why: sfu.Busy}, false, sfu.LinkLost},
		{&sfu.JoinError{Why: sfu.NotAServer}, false, sfu.LinkLost},
		{&sfu.EndError{Ended: sfu.Ended{Why: sfu.Removed}}, true, sfu.Removed},
		{&egress.DeniedError{Host: "h"}, true, sfu.LinkLost},
		{&egress.ReachError{Host: "h"}, false, sfu.LinkLost},
	} {
		synctest.Test(t, func(t *testing.T) {
			at, err := times(t.Context(), 0, c.err)
			if !errors.Is(err, c.err) || (len(at) == 1) != c.final || sfu.Final(err) != c.final {
				t.Errorf("%v: tried %d times, ended with %v", c.err, len(at), err)
			}
			if end := sfu.EndOf(err); end.Why != c.end {
				t.Errorf("%v: the end is %q, want %q", c.err, end.Why, c.end)
			}
		})
	}
}

// A cable is a network that a test pulls out and plugs in.
type cable struct {
	mu      sync.Mutex // guards what follows
	out     bool
	changed chan struct{}
}

func newCable() *cable { return &cable{changed: make(chan struct{})} }

func (c *cable) Up() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.out
}

func (c *cable) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *cable) set(up bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = !up
	close(c.changed)
	c.changed = make(chan struct{})
}

func TestNothingIsTriedWithoutANetworkAndTheTryFollowsItsReturnAtOnce(t *testing.T) {
	for _, lost := range []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 59 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			c := newCable()
			c.set(false)
			time.AfterFunc(lost, func() { c.set(true) })
			began := time.Now()
			var at []time.Duration
			err := sfu.Mend(t.Context(), c, func(context.Context) error {
				at = append(at, time.Since(began))
				if len(at) < 3 {
					return errors.New("still looking for the server's address")
				}
				return nil
			})
			if err != nil || len(at) != 3 || at[0] != lost || at[2] > lost+time.Second {
				t.Errorf("the network was back after %v, tried at %v: %v", lost, at, err)
			}
		})
	}
}

func TestWhoIsWithoutANetworkForTooLongIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		c.set(false)
		began := time.Now()
		err := sfu.Mend(t.Context(), c, func(context.Context) error { t.Error("tried"); return nil })
		if d := time.Since(began); err == nil || d != time.Minute || sfu.EndOf(err).Why != sfu.LinkLost {
			t.Errorf("%v after %v", err, d)
		}
	})
}

func TestATryThatWentIntoTheVoidIsGivenUpWhenTheNetworkChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		time.AfterFunc(2*time.Second, func() { c.set(true) })
		began := time.Now()
		var at []time.Duration
		err := sfu.Mend(t.Context(), c, func(ctx context.Context) error {
			at = append(at, time.Since(began))
			if len(at) == 1 {
				<-ctx.Done() // nobody answers
				return ctx.Err()
			}
			return nil
		})
		if err != nil || len(at) != 2 || at[1] != 2*time.Second {
			t.Errorf("tried at %v: %v", at, err)
		}
	})
}

func TestANetworkThatNeverRestsDoesNotKeepAMendingGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for tick := time.NewTicker(70 * time.Millisecond); ; {
				select {
				case <-tick.C:
					c.set(true)
				case <-ctx.Done():
					return
				}
			}
		}()
		began := time.Now()
		err := sfu.Mend(ctx, c, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if d := time.Since(began); err == nil || d > 9*time.Second {
			t.Errorf("%v after %v", err, d)
		}
	})
}

func TestEveryChangeOfTheNetworkIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCable()
		ctx, cancel := context.WithCancel(t.Context())
		told := 0
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			sfu.Kit{Network: c}.Moved(ctx, func() {
				if told++; told == 2 {
					c.set(false) // while the last one is being looked after
				}
			})
		}()
		for range 2 {
			synctest.Wait()
			c.set(true)
		}
		synctest.Wait()
		cancel()
		<-ended
		if told != 3 {
			t.Errorf("three changes were told %d times", told)
		}
		sfu.Kit{}.Moved(t.Context(), func() { t.Error("a network that is not known changed") })
	})
}

func TestLeavingEndsTheMending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := times(ctx, 0, errors.New("cut")); err == nil || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
