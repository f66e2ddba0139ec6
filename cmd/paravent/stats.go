package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime/metrics"
	"time"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/seal"
)

// stats writes the figures of a call to a file, one JSON object a second. The
// zero stats writes nothing.
type stats struct {
	file *os.File
	out  *bufio.Writer
	last figures
	wire func() []egress.Flow // what went over the network so far
}

func openStats(path string, wire func() []egress.Flow) (*stats, error) {
	if path == "" {
		return &stats{}, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &stats{file: f, out: bufio.NewWriter(f), wire: wire}, nil
}

func (s *stats) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.out.Flush(), s.file.Close())
}

// follow writes until ctx is done, and once more then.
func (s *stats) follow(ctx context.Context, c *call.Call) {
	if s.file == nil {
		return
	}
	began := time.Now()
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for done := false; !done; {
		select {
		case <-every.C:
		case <-ctx.Done():
			done = true
		}
		if c.State().Ended != nil {
			return // it has no figures any more; the last second's stand
		}
		if s.write(s.now(c, began)) != nil {
			return // the disk is full; the call goes on
		}
	}
}

// oneMoment is how long a reading of the counters may take.
const oneMoment = 2 * time.Millisecond

// now is the figures of now.
func (s *stats) now(c *call.Call, began time.Time) figures {
	// Of one moment: on a busy machine the first reading may be held up in the middle.
	var wire []egress.Flow
	var since time.Duration
	for range 5 {
		before := time.Since(began)
		wire, since = s.wire(), time.Since(began)
		if since-before < oneMoment {
			break
		}
	}
	f := figuresOf(c, since)
	for _, w := range wire {
		f.WireUp += w.Up.Wire
		f.WireDown += w.Down.Wire
	}
	return f
}

// end writes the last figures once more, with what went over the network until
// everything was closed.
func (s *stats) end(flows []egress.Flow) error {
	if s.file == nil {
		return nil
	}
	for _, f := range flows {
		s.last.Traffic = append(s.last.Traffic, flow{
			Host: f.Host, Address: f.Addr.String(), Purpose: f.Purpose, Named: f.Named,
			PacketsUp: f.Up.Packets, BytesUp: f.Up.Bytes, WireUp: f.Up.Wire,
			PacketsDown: f.Down.Packets, BytesDown: f.Down.Bytes, WireDown: f.Down.Wire,
		})
	}
	return s.write(s.last)
}

func (s *stats) write(f figures) error {
	s.last = f
	return errors.Join(json.NewEncoder(s.out).Encode(f), s.out.Flush())
}

// figures is one line of the file.
type figures struct {
	At           time.Time           `json:"at"`
	Seconds      float64             `json:"seconds"`
	Sent         map[sfu.Source]sent `json:"sent"`
	Received     []received          `json:"received"`
	RTT          float64             `json:"rtt_ms"`
	FirstPicture float64             `json:"first_picture_ms"`
	Goroutines   uint64              `json:"goroutines"`
	Heap         uint64              `json:"heap_bytes"`
	BytesUp      uint64              `json:"bytes_up"`
	BytesDown    uint64              `json:"bytes_down"`
	WireUp       uint64              `json:"wire_up"` // bytes of everything, with the headers of IP, UDP and TCP
	WireDown     uint64              `json:"wire_down"`
	Traffic      []flow              `json:"traffic,omitempty"` // in the last line only
}

// flow is what went to one address for one purpose. wire is with the headers of
// IP, UDP and TCP.
type flow struct {
	Host        string         `json:"host"`
	Address     string         `json:"address"`
	Purpose     egress.Purpose `json:"purpose"`
	Named       bool           `json:"named_by_server"`
	PacketsUp   uint64         `json:"packets_up"`
	BytesUp     uint64         `json:"bytes_up"`
	WireUp      uint64         `json:"wire_up"`
	PacketsDown uint64         `json:"packets_down"`
	BytesDown   uint64         `json:"bytes_down"`
	WireDown    uint64         `json:"wire_down"`
}

type sent struct {
	Frames  uint64 `json:"frames"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

type received struct {
	Track     sfu.TrackID `json:"track"`
	Member    string      `json:"member"`
	Source    sfu.Source  `json:"source"`
	Codec     string      `json:"codec"`
	Packets   uint64      `json:"packets"`
	Bytes     uint64      `json:"bytes"`
	Lost      uint64      `json:"lost"`
	Frames    uint64      `json:"frames"`
	Shown     uint64      `json:"shown"`
	Width     int         `json:"width"`
	Height    int         `json:"height"`
	Played    uint64      `json:"played"`    // blocks of 10 ms
	Concealed uint64      `json:"concealed"` // of these
	Delay     float64     `json:"delay_ms"`

	// Of what is encrypted from end to end: frames opened, and dropped because they
	// could not be, beside those that the server put in.
	Opened   uint64 `json:"opened"`
	Unopened uint64 `json:"unopened"`
	Injected uint64 `json:"injected"`
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func figuresOf(c *call.Call, since time.Duration) figures {
	st, state := c.Stats(), c.State()
	f := figures{
		At: time.Now(), Seconds: since.Seconds(), Sent: make(map[sfu.Source]sent), RTT: ms(st.Session.RTT),
		FirstPicture: ms(st.FirstPicture), BytesUp: st.Session.BytesUp, BytesDown: st.Session.BytesDown,
	}
	samples := []metrics.Sample{{Name: "/sched/goroutines:goroutines"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	f.Goroutines, f.Heap = samples[0].Value.Uint64(), samples[1].Value.Uint64()
	for src, s := range st.Session.Sent {
		f.Sent[src] = sent{Frames: s.Frames, Packets: s.Packets, Bytes: s.Bytes}
	}
	for _, t := range state.Tracks {
		g, h, o := st.Session.Got[t.ID], st.Heard[t.ID], st.Opened[t.ID]
		injected := o.Dropped[seal.ErrInjected]
		f.Received = append(f.Received, received{
			Track: t.ID, Member: state.Name(t.Member), Source: t.Source, Codec: t.Codec,
			Packets: g.Packets, Bytes: g.Bytes, Lost: g.Lost, Frames: g.Frames, Shown: st.Shown[t.ID],
			Width: t.Width, Height: t.Height, Played: h.Played, Concealed: h.Concealed, Delay: ms(h.Delay),
			Opened: o.Opened, Unopened: o.Lost() - injected, Injected: injected,
		})
	}
	return f
}
