package rtc

import (
	"context"
	"fmt"
	"sync"

	"github.com/pion/webrtc/v4"

	"paravent/media/sfu"
)

// A Channel carries messages in order, or without waiting for lost ones.
type Channel struct {
	c      *webrtc.DataChannel
	opened chan struct{}
	once   sync.Once
}

// OpenChannel adds a channel that the next description offers. Messages that
// come in on it go to Handlers.Data.
func (p *Peer) OpenChannel(label string, reliable bool) (*Channel, error) {
	init := &webrtc.DataChannelInit{Ordered: &reliable}
	if !reliable {
		init.MaxRetransmits = new(uint16)
	}
	d, err := p.pc.CreateDataChannel(label, init)
	if err != nil {
		return nil, fmt.Errorf("open channel: %w", err)
	}
	c := &Channel{c: d, opened: make(chan struct{})}
	p.hear(d, func() { c.once.Do(func() { close(c.opened) }) })
	return c, nil
}

func (p *Peer) hear(d *webrtc.DataChannel, opened func()) {
	label := d.Label()
	d.OnOpen(func() {
		opened()
		if !p.closing() {
			p.on.Open(label)
		}
	})
	d.OnMessage(func(m webrtc.DataChannelMessage) {
		if !p.closing() {
			p.on.Data(label, m.Data)
		}
	})
}

// maxBuffered bounds what waits to be sent, in bytes.
const maxBuffered = 1 << 20

// Send waits until the channel is open, and sends b.
func (c *Channel) Send(ctx context.Context, b []byte) error {
	select {
	case <-c.opened:
	case <-ctx.Done():
		return fmt.Errorf("send: %w", ctx.Err())
	}
	if c.c.ReadyState() != webrtc.DataChannelStateOpen {
		return sfu.ErrEnded
	}
	if c.c.BufferedAmount() > maxBuffered {
		return fmt.Errorf("send: too much is waiting")
	}
	if err := c.c.Send(b); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}
