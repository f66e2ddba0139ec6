package codectest

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"paravent/media/codec"
	"paravent/privacy/filter"
)

// IVF returns the packets of a file in the IVF format, as copies.
func IVF(tb testing.TB, path string, name codec.Name) []codec.Packet {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var pkts []codec.Packet
	for data = data[32:]; len(data) > 0; {
		size := int(binary.LittleEndian.Uint32(data))
		payload := data[12 : 12+size]
		pkts = append(pkts, codec.Packet{
			Data: payload, Codec: name, At: At(len(pkts)), Keyframe: codec.IsKeyframe(name, payload),
		})
		data = data[12+size:]
	}
	return pkts
}

// FuzzDecode gives two foreign packets to a decoder, between two good keyframes.
// Nothing may crash, nothing may come out that is too large, and the second
// keyframe must come out whatever the packets were.
func FuzzDecode(f *testing.F, c codec.VideoCodec, keyframe codec.Packet) {
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d, err := c.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}()
		for i, data := range [][]byte{first, keyframe.Data, second, first} {
			p, err := d.Decode(codec.Packet{Data: data})
			if p != nil {
				if err != nil {
					t.Error("both a picture and an error")
				}
				if !codec.Fits(p.Size()) {
					t.Errorf("a picture of %v", p.Size())
				}
			}
			if i == 1 && p == nil {
				t.Fatalf("the good keyframe did not come out: %v", err)
			}
			p.Release()
		}
		p, err := d.Decode(keyframe)
		if p == nil {
			t.Fatalf("the last good keyframe did not come out: %v", err)
		}
		p.Release()
		if _, err := d.Decode(codec.Packet{Data: second[:len(second)/2]}); errors.Is(err, codec.ErrClosed) {
			t.Error("the decoder closed itself")
		}
	})
}

// BenchEncode encodes the scene in the given size. It also reports how many
// pictures a second one core does.
func BenchEncode(b *testing.B, c codec.VideoCodec, width, height, bitrate int) {
	s := codec.VideoSettings{Width: width, Height: height, FPS: FPS, Bitrate: bitrate, Threads: 1}
	e, src := Encoder(b, c, s), NewSource(b, width, height)
	scene := make([]filter.ClearedPicture, 50)
	for n := range scene {
		scene[n] = src.Picture(b, n)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		p := scene[n%len(scene)]
		p.Picture().At = At(n)
		if _, err := e.Encode(p); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fps")
}

// BenchTiles decodes one picture of each of 24 tiles, each tile with a decoder of
// its own. It also reports how many such rounds a second one core does: a wall
// of tiles at 25 pictures a second needs 25.
func BenchTiles(b *testing.B, c codec.VideoCodec, pkts []codec.Packet) {
	tiles := make([]codec.VideoDecoder, 24)
	for i := range tiles {
		tiles[i] = Decoder(b, c)
	}
	round := func(n int) {
		for _, d := range tiles {
			p, err := d.Decode(pkts[n%len(pkts)])
			if err != nil {
				b.Fatal(err)
			}
			p.Release()
		}
	}
	round(0)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		round(n)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "fps")
}

// Tile returns two seconds of the scene in 320×180, as packets of c.
func Tile(tb testing.TB, c codec.VideoCodec) []codec.Packet {
	s := Settings()
	s.Bitrate = 200_000
	var pkts []codec.Packet
	for _, pkt := range Encode(tb, Encoder(tb, c, s), s, 0, 50) {
		if len(pkt.Data) > 0 {
			pkts = append(pkts, pkt)
		}
	}
	return pkts
}
