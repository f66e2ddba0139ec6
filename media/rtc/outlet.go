package rtc

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// An Offer describes an outgoing track.
type Offer struct {
	ID     string // of the track, in the session description
	Stream string // the group of tracks it belongs to
	Codec  codec.Name
	Or     []codec.Name // of the same kind, if the other side takes no Codec
	Maybe  bool         // that the other side takes none at all is no error
	RIDs   []string     // names of the sizes sent at once, smallest first; none is one without a name
	Most   []int        // bits per second of each size, at most
}

// An Outlet sends one track. Its methods may be called by several goroutines.
type Outlet struct {
	peer        *Peer
	id, stream  string
	codecs      []codec.Name // of which the other side takes one, the preferred first
	maybe       bool         // or none
	most        []int        // guarded by the peer's lock
	encodings   []*encoding
	transceiver *webrtc.RTPTransceiver
	asks        *Asks
	muted       atomic.Bool
	done        atomic.Bool
	unwanted    []atomic.Bool // by encoding: nobody looks at it
}

// Publish adds a track that the next description offers. What the other side
// asks of the encoder goes to asks.
func (p *Peer) Publish(o Offer, asks *Asks) (*Outlet, error) {
	out := &Outlet{peer: p, id: o.ID, stream: o.Stream, codecs: append([]codec.Name{o.Codec}, o.Or...), maybe: o.Maybe, most: o.Most, asks: asks}
	var forms []webrtc.RTPCodecParameters
	for _, name := range out.codecs {
		if newPacker(name, 0) == nil || (name == codec.Opus) != out.isSound() {
			return nil, fmt.Errorf("send %s: %w", name, sfu.ErrUnsupported)
		}
		forms = append(forms, offers(name)...)
	}
	rids := o.RIDs
	if len(rids) == 0 {
		rids = []string{""}
	}
	out.unwanted = make([]atomic.Bool, len(rids))
	for _, rid := range rids {
		out.encodings = append(out.encodings, newEncoding(out, rid))
	}
	t, err := p.pc.AddTransceiverFromTrack(out.encodings[0], webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	out.transceiver = t
	for _, e := range out.encodings[1:] {
		if err := t.Sender().AddEncoding(e); err != nil {
			return nil, fmt.Errorf("publish: %w", err)
		}
	}
	if err := t.SetCodecPreferences(forms); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	p.add(out)
	for i, e := range out.encodings {
		p.working.Go(func() { out.listen(t.Sender(), i, e.rid) })
	}
	return out, nil
}

func (o *Outlet) isSound() bool { return o.codecs[0] == codec.Opus }

// Codec is what the other side takes of what was offered. It returns false
// before the description is settled, and if it takes none.
func (o *Outlet) Codec() (codec.Name, bool) {
	e := o.encodings[0]
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.codec, e.codec != ""
}

// Mid is the outlet's section of the session description; empty before the
// first description.
func (o *Outlet) Mid() string { return o.transceiver.Mid() }

// Send borrows p until it returns, and drops it while the outlet is muted or
// the way is not open yet.
func (o *Outlet) Send(p codec.Packet) error {
	switch {
	case o.done.Load():
		return sfu.ErrEnded
	case o.muted.Load() || len(p.Data) == 0:
		return nil
	case p.Layer < 0 || p.Layer >= len(o.encodings):
		return fmt.Errorf("send: no layer %d", p.Layer)
	}
	return o.encodings[p.Layer].send(p)
}

// Mute shuts or opens the outlet. When it returns, no packet is on its way out
// any more.
func (o *Outlet) Mute(on bool) {
	o.muted.Store(on)
	for _, e := range o.encodings {
		e.mu.Lock() // waits for a packet that is being sent
		if e.valve != nil {
			e.valve.shut.Store(on)
		}
		if !on && e.began {
			e.began = false // start again with a keyframe
		}
		e.mu.Unlock()
	}
}

// Limit sets how many bits per second each size may take at most.
func (o *Outlet) Limit(most []int) {
	o.peer.mu.Lock()
	defer o.peer.mu.Unlock()
	o.most = most
}

// Want tells whether somebody looks at one of the sizes.
func (o *Outlet) Want(layer int, wanted bool) {
	if layer < 0 || layer >= len(o.unwanted) {
		return
	}
	if o.unwanted[layer].Swap(!wanted) != !wanted {
		o.asks.Put(sfu.Ask{Layer: layer, Wanted: &wanted, Keyframe: wanted})
	}
}

// Close takes the track back; the next description no longer offers it.
func (o *Outlet) Close() error {
	if o.done.Swap(true) {
		return nil
	}
	o.peer.remove(o)
	if err := o.peer.pc.RemoveTrack(o.transceiver.Sender()); err != nil {
		return fmt.Errorf("take back: %w", err)
	}
	return nil
}

func (o *Outlet) index(e *encoding) int { return slices.Index(o.encodings, e) }

// listen reads what the other side says of one encoding.
func (o *Outlet) listen(s *webrtc.RTPSender, layer int, rid string) {
	b := make([]byte, maxDatagram)
	for bad := 0; bad < maxUnreadable; bad++ {
		var (
			n     int
			attrs map[any]any
			err   error
		)
		if rid == "" {
			n, attrs, err = s.Read(b)
		} else {
			n, attrs, err = s.ReadSimulcast(b, rid)
		}
		if ended(err) || o.done.Load() {
			return
		}
		if err != nil {
			continue
		}
		bad = 0
		o.heed(layer, attrs, b[:n])
	}
}

func (o *Outlet) heed(layer int, attrs map[any]any, b []byte) {
	packets, err := attributes(attrs).GetRTCPPackets(b)
	if err != nil {
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			o.asks.Put(sfu.Ask{Layer: layer, Keyframe: true})
		case *rtcp.ReceiverReport:
			o.lost(layer, p.Reports)
		case *rtcp.SenderReport:
			o.lost(layer, p.Reports)
		case *rtcp.ReceiverEstimatedMaximumBitrate:
			o.peer.limit(int(p.Bitrate))
		}
	}
}

// lost passes on how much of a sound is lost on the way, for the encoder to make up for.
func (o *Outlet) lost(layer int, reports []rtcp.ReceptionReport) {
	if !o.isSound() {
		return
	}
	e := o.encodings[layer]
	e.mu.Lock()
	ssrc := e.header.SSRC
	e.mu.Unlock()
	for _, r := range reports {
		if r.SSRC == ssrc {
			percent := int(r.FractionLost) * 100 / 256 // RFC 3550, section 6.4.1
			o.asks.Put(sfu.Ask{Layer: layer, Lost: &percent})
		}
	}
}

// Sent counts what left this machine of the track.
func (o *Outlet) Sent() sfu.Sent {
	var sum sfu.Sent
	for _, e := range o.encodings {
		e.mu.Lock()
		sum.Frames = max(sum.Frames, e.frames) // one picture in several sizes
		if e.valve != nil {
			sum.Packets += e.valve.packets.Load()
			sum.Bytes += e.valve.bytes.Load()
		}
		e.mu.Unlock()
	}
	return sum
}
