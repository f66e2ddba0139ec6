package sfu_test

import (
	"context"
	"errors"
	"fmt"
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
	last = sfu.Mend(ctx, func(context.Context) error {
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
