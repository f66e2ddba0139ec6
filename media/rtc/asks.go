package rtc

import (
	"sync"

	"paravent/media/sfu"
)

// mostLayers is how many sizes a track may have.
const mostLayers = 8

// Asks carries what is asked of an encoder, without loss and without ever
// holding up who asks: what is not read yet is put together, layer by layer.
type Asks struct {
	out chan sfu.Ask

	mu sync.Mutex // held while the channel is put together anew
}

// NewAsks returns Asks with nothing in it.
func NewAsks() *Asks { return &Asks{out: make(chan sfu.Ask, mostLayers)} }

// C is the reader's side. It is never closed.
func (a *Asks) C() <-chan sfu.Ask { return a.out }

// Put adds an ask. Those for layers that cannot be are dropped.
func (a *Asks) Put(ask sfu.Ask) {
	if ask.Layer < 0 || ask.Layer >= mostLayers {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var all [mostLayers]*sfu.Ask
	for {
		select {
		case old := <-a.out:
			all[old.Layer] = &old
			continue
		default:
		}
		break
	}
	if old := all[ask.Layer]; old != nil {
		ask.Keyframe = ask.Keyframe || old.Keyframe
		if ask.Bitrate == 0 {
			ask.Bitrate = old.Bitrate
		}
		if ask.Lost == nil {
			ask.Lost = old.Lost
		}
		if ask.Wanted == nil {
			ask.Wanted = old.Wanted
		}
	}
	all[ask.Layer] = &ask
	for _, x := range all {
		if x != nil {
			a.out <- *x
		}
	}
}
