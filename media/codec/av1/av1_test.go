package av1_test

import (
	"errors"
	"image"
	"testing"

	"paravent/media/codec"
	"paravent/media/codec/av1"
	"paravent/media/codec/internal/codectest"
)

func scene(tb testing.TB) []codec.Packet {
	return codectest.IVF(tb, "testdata/scene-160x90.ivf", codec.AV1)
}

func TestAMovingPictureComesOutNearlyAsItWas(t *testing.T) {
	d, src := codectest.Decoder(t, av1.Codec()), codectest.NewSource(t, 160, 90)
	for n, pkt := range scene(t) {
		p, err := d.Decode(pkt)
		if err != nil || p == nil {
			t.Fatalf("picture %d: %v", n, err)
		}
		want := src.Picture(t, n)
		if got := codectest.PSNR(want.Picture(), p); got < 35 {
			t.Errorf("picture %d comes within %.1f dB, want 35", n, got)
		}
		if p.At != codectest.At(n) {
			t.Errorf("picture %d is of %v", n, p.At)
		}
		want.Release()
		p.Release()
	}
}

func TestKeyframesAreFoundInTheBitstream(t *testing.T) {
	for n, pkt := range scene(t) {
		if pkt.Keyframe != (n%12 == 0) {
			t.Errorf("picture %d: keyframe is %v", n, pkt.Keyframe)
		}
		size, ok := codec.Dimensions(codec.AV1, pkt.Data)
		if ok != pkt.Keyframe || ok && size != image.Pt(160, 90) {
			t.Errorf("picture %d: size %v, %v", n, size, ok)
		}
	}
}

func TestADecoderWaitsForAKeyframeAndGoesOnAtTheNext(t *testing.T) {
	d, pkts := codectest.Decoder(t, av1.Codec()), scene(t)
	half, flipped := pkts[2], pkts[12]
	half.Data = half.Data[:len(half.Data)/2]
	flipped.Data = append([]byte{}, flipped.Data[:30]...)
	for i, step := range []struct {
		pkt  codec.Packet
		good bool
	}{
		{pkts[1], false},
		{pkts[0], true},
		{pkts[1], true},
		{half, false},
		{pkts[3], false},
		{flipped, false},
		{pkts[13], false},
		{pkts[12], true},
		{pkts[13], true},
		{codec.Packet{}, false},
		{pkts[14], false},
		{pkts[0], true},
	} {
		p, err := d.Decode(step.pkt)
		if good := p != nil && err == nil; good != step.good || !good && !errors.Is(err, codec.ErrNeedKeyframe) {
			t.Errorf("step %d: picture %v, error %v", i, p != nil, err)
		}
		p.Release()
	}
}

func TestTheSizeMayChangeWithinATrack(t *testing.T) {
	d := codectest.Decoder(t, av1.Codec())
	small := codectest.IVF(t, "testdata/scene-96x64.ivf", codec.AV1)
	for _, pkts := range [][]codec.Packet{scene(t)[:3], small, scene(t)[:3]} {
		size, _ := codec.Dimensions(codec.AV1, pkts[0].Data)
		for _, pkt := range pkts {
			p, err := d.Decode(pkt)
			if err != nil || p == nil {
				t.Fatalf("%v: %v", size, err)
			}
			if p.Size() != size {
				t.Errorf("a picture of %v, want %v", p.Size(), size)
			}
			p.Release()
		}
	}
}

func TestAPictureOfTenBitsIsRefusedInWords(t *testing.T) {
	d := codectest.Decoder(t, av1.Codec())
	p, err := d.Decode(codectest.IVF(t, "testdata/10bit.ivf", codec.AV1)[0])
	if !errors.Is(err, codec.ErrFormat) || p != nil {
		t.Errorf("picture %v, error %v", p != nil, err)
	}
	if p, err = d.Decode(scene(t)[0]); err != nil {
		t.Error(err)
	}
	p.Release()
}

func TestAfterCloseThereAreErrorsAndNoCrash(t *testing.T) {
	d := codectest.Decoder(t, av1.Codec())
	if _, err := d.Decode(scene(t)[0]); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if _, err := d.Decode(scene(t)[0]); !errors.Is(err, codec.ErrClosed) {
		t.Error(err)
	}
}

func TestNothingIsAllocatedForAPicture(t *testing.T) {
	d, pkts, n := codectest.Decoder(t, av1.Codec()), scene(t), 0
	if a := testing.AllocsPerRun(100, func() {
		p, err := d.Decode(pkts[n%len(pkts)])
		if err != nil {
			t.Fatal(err)
		}
		p.Release()
		n++
	}); a != 0 {
		t.Errorf("%v allocations for a picture", a)
	}
}

func TestThereIsNoEncoder(t *testing.T) {
	if av1.Codec().NewEncoder != nil {
		t.Error("there is one")
	}
}

func FuzzDecode(f *testing.F) { codectest.FuzzDecode(f, av1.Codec(), scene(f)[0]) }

func BenchmarkDecode24TilesAt90p(b *testing.B) { codectest.BenchTiles(b, av1.Codec(), scene(b)) }
