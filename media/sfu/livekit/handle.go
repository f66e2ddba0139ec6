package livekit

import (
	"time"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/secret"
)

// enter takes what the server says of the room and of us, and makes the media
// connections. The events that it puts are the session's first.
func (s *session) enter(j *wire.JoinResponse) error {
	p, err := s.newPeers(j)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peers = p
	if err != nil {
		return err
	}
	s.pings = pings{every: seconds(j.PingInterval, 5, 1, 30), patience: seconds(j.PingTimeout, 15, 3, 30)}
	s.room = sfu.Foreign(j.Room.Name)
	s.number = j.Participant.Sid
	s.injected = j.SifTrailer
	s.codecs = enabled(j.EnabledPublishCodecs)
	s.takeSelf(j.Participant)
	for _, o := range j.OtherParticipants {
		s.takePerson(o)
	}
	s.setRecording(j.Room.ActiveRecording)
	s.link = sfu.LinkUp
	return nil
}

// seconds reads a duration of the server's, within bounds.
func seconds(n, otherwise, least, most int32) time.Duration {
	if n <= 0 {
		n = otherwise
	}
	return time.Duration(min(max(n, least), most)) * time.Second
}

// setRecording must be called with mu held.
func (s *session) setRecording(on bool) {
	if s.record != on {
		s.record = on
		s.put(sfu.RecordingChanged{On: on})
	}
}

// handle takes one message of the server. It is called by one goroutine, which
// may wait for the desk.
func (s *session) handle(m *wire.SignalResponse) {
	switch m := m.Message.(type) {
	case *wire.SignalResponse_Answer:
		s.atDesk(func() { s.answered(m.Answer) })
	case *wire.SignalResponse_Offer:
		s.atDesk(func() { s.offered(m.Offer) })
	case *wire.SignalResponse_Trickle:
		s.atDesk(func() { s.trickle(m.Trickle) })
	case *wire.SignalResponse_MediaSectionsRequirement:
		s.atDesk(func() { s.expect(m.MediaSectionsRequirement) })
	case *wire.SignalResponse_TrackPublished:
		s.published(m.TrackPublished)
	case *wire.SignalResponse_Mute:
		s.mutedByServer(m.Mute)
	case *wire.SignalResponse_SubscribedQualityUpdate:
		s.wanted(m.SubscribedQualityUpdate)
	case *wire.SignalResponse_SubscriptionResponse:
		s.subscriptionFailed(m.SubscriptionResponse)
	case *wire.SignalResponse_RequestResponse:
		s.requestAnswered(m.RequestResponse)
	case *wire.SignalResponse_Leave:
		s.askedToLeave(m.Leave)
	case *wire.SignalResponse_RoomMoved:
		s.end(sfu.Ended{Why: sfu.Moved, Detail: sfu.Foreign(m.RoomMoved.GetRoom().GetName())})
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.handleRoom(m)
	}
}

// handleRoom must be called with mu held.
func (s *session) handleRoom(m any) {
	switch m := m.(type) {
	case *wire.SignalResponse_Update:
		for _, p := range m.Update.Participants {
			s.takePerson(p)
		}
	case *wire.SignalResponse_SpeakersChanged:
		s.speakers(m.SpeakersChanged.Speakers)
	case *wire.SignalResponse_RoomUpdate:
		if r := m.RoomUpdate.Room; r != nil {
			s.setRecording(r.ActiveRecording)
		}
	case *wire.SignalResponse_ConnectionQuality:
		s.qualities(m.ConnectionQuality.Updates)
	case *wire.SignalResponse_RefreshToken:
		if sfu.ReadToken(m.RefreshToken, new(claims)) {
			s.token = secret.New(m.RefreshToken)
		}
	case *wire.SignalResponse_PongResp:
		if p := m.PongResp; p.LastPingTimestamp > 0 {
			if rtt := time.Since(time.UnixMilli(p.LastPingTimestamp)); rtt >= 0 && rtt < time.Minute {
				s.pings.rtt = rtt
			}
		}
	case *wire.SignalResponse_TrackUnpublished:
		s.unpublishedByServer(m.TrackUnpublished.TrackSid)
	}
}

// askedToLeave takes the server's wish that we go, or come back.
func (s *session) askedToLeave(m *wire.LeaveRequest) {
	again := m.Action == actionResume || m.Action == actionReconnect || m.CanReconnect
	if !again {
		s.end(endOf(m.Reason))
		return
	}
	s.mu.Lock()
	s.leaving = m
	l := s.line
	s.mu.Unlock()
	if l != nil {
		l.close()
	}
}

// speakers must be called with mu held. What comes are changes.
func (s *session) speakers(changes []*wire.SpeakerInfo) {
	for _, c := range changes {
		id, ok := s.numbers[c.Sid]
		switch {
		case !ok:
		case c.Active:
			s.heard[id] = c.Level
		default:
			delete(s.heard, id)
		}
	}
	s.tellSpeaking()
}

// qualities must be called with mu held.
func (s *session) qualities(qs []*wire.ConnectionQualityInfo) {
	for _, q := range qs {
		id, ok := s.numbers[q.ParticipantSid]
		if !ok {
			continue
		}
		word := sfu.Good
		switch q.Quality { // livekit.ConnectionQuality
		case 0:
			word = sfu.Poor
		case 1:
			word = sfu.Fair
		case 3:
			word = sfu.Lost
		}
		s.put(sfu.QualityChanged{Member: id, Quality: word})
	}
}

// requestAnswered wakes who asked.
func (s *session) requestAnswered(m *wire.RequestResponse) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.answers[m.RequestId]; ok {
		delete(s.answers, m.RequestId)
		c <- m // has room for it
	}
}
