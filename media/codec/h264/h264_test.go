package h264_test

import (
	"bytes"
	"errors"
	"testing"

	"paravent/media/codec"
	"paravent/media/codec/h264"
	"paravent/media/codec/internal/codectest"
)

func TestH264KeepsTheContractOfACodec(t *testing.T) { codectest.Video(t, h264.Codec()) }

func TestTheProfileIsConstrainedBaselineWithParametersBeforeEveryIDR(t *testing.T) {
	s := codectest.Settings()
	e := codectest.Encoder(t, h264.Codec(), s)
	for range 2 {
		e.ForceKeyframe()
		pkt := codectest.Encode(t, e, s, 0, 1)[0]
		// nal_unit_type 7, profile_idc 66, constraint_set0 and constraint_set1
		if !bytes.HasPrefix(pkt.Data, []byte{0, 0, 0, 1, 0x67, 66}) || pkt.Data[6]&0xc0 != 0xc0 {
			t.Errorf("the keyframe begins with % x", pkt.Data[:8])
		}
		if !codec.HasParameters(pkt.Data) || !pkt.Keyframe {
			t.Error("a viewer cannot start at the keyframe")
		}
	}
}

func TestParameterSetsMayComeAheadOfTheKeyframe(t *testing.T) {
	s := codectest.Settings()
	pkts := codectest.Encode(t, codectest.Encoder(t, h264.Codec(), s), s, 0, 2)
	idr := bytes.LastIndex(pkts[0].Data, []byte{0, 0, 0, 1, 0x65})
	if idr < 0 {
		t.Fatal("no IDR slice")
	}
	d := codectest.Decoder(t, h264.Codec())
	if _, err := d.Decode(codec.Packet{Data: pkts[0].Data[:idr]}); !errors.Is(err, codec.ErrNeedKeyframe) {
		t.Errorf("the parameter sets alone: %v", err)
	}
	for _, data := range [][]byte{pkts[0].Data[idr:], pkts[1].Data} {
		p, err := d.Decode(codec.Packet{Data: data})
		if err != nil || p == nil {
			t.Errorf("picture %v, error %v", p != nil, err)
		}
		p.Release()
	}
}

func TestOddSizesAreRefused(t *testing.T) {
	s := codectest.Settings()
	s.Width++
	if _, err := h264.Codec().NewEncoder(s); !errors.Is(err, codec.ErrSettings) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	s := codec.VideoSettings{Width: 64, Height: 48, FPS: 25, Bitrate: 100_000}
	codectest.FuzzDecode(f, h264.Codec(), codectest.Encode(f, codectest.Encoder(f, h264.Codec(), s), s, 0, 1)[0])
}

func BenchmarkEncodeAt180p(b *testing.B) { codectest.BenchEncode(b, h264.Codec(), 320, 180, 200_000) }

func BenchmarkEncodeAt360p(b *testing.B) { codectest.BenchEncode(b, h264.Codec(), 640, 360, 800_000) }
func BenchmarkEncodeAt720p(b *testing.B) { codectest.BenchEncode(b, h264.Codec(), 1280, 720, 2e6) }

func BenchmarkDecode24TilesAt180p(b *testing.B) {
	codectest.BenchTiles(b, h264.Codec(), codectest.Tile(b, h264.Codec()))
}
