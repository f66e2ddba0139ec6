package rtc

import (
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
)

// repairs is the interceptor below pion's responder. It gives every
// retransmission a header of its own, as the interceptors below write into it
// and the same packet may be sent again twice at once; and it names the stream
// that is repaired, which pion leaves out: without it no server knows where a
// packet of one of several sizes belongs (RFC 8852, section 3).
type repairs struct{ interceptor.NoOp }

// NewInterceptor makes repairs its own factory: it has no state.
func (r *repairs) NewInterceptor(string) (interceptor.Interceptor, error) { return r, nil }

// BindLocalStream lets packets of the stream itself pass as they are.
func (*repairs) BindLocalStream(info *interceptor.StreamInfo, next interceptor.RTPWriter) interceptor.RTPWriter {
	rid, repaired := extension(info, sdp.SDESRTPStreamIDURI), extension(info, sdp.SDESRepairRTPStreamIDURI)
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if h.SSRC == info.SSRC {
			return next.Write(h, payload, a)
		}
		own := h.Clone()
		if name := own.GetExtension(rid); name != nil && repaired != 0 {
			if err := own.DelExtension(rid); err != nil {
				return 0, err
			}
			if err := own.SetExtension(repaired, name); err != nil {
				return 0, err
			}
		}
		return next.Write(&own, payload, a)
	})
}

// extension is the number that was settled for a header extension; 0 is none.
func extension(info *interceptor.StreamInfo, uri string) uint8 {
	for _, x := range info.RTPHeaderExtensions {
		if x.URI == uri {
			return uint8(x.ID)
		}
	}
	return 0
}
