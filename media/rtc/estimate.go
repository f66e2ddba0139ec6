package rtc

import (
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/cc"
	"github.com/pion/interceptor/pkg/gcc"
)

// An estimator is pion's congestion control with each stream's packets on a
// way of their own. Pion's own pacers find a stream by the source number of a
// packet, know no retransmissions, and drop them.
type estimator struct {
	*gcc.SendSideBWE
	straight *straight
}

func (p *Peer) newEstimator() (cc.BandwidthEstimator, error) {
	s := new(straight)
	e, err := gcc.NewSendSideBWE(gcc.SendSideBWEPacer(s), gcc.SendSideBWEInitialBitrate(firstEstimate),
		gcc.SendSideBWEMinBitrate(leastEstimate), gcc.SendSideBWEMaxBitrate(mostEstimate), gcc.WithLoggerFactory(p.log))
	if err != nil {
		return nil, err
	}
	return &estimator{e, s}, nil
}

// AddStream returns the writer that counts what it passes on.
func (e *estimator) AddStream(info *interceptor.StreamInfo, next interceptor.RTPWriter) interceptor.RTPWriter {
	e.straight.mu.Lock()
	defer e.straight.mu.Unlock()
	e.SendSideBWE.AddStream(info, next)
	return e.straight.RTPWriter
}

// straight is a pacer that sends at once: the encoders keep to their rates, and
// what waits is late.
type straight struct {
	mu sync.Mutex // guards everything that follows, for the estimator

	interceptor.RTPWriter // of the stream that was added last
}

func (s *straight) AddStream(_ uint32, w interceptor.RTPWriter) { s.RTPWriter = w }
func (s *straight) SetTargetBitrate(int)                        {}
func (s *straight) Close() error                                { return nil }
