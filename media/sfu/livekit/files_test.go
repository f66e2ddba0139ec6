package livekit

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
)

// A table is a shelf that keeps files in memory.
type table struct {
	kept    map[string]string
	dropped int
	refuse  error
}

func (t *table) Take(f sfu.File) (sfu.Incoming, error) {
	if t.refuse != nil {
		return nil, t.refuse
	}
	return &sheet{table: t, file: f}, nil
}

type sheet struct {
	table *table
	file  sfu.File
	bytes.Buffer
}

func (s *sheet) Done() (string, error) {
	s.table.kept[string(s.file.Name)] = s.String()
	return "kept", nil
}
func (s *sheet) Drop() { s.table.dropped++ }

func byteHeader(id, name string, size uint64) *wire.DataPacket_StreamHeader {
	return &wire.DataPacket_StreamHeader{StreamHeader: &wire.StreamHeader{
		StreamId: id, Topic: chatTopic, TotalLength: &size, ContentHeader: &wire.StreamHeader_ByteHeader{ByteHeader: &wire.ByteHeader{Name: name}},
	}}
}

func chunkOf(index uint64, content string) *wire.DataPacket_StreamChunk {
	return &wire.DataPacket_StreamChunk{StreamChunk: &wire.StreamChunk{StreamId: "s", ChunkIndex: index, Content: []byte(content)}}
}

func trailerOf(reason string) *wire.DataPacket_StreamTrailer {
	return &wire.DataPacket_StreamTrailer{StreamTrailer: &wire.StreamTrailer{StreamId: "s", Reason: reason}}
}

// received gives arrivals what bo sends, and returns what was told.
func received(shelf sfu.Shelf, later time.Duration, packets ...*wire.DataPacket) (a *arrivals, told []sfu.FileCame) {
	a = newArrivals(shelf, func(e sfu.Event) { told = append(told, e.(sfu.FileCame)) })
	now := time.Now()
	for _, p := range packets {
		if p.ParticipantIdentity == "" {
			p.ParticipantIdentity = "bo"
		}
		a.take(p, p.Sequence == 1, now) // the number stands for sealed
		now = now.Add(later)
	}
	return a, told
}

func TestAFileIsKeptOnlyIfAllOfItCame(t *testing.T) {
	plain := func(v any) *wire.DataPacket { return packetOf(v, false) }
	sealed := func(v any) *wire.DataPacket { return packetOf(v, true) }
	eve := plain(chunkOf(0, "forged"))
	eve.ParticipantIdentity = "eve"
	for what, c := range map[string]struct {
		packets []*wire.DataPacket
		kept    string
		sealed  bool
	}{
		"whole":           {[]*wire.DataPacket{plain(byteHeader("s", "f", 4)), plain(chunkOf(0, "ab")), plain(chunkOf(1, "cd")), plain(trailerOf(""))}, "abcd", false},
		"sealed":          {[]*wire.DataPacket{sealed(byteHeader("s", "f", 2)), sealed(chunkOf(0, "ab")), sealed(trailerOf(""))}, "ab", true},
		"a part twice":    {[]*wire.DataPacket{plain(byteHeader("s", "f", 4)), plain(chunkOf(0, "ab")), plain(chunkOf(0, "ab")), plain(chunkOf(1, "cd")), plain(trailerOf(""))}, "abcd", false},
		"forged":          {[]*wire.DataPacket{plain(byteHeader("s", "f", 2)), eve, plain(chunkOf(0, "ab")), plain(trailerOf(""))}, "ab", false},
		"with a gap":      {[]*wire.DataPacket{plain(byteHeader("s", "f", 4)), plain(chunkOf(1, "cd")), plain(trailerOf(""))}, "", false},
		"broken off":      {[]*wire.DataPacket{plain(byteHeader("s", "f", 4)), plain(trailerOf("broken off"))}, "", false},
		"plain in sealed": {[]*wire.DataPacket{sealed(byteHeader("s", "f", 4)), plain(chunkOf(0, "ab")), sealed(trailerOf(""))}, "", false},
		"ended plain":     {[]*wire.DataPacket{sealed(byteHeader("s", "f", 4)), sealed(chunkOf(0, "ab")), plain(trailerOf(""))}, "", false},
	} {
		shelf := &table{kept: make(map[string]string)}
		_, told := received(shelf, 0, c.packets...)
		if shelf.kept["f"] != c.kept || len(told) != 1 || (told[0].Err == nil) != (c.kept != "") || told[0].File.From != "bo" || told[0].Err == nil && told[0].File.Sealed != c.sealed {
			t.Errorf("%s: kept %q, told %+v", what, shelf.kept["f"], told)
		}
		if c.kept == "" && shelf.dropped != 1 {
			t.Errorf("%s: dropped %d times", what, shelf.dropped)
		}
	}
}

func packetOf(v any, sealed bool) *wire.DataPacket {
	p := new(wire.DataPacket)
	switch v := v.(type) {
	case *wire.DataPacket_StreamHeader:
		p.Value = v
	case *wire.DataPacket_StreamChunk:
		p.Value = v
	case *wire.DataPacket_StreamTrailer:
		p.Value = v
	}
	if sealed {
		p.Sequence = 1
	}
	return p
}

func TestWhoSendsTooManyFilesIsHeldOff(t *testing.T) {
	shelf := &table{kept: make(map[string]string)}
	var many []*wire.DataPacket
	for i := range 3 * mostTold {
		many = append(many, packetOf(byteHeader(fmt.Sprint(i), "f", 1), false))
	}
	a, told := received(shelf, 0, many...)
	if len(a.files) > maxArriving || len(told) > mostTold {
		t.Errorf("%d files arrive at once, %d are told", len(a.files), len(told))
	}
	a.drop()
	if shelf.dropped != maxArriving {
		t.Errorf("%d are left behind", maxArriving-shelf.dropped)
	}
	_, told = received(shelf, 2*stallTime, many[:2]...)
	if len(told) != 1 || !errors.Is(told[0].Err, errBrokenOff) {
		t.Errorf("of one that stalls is told %+v", told)
	}
	if _, told = received(nil, 0, many[0]); len(told) != 1 || !errors.Is(told[0].Err, sfu.ErrNotTaken) {
		t.Errorf("without a shelf: %+v", told)
	}
	refused := errors.New("no")
	if _, told = received(&table{refuse: refused}, 0, many[0]); len(told) != 1 || !errors.Is(told[0].Err, refused) {
		t.Errorf("refused: %+v", told)
	}
}

// FuzzFiles gives the shelf what a member may send.
func FuzzFiles(f *testing.F) {
	for _, v := range []any{byteHeader("s", "../x", 3), chunkOf(0, "abc"), trailerOf("")} {
		b, err := proto.Marshal(packetOf(v, false))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		shelf := &table{kept: make(map[string]string)}
		a := newArrivals(shelf, func(sfu.Event) {})
		for i, b := range [][]byte{first, second, second, first} {
			p := new(wire.DataPacket)
			if proto.Unmarshal(b, p) == nil {
				a.take(p, i == 3, time.Now())
			}
		}
		for _, content := range shelf.kept {
			if len(content) > 3*(len(first)+len(second)) || strings.Contains(content, "\x00nothing") {
				t.Errorf("%d bytes were kept", len(content))
			}
		}
	})
}
