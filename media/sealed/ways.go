package sealed

import (
	"bytes"
	"context"
	"sync"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/privacy/seal"
)

// An outlet seals what it sends.
type outlet struct {
	sfu.Outlet // whose Send gets nothing but what is sealed
	session    *Session

	mu     sync.Mutex // held while sending: a line may begin while another ends
	sealer seal.Sealer
	buf    []byte
}

// Send borrows p until it returns. What cannot be sealed is not sent. Real-time: it
// does not allocate once it has seen its largest frame.
func (o *outlet) Send(p codec.Packet) error {
	if len(p.Data) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	sealed, err := o.sealer.Seal(o.buf[:0], p)
	if err != nil {
		o.session.mu.Lock()
		o.session.unsent++
		o.session.mu.Unlock()
		return nil
	}
	o.buf = sealed
	p.Sealed = len(sealed) - len(p.Data)
	p.Data = sealed
	return o.Outlet.Send(p)
}

// enough is how many frames in a row must not open before that is said: one may be
// broken, or old.
const enough = 5

// An inlet opens what it receives.
type inlet struct {
	sfu.Inlet
	session  *Session
	of       sfu.Track
	injected []byte // ends what the server puts in; empty if it does not
	troubled func(seal.WhyError)

	// What follows belongs to the goroutine that receives.
	opener seal.Opener
	codec  codec.Name
	buf    []byte
	broken bool // a picture is missing, and a keyframe is waited for
	failed int  // frames in a row that did not open
	said   seal.WhyError
}

// Receive waits for the next packet that opens. Real-time: it does not allocate once
// it has seen its largest frame.
func (in *inlet) Receive(ctx context.Context) (codec.Packet, error) {
	for {
		p, err := in.Inlet.Receive(ctx)
		if err != nil {
			return p, err
		}
		if out, ok := in.open(p); ok {
			return out, nil
		}
	}
}

func (in *inlet) open(p codec.Packet) (codec.Packet, bool) {
	plain, why := in.unseal(p)
	in.count(why)
	if why == seal.ErrInjected || why == seal.ErrReplayed {
		return p, false // none of the sender's frames is missing
	}
	if why != 0 {
		in.broken = !in.of.Source.IsSound()
		if in.failed++; in.failed >= enough {
			in.say(why)
		}
		return p, false
	}
	in.failed = 0
	in.say(0)
	p.Data, p.Sealed = plain, 0
	if in.of.Source.IsSound() {
		return p, true
	}
	p.Keyframe = codec.IsKeyframe(p.Codec, plain) // which the sealed form may not show
	if in.broken && !p.Keyframe {
		_ = in.AskKeyframe() // asked again with the next
		return p, false
	}
	in.broken = false
	return p, true
}

func (in *inlet) unseal(p codec.Packet) ([]byte, seal.WhyError) {
	if len(in.injected) > 0 && bytes.HasSuffix(p.Data, in.injected) {
		return nil, seal.ErrInjected
	}
	if in.opener == nil || in.codec != p.Codec {
		var err error
		if in.opener, err = in.session.keys.Opener(string(in.of.Member), string(in.of.Source), p.Codec); err != nil {
			return nil, why(err)
		}
		in.codec = p.Codec
	}
	plain, err := in.opener.Open(in.buf[:0], p)
	if err != nil {
		return nil, why(err)
	}
	in.buf = plain
	return plain, 0
}

func why(err error) seal.WhyError {
	if w := seal.WhyOf(err); w != 0 {
		return w
	}
	return seal.ErrWrongKey
}

func (in *inlet) count(why seal.WhyError) {
	in.session.mu.Lock()
	defer in.session.mu.Unlock()
	c := in.session.counts[in.of.ID]
	if why == 0 {
		c.Opened++
	} else {
		c.Dropped[why]++
	}
	in.session.counts[in.of.ID] = c
}

func (in *inlet) say(why seal.WhyError) {
	if in.said == why {
		return
	}
	in.said = why
	in.troubled(why)
}
