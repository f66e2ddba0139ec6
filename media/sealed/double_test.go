package sealed_test

import (
	"context"
	"sync"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// A diary is what happened in a room.
type diary struct {
	over chan struct{}

	mu      sync.Mutex // guards everything that follows
	events  []sfu.Event
	changed chan struct{}
}

func follow(events <-chan sfu.Event) *diary {
	d := &diary{over: make(chan struct{}), changed: make(chan struct{})}
	go func() {
		defer close(d.over)
		for e := range events {
			d.mu.Lock()
			d.events = append(d.events, e)
			close(d.changed)
			d.changed = make(chan struct{})
			d.mu.Unlock()
		}
	}()
	return d
}

// await waits for the first event that is such.
func (d *diary) await(is func(sfu.Event) bool) sfu.Event {
	for i := 0; ; i++ {
		d.mu.Lock()
		for i == len(d.events) {
			changed := d.changed
			d.mu.Unlock()
			<-changed
			d.mu.Lock()
			i = min(i, len(d.events))
		}
		e := d.events[i]
		d.mu.Unlock()
		if is(e) {
			return e
		}
	}
}

// forget makes await look only at what comes.
func (d *diary) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = nil
}

// A pipe is a server that gives back the last packet that it was sent.
type pipe struct {
	sfu.Connector
	frame []byte
	last  codec.Packet
}

func (p *pipe) Join(context.Context, sfu.Room, sfu.Pass, sfu.Kit) (sfu.Session, error) {
	return pipeSession{p, nil}, nil
}

type pipeSession struct {
	pipe *pipe
	sfu.Session
}

func (s pipeSession) Caps() sfu.Caps { return sfu.Caps{Sealed: true} }

func (s pipeSession) Publish(context.Context, sfu.TrackOffer) (sfu.Outlet, error) {
	return pipeOutlet{s.pipe, nil}, nil
}

func (s pipeSession) Subscribe(context.Context, sfu.TrackID) (sfu.Inlet, error) {
	return pipeInlet{s.pipe, nil}, nil
}

type pipeOutlet struct {
	pipe *pipe
	sfu.Outlet
}

func (o pipeOutlet) Send(p codec.Packet) error { o.pipe.last = p; return nil }

type pipeInlet struct {
	pipe *pipe
	sfu.Inlet
}

func (i pipeInlet) Receive(context.Context) (codec.Packet, error) { return i.pipe.last, nil }
