package livekit

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
)

// Targets of livekit.SignalTarget.
const (
	targetPublisher  = 0
	targetSubscriber = 1
)

const reliableLabel = "_reliable"

// peers are the media connections: one for both ways, or one each.
type peers struct {
	pub, sub *rtc.Peer // the same with one connection
	reliable *rtc.Channel
	primary  int32 // the target whose state is the session's

	generation int     // grows by one each time the room is entered
	up, open   [2]bool // by target: the way is there; messages get through
}

func (p *peers) of(target int32) *rtc.Peer {
	if target == targetSubscriber {
		return p.sub
	}
	return p.pub
}

func (p *peers) all() []*rtc.Peer {
	switch {
	case p.pub == nil:
		return nil
	case p.sub == p.pub || p.sub == nil:
		return []*rtc.Peer{p.pub}
	}
	return []*rtc.Peer{p.pub, p.sub}
}

func (p *peers) close(ctx context.Context, log *slog.Logger) {
	for _, x := range p.all() {
		if err := x.Close(ctx); err != nil && log != nil {
			log.Debug("close media", "err", err)
		}
	}
}

func (p *peers) rtt() time.Duration {
	for _, x := range p.all() {
		if d := x.RTT(); d > 0 {
			return d
		}
	}
	return 0
}

func (p *peers) estimate() int {
	if p.pub == nil {
		return 0
	}
	return p.pub.Up()
}

func (p *peers) header() int {
	if p.pub == nil {
		return 0
	}
	return p.pub.Header()
}

func (p *peers) bytes() (up, down uint64) {
	for _, x := range p.all() {
		u, d := x.Bytes()
		up, down = up+u, down+d
	}
	return up, down
}

// newPeers makes the media connections for a join.
func (s *session) newPeers(j *wire.JoinResponse) (p peers, err error) {
	s.mu.Lock()
	p.generation = s.peers.generation + 1
	s.mu.Unlock()
	const forced = 2 // livekit.ClientConfigSetting_ENABLED
	set := s.rtcSettings(j.IceServers, j.GetClientConfiguration().GetForceRelay() == forced)
	if p.pub, err = rtc.NewPeer(set, s.handlers(targetPublisher, p.generation)); err != nil {
		return p, err
	}
	p.sub = p.pub
	if s.mode == TwoPeers {
		if p.sub, err = rtc.NewPeer(set, s.handlers(targetSubscriber, p.generation)); err != nil {
			return p, err
		}
		if j.SubscriberPrimary {
			p.primary = targetSubscriber
		}
	}
	if p.reliable, err = p.pub.OpenChannel(reliableLabel, true); err != nil {
		return p, err
	}
	// The first description settles for good which codecs a connection knows, so
	// it must show all, before a track of ours narrows them down.
	if err = p.pub.ExpectTracks(1, 1); err != nil {
		return p, err
	}
	// The server counts a connection as open only with both channels.
	_, err = p.pub.OpenChannel("_lossy", false)
	return p, err
}

// desk is what only the desk's goroutine touches: how far the descriptions are.
type desk struct {
	waiting bool // for an answer
	again   bool // then offer once more
	restart bool // and look for a new way
	offer   uint32
}

// runDesk does what changes descriptions, one at a time.
func (s *session) runDesk() {
	for {
		select {
		case <-s.done:
			return
		case f := <-s.tasks:
			f()
		}
	}
}

// atDesk hands f to the desk; it waits while the desk has too much to do.
func (s *session) atDesk(f func()) {
	select {
	case s.tasks <- f:
	case <-s.done:
	}
}

// offer is the desk's: it describes what we send and receive, now or as soon
// as the last offer was answered.
func (s *session) offer(restart bool) {
	d := &s.desk
	d.restart = d.restart || restart
	if d.waiting {
		d.again = true
		return
	}
	sdp, err := s.pub().Offer(d.restart)
	if err != nil {
		s.broken(err)
		return
	}
	d.waiting, d.again, d.restart = true, false, false
	s.sendOffer(sdp)
}

func (s *session) sendOffer(sdp string) {
	s.desk.offer++
	s.send(&wire.SignalRequest{Message: &wire.SignalRequest_Offer{Offer: &wire.SessionDescription{Type: "offer", Sdp: sdp, Id: s.desk.offer}}})
}

// reoffer is the desk's: after a cut it repeats what may have been lost. Where
// media no longer gets through, it looks for a new way.
func (s *session) reoffer() {
	s.mu.Lock()
	restart := !s.peers.up[targetPublisher]
	s.mu.Unlock()
	if sdp := s.pub().Pending(); sdp != "" {
		s.desk.waiting, s.desk.again, s.desk.restart = true, true, restart
		s.sendOffer(sdp)
		return
	}
	s.desk.waiting = false
	s.offer(restart)
}

// answered is the desk's.
func (s *session) answered(a *wire.SessionDescription) {
	d := &s.desk
	if !d.waiting || a.Id != 0 && a.Id != d.offer {
		return
	}
	d.waiting = false
	if err := s.pub().Accept(a.Sdp); err != nil {
		s.broken(err)
		return
	}
	if d.again {
		s.offer(d.restart)
	}
}

// offered is the desk's: the server describes what it sends, on the second
// connection.
func (s *session) offered(o *wire.SessionDescription) {
	s.mu.Lock()
	sub, pub := s.peers.sub, s.peers.pub
	s.mu.Unlock()
	if sub == pub {
		s.broken(fmt.Errorf("an offer on the only connection: %w", errBroken))
		return
	}
	sdp, err := sub.Answer(o.Sdp)
	if err != nil {
		s.broken(err)
		return
	}
	s.send(&wire.SignalRequest{Message: &wire.SignalRequest_Answer{Answer: &wire.SessionDescription{Type: "answer", Sdp: sdp, Id: o.Id}}})
}

// expect is the desk's: the server wants room for so many tracks.
func (s *session) expect(m *wire.MediaSectionsRequirement) {
	const most = 200 // at once
	if err := s.pub().ExpectTracks(int(min(m.NumAudios, most)), int(min(m.NumVideos, most))); err != nil {
		s.broken(err)
		return
	}
	s.offer(false)
}

func (s *session) pub() *rtc.Peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peers.pub
}

// broken ends a session whose server does not keep to the protocol.
func (s *session) broken(err error) {
	if s.over() {
		return
	}
	if s.kit.Log != nil {
		s.kit.Log.Debug("protocol broken", "err", err)
	}
	s.end(sfu.Ended{Why: sfu.Broken})
}

// trickled is a candidate as signalling carries it.
type trickled struct {
	Candidate string  `json:"candidate"`
	Mid       *string `json:"sdpMid,omitempty"`
	Part      *int    `json:"sdpMLineIndex,omitempty"`
	User      *string `json:"usernameFragment,omitempty"`
}

func (s *session) sendCandidate(target int32, c rtc.Candidate) {
	if c.Line == "" {
		return
	}
	b, err := json.Marshal(trickled{Candidate: c.Line, Mid: &c.Mid, Part: &c.Part})
	if err != nil {
		return
	}
	s.send(&wire.SignalRequest{Message: &wire.SignalRequest_Trickle{Trickle: &wire.TrickleRequest{CandidateInit: string(b), Target: target}}})
}

// trickle is the desk's: a place where the server may be reached.
func (s *session) trickle(m *wire.TrickleRequest) {
	var t trickled
	if json.Unmarshal([]byte(m.CandidateInit), &t) != nil {
		return
	}
	c := rtc.Candidate{Line: t.Candidate}
	if t.Mid != nil {
		c.Mid = *t.Mid
	}
	s.mu.Lock()
	p := s.peers.of(m.Target)
	s.mu.Unlock()
	if err := p.AddCandidate(c); err != nil && s.kit.Log != nil {
		s.kit.Log.Debug("candidate", "err", err)
	}
}

// mediaState takes the state of a media connection.
func (s *session) mediaState(target int32, st rtc.State) {
	s.mu.Lock()
	switch st {
	case rtc.Connected:
		s.peers.up[target] = true
	case rtc.Shaky, rtc.Failed, rtc.Closed:
		s.peers.up[target] = false
		s.doubt(doubtTime)
	case rtc.Connecting:
	}
	s.ready()
	s.tellLink()
	l := s.line
	s.mu.Unlock()
	switch {
	case l == nil, !s.kit.Online():
	case st == rtc.Shaky && target == targetPublisher: // the network may be another one now
		s.atDesk(func() { s.offer(true) })
	case st == rtc.Shaky, st == rtc.Failed: // the server looks for a new way when we resume
		l.close()
	}
}

// opened takes that messages get through.
func (s *session) opened(target int32, label string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if label == reliableLabel {
		s.peers.open[target] = true
		s.ready()
		s.tellLink()
	}
}

// ready lets Join return when media and messages get through: what others say
// before that is lost. It must be called with mu held.
func (s *session) ready() {
	if p := s.peers.primary; !s.open && s.peers.up[p] && s.peers.open[p] {
		s.open = true
		close(s.connected)
	}
}

// tellLink must be called with mu held.
func (s *session) tellLink() {
	now := sfu.LinkResuming
	if p := s.peers.primary; s.line != nil && s.peers.up[p] && s.peers.open[p] {
		now = sfu.LinkUp
	}
	if s.open && now != s.link {
		s.link = now
		s.put(sfu.LinkChanged{Link: now})
	}
}
