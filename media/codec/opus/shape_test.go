package opus_test

import (
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/frame"
)

const ms = time.Millisecond

func TestPacketsChangeTheirLengthInMidSpeechWithoutAGap(t *testing.T) {
	e, d := encoder(t, settings()), decoder(t)
	var at time.Duration
	seen := make(map[time.Duration]bool)
	for n, length := range []time.Duration{60 * ms, 120 * ms, 20 * ms, 40 * ms, 120 * ms, 10 * ms} {
		e.Shape(length, n%2 == 0) // in the middle of a packet, as a rule
		for _, p := range filled(encode(t, e, speech, 53*n, 53)) {
			if p.At != at {
				t.Fatalf("a packet of %v, where the one before ended at %v", p.At, at)
			}
			got, err := d.Duration(p.Data)
			if err != nil {
				t.Fatal(err)
			}
			is := time.Duration(got) * time.Second / frame.Rate
			seen[is] = true
			at += is
		}
	}
	if at < 3000*ms || len(seen) != 5 {
		t.Errorf("packets of %v, up to %v", seen, at)
	}
}

func TestConstantPacketsAreOfOneSizeAndWideband(t *testing.T) {
	for _, c := range []struct {
		bitrate int
		length  time.Duration
	}{{24_000, 20 * ms}, {16_000, 40 * ms}, {12_000, 60 * ms}, {8_500, 60 * ms}} {
		e := encoder(t, codec.SoundSettings{Bitrate: 32_000, Complexity: 5, FEC: true, DTX: true})
		e.SetBitrate(c.bitrate)
		e.Shape(c.length, true)
		pkts := filled(encode(t, e, speech, 0, 480))
		want := c.bitrate / 8 * int(c.length/ms) / 1000
		for _, p := range pkts {
			if len(p.Data) < want || len(p.Data) > want+1 || len(p.Data) != len(pkts[0].Data) || narrow(p.Data[0]) {
				t.Fatalf("%+v: a packet of %d bytes, not %d; narrow: %t", c, len(p.Data), want, narrow(p.Data[0]))
			}
		}
		if len(pkts) < 35 {
			t.Errorf("%+v: only %d packets", c, len(pkts))
		}
	}
}

func TestWhatIsTooCoarseForOneSizeStaysWideband(t *testing.T) {
	for _, length := range []time.Duration{20 * ms, 60 * ms, 120 * ms} {
		for bitrate := 6_000; bitrate <= 13_000; bitrate += 250 {
			e := encoder(t, codec.SoundSettings{Bitrate: bitrate, Complexity: 5, DTX: true})
			e.Shape(length, true)
			for _, p := range filled(encode(t, e, speech, 0, 120)) {
				if narrow(p.Data[0]) {
					t.Fatalf("%d bit/s in packets of %v: narrower than wideband", bitrate, length)
				}
			}
		}
	}
}

func TestSilenceCostsNothingInConstantPacketsEither(t *testing.T) {
	for _, length := range []time.Duration{20 * ms, 60 * ms, 120 * ms} {
		e := encoder(t, codec.SoundSettings{Bitrate: 8_000, Complexity: 5, DTX: true})
		e.Shape(length, true)
		encode(t, e, speech, 0, 120)
		silence := encode(t, e, func(int) float32 { return 0 }, 120, 360)
		bytes := 0
		for _, p := range filled(silence) {
			bytes += len(p.Data)
		}
		if bytes*8 > 8_000*36/10/4 {
			t.Errorf("%v: 3.6 s of silence are %d bytes", length, bytes)
		}
	}
}

func TestALengthThatCannotBeChangesNothing(t *testing.T) {
	e, d := encoder(t, settings()), decoder(t)
	for _, length := range []time.Duration{0, -ms, 30 * ms, 500 * ms} {
		e.Shape(length, false)
	}
	for _, p := range filled(encode(t, e, speech, 0, 20)) {
		if n, _ := d.Duration(p.Data); n != 2*frame.BlockLen {
			t.Fatalf("a packet of %d samples", n)
		}
	}
}
