package frame

import (
	"image"
	"sync"
	"time"
)

// kept is how many free pictures a pool holds on to: one in a mailbox, one in a
// filter, one in an encoder and one on a screen.
const kept = 4

// A Pool reuses the memory of pictures of one size. What comes back is
// overwritten at once. It may be used by several goroutines.
type Pool struct {
	size image.Point

	mu   sync.Mutex // guards everything that follows
	free []*Picture
}

// NewPool returns a pool for pictures of the given size in pixels.
func NewPool(width, height int) *Pool {
	return &Pool{size: image.Pt(width, height), free: make([]*Picture, 0, kept)}
}

// Size returns the size of the pool's pictures.
func (pl *Pool) Size() image.Point { return pl.size }

// Get returns a black picture that the caller owns. Real-time: it allocates
// only while more pictures are in use than ever before.
func (pl *Pool) Get(at time.Duration) *Picture {
	pl.mu.Lock()
	var p *Picture
	if n := len(pl.free); n > 0 {
		p, pl.free = pl.free[n-1], pl.free[:n-1]
	}
	pl.mu.Unlock()
	if p == nil {
		p = &Picture{Image: image.NewYCbCr(image.Rectangle{Max: pl.size}, image.YCbCrSubsampleRatio420)}
		p.Fill(Black())
	}
	p.At, p.pool = at, pl
	return p
}

func (pl *Pool) put(p *Picture) {
	p.Fill(Black())
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if p.pool == nil {
		return // released twice
	}
	p.pool = nil
	if len(pl.free) < cap(pl.free) {
		pl.free = append(pl.free, p)
	}
}
