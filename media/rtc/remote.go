package rtc

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"paravent/media/codec"
)

// A Remote is a stream that the other side sends. It is read for as long as it
// lasts, and feeds the inlet that was attached to it last; without one, what
// comes is forgotten.
type Remote struct {
	ID     string // of the track, as the other side calls it
	Stream string // the group of tracks it belongs to
	Mid    string // its section of the session description

	name     atomic.Value // codec.Name
	peer     *Peer
	track    *webrtc.TrackRemote
	receiver *webrtc.RTPReceiver
	over     atomic.Bool
	to       atomic.Pointer[Inlet]
	flowing  atomic.Bool // something has come
}

// Codec is what the stream is coded in now.
func (r *Remote) Codec() codec.Name {
	name, _ := r.name.Load().(codec.Name)
	return name
}

// Over reports whether the stream has ended.
func (r *Remote) Over() bool { return r.over.Load() }

// read starts to read. Both goroutines end when the stream or the peer does.
func (r *Remote) read() {
	r.peer.working.Go(r.readMedia)
	r.peer.working.Go(r.readReports)
}

func (r *Remote) readMedia() {
	defer r.over.Store(true)
	b := make([]byte, maxDatagram)
	kind := byte(r.track.PayloadType())
	for bad := 0; bad < maxUnreadable; bad++ {
		n, _, err := r.track.Read(b)
		if ended(err) {
			return
		}
		if err != nil {
			continue // one packet that an interceptor could not read
		}
		bad = 0
		p, ok := parsePacket(b[:n])
		in := r.to.Load()
		if !ok || in == nil {
			continue
		}
		if p.kind != kind {
			kind = p.kind
			if name, ok := codecNamed(r.track.Codec().MimeType); ok && name != r.Codec() {
				in.recode(r, name)
			}
		}
		r.flowing.Store(true)
		in.push(r, p, time.Now())
		if p.seq%512 == 0 {
			in.waitFor(r.peer.RTT())
		}
	}
}

// recode changes the codec of the stream in the middle of it.
func (in *Inlet) recode(r *Remote, name codec.Name) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.from == r {
		r.name.Store(name)
		in.set(name)
	}
}

func (r *Remote) readReports() {
	b := make([]byte, maxDatagram)
	for bad := 0; bad < maxUnreadable; bad++ {
		n, attrs, err := r.receiver.Read(b)
		if ended(err) {
			return
		}
		if err != nil {
			continue
		}
		bad = 0
		packets, err := attrs.GetRTCPPackets(b[:n])
		if err != nil {
			continue
		}
		for _, p := range packets {
			in := r.to.Load()
			if s, ok := p.(*rtcp.SenderReport); ok && in != nil && s.SSRC == uint32(r.track.SSRC()) {
				in.report(r, s.RTPTime, s.NTPTime)
			}
		}
	}
}

func (r *Remote) askKeyframe() error {
	return r.peer.writeRTCP(&rtcp.PictureLossIndication{MediaSSRC: uint32(r.track.SSRC())})
}

// maxUnreadable is how many unreadable packets in a row end a stream: then it
// is not the packets.
const maxUnreadable = 1000

// ended reports what pion's streams end with.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}
