package tui

import (
	"sync"
	"time"
)

// A terminal tells of a key that is pressed, and again and again of one that is
// held, but not of one that is let go. So the key counts as let go some time after
// it was last heard of: longer after the first time, because keyboards wait for up
// to 660 ms (X.Org's default) before they repeat.
const (
	talkFirst = 800 * time.Millisecond
	talkAgain = 400 * time.Millisecond
)

// A talker holds the talk key down. It has a clock of its own, so that the
// microphone closes also when the terminal takes no more text.
type talker struct {
	talk func(on bool) error // must not block

	mu    sync.Mutex // guards everything that follows
	held  bool
	timer *time.Timer
}

// press is the key, for the first time or again.
func (t *talker) press() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held {
		t.timer.Reset(talkAgain)
		return nil
	}
	if err := t.talk(true); err != nil {
		return err
	}
	t.held, t.timer = true, time.AfterFunc(talkFirst, t.lift)
	return nil
}

// lift lets the key go.
func (t *talker) lift() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.held {
		return
	}
	t.held = false
	t.timer.Stop()
	_ = t.talk(false) // it was there a moment ago
}
