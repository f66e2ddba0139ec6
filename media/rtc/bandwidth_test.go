package rtc

import (
	"sync/atomic"
	"testing"

	"github.com/pion/interceptor/pkg/cc"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// fixed is an estimate that a test sets.
type fixed struct {
	cc.BandwidthEstimator
	bps int
}

func (f fixed) GetTargetBitrate() int { return f.bps }

func drain(a *Asks) map[int]int {
	got := make(map[int]int)
	for {
		select {
		case x := <-a.C():
			got[x.Layer] = x.Bitrate
		default:
			return got
		}
	}
}

func TestTheWayUpIsSharedByWhatEachSizeMayTake(t *testing.T) {
	p := &Peer{valves: newValves()}
	if p.Up() != 0 {
		t.Error("an estimate without anything sent")
	}
	newOutlet := func(name codec.Name, most ...int) *Outlet {
		o := &Outlet{peer: p, codecs: []codec.Name{name}, most: most, asks: NewAsks()}
		for range max(len(most), 1) {
			o.encodings = append(o.encodings, newEncoding(o, ""))
		}
		o.unwanted = make([]atomic.Bool, len(o.encodings))
		p.add(o)
		return o
	}
	camera, sound := newOutlet(codec.VP8, 100_000, 300_000), newOutlet(codec.Opus)
	screen := newOutlet(codec.VP8, 400_000)

	give := func(bps int) {
		p.estimator = fixed{bps: bps}
		p.share(p.Up())
	}
	give(400_000 + soundShare)
	if got := drain(camera.asks); got[0] != 50_000 || got[1] != 150_000 {
		t.Errorf("the camera gets %v", got)
	}
	if got := drain(screen.asks); got[0] != 200_000 {
		t.Errorf("the screen gets %v", got)
	}
	if got := drain(sound.asks); len(got) != 0 {
		t.Errorf("the sound is asked for %v", got)
	}
	give(404_000 + soundShare)
	if got := drain(camera.asks); len(got) != 0 {
		t.Errorf("a hundredth more is told: %v", got)
	}
	screen.muted.Store(true)
	camera.Want(1, false)
	drain(camera.asks)
	give(400_000 + soundShare)
	if got := drain(camera.asks); got[0] != 100_000 {
		t.Errorf("alone, the small picture gets %v, want all it may take", got)
	}
	give(1)
	if got := drain(camera.asks); got[0] == 0 || got[0] > leastEstimate {
		t.Errorf("next to nothing is shared as %v", got)
	}
	p.limit(500)
	p.estimator = fixed{bps: 1_000_000}
	if p.Up() != 500 {
		t.Errorf("the other side's own limit is not kept: %d", p.Up())
	}
	p.remove(screen)
	if len(p.outlets) != 2 {
		t.Errorf("%d outlets", len(p.outlets))
	}
	var none sfu.Sent
	if camera.Sent() != none {
		t.Errorf("sent %+v", camera.Sent())
	}
}
