package livekit

import (
	"bytes"
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
)

// dataTopic is what the programs of members speak to each other under. What comes
// under another topic is another program's.
const dataTopic = "paravent.group"

// SendData sends b to the program of a member, or to those of all others.
func (s *session) SendData(ctx context.Context, to sfu.MemberID, b []byte) error {
	s.mu.Lock()
	can, over, channel := s.caps.Data, s.ended, s.peers.reliable
	s.mu.Unlock()
	switch {
	case over:
		return sfu.ErrEnded
	case !can:
		return fmt.Errorf("data: %w", sfu.ErrUnsupported)
	case len(b) == 0 || len(b) > sfu.MaxData:
		return sfu.ErrDataLength
	}
	topic := dataTopic
	p := &wire.DataPacket{Value: &wire.DataPacket_User{User: &wire.UserPacket{Payload: b, Topic: &topic}}}
	if to != "" {
		p.DestinationIdentities = []string{string(to)}
	}
	out, err := proto.Marshal(p)
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if err := channel.Send(ctx, out); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	return nil
}

// brought takes what the program of a member sent. Who that is the server writes into
// the packet, over whatever its sender wrote there. A name that comes back is somebody
// new, with a new number: what still comes from the old one is dropped.
func (s *session) brought(p *wire.DataPacket, u *wire.UserPacket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.people[sfu.MemberID(p.ParticipantIdentity)]
	if u.GetTopic() != dataTopic || len(u.Payload) == 0 || len(u.Payload) > sfu.MaxData ||
		from == nil || p.ParticipantSid != "" && p.ParticipantSid != from.number {
		return
	}
	s.events.PutLossy(sfu.Data{From: from.member.ID, Bytes: bytes.Clone(u.Payload)})
}

var _ sfu.Courier = (*session)(nil)
