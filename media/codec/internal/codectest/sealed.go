package codectest

import (
	"bytes"
	"testing"

	"paravent/media/codec"
	"paravent/privacy/seal/sframe"
)

// sealed: what the encoder makes can be encrypted from end to end, and decodes when
// it was opened; what was sealed does not decode.
func sealed(t *testing.T, c codec.VideoCodec) {
	sealer, err := sframe.NewSealer(sframe.AES256GCM, 1, []byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	opener, err := sframe.NewOpener(sframe.AES256GCM, 1, []byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	s := Settings()
	e, d := Encoder(t, c, s), Decoder(t, c)
	shown := 0
	for i, pkt := range append(Encode(t, e, s, 0, 10), Encode(t, e, s, 10, 20)...) {
		if len(pkt.Data) == 0 {
			continue
		}
		frame, err := sframe.SealFrame(sealer, c.Name, nil, pkt.Data)
		if err != nil {
			t.Fatal(err)
		}
		without, _ := Decoder(t, c).Decode(codec.Packet{Data: frame, Codec: c.Name})
		opened, err := sframe.OpenFrame(opener, c.Name, nil, frame)
		if err != nil || !bytes.Equal(opened, pkt.Data) {
			t.Fatalf("picture %d: %d bytes came back as %d, %v", i, len(pkt.Data), len(opened), err)
		}
		pkt.Data = opened
		p, err := d.Decode(pkt)
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			shown++
		}
		if p != nil && without != nil { // to a decoder of VP8 anything is a picture
			if db := PSNR(p, without); db > 20 {
				t.Errorf("picture %d is seen at %.0f dB without a key", i, db)
			}
		}
		without.Release()
		p.Release()
	}
	if shown < 10 {
		t.Errorf("only %d pictures were shown", shown)
	}
}
