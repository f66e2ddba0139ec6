package rtc

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/cc"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"paravent/media/codec"
	"paravent/privacy/egress"
)

// Header extensions that pion has no constant for.
const (
	absSendTimeURI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
)

const (
	soundClock   = 48000 // Hz; RFC 7587, section 4.1
	pictureClock = 90000 // Hz
)

func clockOf(name codec.Name) int64 {
	if name == codec.Opus {
		return soundClock
	}
	return pictureClock
}

// offers lists how each codec is offered, the preferred form first. Chromium
// and LiveKit use the same payload types, so that an answer changes nothing.
func offers(name codec.Name) []webrtc.RTPCodecParameters {
	const h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
	picture := func(mime, fmtp string, pt webrtc.PayloadType) []webrtc.RTPCodecParameters {
		return []webrtc.RTPCodecParameters{
			{PayloadType: pt, RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: mime, ClockRate: pictureClock, SDPFmtpLine: fmtp,
				RTCPFeedback: []webrtc.RTCPFeedback{
					{Type: "goog-remb"},
					{Type: "ccm", Parameter: "fir"},
					{Type: "nack"},
					{Type: "nack", Parameter: "pli"},
					{Type: "transport-cc"},
				},
			}},
			{PayloadType: pt + 1, RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeRTX, ClockRate: pictureClock, SDPFmtpLine: fmt.Sprintf("apt=%d", pt),
			}},
		}
	}
	switch name {
	case codec.Opus:
		return []webrtc.RTPCodecParameters{{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: soundClock, Channels: 2,
			SDPFmtpLine:  "minptime=10;useinbandfec=1",
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "transport-cc"}},
		}}}
	case codec.VP8:
		return picture(webrtc.MimeTypeVP8, "", 96)
	case codec.VP9:
		return picture(webrtc.MimeTypeVP9, "profile-id=0", 98)
	case codec.H264:
		return append(picture(webrtc.MimeTypeH264, h264+"42e01f", 106), picture(webrtc.MimeTypeH264, h264+"42001f", 102)...)
	case codec.AV1:
		return picture(webrtc.MimeTypeAV1, "", 45)
	}
	return nil
}

// codecs are all that a peer offers to receive, the preferred first.
func codecs() []codec.Name {
	return []codec.Name{codec.Opus, codec.VP8, codec.VP9, codec.H264, codec.AV1}
}

// codecNamed is the word for a MIME type such as "video/VP8".
func codecNamed(mime string) (codec.Name, bool) {
	_, sub, _ := strings.Cut(strings.ToLower(mime), "/")
	name := codec.Name(sub)
	return name, slices.Contains(codecs(), name)
}

// phone is what RFC 7874, section 3, demands beside Opus. Some servers put it in
// place of sound that there is not, and give up where it is not offered.
func phone() []webrtc.RTPCodecParameters {
	return []webrtc.RTPCodecParameters{
		{PayloadType: 0, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}},
		{PayloadType: 8, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}},
	}
}

func mediaEngine(withPhone, thin bool) (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	for _, name := range codecs() {
		kind := webrtc.RTPCodecTypeVideo
		if name == codec.Opus {
			kind = webrtc.RTPCodecTypeAudio
		}
		for _, c := range offers(name) {
			if err := m.RegisterCodec(c, kind); err != nil {
				return nil, fmt.Errorf("register %s: %w", name, err)
			}
		}
	}
	if withPhone {
		for _, c := range phone() {
			if err := m.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
				return nil, fmt.Errorf("register telephone sound: %w", err)
			}
		}
	}
	for _, e := range []struct {
		uri            string
		sound, picture bool
	}{
		{sdp.SDESMidURI, true, true},
		{sdp.SDESRTPStreamIDURI, false, true},
		{sdp.SDESRepairRTPStreamIDURI, false, true},
		{absSendTimeURI, true, true},
		{sdp.TransportCCURI, true, true},
		{sdp.AudioLevelURI, true, false},
	} {
		if thin && (e.uri == absSendTimeURI || e.uri == sdp.TransportCCURI) {
			continue
		}
		for kind, on := range map[webrtc.RTPCodecType]bool{webrtc.RTPCodecTypeAudio: e.sound, webrtc.RTPCodecTypeVideo: e.picture} {
			if !on {
				continue
			}
			if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: e.uri}, kind); err != nil {
				return nil, fmt.Errorf("register extension: %w", err)
			}
		}
	}
	return m, nil
}

// firstEstimate is what the way up is taken to carry before it was measured,
// in bits per second. leastEstimate keeps sound alive.
const (
	firstEstimate = 1_000_000
	leastEstimate = 24_000
	mostEstimate  = 20_000_000
)

// interceptors are built from the socket outwards: what is registered first is
// nearest to it. The valves come first, so that they hold back also what the
// responder sends again; the estimator sees every packet that leaves.
//
// On a thin way there are no numbers across the whole way and no feedback on them: at
// ten reports a second they take 6 kbit/s in each direction, a quarter of what two
// people need to speak. What may be sent is known there: it was said.
func (p *Peer) interceptors(thin bool) (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	r.Add(p.valves)
	estimate, err := cc.NewInterceptor(p.newEstimator)
	if err != nil {
		return nil, fmt.Errorf("bandwidth estimate: %w", err)
	}
	estimate.OnNewPeerConnection(func(_ string, e cc.BandwidthEstimator) { p.estimator = e })
	number, err := twcc.NewHeaderExtensionInterceptor()
	if err != nil {
		return nil, fmt.Errorf("transport-wide numbers: %w", err)
	}
	again, err := nack.NewResponderInterceptor(nack.ResponderSize(512), nack.WithResponderLoggerFactory(p.log))
	if err != nil {
		return nil, fmt.Errorf("retransmission: %w", err)
	}
	missing, err := nack.NewGeneratorInterceptor(nack.GeneratorInterval(30*time.Millisecond), nack.GeneratorMaxNacksPerPacket(8),
		nack.WithGeneratorLoggerFactory(p.log))
	if err != nil {
		return nil, fmt.Errorf("retransmission: %w", err)
	}
	every := reportEvery
	if thin {
		every = thinReportEvery
	}
	got, err := report.NewReceiverInterceptor(report.ReceiverInterval(every), report.WithReceiverLoggerFactory(p.log))
	if err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	sent, err := report.NewSenderInterceptor(report.SenderInterval(every), report.WithSenderLoggerFactory(p.log))
	if err != nil {
		return nil, fmt.Errorf("reports: %w", err)
	}
	feedback, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(p.log))
	if err != nil {
		return nil, fmt.Errorf("transport-wide feedback: %w", err)
	}
	chain := []interceptor.Factory{estimate, number, &repairs{}, again, missing, got, sent, feedback}
	if thin {
		chain = []interceptor.Factory{&repairs{}, again, missing, got, sent}
	}
	for _, f := range chain {
		r.Add(f)
	}
	return r, nil
}

// thinBelow is the bound, in bits per second and either direction, below which a way
// is thin.
const thinBelow = 300_000

// isThin reports whether a bound makes a way thin.
func isThin(b egress.Bounds) bool {
	return b.Up > 0 && b.Up < thinBelow || b.Down > 0 && b.Down < thinBelow
}

// How often each stream is reported on, and how often a way that is well shows so.
const (
	reportEvery     = time.Second
	thinReportEvery = 3 * time.Second
	aliveEvery      = time.Second
	thinAliveEvery  = 2 * time.Second
)

// settings say how pion reaches the network: only through the guard's sockets,
// without mDNS, without TCP candidates (pion opens those past transport.Net).
func (p *Peer) settings(s Settings, network transport.Net, thin bool) webrtc.SettingEngine {
	e := webrtc.SettingEngine{LoggerFactory: p.log}
	e.SetNet(network)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.DisableActiveTCP(true)
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	e.SetIncludeLoopbackCandidate(s.Loopback)
	if thin {
		e.SetICETimeouts(3*thinAliveEvery, 10*thinAliveEvery, thinAliveEvery)
	} else {
		e.SetICETimeouts(3*aliveEvery, 10*aliveEvery, aliveEvery)
	}
	e.SetSrflxAcceptanceMinWait(100 * time.Millisecond)
	e.SetPrflxAcceptanceMinWait(200 * time.Millisecond)
	e.SetRelayAcceptanceMinWait(500 * time.Millisecond)
	e.SetSRTPProtectionProfiles(srtpProfiles()...)
	e.SetReceiveMTU(maxDatagram)
	e.SetFireOnTrackBeforeFirstRTP(false)
	return e
}
