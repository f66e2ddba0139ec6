package sfu

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"paravent/privacy/egress"
)

const (
	// mendTime bounds how long a way that was cut is mended before the session
	// is given up.
	mendTime = 8 * time.Second
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
func Mend(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, mendTime)
	defer cancel()
	var last error
	for n := 0; ; n++ {
		if err := rest(ctx, max(pause(n), after(last))); err != nil {
			if last == nil {
				last = err
			}
			return last
		}
		if last = try(ctx); last == nil || Final(last) {
			return last
		}
	}
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

// rest waits. It does not begin to wait for what ctx will not live to see.
func rest(ctx context.Context, d time.Duration) error {
	if until, ok := ctx.Deadline(); ok && time.Until(until) < d {
		return context.DeadlineExceeded
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
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
