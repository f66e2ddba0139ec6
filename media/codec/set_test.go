package codec_test

import (
	"testing"

	"paravent/media/codec"
	"paravent/media/codec/av1"
	"paravent/media/codec/h264"
	"paravent/media/codec/opus"
	"paravent/media/codec/vpx"
)

// The C parts of the codecs must also link into one program.
func TestASetHoldsEveryCodecAndFindsItByName(t *testing.T) {
	set := codec.Set{
		Video:           []codec.VideoCodec{vpx.VP8(), vpx.VP9(), h264.Codec(), av1.Codec()},
		NewSoundEncoder: opus.NewEncoder,
		NewSoundDecoder: opus.NewDecoder,
	}
	for _, name := range []codec.Name{codec.VP8, codec.VP9, codec.H264, codec.AV1} {
		c, ok := set.Find(name)
		if !ok || c.Name != name {
			t.Fatalf("%s is not found", name)
		}
		d, err := c.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(codec.Packet{}); err == nil {
			t.Errorf("%s: nothing was decoded", name)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, ok := set.Find(codec.Opus); ok {
		t.Error("opus is found among the pictures")
	}
}
