package opus_test

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/codec/opus"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
)

// speech is a voice of sorts: a buzz with formants whose pitch and loudness
// wander, so that one packet does not foretell the next.
func speech(i int) float32 { return voice()[i%len(voice())] }

// voice is four seconds of it.
var voice = sync.OnceValue(func() []float32 {
	v := make([]float32, 4*frame.Rate)
	for i := range v {
		v[i] = buzz(i)
	}
	return v
})

func buzz(i int) float32 {
	t := float64(i) / frame.Rate
	syllable := 0.5 + 0.5*math.Sin(2*math.Pi*4.3*t)
	phase := 2 * math.Pi * (140*t + 4*math.Sin(2*math.Pi*1.7*t))
	v := 0.0
	for h := 1.0; h <= 24; h++ {
		formant := math.Exp(-math.Pow((h*140-600-400*math.Sin(2*math.Pi*2.9*t))/300, 2))
		v += (formant + 0.05) * math.Sin(h*phase) / math.Sqrt(h)
	}
	return float32(0.15 * syllable * v)
}

func tone(i int) float32 { return float32(0.25 * math.Sin(2*math.Pi*440*float64(i)/frame.Rate)) }

func settings() codec.SoundSettings {
	return codec.SoundSettings{Bitrate: 32_000, Complexity: 5}
}

func chain(tb testing.TB) *filter.AudioChain {
	tb.Helper()
	leave, err := policy.Default().RawSound()
	if err != nil {
		tb.Fatal(err)
	}
	c, err := filter.NewOpenAudioChain(leave)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// encode returns the packets of blocks blocks of f, as copies.
func encode(tb testing.TB, e codec.SoundEncoder, f func(int) float32, from, blocks int) []codec.Packet {
	tb.Helper()
	c := chain(tb)
	var pkts []codec.Packet
	for n := from; n < from+blocks; n++ {
		s := frame.Sound{At: time.Duration(n) * frame.BlockFor}
		for i := range s.Near {
			s.Near[i] = f(n*frame.BlockLen + i)
		}
		cleared, err := c.Clear(&s)
		if err != nil {
			tb.Fatal(err)
		}
		pkt, err := e.Encode(cleared)
		if err != nil {
			tb.Fatal(err)
		}
		pkt.Data = slices.Clone(pkt.Data)
		pkts = append(pkts, pkt)
	}
	return pkts
}

func filled(pkts []codec.Packet) []codec.Packet {
	return slices.DeleteFunc(slices.Clone(pkts), func(p codec.Packet) bool { return len(p.Data) == 0 })
}

func encoder(tb testing.TB, s codec.SoundSettings) codec.SoundEncoder {
	tb.Helper()
	e, err := opus.NewEncoder(s)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { e.Close() })
	return e
}

func decoder(tb testing.TB) codec.SoundDecoder {
	tb.Helper()
	d, err := opus.NewDecoder()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { d.Close() })
	return d
}

func energy(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// fit returns how much of want is in got, in dB over the rest, at the delay
// up to 20 ms at which most is.
func fit(want, got []float32) float64 {
	best := math.Inf(-1)
	for delay := range 2 * frame.BlockLen {
		n := min(len(want), len(got)-delay)
		if n <= 0 {
			break
		}
		rest := 0.0
		for i := range n {
			d := float64(want[i] - got[i+delay])
			rest += d * d
		}
		best = max(best, 10*math.Log10(energy(want[:n])/rest))
	}
	return best
}

func TestAToneComesBackAsLoudAndAsClear(t *testing.T) {
	for _, ms := range []int{0, 10, 20, 40, 60, 80, 100, 120} {
		s := settings()
		s.PacketFor = time.Duration(ms) * time.Millisecond
		pkts := filled(encode(t, encoder(t, s), tone, 0, 120))
		want := 20 * time.Millisecond
		if s.PacketFor > 0 {
			want = s.PacketFor
		}
		d, out, all := decoder(t), make([]float32, codec.MaxSound), []float32(nil)
		for i, pkt := range pkts {
			if pkt.Codec != codec.Opus || pkt.At != time.Duration(i)*want {
				t.Fatalf("packet %d: %s at %v, want %v", i, pkt.Codec, pkt.At, time.Duration(i)*want)
			}
			long, err := d.Duration(pkt.Data)
			if err != nil || long != int(want/frame.BlockFor)*frame.BlockLen {
				t.Errorf("packet of %d samples, %v", long, err)
			}
			n, err := d.Decode(pkt.Data, out)
			if err != nil || n != long {
				t.Fatalf("packet %d: %d samples, %v", i, n, err)
			}
			all = append(all, out[:n]...)
		}
		if len(all) != 120*frame.BlockLen {
			t.Fatalf("%v: %d samples", want, len(all))
		}
		var in []float32
		for i := range 8 * frame.BlockLen {
			in = append(in, tone(24*frame.BlockLen+i))
		}
		got := all[24*frame.BlockLen:]
		if loud := energy(got[:len(in)]) / energy(in); loud < 0.9 || loud > 1.1 {
			t.Errorf("%v: energy changed by %.2f", want, loud)
		}
		if snr := fit(in, got); snr < 15 {
			t.Errorf("%v: clear by %.1f dB, want 15", want, snr)
		}
	}
}

func TestRecoveringIsNearerToTheTruthThanConcealing(t *testing.T) {
	s := settings()
	s.FEC, s.Bitrate = true, 24_000
	e := encoder(t, s)
	e.ExpectLoss(20)
	pkts := filled(encode(t, e, speech, 0, 400))
	whole, recovered, concealed := decoder(t), decoder(t), decoder(t)
	out := make([]float32, codec.MaxSound)
	var fec, plc, total float64
	for i, pkt := range pkts {
		n, err := whole.Decode(pkt.Data, out)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(out[:n])
		if i%7 != 6 || i+1 == len(pkts) {
			for _, d := range []codec.SoundDecoder{recovered, concealed} {
				if _, err := d.Decode(pkt.Data, out); err != nil {
					t.Fatal(err)
				}
			}
			continue
		}
		distance := func(got []float32) float64 {
			d := make([]float32, len(got))
			for i := range d {
				d[i] = got[i] - want[i]
			}
			return energy(d)
		}
		if err := recovered.Recover(pkts[i+1].Data, out[:n]); err != nil {
			t.Fatal(err)
		}
		fec += distance(out[:n])
		if err := concealed.Conceal(out[:n]); err != nil {
			t.Fatal(err)
		}
		plc += distance(out[:n])
		total += energy(want)
	}
	t.Logf("error of the lost packets: recovered %.1f dB, concealed %.1f dB", 10*math.Log10(fec/total), 10*math.Log10(plc/total))
	if fec > plc/2 {
		t.Errorf("recovered %.3f, concealed %.3f of %.3f", fec, plc, total)
	}
}

func TestSilenceSendsNothingWithDTX(t *testing.T) {
	silence := func(int) float32 { return 0 }
	for _, ms := range []int{10, 20, 60} {
		s := settings()
		s.DTX, s.PacketFor = true, time.Duration(ms)*time.Millisecond
		e := encoder(t, s)
		if n := len(filled(encode(t, e, speech, 0, 60))); n == 0 {
			t.Fatal("speech sends nothing")
		}
		trail := filled(encode(t, e, silence, 60, 120)) // after speech
		for i, pkt := range trail {
			if marks := len(pkt.Data) <= 2; marks != (i == len(trail)-1) {
				t.Errorf("%v: packet %d of %d before silence has %d bytes", s.PacketFor, i, len(trail), len(pkt.Data))
			}
		}
		if n := len(filled(encode(t, e, silence, 180, 600))); n != 0 {
			t.Errorf("%v: six seconds of silence sent %d packets", s.PacketFor, n)
		}
		if n := len(filled(encode(t, e, speech, 780, 12))); n == 0 {
			t.Errorf("%v: speech after silence sends nothing", s.PacketFor)
		}
	}
	if n := len(filled(encode(t, encoder(t, settings()), silence, 0, 600))); n != 300 {
		t.Errorf("without DTX silence sent %d packets, want 300", n)
	}
}

func TestTheBitrateFollowsWhatWasSet(t *testing.T) {
	e := encoder(t, settings())
	n := 0
	for _, bps := range []int{32_000, 12_000, 64_000} {
		e.SetBitrate(bps)
		encode(t, e, speech, n, 50)
		got := 0
		for _, pkt := range encode(t, e, speech, n+50, 200) {
			got += 8 * len(pkt.Data) / 2 // in two seconds
		}
		n += 250
		if float64(got) < 0.6*float64(bps) || float64(got) > 1.25*float64(bps) {
			t.Errorf("asked for %d bit/s, got %d", bps, got)
		}
	}
	e.SetBitrate(math.MinInt)
	e.SetBitrate(math.MaxInt)
	e.ExpectLoss(-1)
	e.ExpectLoss(1000)
	encode(t, e, speech, n, 10)
}

func TestNothingIsSentNarrowerThanWideband(t *testing.T) {
	for _, ms := range []int{10, 20} {
		for _, complexity := range []int{0, 2, 10} {
			for _, loss := range []int{0, 20, 100} {
				for _, bps := range []int{6_000, 10_000, 12_000, 15_000, 20_000, 24_000, 28_000} {
					s := codec.SoundSettings{
						Bitrate: bps, Complexity: complexity, FEC: loss > 0,
						PacketFor: time.Duration(ms) * time.Millisecond,
					}
					e := encoder(t, s)
					e.ExpectLoss(loss)
					for _, pkt := range filled(encode(t, e, speech, 0, 8)) {
						if narrow(pkt.Data[0]) {
							t.Fatalf("%+v, loss %d: narrower than wideband", s, loss)
						}
					}
				}
			}
		}
	}
}

// narrow reads the configuration in a packet's first byte; RFC 6716, table 2.
func narrow(toc byte) bool {
	config := toc >> 3
	return config < 8 || config >= 16 && config < 20
}

func TestAGapInTimeBeginsANewPacket(t *testing.T) {
	s := settings()
	s.PacketFor = 40 * time.Millisecond
	e := encoder(t, s)
	encode(t, e, tone, 0, 3)
	pkts := filled(encode(t, e, tone, 100, 4))
	if len(pkts) != 1 || pkts[0].At != time.Second {
		t.Errorf("%d packets, the first at %v", len(pkts), pkts[0].At)
	}
}
