package rtc

import (
	"errors"
	"fmt"

	"github.com/pion/webrtc/v4"
)

// Offer describes what this side wants to send and receive. restart looks for
// a new way to the other side.
func (p *Peer) Offer(restart bool) (string, error) {
	d, err := p.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return "", fmt.Errorf("offer: %w", err)
	}
	if err := p.pc.SetLocalDescription(d); err != nil {
		return "", fmt.Errorf("offer: %w", err)
	}
	return p.told.description(d.SDP), nil
}

// Draft describes what this side wants to send and receive, without beginning to
// look for a way: UseRelays may come before Keep, and so may an offer of the
// other side, in place of which the draft is forgotten.
func (p *Peer) Draft() (string, error) {
	d, err := p.pc.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("offer: %w", err)
	}
	return d.SDP, nil
}

// Keep makes the last draft this side's offer. From now on candidates are told.
func (p *Peer) Keep(draft string) error {
	if err := p.pc.SetLocalDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: draft}); err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	return nil
}

// UseRelays replaces the relays. Those that may not be spoken to are left out.
func (p *Peer) UseRelays(rs []Relay) error {
	c := p.pc.GetConfiguration()
	c.ICEServers = p.relays(rs)
	if err := p.pc.SetConfiguration(c); err != nil {
		return fmt.Errorf("relays: %w", err)
	}
	return nil
}

// Accept takes the other side's answer to our offer.
func (p *Peer) Accept(answer string) error {
	return p.describe(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

// Answer takes the other side's offer and returns our answer.
func (p *Peer) Answer(offer string) (string, error) {
	if err := p.describe(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	d, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	if err := p.pc.SetLocalDescription(d); err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	return p.told.description(d.SDP), nil
}

// describe takes what the other side says of itself. It may be anything.
func (p *Peer) describe(d webrtc.SessionDescription) error {
	d.SDP = p.sift(d.SDP)
	// A track that the other side takes no codec of is not the end of the rest.
	if err := p.pc.SetRemoteDescription(d); err != nil && !errors.Is(err, webrtc.ErrUnsupportedCodec) {
		return fmt.Errorf("take %s: %w", d.Type, err)
	}
	p.mu.Lock()
	p.described = true
	early := p.early
	p.early = nil
	p.mu.Unlock()
	for _, c := range early {
		if err := p.take(c); err != nil {
			return err
		}
	}
	return nil
}

// maxEarly bounds the candidates that may come before the description.
const maxEarly = 64

// AddCandidate takes a place where the other side may be reached. Those that
// may not be used are left out without a word: the guard has a record.
func (p *Peer) AddCandidate(c Candidate) error {
	p.mu.Lock()
	if !p.described {
		if len(p.early) < maxEarly {
			p.early = append(p.early, c)
		}
		p.mu.Unlock()
		return nil
	}
	p.mu.Unlock()
	return p.take(c)
}

func (p *Peer) take(c Candidate) error {
	if c.Line == "" || !p.fit(c) {
		return nil
	}
	init := webrtc.ICECandidateInit{Candidate: c.Line}
	if c.Mid != "" {
		init.SDPMid = &c.Mid
	}
	if c.User != "" {
		init.UsernameFragment = &c.User
	}
	if err := p.pc.AddICECandidate(init); err != nil {
		return fmt.Errorf("candidate: %w", err)
	}
	return nil
}

// Pending returns our offer that has no answer yet, to send it once more: pion
// can neither take it back nor make another. It is empty if there is none.
func (p *Peer) Pending() string {
	if d := p.pc.PendingLocalDescription(); d != nil && d.Type == webrtc.SDPTypeOffer {
		return p.told.description(d.SDP)
	}
	return ""
}

// Descriptions returns what each side said of itself last; empty if it has
// said nothing yet.
func (p *Peer) Descriptions() (ours, theirs string) {
	if d := p.pc.CurrentLocalDescription(); d != nil {
		ours = p.told.description(d.SDP)
	}
	if d := p.pc.CurrentRemoteDescription(); d != nil {
		theirs = d.SDP
	}
	return ours, theirs
}

// ExpectTracks makes room for so many more streams of the other side, which
// the next offer shows.
func (p *Peer) ExpectTracks(sounds, pictures int) error {
	for n := range sounds + pictures {
		kind := webrtc.RTPCodecTypeAudio
		if n >= sounds {
			kind = webrtc.RTPCodecTypeVideo
		}
		if _, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			return fmt.Errorf("expect tracks: %w", err)
		}
	}
	return nil
}
