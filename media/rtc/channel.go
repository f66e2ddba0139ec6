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
	low    chan struct{} // rung when less is waiting
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
	c := &Channel{c: d, opened: make(chan struct{}), low: make(chan struct{}, 1)}
	d.SetBufferedAmountLowThreshold(fewBuffered)
	d.OnBufferedAmountLow(func() {
		select {
		case c.low <- struct{}{}:
		default:
		}
	})
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

// maxBuffered bounds what waits to be sent, in bytes. What has time waits until no more
// than fewBuffered does.
const (
	maxBuffered = 1 << 20
	fewBuffered = 64 << 10
)

// SendSlowly sends b when little else is waiting. One goroutine at a time may call it.
func (c *Channel) SendSlowly(ctx context.Context, b []byte) error {
	for c.c.BufferedAmount() > fewBuffered && c.c.ReadyState() == webrtc.DataChannelStateOpen {
		select {
		case <-c.low:
		case <-ctx.Done():
			return fmt.Errorf("send: %w", ctx.Err())
		}
	}
	return c.Send(ctx, b)
}

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
