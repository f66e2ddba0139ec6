package rtc

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
)

// valves is the innermost interceptor: the last place that a media packet
// passes before it is encrypted. A shut valve lets nothing of its stream out,
// also nothing that is sent again because it was lost.
type valves struct {
	interceptor.NoOp

	mu   sync.Mutex // guards everything that follows
	shut map[uint32]*valve
}

// A valve is one stream's, with its counters.
type valve struct {
	shut           atomic.Bool
	packets, bytes atomic.Uint64
}

func newValves() *valves { return &valves{shut: make(map[uint32]*valve)} }

// NewInterceptor makes valves their own factory: a peer has one set.
func (v *valves) NewInterceptor(string) (interceptor.Interceptor, error) { return v, nil }

// of returns the valve of the stream with the given source.
func (v *valves) of(ssrc uint32) *valve {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.shut[ssrc] == nil {
		v.shut[ssrc] = new(valve)
	}
	return v.shut[ssrc]
}

// BindLocalStream puts the valve of a stream in its way. What a responder
// sends again passes here as well, under the source of the retransmissions.
func (v *valves) BindLocalStream(info *interceptor.StreamInfo, next interceptor.RTPWriter) interceptor.RTPWriter {
	mine := v.of(info.SSRC)
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if mine.shut.Load() {
			return 0, nil
		}
		n, err := next.Write(h, payload, a)
		if err == nil && n > 0 {
			mine.packets.Add(1)
			mine.bytes.Add(uint64(h.MarshalSize() + len(payload)))
		}
		return n, err
	})
}

// errProbe ends a look at a stream that was not announced yet.
var errProbe = errors.New("not announced yet")

// BindRemoteStream keeps pion from guessing what a stream is that comes before
// its description: it would read some packets for that, beside the reader that
// the description brings about, and lose them. Such a guess is the only time
// that pion names a payload type here. The packets wait meanwhile.
func (v *valves) BindRemoteStream(info *interceptor.StreamInfo, next interceptor.RTPReader) interceptor.RTPReader {
	if info.PayloadType == 0 {
		return next
	}
	return interceptor.RTPReaderFunc(func([]byte, interceptor.Attributes) (int, interceptor.Attributes, error) {
		return 0, nil, errProbe
	})
}

// UnbindLocalStream forgets the valve.
func (v *valves) UnbindLocalStream(info *interceptor.StreamInfo) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.shut, info.SSRC)
}
