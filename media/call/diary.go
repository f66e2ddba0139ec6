package call

import (
	"sync"

	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/receipt"
)

// A Diary is told what leaves this machine, and what the person said to it. It may
// wait for the disk. After an error it is told no more.
type Diary interface {
	Facts(receipt.Facts) error
	Consent(receipt.Consent) error
}

// A DiaryError says why there is no receipt of the call, or of the rest of it.
type DiaryError struct{ Err error }

func (e *DiaryError) Error() string { return "no receipt of this call can be kept: " + e.Err.Error() }
func (e *DiaryError) Unwrap() error { return e.Err }

// Facts are what leaves this machine now.
func (s State) Facts() receipt.Facts {
	f := receipt.Facts{
		Camera: s.Own.Camera.Phase != Off, Microphone: s.Own.Microphone.Phase != Off, Screen: s.Own.Screen.Phase != Off,
		Encryption: "transport", Recording: s.Recording || s.RecorderPresent(), Paused: s.Own.Paused,
	}
	if s.Encryption.On() {
		f.Encryption = string(s.Encryption.Grade)
	}
	if f.Camera {
		f.Background = s.Own.Background
	}
	if f.Microphone {
		f.Gate = s.Own.Gate
	}
	if s.Own.Camera.Held != "" {
		f.Held = string(sfu.Camera)
	}
	if s.Own.Microphone.Held != "" {
		if f.Held != "" {
			f.Held += ", "
		}
		f.Held += string(sfu.Microphone)
	}
	return f
}

// writing is a diary and what it will be told, in order. A call tells it from wherever
// its state changes, and one goroutine waits for the disk.
type writing struct {
	wake chan struct{} // holds one ring

	mu    sync.Mutex // guards everything that follows
	diary Diary      // nil if none is kept
	last  receipt.Facts
	began bool
	queue []func(Diary) error
	over  bool
}

func newWriting(d Diary) *writing { return &writing{wake: make(chan struct{}, 1), diary: d} }

// facts takes note of f. Real-time: it allocates only when something has changed.
func (w *writing) facts(f receipt.Facts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.began && f == w.last {
		return
	}
	w.began, w.last = true, f
	w.add(func(d Diary) error { return d.Facts(f) })
}

func (w *writing) consent(topic consent.Topic, yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.add(func(d Diary) error { return d.Consent(receipt.Consent{Topic: string(topic), Yes: yes}) })
}

// add must be called with mu held.
func (w *writing) add(tell func(Diary) error) {
	if w.diary != nil {
		w.queue = append(w.queue, tell)
		w.ring()
	}
}

// end lets run return when everything is told.
func (w *writing) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.ring()
}

func (w *writing) ring() {
	select {
	case w.wake <- struct{}{}:
	default: // it has not woken yet
	}
}

// run tells the diary until end, or an error.
func (w *writing) run() error {
	for {
		<-w.wake
		w.mu.Lock()
		diary, queue, over := w.diary, w.queue, w.over
		w.queue = nil
		w.mu.Unlock()
		for _, tell := range queue {
			if err := tell(diary); err != nil {
				w.mu.Lock()
				w.diary = nil
				w.mu.Unlock()
				return &DiaryError{err}
			}
		}
		if over {
			return nil
		}
	}
}

// keepDiary tells the diary until the call is over. Where the policy wants a receipt the
// call ends with it.
func (c *Call) keepDiary() {
	err := c.writing.run()
	if err == nil {
		return
	}
	c.tell(err)
	if c.settings.Policy.Receipts {
		c.shut()
		c.leaveNow()
	}
}
