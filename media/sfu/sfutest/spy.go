package sfutest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// A spy hears what a guest says to the server: the bodies of requests, and the
// messages of a websocket, without the mask that the client puts on them.
type spy struct {
	next http.RoundTripper

	mu   sync.Mutex // guards everything that follows
	said []byte
}

// overhear puts a spy behind a guest's client.
func overhear(g *Guest) *spy {
	client := *g.Kit.Signalling
	s := &spy{next: client.Transport}
	client.Transport = s
	g.Kit.Signalling = &client
	return s
}

func (s *spy) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.said)
}

func (s *spy) hear(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, b...)
}

func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.hear(b)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(b))
	}
	resp, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if way, ok := resp.Body.(io.ReadWriteCloser); ok && resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body = &tapped{ReadWriteCloser: way, spy: s}
	}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the sockets.
func (s *spy) CloseIdleConnections() {
	if c, ok := s.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// A tapped is a websocket that a spy hears.
type tapped struct {
	io.ReadWriteCloser
	spy  *spy
	rest []byte // of a frame that is not whole yet
}

func (t *tapped) Write(b []byte) (int, error) {
	t.rest = append(t.rest, b...)
	for {
		message, n := frame(t.rest)
		if n == 0 {
			break
		}
		t.spy.hear(message)
		t.rest = t.rest[n:]
	}
	return t.ReadWriteCloser.Write(b) //nolint:wrapcheck // as it was
}

// frame reads the first frame of a client (RFC 6455, section 5.2) and how long it
// is; 0 if it is not whole.
func frame(b []byte) (message []byte, n int) {
	if len(b) < 2 {
		return nil, 0
	}
	size, head := int(b[1]&0x7f), 2
	switch {
	case size == 126 && len(b) >= 4:
		size, head = int(binary.BigEndian.Uint16(b[2:])), 4
	case size == 127 && len(b) >= 10:
		size, head = int(binary.BigEndian.Uint64(b[2:])), 10
	case size >= 126:
		return nil, 0
	}
	head += 4 // the mask
	if len(b) < head+size {
		return nil, 0
	}
	mask := b[head-4 : head]
	message = make([]byte, size)
	for i := range message {
		message[i] = b[head+i] ^ mask[i%4]
	}
	return message, head + size
}

// hidden is the story of two who tell the server no address of theirs. It finds them
// by where their packets come from.
func hidden(t *testing.T, h House) {
	h.Ada.Kit.NoHostCandidates, h.Bo.Kit.NoHostCandidates = true, true
	var spies []*spy
	for _, g := range []*Guest{&h.Ada, &h.Bo} {
		if g.Kit.Signalling == nil {
			t.Skip("nothing is said to a server here")
		}
		spies = append(spies, overhear(g))
	}
	ada, bo := h.enter(t)
	cross(t, ada, bo)
	for _, s := range spies {
		said := s.heard()
		if !strings.Contains(said, "ice-ufrag") {
			t.Error("no description was heard: the spy is deaf")
		}
		if i := strings.Index(said, "typ host"); i >= 0 {
			t.Errorf("an address of this machine was told: %q", said[max(0, i-80):i+8])
		}
	}
}
