package livekit

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/seal"
)

// encryptionGCM is livekit.Encryption.GCM: what is sealed in the way of LiveKit's own
// clients.
const encryptionGCM = 1

// marshal writes a packet of a data channel, sealed where the call is.
func (s *session) marshal(p *wire.DataPacket) ([]byte, error) {
	if s.kit.Messages == nil {
		return proto.Marshal(p)
	}
	inner := new(wire.EncryptedPacketPayload)
	switch v := p.Value.(type) {
	case *wire.DataPacket_StreamHeader:
		inner.Value = &wire.EncryptedPacketPayload_StreamHeader{StreamHeader: v.StreamHeader}
	case *wire.DataPacket_StreamChunk:
		inner.Value = &wire.EncryptedPacketPayload_StreamChunk{StreamChunk: v.StreamChunk}
	case *wire.DataPacket_StreamTrailer:
		inner.Value = &wire.EncryptedPacketPayload_StreamTrailer{StreamTrailer: v.StreamTrailer}
	default:
		return nil, fmt.Errorf("a packet of this kind is never sealed: %T", v)
	}
	plain, err := proto.Marshal(inner)
	if err != nil {
		return nil, err
	}
	m, err := s.kit.Messages.SealMessage(plain)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&wire.DataPacket{DestinationIdentities: p.DestinationIdentities, Value: &wire.DataPacket_EncryptedPacket{EncryptedPacket: &wire.EncryptedPacket{
		EncryptionType: encryptionGCM, Iv: m.IV, KeyIndex: uint32(m.KeyIndex), EncryptedValue: m.Data,
	}}})
}

// unseal puts in p what was sealed in it. It reports false, and says so once, if that
// cannot be opened.
func (s *session) unseal(p *wire.DataPacket) bool {
	from, e := sfu.MemberID(p.ParticipantIdentity), p.GetEncryptedPacket()
	plain, err := []byte(nil), error(seal.ErrNoKey)
	if s.kit.Messages != nil {
		plain, err = s.kit.Messages.OpenMessage(string(from), seal.Message{KeyIndex: int(e.KeyIndex), IV: e.Iv, Data: e.EncryptedValue})
	}
	s.withhold(from, seal.WhyOf(err))
	inner := new(wire.EncryptedPacketPayload)
	if err != nil || proto.Unmarshal(plain, inner) != nil {
		return false
	}
	switch v := inner.Value.(type) {
	case *wire.EncryptedPacketPayload_ChatMessage:
		p.Value = &wire.DataPacket_ChatMessage{ChatMessage: v.ChatMessage}
	case *wire.EncryptedPacketPayload_StreamHeader:
		p.Value = &wire.DataPacket_StreamHeader{StreamHeader: v.StreamHeader}
	case *wire.EncryptedPacketPayload_StreamChunk:
		p.Value = &wire.DataPacket_StreamChunk{StreamChunk: v.StreamChunk}
	case *wire.EncryptedPacketPayload_StreamTrailer:
		p.Value = &wire.DataPacket_StreamTrailer{StreamTrailer: v.StreamTrailer}
	default:
		return false
	}
	return true
}

// withhold tells once that the messages of a member do not open; 0 is that they do.
// What came before is no news: a server sends messages again after a cut.
func (s *session) withhold(from sfu.MemberID, why seal.WhyError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[from]
	if p == nil || why == seal.ErrReplayed || p.withheld == why {
		return
	}
	if p.withheld = why; why != 0 {
		s.put(sfu.Withheld{From: from, Why: why})
	}
}
