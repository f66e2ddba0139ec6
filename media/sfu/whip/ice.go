package whip

import (
	"context"
	"errors"
	"strings"
	"time"

	"paravent/media/rtc"
)

// candidate takes a place where we may be reached.
func (w *way) candidate(c rtc.Candidate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Line == "" {
		w.all = true
	} else if line := strings.TrimPrefix(c.Line, "a="); len(w.found) < maxCandidates {
		w.found = append(w.found, line)
	}
	select {
	case w.rung <- struct{}{}:
	default:
	}
}

// trickle tells the server of our candidates as they are found, in as few
// requests as can be (RFC 9725, section 4.3.2). A server that takes none will
// see where our packets come from.
func (w *way) trickle(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.rung:
		}
		pause(ctx, gatherTime)
		w.turn.Lock()
		if f := w.fresh(); !w.mute && (len(f.candidates) > 0 || f.last) && ctx.Err() == nil {
			w.tell(ctx, f)
		}
		w.turn.Unlock()
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// fresh is what was not told yet. It must be called with turn held.
func (w *way) fresh() fragment {
	f, _ := readFragment(w.offer) // ours
	w.mu.Lock()
	defer w.mu.Unlock()
	f.candidates, w.found = w.found, nil
	f.last = w.all && (len(f.candidates) > 0 || w.told > 0)
	w.told += len(f.candidates)
	if f.last {
		w.all = false // said once
	}
	return f
}

// tell must be called with turn held.
func (w *way) tell(ctx context.Context, f fragment) {
	_, err := w.door.patch(ctx, w.session, w.tag, typeFragment, f.write(w.offer))
	if errors.Is(err, errCannot) || errors.Is(err, errGone) {
		w.mute = true
	}
	if err != nil {
		w.log("trickle", err)
	}
}

// restart looks for new ways (RFC 9725, section 4.3.3). errCannot and errGone
// mean that only a new session helps; after any other error it may be called
// again.
func (w *way) restart(ctx context.Context) error {
	w.turn.Lock()
	defer w.turn.Unlock()
	if w.tag == "" || w.mute {
		return errCannot
	}
	if w.peer.Pending() == "" {
		w.mu.Lock()
		w.found, w.told, w.all = nil, 0, false
		w.mu.Unlock()
		offer, err := w.peer.Offer(true)
		if err != nil {
			w.log("restart", err)
			return errCannot
		}
		w.offer = strict(offer)
		w.gather(ctx)
	}
	f := w.fresh()
	r, err := w.door.patch(ctx, w.session, "*", typeFragment, f.write(w.offer))
	if err != nil {
		w.mu.Lock()
		w.found = append(f.candidates, w.found...) // to be told again
		w.all = w.all || f.last
		w.mu.Unlock()
		return err
	}
	theirs, ok := readFragment(r.body)
	if r.status != 200 || !isType(r.header, typeFragment) || !ok {
		return errCannot
	}
	answer := renewed(w.answer, theirs)
	if err := w.peer.Accept(answer); err != nil {
		w.log("restart", err)
		return errCannot
	}
	w.answer, w.tag = answer, tagOf(r.header.Get("ETag"))
	return nil
}

// gather waits until there is a candidate to tell, and a little longer for more.
func (w *way) gather(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, restartTime/2)
	defer cancel()
	for {
		w.mu.Lock()
		some, rung := len(w.found) > 0 || w.all, w.rung
		w.mu.Unlock()
		if some {
			pause(ctx, gatherTime)
			return
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return
		}
	}
}
