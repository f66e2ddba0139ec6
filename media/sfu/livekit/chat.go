package livekit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
)

const (
	chatTopic = "lk.chat"
	// maxText bounds one chat message, in bytes, either way.
	maxText = 64 << 10
	// chunkLen keeps a chunk of a stream in one message of a data channel.
	chunkLen = 15_000
	// maxStreams bounds the messages that may be arriving at once, and
	// streamTime how long one may take.
	maxStreams = 32
	streamTime = 30 * time.Second
	// mostSeen is how many messages are remembered, so that one that comes in
	// both forms is told once.
	mostSeen = 128
)

// notes puts together the text streams that others send. It may be used by
// several goroutines.
type notes struct {
	mu      sync.Mutex // guards everything that follows
	streams map[string]*note
	seen    []string
}

// A note is a text that is arriving.
type note struct {
	from  sfu.MemberID
	at    time.Time // as its sender says
	begun time.Time
	next  uint64 // the chunk that comes next
	text  []byte

	sealed bool // as it began, so must it go on
}

func newNotes() *notes { return &notes{streams: make(map[string]*note)} }

// take takes a packet of a data channel, which came sealed or not, and returns a
// message if that completes one.
func (n *notes) take(p *wire.DataPacket, sealed bool, now time.Time) (m sfu.ChatArrived, ok bool) {
	defer func() { m.Sealed = sealed }()
	n.mu.Lock()
	defer n.mu.Unlock()
	from := sfu.MemberID(p.ParticipantIdentity)
	switch v := p.Value.(type) {
	case *wire.DataPacket_ChatMessage:
		c := v.ChatMessage
		if c.Message == "" || len(c.Message) > maxText || c.Deleted || !n.fresh(string(from)+"/"+c.Id) {
			return sfu.ChatArrived{}, false
		}
		return sfu.ChatArrived{From: from, Text: sfu.Foreign(c.Message), At: instant(c.Timestamp, now)}, true
	case *wire.DataPacket_StreamHeader:
		return n.begin(from, v.StreamHeader, sealed, now)
	case *wire.DataPacket_StreamChunk:
		n.chunk(from, v.StreamChunk, sealed)
	case *wire.DataPacket_StreamTrailer:
		return n.end(from, v.StreamTrailer, sealed)
	}
	return sfu.ChatArrived{}, false
}

func (n *notes) begin(from sfu.MemberID, h *wire.StreamHeader, sealed bool, now time.Time) (sfu.ChatArrived, bool) {
	n.forget(now)
	if h.Topic != chatTopic || h.GetTextHeader() == nil && h.MimeType != "text/plain" || h.Compression != 0 ||
		h.GetTotalLength() > maxText || len(h.InlineContent) > maxText {
		return sfu.ChatArrived{}, false
	}
	key := string(from) + "/" + h.StreamId
	if len(h.InlineContent) > 0 {
		return sfu.ChatArrived{From: from, Text: sfu.Foreign(h.InlineContent), At: instant(h.Timestamp, now)}, n.fresh(key)
	}
	if len(n.streams) < maxStreams && n.streams[key] == nil {
		n.streams[key] = &note{from: from, at: instant(h.Timestamp, now), begun: now, sealed: sealed}
	}
	return sfu.ChatArrived{}, false
}

func (n *notes) chunk(from sfu.MemberID, c *wire.StreamChunk, sealed bool) {
	key := string(from) + "/" + c.StreamId
	s := n.streams[key]
	if s == nil {
		return
	}
	if c.ChunkIndex != s.next || len(s.text)+len(c.Content) > maxText || s.sealed != sealed {
		delete(n.streams, key)
		return
	}
	s.next++
	s.text = append(s.text, c.Content...)
}

func (n *notes) end(from sfu.MemberID, t *wire.StreamTrailer, sealed bool) (sfu.ChatArrived, bool) {
	key := string(from) + "/" + t.StreamId
	s := n.streams[key]
	delete(n.streams, key)
	if s == nil || s.sealed != sealed || len(s.text) == 0 || t.Reason != "" || !n.fresh(key) {
		return sfu.ChatArrived{}, false
	}
	return sfu.ChatArrived{From: from, Text: sfu.Foreign(s.text), At: s.at}, true
}

// forget drops what takes too long.
func (n *notes) forget(now time.Time) {
	for key, s := range n.streams {
		if now.Sub(s.begun) > streamTime {
			delete(n.streams, key)
		}
	}
}

// fresh remembers a message, and reports whether it is new.
func (n *notes) fresh(key string) bool {
	if slices.Contains(n.seen, key) {
		return false
	}
	if len(n.seen) >= mostSeen {
		n.seen = slices.Delete(n.seen, 0, 1)
	}
	n.seen = append(n.seen, key)
	return true
}

// instant reads a sender's clock in milliseconds. One that is far off is
// replaced by ours, so that the order of a chat stays plausible.
func instant(millis int64, now time.Time) time.Time {
	t := time.UnixMilli(millis)
	if d := now.Sub(t); d > 24*time.Hour || d < -time.Minute {
		return now
	}
	return t
}

// data takes a message of a data channel.
func (s *session) data(b []byte) {
	p := new(wire.DataPacket)
	if proto.Unmarshal(b, p) != nil {
		return // one peer's nonsense, which the server passes on, is not the server's
	}
	if u := p.GetUser(); u != nil {
		s.brought(p, u)
		return
	}
	sealed := p.GetEncryptedPacket() != nil
	if sealed && !s.unseal(p) {
		return
	}
	now := time.Now()
	if s.arrivals.take(p, sealed, now) {
		return
	}
	if m, ok := s.notes.take(p, sealed, now); ok {
		s.put(m)
	}
}

// Say sends a chat message to all, and tells it as arrived.
func (s *session) Say(ctx context.Context, text string) error {
	s.mu.Lock()
	can, over, self, channel := s.caps.Chat, s.ended, s.self.ID, s.peers.reliable
	s.mu.Unlock()
	switch {
	case over:
		return sfu.ErrEnded
	case !can:
		return fmt.Errorf("chat: %w", sfu.ErrUnsupported)
	case text == "" || len(text) > maxText || !utf8.ValidString(text):
		return errors.New("chat: the message is empty, or too long")
	}
	now, id, size := time.Now(), rand.Text(), uint64(len(text))
	packets := []*wire.DataPacket{{Value: &wire.DataPacket_StreamHeader{StreamHeader: &wire.StreamHeader{
		StreamId: id, Timestamp: now.UnixMilli(), Topic: chatTopic, MimeType: "text/plain", TotalLength: &size,
		ContentHeader: &wire.StreamHeader_TextHeader{TextHeader: &wire.TextHeader{}},
	}}}}
	index := uint64(0)
	for rest := text; rest != ""; index++ {
		n := cut(rest)
		packets = append(packets, &wire.DataPacket{Value: &wire.DataPacket_StreamChunk{StreamChunk: &wire.StreamChunk{
			StreamId: id, ChunkIndex: index, Content: []byte(rest[:n]),
		}}})
		rest = rest[n:]
	}
	packets = append(packets, &wire.DataPacket{Value: &wire.DataPacket_StreamTrailer{StreamTrailer: &wire.StreamTrailer{StreamId: id}}})
	ctx, cancel := s.bound(ctx)
	defer cancel()
	s.saying.Lock() // keeps the packets of one message together; held while sending
	defer s.saying.Unlock()
	for _, p := range packets {
		b, err := s.marshal(p)
		if err != nil {
			return fmt.Errorf("chat: %w", err)
		}
		if err := channel.Send(ctx, b); err != nil {
			return fmt.Errorf("chat: %w", err)
		}
	}
	s.put(sfu.ChatArrived{From: self, Text: sfu.Foreign(text), At: now, Sealed: s.kit.Messages != nil})
	return nil
}

// cut returns how much of text goes into the next chunk: whole characters.
func cut(text string) int {
	if len(text) <= chunkLen {
		return len(text)
	}
	n := chunkLen
	for n > chunkLen-utf8.UTFMax && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// SetHand raises or lowers this person's hand, as an attribute.
func (s *session) SetHand(ctx context.Context, up bool) error {
	value := ""
	if up {
		value = handRaised
	}
	s.mu.Lock()
	if s.ended || !s.caps.Hand {
		err := sfu.ErrUnsupported
		if s.ended {
			err = sfu.ErrEnded
		}
		s.mu.Unlock()
		return fmt.Errorf("hand: %w", err)
	}
	s.requests++
	id, answer := s.requests, make(chan *wire.RequestResponse, 1)
	s.answers[id] = answer
	s.queue(&wire.SignalRequest{Message: &wire.SignalRequest_UpdateMetadata{UpdateMetadata: &wire.UpdateParticipantMetadata{
		RequestId: id, Attributes: map[string]string{handAttribute: value},
	}}})
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.answers, id)
		s.mu.Unlock()
	}()
	ctx, cancel := s.bound(ctx)
	defer cancel()
	select {
	case a := <-answer:
		if a.Reason != 0 { // livekit.RequestResponse_OK
			return errors.New("hand: the server refuses")
		}
		return nil
	case <-ctx.Done():
		if s.over() {
			return sfu.ErrEnded
		}
		return fmt.Errorf("hand: %w", ctx.Err())
	}
}

// bound ends ctx with the session, and after some seconds.
func (s *session) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, end := context.WithTimeout(ctx, publishTime)
	ctx, cancel := s.during(ctx)
	return ctx, func() { cancel(); end() }
}

// during ends ctx with the session.
func (s *session) during(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := make(chan struct{})
	go func() {
		select {
		case <-s.done:
			cancel()
		case <-stop:
		}
	}()
	return ctx, sync.OnceFunc(func() { close(stop); cancel() })
}
