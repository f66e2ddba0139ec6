package opus_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/codec/opus"
	"paravent/media/frame"
	"paravent/privacy/filter"
)

func TestSettingsOutOfRangeAreRefused(t *testing.T) {
	for name, s := range map[string]codec.SoundSettings{
		"no bits":       {},
		"too many bits": {Bitrate: 600_000},
		"30 ms":         {Bitrate: 32_000, PacketFor: 30 * time.Millisecond},
		"20.5 ms":       {Bitrate: 32_000, PacketFor: 20500 * time.Microsecond},
		"1 µs":          {Bitrate: 32_000, PacketFor: time.Microsecond},
		"back in time":  {Bitrate: 32_000, PacketFor: -20 * time.Millisecond},
		"140 ms":        {Bitrate: 32_000, PacketFor: 140 * time.Millisecond},
		"complexity":    {Bitrate: 32_000, Complexity: 11},
	} {
		if _, err := opus.NewEncoder(s); !errors.Is(err, codec.ErrSettings) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAfterCloseThereAreErrorsAndNoCrash(t *testing.T) {
	e, d := encoder(t, settings()), decoder(t)
	pkt := filled(encode(t, e, tone, 0, 2))[0]
	if err := errors.Join(e.Close(), e.Close(), d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	e.SetBitrate(20_000)
	e.ExpectLoss(3)
	s := frame.Sound{}
	cleared, _ := chain(t).Clear(&s)
	out := make([]float32, codec.MaxSound)
	_, encoding := e.Encode(cleared)
	_, decoding := d.Decode(pkt.Data, out)
	_, lasting := d.Duration(pkt.Data)
	for _, err := range []error{encoding, decoding, lasting, d.Conceal(out), d.Recover(pkt.Data, out)} {
		if !errors.Is(err, codec.ErrClosed) {
			t.Error(err)
		}
	}
}

func TestWhatIsNoPacketOrHasNoRoomIsRefused(t *testing.T) {
	d, e := decoder(t), encoder(t, settings())
	pkt := filled(encode(t, e, tone, 0, 2))[0]
	if _, err := e.Encode(filter.ClearedSound{}); !errors.Is(err, opus.ErrEmpty) {
		t.Errorf("no sound: %v", err)
	}
	out := make([]float32, codec.MaxSound)
	for name, data := range map[string][]byte{
		"nothing": {}, "half a header": {3}, "200 ms": {3 | 3<<3, 63}, "too long": make([]byte, 1<<20),
	} {
		if _, err := d.Decode(data, out); !errors.Is(err, opus.ErrPacket) {
			t.Errorf("decoding %s: %v", name, err)
		}
	}
	if _, err := d.Decode(pkt.Data, out[:100]); !errors.Is(err, opus.ErrRoom) {
		t.Errorf("no room: %v", err)
	}
	for _, n := range []int{0, 1, 119} {
		if err := d.Conceal(out[:n]); !errors.Is(err, opus.ErrRoom) {
			t.Errorf("concealing %d samples: %v", n, err)
		}
	}
	if err := d.Recover(nil, out[:960]); !errors.Is(err, opus.ErrPacket) {
		t.Errorf("recovering from nothing: %v", err)
	}
}

func TestNothingIsAllocatedForAPacket(t *testing.T) {
	s := settings()
	s.FEC, s.DTX = true, true
	e, d, c := encoder(t, s), decoder(t), chain(t)
	var sound frame.Sound
	out := make([]float32, codec.MaxSound)
	n := 0
	if a := testing.AllocsPerRun(200, func() {
		sound.At = time.Duration(n) * frame.BlockFor
		for i := range sound.Near {
			sound.Near[i] = tone(n*frame.BlockLen + i)
		}
		n++
		e.SetBitrate(20_000 + 10*n)
		cleared, err := c.Clear(&sound)
		if err != nil {
			t.Fatal(err)
		}
		pkt, err := e.Encode(cleared)
		if err != nil {
			t.Fatal(err)
		}
		if len(pkt.Data) == 0 {
			return
		}
		if _, err := d.Decode(pkt.Data, out); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Conceal(out[:960]), d.Recover(pkt.Data, out[:960])); err != nil {
			t.Fatal(err)
		}
	}); a != 0 {
		t.Errorf("%v allocations for a block", a)
	}
}

func FuzzDecode(f *testing.F) {
	for _, ms := range []int{10, 20, 120} {
		s := settings()
		s.PacketFor, s.FEC = time.Duration(ms)*time.Millisecond, true
		f.Add(filled(encode(f, encoder(f, s), speech, 0, 12))[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := opus.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		before := bytes.Clone(data)
		out := make([]float32, codec.MaxSound+1)
		out[codec.MaxSound] = 42
		long, lasting := d.Duration(data)
		n, err := d.Decode(data, out[:codec.MaxSound])
		if err == nil && (lasting != nil || n != long) {
			t.Errorf("%d samples, %d announced, %v", n, long, lasting)
		}
		_ = d.Recover(data, out[:frame.BlockLen*2])
		if err := d.Conceal(out[:frame.BlockLen]); err != nil {
			t.Error(err)
		}
		for i, v := range out[:codec.MaxSound] {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("sample %d is %v", i, v)
			}
		}
		if out[codec.MaxSound] != 42 || !bytes.Equal(data, before) {
			t.Error("what was not to be written was")
		}
	})
}

func BenchmarkEncode10ms(b *testing.B) {
	e, c := encoder(b, settings()), chain(b)
	var second [100]frame.Sound
	for n := range second {
		for i := range second[n].Near {
			second[n].Near[i] = speech(n*frame.BlockLen + i)
		}
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		s := &second[n%100]
		s.At = time.Duration(n) * frame.BlockFor
		cleared, err := c.Clear(s)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Encode(cleared); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode20ms(b *testing.B) {
	pkts, d := filled(encode(b, encoder(b, settings()), speech, 0, 100)), decoder(b)
	out := make([]float32, codec.MaxSound)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := d.Decode(pkts[n%len(pkts)].Data, out); err != nil {
			b.Fatal(err)
		}
	}
}
