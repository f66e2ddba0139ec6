package sfu

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"paravent/privacy/egress"
)

const (
	// mendTime bounds how long a way that was cut is mended before the session
	// is given up. Time without any network does not count.
	mendTime = 8 * time.Second
	// awayTime bounds that time: who is away for longer has left.
	awayTime = time.Minute
	// firstPause is between the first and the second try; each one after that is
	// twice as long, up to lastPause. The first try follows at once.
	firstPause = 300 * time.Millisecond
	lastPause  = 2 * time.Second
)

// Mend calls try until it succeeds, until it fails for good, or for eight
// seconds, and returns what the last try returned. Every connector mends its way
// to the server so.
//
// A part of every pause is left to chance, so that those whom one fault has cut
// off do not come back all at once. A server that says how long it wants to be
// left alone (JoinError.After) is.
//
// While this machine has no network nothing is tried, for a minute at most. When
// the network changes, the next try follows at once, and in place of one that is
// going on: that one may wait for the answer to what went into the void.
func Mend(ctx context.Context, n Network, try func(context.Context) error) error {
	if n == nil {
		n = still{}
	}
	var last error
	left, away := mendTime, awayTime
	for count := 0; ; count++ {
		changed := n.Changed() // before Up, so that no change is missed
		if !n.Up() {
			took, err := rest(ctx, changed, away)
			if away -= took; err != nil || away <= 0 {
				return cmp.Or(last, err, context.DeadlineExceeded)
			}
			count = -1
			continue
		}
		wait := max(pause(count), after(last))
		if wait > left { // this will not be lived to see
			return last
		}
		took, err := rest(ctx, changed, wait)
		left -= took
		switch {
		case err != nil:
			return cmp.Or(last, err)
		case has(changed):
			count = -1
			continue
		}
		began := time.Now()
		last = attempt(ctx, changed, left, try)
		if left -= time.Since(began); last == nil || Final(last) || left <= 0 {
			return last
		}
		if has(changed) {
			count = -1
		}
	}
}

// attempt calls try, and gives it up when the network changes.
func attempt(ctx context.Context, changed <-chan struct{}, most time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	go func() {
		select {
		case <-changed:
			cancel()
		case <-ctx.Done():
		}
	}()
	return try(ctx)
}

// pause is how long to wait before try n, which counts from nought: half of it
// at least, the rest by chance.
func pause(n int) time.Duration {
	if n == 0 {
		return 0
	}
	d := min(firstPause<<min(n-1, 8), lastPause)
	return d/2 + rand.N(d/2+1)
}

func after(err error) time.Duration {
	if no := (*JoinError)(nil); errors.As(err, &no) {
		return no.After
	}
	return 0
}

// rest waits for the given time, or until the network changes. It returns how long
// that was.
func rest(ctx context.Context, changed <-chan struct{}, d time.Duration) (time.Duration, error) {
	began := time.Now()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-changed:
	case <-ctx.Done():
	}
	return time.Since(began), ctx.Err()
}

// has reports whether c was closed.
func has(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Final reports whether trying again is of no use.
func Final(err error) bool {
	var (
		no     *JoinError
		over   *EndError
		denied *egress.DeniedError
	)
	if errors.As(err, &no) {
		switch no.Why {
		case ServerFault, Busy, BadProtocol, NotAServer, NoMedia:
			return false
		case PassMissing, PassRefused, PassExpired, NoSuchRoom, RoomFull, OfferRefused:
		}
		return true
	}
	return errors.As(err, &over) || errors.As(err, &denied) || errors.Is(err, ErrEnded)
}

// Unreached returns what may be said of why a server cannot be reached: what the
// guard says, or that ctx is done. It is nil for every other error, which may hold the
// address, and with it a key.
func Unreached(ctx context.Context, err error) error {
	var (
		reach  *egress.ReachError
		denied *egress.DeniedError
	)
	switch {
	case errors.As(err, &reach):
		return reach
	case errors.As(err, &denied):
		return denied
	}
	return ctx.Err()
}

// An EndError is the server's reason to let us go.
type EndError struct{ Ended Ended }

func (e *EndError) Error() string { return "the server ended the session: " + string(e.Ended.Why) }

// EndOf says how a session ends whose way to the server Mend could not mend.
func EndOf(err error) Ended {
	var (
		no   *JoinError
		over *EndError
	)
	switch {
	case errors.As(err, &over):
		return over.Ended
	case errors.As(err, &no) && no.Why == PassExpired:
		return Ended{Why: Expired}
	case errors.As(err, &no) && no.Why == NoSuchRoom:
		return Ended{Why: Closed}
	case errors.As(err, &no) && Final(no):
		return Ended{Why: Refused, Detail: no.Detail}
	}
	return Ended{Why: LinkLost}
}

// EndUnsaid is EndOf for kinds whose servers end without a word: where nothing listens
// any more, the server has ended.
func EndUnsaid(err error) Ended {
	end := EndOf(err)
	if reach := (*egress.ReachError)(nil); end.Why == LinkLost && errors.As(err, &reach) && reach.Why == egress.Refusing {
		return Ended{Why: ServerDown}
	}
	return end
}
