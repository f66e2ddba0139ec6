package livekit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
)

const (
	// maxArriving bounds the files that may be arriving at once, and stallTime how long
	// one may pause.
	maxArriving = 8
	stallTime   = time.Minute
	// mostTold is how many files of one member are told, so that nobody can drown the
	// rest.
	mostTold = 200
)

var (
	errBrokenOff = errors.New("the file broke off")
	errTooMany   = errors.New("too many files arrive at once")
	errPacked    = errors.New("it came compressed, which was not asked for")
)

// arrivals are the files that others are sending.
type arrivals struct {
	shelf sfu.Shelf // nil takes nothing
	put   func(sfu.Event)

	mu    sync.Mutex // guards everything that follows
	files map[string]*arrival
	told  map[sfu.MemberID]int
}

// An arrival is one file.
type arrival struct {
	file sfu.File
	out  sfu.Incoming
	next uint64 // the chunk that comes next
	last time.Time
}

func newArrivals(shelf sfu.Shelf, put func(sfu.Event)) *arrivals {
	return &arrivals{shelf: shelf, put: put, files: make(map[string]*arrival), told: make(map[sfu.MemberID]int)}
}

// take takes a packet of a data channel, which came sealed or not. It reports whether
// that belongs to a file.
func (a *arrivals) take(p *wire.DataPacket, sealed bool, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	from := sfu.MemberID(p.ParticipantIdentity)
	switch v := p.Value.(type) {
	case *wire.DataPacket_StreamHeader:
		if v.StreamHeader.GetByteHeader() == nil || v.StreamHeader.Topic != chatTopic {
			return false
		}
		a.begin(from, v.StreamHeader, sealed, now)
		return true
	case *wire.DataPacket_StreamChunk:
		key := string(from) + "/" + v.StreamChunk.StreamId
		f := a.files[key]
		if f == nil {
			return false
		}
		if err := f.add(v.StreamChunk, sealed, now); err != nil {
			a.fail(key, err)
		}
		return true
	case *wire.DataPacket_StreamTrailer:
		key := string(from) + "/" + v.StreamTrailer.StreamId
		f := a.files[key]
		if f == nil {
			return false
		}
		if f.file.Sealed != sealed || v.StreamTrailer.Reason != "" {
			a.fail(key, errBrokenOff)
			return true
		}
		delete(a.files, key)
		a.keep(f)
		return true
	}
	return false
}

// begin must be called with mu held, as all that follow.
func (a *arrivals) begin(from sfu.MemberID, h *wire.StreamHeader, sealed bool, now time.Time) {
	for key, f := range a.files {
		if now.Sub(f.last) > stallTime {
			a.fail(key, errBrokenOff)
		}
	}
	key := string(from) + "/" + h.StreamId
	if a.files[key] != nil {
		return
	}
	f := &arrival{file: sfu.File{From: from, Name: sfu.Foreign(h.GetByteHeader().Name), Size: -1, Sealed: sealed}, last: now}
	if h.TotalLength != nil {
		f.file.Size = int64(min(*h.TotalLength, 1<<62))
	}
	err := sfu.ErrNotTaken
	switch {
	case len(a.files) >= maxArriving:
		err = errTooMany
	case h.Compression != 0: // which only a client gets that asks for it
		err = errPacked
	case a.shelf != nil:
		f.out, err = a.shelf.Take(f.file)
	}
	if err != nil {
		a.tell(sfu.FileCame{File: f.file, Err: err})
		return
	}
	if h.InlineContent == nil {
		a.files[key] = f
		return
	}
	if _, err := f.out.Write(h.InlineContent); err != nil {
		f.out.Drop()
		a.tell(sfu.FileCame{File: f.file, Err: err})
		return
	}
	a.keep(f)
}

// add writes the next chunk. One that came before is no harm: servers send again.
func (f *arrival) add(c *wire.StreamChunk, sealed bool, now time.Time) error {
	switch {
	case c.ChunkIndex < f.next:
		return nil
	case c.ChunkIndex > f.next, f.file.Sealed != sealed:
		return errBrokenOff
	}
	f.next++
	f.last = now
	_, err := f.out.Write(c.Content)
	return err
}

func (a *arrivals) keep(f *arrival) {
	where, err := f.out.Done()
	a.tell(sfu.FileCame{File: f.file, Where: where, Err: err})
}

func (a *arrivals) fail(key string, err error) {
	f := a.files[key]
	delete(a.files, key)
	f.out.Drop()
	a.tell(sfu.FileCame{File: f.file, Err: err})
}

func (a *arrivals) tell(e sfu.FileCame) {
	if a.told[e.File.From]++; a.told[e.File.From] <= mostTold {
		a.put(e)
	}
}

// drop forgets what has not come to its end.
func (a *arrivals) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.files {
		f.out.Drop()
	}
	clear(a.files)
}

// SendFile sends a file to all, as a byte stream of the chat.
func (s *session) SendFile(ctx context.Context, f sfu.File, r io.Reader) error {
	s.mu.Lock()
	can, over, channel := s.caps.Files, s.ended, s.peers.reliable
	s.mu.Unlock()
	switch {
	case over:
		return sfu.ErrEnded
	case !can:
		return fmt.Errorf("send a file: %w", sfu.ErrUnsupported)
	}
	s.posting.Lock() // one file at a time; held while sending
	defer s.posting.Unlock()
	ctx, cancel := s.during(ctx)
	defer cancel()
	id, size := rand.Text(), uint64(max(f.Size, 0))
	send := func(p *wire.DataPacket) error {
		b, err := s.marshal(p)
		if err != nil {
			return err
		}
		return channel.SendSlowly(ctx, b)
	}
	err := send(&wire.DataPacket{Value: &wire.DataPacket_StreamHeader{StreamHeader: &wire.StreamHeader{
		StreamId: id, Timestamp: time.Now().UnixMilli(), Topic: chatTopic, MimeType: "application/octet-stream", TotalLength: &size,
		ContentHeader: &wire.StreamHeader_ByteHeader{ByteHeader: &wire.ByteHeader{Name: string(f.Name)}},
	}}})
	sent := uint64(0)
	for index, part := uint64(0), make([]byte, chunkLen); err == nil; index++ {
		var n int
		n, err = io.ReadFull(r, part)
		if n > 0 {
			sent += uint64(n)
			if wrong := send(&wire.DataPacket{Value: &wire.DataPacket_StreamChunk{StreamChunk: &wire.StreamChunk{StreamId: id, ChunkIndex: index, Content: part[:n]}}}); wrong != nil {
				err = wrong
			}
		}
	}
	trailer := &wire.StreamTrailer{StreamId: id}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if err == nil && sent != size {
		err = errBrokenOff
	}
	if err != nil {
		trailer.Reason = "broken off"
	}
	err = errors.Join(err, send(&wire.DataPacket{Value: &wire.DataPacket_StreamTrailer{StreamTrailer: trailer}}))
	switch {
	case err == nil:
		return nil
	case s.over():
		return sfu.ErrEnded
	}
	return fmt.Errorf("send a file: %w", err)
}

var _ sfu.Shipper = (*session)(nil)
