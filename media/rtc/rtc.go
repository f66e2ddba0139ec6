// Package rtc sends and receives media in real time. It is the only user of
// pion/webrtc, and knows nothing of rooms: a connector negotiates with its
// server and tells a Peer what came of it.
//
//	Outlet.Send → packer → RTP → interceptors → valve → SRTP → guard's socket
//	guard's socket → SRTP → interceptors → assembler → Inlet.Receive
//
// 2026-11: ICE runs over UDP and over relays (UDP, TCP, TLS). Plain TCP
// candidates are left out: pion dials them by itself, past the guard.
//
// 2026-11: packers and assemblers are our own. Those of pion allocate for
// every frame, and its sample builder gives up frames by count instead of by
// time. What pion's interceptors allocate per packet remains.
package rtc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/cc"
	"github.com/pion/rtcp"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"paravent/media/budget"
	"paravent/privacy/egress"
)

// Settings are what a peer is made for.
type Settings struct {
	Lane      *egress.Lane // the guard's sockets
	RelayOnly bool         // media goes through relays only: the other side sees no address of this machine
	NoHost    bool         // tell the other side no address of this machine; it sees where packets come from
	Loopback  bool         // the other side is this machine itself
	Relays    []Relay      // as the other side named them
	Phone     bool         // offer to take telephone sound (G.711) too, which is then forgotten
	Log       *slog.Logger
}

// Handlers are told what happens. They must return soon and are not called
// after Close has returned.
type Handlers struct {
	Candidate func(Candidate)                 // of this side, for the other
	State     func(State)                     // of the way to the other side
	Remote    func(*Remote)                   // a stream begins
	Open      func(label string)              // a channel carries messages from now on
	Data      func(label string, data []byte) // a message; data is the handler's
	// Host is asked whether a host that the other side named may be spoken to.
	Host func(why egress.Purpose, host string, at egress.Port) bool
}

// A State is how the way to the other side is.
type State string

// The states.
const (
	Connecting State = "connecting"
	Connected  State = "connected"
	Shaky      State = "shaky" // nothing has come for some seconds
	Failed     State = "failed"
	Closed     State = "closed"
)

// A Peer is one end of a connection for media and data. Its methods may be
// called by several goroutines, but one at a time may negotiate.
type Peer struct {
	pc       *webrtc.PeerConnection
	on       Handlers
	log      journal
	wire     *wire
	network  transport.Net
	valves   *valves
	told     told
	lane     *egress.Lane // nil in tests that have no guard
	loopback bool
	done     chan struct{}
	working  sync.WaitGroup

	mu        sync.Mutex // guards everything that follows
	estimator cc.BandwidthEstimator
	ceiling   int
	outlets   []*Outlet
	early     []Candidate // that came before the description
	described bool
	isClosed  bool
}

type attributes = interceptor.Attributes

// srtpProfiles prefers authenticated encryption (RFC 7714); the last is for
// servers that know nothing better, as RFC 8827, section 6.5, demands.
func srtpProfiles() []dtls.SRTPProtectionProfile {
	return []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80}
}

// NewPeer returns a peer that has not met the other side yet. Its certificate
// is made for it alone (ECDSA over P-256).
func NewPeer(s Settings, on Handlers) (*Peer, error) {
	count := new(wire)
	return newPeer(s, on, count, &sockets{media: s.Lane, relay: s.Lane.For(egress.Relay), loopback: s.Loopback, count: count, names: make(map[netip.Addr]string)})
}

// newPeer uses any network, also one that a test makes.
func newPeer(s Settings, on Handlers, count *wire, network transport.Net) (*Peer, error) {
	p := &Peer{wire: count, network: network, on: on, log: journal{s.Log}, valves: newValves(), lane: s.Lane, loopback: s.Loopback, done: make(chan struct{})}
	p.told = told{noHost: s.NoHost || s.RelayOnly, relayOnly: s.RelayOnly}
	thin := s.Lane != nil && isThin(s.Lane.Bounds())
	media, err := mediaEngine(s.Phone, thin)
	if err != nil {
		return nil, err
	}
	chain, err := p.interceptors(thin)
	if err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(p.settings(s, network, thin)))
	config := webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle, ICEServers: p.relays(s.Relays)}
	if s.RelayOnly {
		config.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	if p.pc, err = api.NewPeerConnection(config); err != nil {
		return nil, fmt.Errorf("new peer: %w", err)
	}
	p.listen()
	p.working.Go(p.watch)
	return p, nil
}

func (p *Peer) listen() {
	p.pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if p.closing() {
			return
		}
		if c == nil {
			p.on.Candidate(Candidate{})
			return
		}
		j := c.ToJSON()
		line, ok := p.told.candidate(j.Candidate)
		if !ok {
			return
		}
		out := Candidate{Line: line}
		if j.SDPMid != nil {
			out.Mid = *j.SDPMid
		}
		if j.SDPMLineIndex != nil {
			out.Part = int(*j.SDPMLineIndex)
		}
		p.on.Candidate(out)
	})
	p.pc.OnICEConnectionStateChange(func(s webrtc.ICEConnectionState) {
		switch {
		case s == webrtc.ICEConnectionStateDisconnected:
			p.tell(Shaky)
		case s == webrtc.ICEConnectionStateFailed:
			p.tell(Failed)
		case s == webrtc.ICEConnectionStateConnected && p.pc.ConnectionState() == webrtc.PeerConnectionStateConnected:
			p.tell(Connected)
		}
	})
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		states := map[webrtc.PeerConnectionState]State{
			webrtc.PeerConnectionStateConnecting: Connecting, webrtc.PeerConnectionStateConnected: Connected,
			webrtc.PeerConnectionStateFailed: Failed, webrtc.PeerConnectionStateClosed: Closed,
		}
		if word, ok := states[s]; ok {
			p.tell(word)
		}
	})
	p.pc.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		name, ok := codecNamed(t.Codec().MimeType)
		if !ok || p.closing() {
			return
		}
		mid := ""
		if tr := r.RTPTransceiver(); tr != nil {
			mid = tr.Mid()
		}
		remote := &Remote{ID: t.ID(), Stream: t.StreamID(), Mid: mid, peer: p, track: t, receiver: r}
		remote.name.Store(name)
		p.on.Remote(remote)
		remote.read()
	})
	p.pc.OnDataChannel(func(d *webrtc.DataChannel) { p.hear(d, func() {}) })
}

func (p *Peer) tell(s State) {
	if !p.closing() {
		p.on.State(s)
	}
}

func (p *Peer) closing() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *Peer) add(o *Outlet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outlets = append(p.outlets, o)
}

func (p *Peer) remove(o *Outlet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outlets = slices.DeleteFunc(p.outlets, func(x *Outlet) bool { return x == o })
}

func (p *Peer) writeRTCP(packets ...rtcp.Packet) error {
	if err := p.pc.WriteRTCP(packets); err != nil && !p.closing() {
		return fmt.Errorf("ask: %w", err)
	}
	return nil
}

// Doubt has the way show that it still carries something, as after a change of the
// network: if nothing comes within the given time it is Shaky, which otherwise takes
// three seconds. The other side of a way that is well says something every second. A way
// from an address that this machine no longer has is Shaky at once.
func (p *Peer) Doubt(within time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isClosed {
		p.working.Go(func() { p.prove(within) })
	}
}

func (p *Peer) prove(within time.Duration) {
	before := p.wire.down.Load()
	if p.stray() {
		within = 0
	}
	if !p.pass(within) || p.wire.down.Load() != before || p.pc.ICEConnectionState() != webrtc.ICEConnectionStateConnected {
		return
	}
	p.tell(Shaky)
	// What pion has not noticed it will not say the end of.
	for p.pass(100*time.Millisecond) && p.pc.ICEConnectionState() == webrtc.ICEConnectionStateConnected {
		if p.wire.down.Load() != before {
			p.tell(Connected)
			return
		}
	}
}

// stray reports whether the way begins at an address that this machine has no more.
func (p *Peer) stray() bool {
	if p.pc.ICEConnectionState() != webrtc.ICEConnectionStateConnected {
		return false
	}
	pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return false
	}
	from := pair.Local.Address
	switch pair.Local.Typ {
	case webrtc.ICECandidateTypeSrflx, webrtc.ICECandidateTypePrflx:
		from = pair.Local.RelatedAddress
	case webrtc.ICECandidateTypeRelay, webrtc.ICECandidateTypeUnknown:
		return false
	case webrtc.ICECandidateTypeHost:
	}
	s, ok := p.network.(*sockets)
	return ok && s.lacks(from)
}

// pass lets time pass; false if the peer is closed meanwhile.
func (p *Peer) pass(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-p.done:
		return false
	}
}

// RTT is how long a packet takes to the other side and back; 0 if unknown.
func (p *Peer) RTT() time.Duration {
	if s := p.pc.ICEConnectionState(); s != webrtc.ICEConnectionStateConnected && s != webrtc.ICEConnectionStateCompleted {
		return 0 // and pion must not be asked while the transport begins
	}
	s, ok := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
	if !ok {
		return 0
	}
	return time.Duration(s.CurrentRoundTripTime * float64(time.Second))
}

// Header is how many bytes each packet of sound takes beside the sound; 0 while the way
// is not open. A relay is taken to be the dearest kind.
func (p *Peer) Header() int {
	if s := p.pc.ICEConnectionState(); s != webrtc.ICEConnectionStateConnected && s != webrtc.ICEConnectionStateCompleted {
		return 0
	}
	pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	switch {
	case err != nil || pair == nil:
		return 0
	case pair.Local.Typ == webrtc.ICECandidateTypeRelay:
		return budget.Relayed
	case strings.Contains(pair.Remote.Address, ":"):
		return budget.DirectIPv6
	}
	return budget.DirectIPv4
}

// Bytes counts what went over the wire, with the headers of UDP and IP.
func (p *Peer) Bytes() (up, down uint64) { return p.wire.up.Load(), p.wire.down.Load() }

// Close ends the connection and returns when nothing of it runs any more, or
// when ctx is done.
func (p *Peer) Close(ctx context.Context) error {
	p.mu.Lock()
	if p.isClosed {
		p.mu.Unlock()
		return nil
	}
	p.isClosed = true
	for _, o := range p.outlets {
		o.done.Store(true)
	}
	p.mu.Unlock()
	close(p.done)
	ended := make(chan error, 1)
	go func() {
		err := p.pc.GracefulClose()
		p.working.Wait()
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, webrtc.ErrConnectionClosed) {
			return fmt.Errorf("close: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close: %w", ctx.Err())
	}
}
