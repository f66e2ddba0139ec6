package rtc

import (
	"bytes"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/sfutest"
)

// A stream makes the packets of a track.
type stream struct {
	t   testing.TB
	p   packer
	seq uint16
	ts  uint32
}

// frame returns the packets of the next picture, a keyframe or not.
func (s *stream) frame(key bool) (out []packet) {
	data := sfutest.Frame(codec.VP8)
	if !key {
		data[0] |= 1
	}
	s.ts += 3000
	for _, b := range pieces(s.t, s.p, codec.Packet{Data: data, Keyframe: key}) {
		s.seq++
		out = append(out, packet{seq: s.seq, ts: s.ts, kind: 96, payload: b})
	}
	out[len(out)-1].marker = true
	return out
}

func newStream(t testing.TB) *stream {
	return &stream{t: t, p: newPacker(codec.VP8, 0), seq: 65530, ts: 1<<32 - 2000}
}

func pictures(a *assembler, now time.Time) (out []uint32) {
	for {
		p, ok := a.pop(now)
		if !ok {
			return out
		}
		out = append(out, p.ts)
	}
}

func TestPacketsInAnyOrderBecomePicturesInOrder(t *testing.T) {
	s, a, now := newStream(t), newAssembler(newUnpacker(codec.VP8)), time.Now()
	var all []packet
	var want []uint32
	for i := range 6 {
		ps := s.frame(i == 0)
		want = append(want, s.ts)
		all = append(all, ps...)
	}
	shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	all = append(all, all[3], all[7]) // and some twice
	var got []uint32
	for _, p := range all {
		a.push(p, now)
		got = append(got, pictures(a, now)...)
	}
	if len(got) != len(want) {
		t.Fatalf("%d pictures of %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("picture %d is of %d, want %d", i, got[i], want[i])
		}
	}
}

func TestAMissingPacketIsWaitedForAndThenTheNextKeyframe(t *testing.T) {
	s, a, now := newStream(t), newAssembler(newUnpacker(codec.VP8)), time.Now()
	push := func(ps []packet) {
		for _, p := range ps {
			a.push(p, now)
		}
	}
	push(s.frame(true))
	hurt := s.frame(false)
	push(append(hurt[:1:1], hurt[2:]...))
	push(s.frame(false))
	if got := pictures(a, now); len(got) != 1 {
		t.Fatalf("%d pictures before the gap, want 1", len(got))
	}
	if a.deadline().IsZero() {
		t.Error("nothing is waited for")
	}
	now = now.Add(a.wait / 2)
	a.push(hurt[1], now) // it was sent again
	if got := pictures(a, now); len(got) != 2 {
		t.Fatalf("%d pictures after the gap was filled, want 2", len(got))
	}

	hurt = s.frame(false)
	push(hurt[1:])
	push(s.frame(false))
	pictures(a, now)
	now = now.Add(a.wait + time.Millisecond)
	if got := pictures(a, now); len(got) != 0 || !a.needsKeyframe() || a.lost != 1 {
		t.Fatalf("%d pictures, keyframe needed %v, %d lost; want 0, true, 1", len(got), a.needsKeyframe(), a.lost)
	}
	push(s.frame(false))
	if got := pictures(a, now); len(got) != 0 {
		t.Error("a picture came that refers to what was lost")
	}
	push(s.frame(true))
	push(s.frame(false))
	if got := pictures(a, now); len(got) != 2 {
		t.Errorf("%d pictures from the keyframe on, want 2", len(got))
	}
}

func TestPaddingIsPassedOver(t *testing.T) {
	s, a, now := newStream(t), newAssembler(newUnpacker(codec.VP8)), time.Now()
	n := 0
	for i := range 5 {
		for _, p := range s.frame(i == 0) {
			a.push(p, now)
		}
		for range 3 { // a server tries how much the way carries
			s.seq++
			a.push(packet{seq: s.seq, ts: s.ts}, now)
		}
		n += len(pictures(a, now))
	}
	if n != 5 {
		t.Errorf("%d pictures of 5", n)
	}
}

func TestAStreamThatBeginsAnewIsFollowed(t *testing.T) {
	s, a, now := newStream(t), newAssembler(newUnpacker(codec.VP8)), time.Now()
	for i := range 3 {
		for _, p := range s.frame(i == 0) {
			a.push(p, now)
		}
	}
	if got := pictures(a, now); len(got) != 3 {
		t.Fatalf("%d pictures of 3", len(got))
	}
	for _, jump := range []uint16{5000, 60000, 30000} { // ahead, back, far
		s.seq += jump
		n := 0
		for range 2 * ring {
			for _, p := range s.frame(true) {
				a.push(p, now)
			}
			n += len(pictures(a, now))
			now = now.Add(33 * time.Millisecond)
		}
		if n < ring {
			t.Errorf("after a jump of %d: %d pictures of %d", jump, n, 2*ring)
		}
	}
}

func TestAnAssemblersMemoryIsBounded(t *testing.T) {
	s, a, now := newStream(t), newAssembler(newUnpacker(codec.VP8)), time.Now()
	for i := range 3 * ring { // nobody pops
		for _, p := range s.frame(i%50 == 0) {
			a.push(p, now)
		}
	}
	used := 0
	for i := range a.slots {
		if a.slots[i].used {
			used++
		}
	}
	if used+len(a.free) > ring+1 {
		t.Errorf("%d buffers for a ring of %d", used+len(a.free), ring)
	}
}

func FuzzAssemble(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1, 1, 2, 0, 200, 1, 0}, byte(0))
	f.Fuzz(func(t *testing.T, script []byte, which byte) {
		name := []codec.Name{codec.VP8, codec.VP9, codec.H264, codec.AV1}[which%4]
		a, now := newAssembler(newUnpacker(name)), time.Unix(0, 0)
		for len(script) >= 4 {
			n := min(int(script[3]), len(script)-4)
			a.push(packet{
				seq: uint16(script[0])<<8 | uint16(script[1]), ts: uint32(script[2] & 0x7f), marker: script[2]&0x80 != 0,
				payload: script[4 : 4+n],
			}, now)
			now = now.Add(10 * time.Millisecond)
			for {
				p, ok := a.pop(now)
				if !ok {
					break
				}
				if len(p.data) == 0 {
					t.Error("an empty picture")
				}
			}
			script = script[4+n:]
		}
	})
}

func BenchmarkAssemble(b *testing.B) {
	s := newStream(b)
	a, now := newAssembler(newUnpacker(codec.VP8)), time.Now()
	frame := s.frame(true)
	b.SetBytes(int64(len(sfutest.Frame(codec.VP8))))
	b.ReportAllocs()
	for b.Loop() {
		for i := range frame {
			s.seq++
			frame[i].seq = s.seq
			frame[i].ts += 3000
			a.push(frame[i], now)
		}
		if _, ok := a.pop(now); !ok {
			b.Fatal("no picture")
		}
	}
}

func TestSoundComesAsItArrivesWithItsNumber(t *testing.T) {
	in := NewInlet(codec.Opus)
	r := new(Remote)
	r.name.Store(codec.Opus)
	in.Attach(r)
	now := time.Now()
	for _, seq := range []uint16{65534, 65535, 2, 1} { // one lost, one late
		in.push(r, packet{seq: seq, ts: uint32(seq) * 960, payload: []byte{byte(seq)}}, now)
	}
	var first uint64
	for i, want := range []uint64{0, 1, 4, 3} {
		p, err := in.Receive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = p.Seq
		}
		if p.Seq-first != want {
			t.Errorf("packet %d has number %d, want %d", i, p.Seq-first, want)
		}
	}
	if lost := in.Stats().Lost; lost != 1 {
		t.Errorf("%d lost, want 1", lost)
	}
	for i := range 3 * waitingSound {
		in.push(r, packet{seq: uint16(10 + i), payload: bytes.Repeat([]byte{1}, 100)}, now)
	}
	if in.sounds.n != waitingSound {
		t.Errorf("%d packets wait, want %d", in.sounds.n, waitingSound)
	}
}

func TestTimeGoesOnOverWrapsAndReports(t *testing.T) {
	c := clock{rate: pictureClock}
	ts := uint32(1<<32 - 90_000)
	c.tick(ts)
	for range 3 { // an hour
		ts += 90_000 * 1200
		c.tick(ts)
	}
	if got, want := c.at(c.ticks), time.Hour; got != want {
		t.Errorf("at %v, want %v", got, want)
	}
	wall := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	c.report(ts-90_000, uint64(wall.Unix()+2208988800)<<32|1<<31)
	if got, want := c.captured(c.tick(ts)), wall.Add(1500*time.Millisecond); !got.Equal(want) {
		t.Errorf("captured %v, want %v", got, want)
	}
}

func TestAsksAreNeverLost(t *testing.T) {
	a := NewAsks()
	no := false
	for range 100 {
		a.Put(ask(1, true, 0))
		a.Put(ask(0, false, 5000))
		a.Put(ask(9, true, 0)) // no such layer
	}
	off := ask(1, false, 7000)
	off.Wanted = &no
	a.Put(off)
	for i := range 2 {
		got := <-a.C()
		switch {
		case got.Layer == 0 && !got.Keyframe && got.Bitrate == 5000 && got.Wanted == nil:
		case got.Layer == 1 && got.Keyframe && got.Bitrate == 7000 && got.Wanted != nil && !*got.Wanted:
		default:
			t.Errorf("ask %d is %+v", i, got)
		}
	}
	select {
	case got := <-a.C():
		t.Errorf("one too many: %+v", got)
	default:
	}
}

func ask(layer int, key bool, bps int) sfu.Ask {
	return sfu.Ask{Layer: layer, Keyframe: key, Bitrate: bps}
}
