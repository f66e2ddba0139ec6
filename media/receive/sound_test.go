package receive

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/sfu"
)

// double decodes packets that hold nothing but their media time, in samples: to
// a tone of 200 Hz whose phase belongs to that time.
type double struct{ recovered, concealed int }

func (d *double) Decode(data []byte, out []float32) (int, error) {
	if len(data) <= dtxLen {
		clear(out[:960])
		return 960, nil
	}
	if len(data) < 8 {
		return 0, errors.New("nonsense")
	}
	tone(out[:960], binary.LittleEndian.Uint64(data))
	return 960, nil
}

func tone(out []float32, at uint64) {
	for i := range out {
		out[i] = 0.3 * float32(math.Sin(2*math.Pi*200*float64(at+uint64(i))/frame.Rate))
	}
}

func (d *double) Recover(next []byte, out []float32) error {
	d.recovered++
	tone(out, binary.LittleEndian.Uint64(next)-uint64(len(out)))
	return nil
}

func (d *double) Conceal(out []float32) error {
	d.concealed += len(out)
	clear(out)
	return nil
}
func (*double) Duration([]byte) (int, error) { return 960, nil }
func (*double) Close() error                 { return nil }

func packet(seq uint64, at time.Duration, data []byte) codec.Packet {
	binary.LittleEndian.PutUint64(data, uint64(samples(at)))
	return codec.Packet{Data: data, Codec: codec.Opus, Seq: seq, At: at}
}

// A link says what a network does to a stream of packets of 20 ms.
type link struct {
	jitter time.Duration // evenly between 0 and this
	loss   float64
	ppm    float64 // how much faster the speaker's clock is than the sender's
	length time.Duration
}

type arrival struct {
	when time.Duration
	seq  uint64
}

// simulate lets a minute pass in no time, and calls each after every block.
func simulate(t *testing.T, k link, each func(at time.Duration, b *frame.Block)) (*SoundLine, *double) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	var arrivals []arrival
	for seq := range uint64(k.length / (20 * time.Millisecond)) {
		if rnd.Float64() >= k.loss {
			way := 30*time.Millisecond + time.Duration(rnd.Float64()*float64(k.jitter))
			arrivals = append(arrivals, arrival{time.Duration(seq)*20*time.Millisecond + way, seq})
		}
	}
	slices.SortFunc(arrivals, func(a, b arrival) int { return int(a.when - b.when) })
	dec := &double{}
	l := NewSoundLine(nil, dec)
	begin, data := time.Now(), make([]byte, 8)
	var b frame.Block
	for n := 1; ; n++ {
		at := time.Duration(float64(n) * float64(frame.BlockFor) / (1 + k.ppm/1e6))
		for len(arrivals) > 0 && arrivals[0].when <= at {
			a := arrivals[0]
			arrivals = arrivals[1:]
			<-time.After(time.Until(begin.Add(a.when)))
			p := packet(a.seq, time.Duration(a.seq)*20*time.Millisecond, data)
			p.Captured = begin.Add(p.At)
			l.push(p)
		}
		if len(arrivals) == 0 {
			return l, dec
		}
		<-time.After(time.Until(begin.Add(at)))
		l.Pull(&b)
		if each != nil {
			each(at, &b)
		}
	}
}

func TestJitterLossAndDriftAreEvenedOut(t *testing.T) {
	for _, c := range []struct {
		link
		concealed uint64        // blocks a minute at most, apart from those of lost packets
		delay     time.Duration // at the end, at most
	}{
		{link{jitter: 0}, 0, 45 * time.Millisecond},
		{link{jitter: 30 * time.Millisecond}, 40, 80 * time.Millisecond},
		{link{jitter: 100 * time.Millisecond}, 200, 150 * time.Millisecond},
		{link{loss: 0.1}, 20, 50 * time.Millisecond},
		{link{jitter: 30 * time.Millisecond, loss: 0.1}, 80, 90 * time.Millisecond},
		{link{ppm: 200}, 5, 50 * time.Millisecond},
		{link{ppm: -200}, 5, 50 * time.Millisecond},
		{link{jitter: 30 * time.Millisecond, ppm: 200}, 40, 90 * time.Millisecond},
		{link{jitter: 30 * time.Millisecond, ppm: -200}, 40, 90 * time.Millisecond},
	} {
		c.length = time.Minute
		if c.ppm != 0 {
			c.length = 3 * time.Minute // in which the clocks part by 36 ms
		}
		name := fmt.Sprintf("jitter %v loss %v drift %v", c.jitter, c.loss, c.ppm)
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clicks, last := 0, float32(0)
				l, _ := simulate(t, c.link, func(_ time.Duration, b *frame.Block) {
					for _, v := range b {
						if d := v - last; d > 0.05 || d < -0.05 {
							clicks++
						}
						last = v
					}
				})
				s := l.Stats()
				t.Logf("%+v, %d clicks", s, clicks)
				lost := uint64(float64(s.Packets) * c.loss * 1.5 * 2)
				if s.Concealed > c.concealed*uint64(c.length/time.Minute)+lost {
					t.Errorf("%d blocks were invented", s.Concealed)
				}
				if s.Delay > c.delay || s.Delay < 5*time.Millisecond {
					t.Errorf("the delay is %v", s.Delay)
				}
				if s.Played < 5900 {
					t.Errorf("%d blocks were played", s.Played)
				}
				if c.ppm > 0 && s.Slower+s.Concealed == 0 || c.ppm < 0 && s.Faster == 0 {
					t.Error("the drift was not made up for")
				}
				if s.Overflows != 0 || s.Duplicates != 0 {
					t.Errorf("%+v", s)
				}
				if c.jitter == 0 && c.loss == 0 && clicks > 2 {
					t.Errorf("%d clicks", clicks)
				}
			})
		})
	}
}

func TestALostPacketIsRecoveredFromTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, dec := simulate(t, link{loss: 0.05, length: 20 * time.Second}, nil)
		s := l.Stats()
		t.Logf("%+v", s)
		if s.Recovered < s.Lost*8/10 || dec.recovered != int(s.Recovered) {
			t.Errorf("%d of %d recovered", s.Recovered, s.Lost)
		}
	})
}

func TestAPauseIsSilentAndNothingIsInventedInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dec := &double{}
		l := NewSoundLine(nil, dec)
		begin := time.Now()
		var b frame.Block
		data := make([]byte, 8)
		seq, loud := uint64(0), 0
		for n := range 600 { // 2 s of speech, 2 s of pause, 2 s of speech
			<-time.After(time.Until(begin.Add(time.Duration(n) * frame.BlockFor)))
			at := time.Duration(n) * frame.BlockFor
			speaks := n < 200 || n >= 400
			switch {
			case n%2 == 0 && speaks:
				l.push(packet(seq, at, data))
				seq++
			case n == 200 || n == 240 || n == 280 || n == 320 || n == 360: // every 400 ms
				l.push(codec.Packet{Data: []byte{1}, Seq: seq, At: at})
				seq++
			}
			l.Pull(&b)
			if n > 220 && n < 395 && b != (frame.Block{}) {
				loud++
			}
		}
		s := l.Stats()
		t.Logf("%+v", s)
		if loud > 0 || s.Concealed > 0 || s.Lost > 0 {
			t.Errorf("%d loud blocks in the pause, %d blocks invented, %d lost", loud, s.Concealed, s.Lost)
		}
		if s.Delay > 50*time.Millisecond {
			t.Errorf("the delay after the pause is %v", s.Delay)
		}
	})
}

func TestPlayingAtFollowsTheSendersClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		l, _ := simulate(t, link{jitter: 30 * time.Millisecond, length: 10 * time.Second}, nil)
		at, ok := l.PlayingAt()
		if !ok {
			t.Fatal("unknown")
		}
		// The way takes 30 ms, and the line adds its delay.
		behind := time.Since(begin) - at.Sub(begin)
		if off := behind - 30*time.Millisecond - l.Stats().Delay; off > 30*time.Millisecond || off < -30*time.Millisecond {
			t.Errorf("heard %v behind, by a delay of %v", behind, l.Stats().Delay)
		}
	})
}

func TestDuplicatesLatecomersAndGiantsAreThrownAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewSoundLine(nil, &double{})
		var b frame.Block
		for seq := range uint64(20) {
			p := packet(seq, time.Duration(seq)*20*time.Millisecond, make([]byte, 8))
			l.push(p)
			if seq == 3 {
				l.push(p)
				l.push(codec.Packet{Data: make([]byte, slotLen+1), Seq: 4})
				l.push(codec.Packet{Seq: 4})
			}
			<-time.After(20 * time.Millisecond)
			l.Pull(&b)
			l.Pull(&b)
		}
		l.push(packet(2, 40*time.Millisecond, make([]byte, 8)))
		if s := l.Stats(); s.Duplicates != 1 || s.TooLarge != 2 || s.Late != 1 || s.Lost != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestASenderThatBeginsAnewIsHeardAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewSoundLine(nil, &double{})
		var b frame.Block
		data, heard := make([]byte, 8), 0
		for _, first := range []uint64{5000, 100000, 7} {
			heard = 0
			for n := range uint64(150) {
				l.push(packet(first+n, time.Duration(n)*20*time.Millisecond, data))
				<-time.After(20 * time.Millisecond)
				for range 2 {
					if l.Pull(&b); b != (frame.Block{}) {
						heard++
					}
				}
			}
			if heard < 150 {
				t.Errorf("from packet %d: %d of 300 blocks", first, heard)
			}
		}
	})
}

func TestAStallOfTheNetworkIsCaughtUpWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewSoundLine(nil, &double{})
		var b frame.Block
		data := make([]byte, 8)
		for n := range uint64(1000) {
			<-time.After(20 * time.Millisecond)
			switch {
			case n >= 200 && n < 250: // a second of nothing
			case n == 250:
				for k := uint64(200); k <= 250; k++ {
					l.push(packet(k, time.Duration(k)*20*time.Millisecond, data))
				}
			default:
				l.push(packet(n, time.Duration(n)*20*time.Millisecond, data))
			}
			l.Pull(&b)
			l.Pull(&b)
			if n == 300 && l.Stats().Delay > 150*time.Millisecond {
				t.Errorf("a second later the delay is %v", l.Stats().Delay)
			}
		}
		s := l.Stats()
		t.Logf("%+v", s)
		if s.Delay > 100*time.Millisecond {
			t.Errorf("the delay stays at %v", s.Delay)
		}
	})
}

// A sender whose machine was busy loses time: its media clock goes on where it
// stopped, and every later packet looks late for ever.
func TestASenderThatLostTimeIsNotTakenForASlowNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &double{}
		l := NewSoundLine(nil, d)
		var b frame.Block
		data := make([]byte, 8)
		sent := uint64(0)
		var atStall, afterwards int
		for n := range 1000 {
			<-time.After(20 * time.Millisecond)
			if n < 300 || n >= 350 { // a second without time
				l.push(packet(sent, time.Duration(sent)*20*time.Millisecond, data))
				sent++
			}
			l.Pull(&b)
			l.Pull(&b)
			switch n {
			case 350:
				atStall = int(l.Stats().Concealed)
			case 500:
				afterwards = int(l.Stats().Concealed)
				if got := l.Stats().Delay; got > 100*time.Millisecond {
					t.Errorf("three seconds later the delay is still taken for %v", got)
				}
			}
		}
		if n := afterwards - atStall; n > 5 {
			t.Errorf("%d blocks were invented after the sender was back", n)
		}
	})
}

// queue is an inlet with three packets.
type queue struct{ left []codec.Packet }

func (q *queue) Receive(context.Context) (codec.Packet, error) {
	if len(q.left) == 0 {
		return codec.Packet{}, io.EOF
	}
	p := q.left[0]
	q.left = q.left[1:]
	return p, nil
}
func (*queue) AskKeyframe() error  { return nil }
func (*queue) Want(sfu.View) error { return nil }
func (*queue) Close() error        { return nil }

func TestRunEndsWithTheTrackAndPullIsSilentAfterClose(t *testing.T) {
	data := make([]byte, 8)
	l := NewSoundLine(&queue{[]codec.Packet{packet(0, 0, data), packet(1, 20*time.Millisecond, data), packet(2, 40*time.Millisecond, data)}}, &double{})
	if err := l.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Packets != 3 {
		t.Errorf("%+v", s)
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	b := frame.Block{1}
	if l.Pull(&b); b != (frame.Block{}) {
		t.Error("sound after Close")
	}
}

func TestNothingIsAllocatedForAPacketOrABlock(t *testing.T) {
	l := NewSoundLine(nil, &double{})
	var b frame.Block
	data, seq := make([]byte, 8), uint64(0)
	at := time.Now()
	if n := testing.AllocsPerRun(500, func() {
		p := packet(seq, time.Duration(seq)*20*time.Millisecond, data)
		p.Arrived = at.Add(p.At)
		l.push(p)
		l.Pull(&b)
		l.Pull(&b)
		seq++
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

func BenchmarkSoundLine(b *testing.B) {
	l := NewSoundLine(nil, &double{})
	var out frame.Block
	data := make([]byte, 8)
	at := time.Now()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		p := packet(uint64(n), time.Duration(n)*20*time.Millisecond, data)
		p.Arrived = at.Add(p.At)
		l.push(p)
		l.Pull(&out)
		l.Pull(&out)
	}
}
