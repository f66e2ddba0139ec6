package vpx_test

import (
	"errors"
	"testing"

	"paravent/media/codec"
	"paravent/media/codec/internal/codectest"
	"paravent/media/codec/vpx"
)

func TestVP8KeepsTheContractOfACodec(t *testing.T) { codectest.Video(t, vpx.VP8()) }
func TestVP9KeepsTheContractOfACodec(t *testing.T) { codectest.Video(t, vpx.VP9()) }

func TestAPictureOfTenBitsIsRefusedInWords(t *testing.T) {
	d := codectest.Decoder(t, vpx.VP9())
	for range 2 {
		p, err := d.Decode(codectest.IVF(t, "testdata/10bit.ivf", codec.VP9)[0])
		if !errors.Is(err, codec.ErrFormat) || p != nil {
			t.Errorf("picture %v, error %v", p != nil, err)
		}
		p.Release()
	}
}

func TestAHugePictureIsRefusedBeforeItIsDecoded(t *testing.T) {
	for _, c := range []codec.VideoCodec{vpx.VP8(), vpx.VP9()} {
		s := codectest.Settings()
		pkt := codectest.Encode(t, codectest.Encoder(t, c, s), s, 0, 1)[0]
		if c.Name == codec.VP8 {
			copy(pkt.Data[6:], "\xff\x3f\xff\x3f") // 16383×16383
		} else {
			copy(pkt.Data[4:], "\x1f\xff\xff\xff\xf0") // behind the colours: 65536×65536
		}
		d := codectest.Decoder(t, c)
		if _, err := d.Decode(pkt); !errors.Is(err, codec.ErrTooLarge) {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// Spatial layers of one picture come one after the other in one packet, and only
// the first header can be looked at beforehand.
func TestAHugePictureBehindASmallOneIsRefused(t *testing.T) {
	s := codectest.Settings()
	s.Bitrate = 2_000_000
	pkts := codectest.Encode(t, codectest.Encoder(t, vpx.VP9(), s), s, 0, 2)
	huge := append([]byte(nil), pkts[0].Data...)
	copy(huge[4:], "\x03\xe7\xf3\xe7\xf0") // 16000×16000
	d := codectest.Decoder(t, vpx.VP9())
	two := codec.Packet{Data: append(append([]byte(nil), pkts[0].Data...), huge...)}
	if p, err := d.Decode(two); !errors.Is(err, codec.ErrNeedKeyframe) {
		t.Errorf("picture %v, error %v", p != nil, err)
	}
	p, err := d.Decode(pkts[0])
	if err != nil {
		t.Fatal(err)
	}
	p.Release()
}

func FuzzDecodeVP8(f *testing.F) { fuzz(f, vpx.VP8()) }
func FuzzDecodeVP9(f *testing.F) { fuzz(f, vpx.VP9()) }

func fuzz(f *testing.F, c codec.VideoCodec) {
	s := codec.VideoSettings{Width: 64, Height: 48, FPS: 25, Bitrate: 100_000}
	codectest.FuzzDecode(f, c, codectest.Encode(f, codectest.Encoder(f, c, s), s, 0, 1)[0])
}

func BenchmarkEncodeVP8At180p(b *testing.B) { codectest.BenchEncode(b, vpx.VP8(), 320, 180, 200_000) }

func BenchmarkEncodeVP8At360p(b *testing.B) { codectest.BenchEncode(b, vpx.VP8(), 640, 360, 800_000) }
func BenchmarkEncodeVP8At720p(b *testing.B) { codectest.BenchEncode(b, vpx.VP8(), 1280, 720, 2e6) }
func BenchmarkEncodeVP9At180p(b *testing.B) { codectest.BenchEncode(b, vpx.VP9(), 320, 180, 200_000) }

func BenchmarkEncodeVP9At360p(b *testing.B) { codectest.BenchEncode(b, vpx.VP9(), 640, 360, 800_000) }
func BenchmarkEncodeVP9At720p(b *testing.B) { codectest.BenchEncode(b, vpx.VP9(), 1280, 720, 2e6) }

func BenchmarkDecode24TilesVP8At180p(b *testing.B) {
	codectest.BenchTiles(b, vpx.VP8(), codectest.Tile(b, vpx.VP8()))
}

func BenchmarkDecode24TilesVP9At180p(b *testing.B) {
	codectest.BenchTiles(b, vpx.VP9(), codectest.Tile(b, vpx.VP9()))
}
