package tui

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"paravent/ui/term"
)

// An output is the terminal, which the text renderer and the painter share.
// Every Write is whole. Pictures pass only while the text renderer is on the
// alternate screen, so none ever stays behind on the person's own.
type output struct {
	w      io.Writer
	spoilt func() // text was written where pictures may be

	mu   sync.Mutex // guards everything that follows
	open bool
}

// Write takes what the text renderer writes.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	if on, off := bytes.LastIndex(b, []byte(ansi.SetModeAltScreenSaveCursor)), bytes.LastIndex(b, []byte(ansi.ResetModeAltScreenSaveCursor)); on != off {
		o.open = on > off
	}
	n, err := o.w.Write(b)
	o.mu.Unlock()
	if harmful(b) {
		o.spoilt()
	}
	return n, err
}

func (o *output) picture(b []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.open {
		return nil
	}
	_, err := o.w.Write(b)
	return err
}

// last writes what comes after everything else.
func (o *output) last(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = o.w.Write(b) // the terminal may be gone
}

// harmful reports whether b may have changed cells with pictures: by writing
// fillers, by erasing, scrolling or moving rows, or by changing screens.
func harmful(b []byte) bool {
	if bytes.Contains(b, []byte(filler)) || bytes.Contains(b, []byte("\x1bM")) || bytes.Contains(b, []byte("\x1b[?1049")) {
		return true
	}
	for {
		i := bytes.Index(b, []byte("\x1b["))
		if i < 0 {
			return false
		}
		b = b[i+2:]
		end := bytes.IndexFunc(b, func(r rune) bool { return r >= 0x40 && r <= 0x7e })
		if end < 0 {
			return false
		}
		if bytes.IndexByte([]byte("JLMPST@r"), b[end]) >= 0 {
			return true
		}
		b = b[end+1:]
	}
}

// An outputFile lets the text renderer see that the output is a terminal.
type outputFile struct {
	*output
	file *os.File
}

func (o outputFile) Read(b []byte) (int, error) { return o.file.Read(b) }
func (o outputFile) Close() error               { return nil } // the file is the caller's
func (o outputFile) Fd() uintptr                { return o.file.Fd() }

// A painter draws the pictures of a stage, at most pace times a second, and so
// seldom that it keeps neither the processor nor the terminal busy for more than
// half of the time. Pictures that come faster are left out: a canvas holds only
// the newest.
//
// What a pipe or ssh has buffered does not show in the time of a write. So the
// painter now and then puts a fence behind its pictures, a question that the
// terminal answers when it has come so far, and waits while an answer is due.
type painter struct {
	stage *stage
	out   *output
	clock func() time.Time

	buf   []byte
	scene scene

	mu     sync.Mutex    // guards everything that follows
	delay  time.Duration // between pictures, by the fences
	fenced bool          // the terminal answers fences
	fence  time.Time     // when the one under way was sent; zero if none is
	last   time.Time     // when the last one was sent
}

// The painter's measures.
const (
	beat     = time.Second / pace
	slowest  = time.Second
	fenceGap = 300 * time.Millisecond // from fence to fence
	fencePat = 3 * time.Second        // then the terminal has lost it
	narrowAt = 150 * time.Millisecond // between pictures; then they are worth compressing
	swift    = 100 * time.Millisecond // an answer without a queue
	portion  = 32 << 10               // bytes that are written at once, so that text comes in between
)

func newPainter(s *stage, out *output) *painter {
	return &painter{stage: s, out: out, clock: time.Now, delay: beat}
}

// run paints until ctx ends.
func (p *painter) run(ctx context.Context) error {
	timer := time.NewTimer(beat)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		start := p.clock()
		if p.free(start) {
			if err := p.paint(); err != nil {
				return err
			}
		}
		spent := p.clock().Sub(start)
		timer.Reset(max(p.between()-spent, spent, time.Millisecond))
	}
}

func (p *painter) between() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.delay
}

// free reports whether the terminal has kept up.
func (p *painter) free(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fence.IsZero() || now.Sub(p.fence) < fenceGap {
		return true
	}
	if now.Sub(p.fence) > fencePat {
		p.fence, p.fenced = time.Time{}, false
	}
	return false
}

// answered says that a fence came back.
func (p *painter) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fenced = true
	if p.fence.IsZero() {
		return
	}
	took := p.clock().Sub(p.fence)
	p.fence = time.Time{}
	if took > fenceGap {
		p.delay = min(p.delay*3/2, slowest)
		if p.delay > narrowAt {
			p.stage.narrow()
		}
	} else if took < swift {
		p.delay = max(p.delay*9/10, beat)
	}
}

// paint draws what is new.
func (p *painter) paint() error {
	p.stage.scene(&p.scene)
	p.begin()
	empty := len(p.buf)
	for _, c := range p.scene.gone {
		p.buf = c.Remove(p.buf)
	}
	drew := false
	for _, c := range p.scene.canvases {
		if p.scene.hidden {
			p.buf = c.Remove(p.buf)
			continue
		}
		if p.scene.spoilt {
			c.Spoil()
		}
		p.buf = c.Draw(p.buf)
		if len(p.buf) > portion {
			drew = true
			if err := p.end(); err != nil {
				return err
			}
			p.begin()
		}
	}
	if len(p.buf) == empty {
		if drew {
			p.wall()
		}
		return nil
	}
	if err := p.end(); err != nil {
		return err
	}
	p.wall()
	return nil
}

// begin keeps the text renderer's cursor and colours (DECSC), hides the cursor
// and asks the terminal to show nothing half done (mode 2026).
func (p *painter) begin() {
	p.buf = append(p.buf[:0], "\x1b[?2026h\x1b7"...)
	if p.scene.cursor {
		p.buf = append(p.buf, "\x1b[?25l"...)
	}
}

func (p *painter) end() error {
	p.buf = append(p.buf, "\x1b8"...)
	if p.scene.cursor {
		p.buf = append(p.buf, "\x1b[?25h"...)
	}
	p.buf = append(p.buf, "\x1b[?2026l"...)
	return p.out.picture(p.buf)
}

// wall puts up a fence if it is time for one.
func (p *painter) wall() {
	p.mu.Lock()
	now := p.clock()
	up := p.fenced && p.fence.IsZero() && now.Sub(p.last) >= fenceGap
	if up {
		p.fence, p.last = now, now
	}
	p.mu.Unlock()
	if up {
		_ = p.out.picture([]byte(term.Fence())) // the next picture fails too, and says so
	}
}

// leave takes the pictures out of the terminal's memory, and ends what a picture
// cut short may have left open.
func (p *painter) leave() {
	p.buf = p.buf[:0]
	for _, c := range p.stage.leave() {
		p.buf = c.Remove(p.buf)
	}
	p.buf = append(p.buf, "\x1b[0m\x1b[?2026l\x1b[?25h"...)
	p.out.last(p.buf)
}
