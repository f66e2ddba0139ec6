package receive

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/codec"
	"paravent/media/codec/opus"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
)

// TestPacketsOfAnyLengthPlayWithoutAGap lets a real encoder change the length of its packets while it speaks, as it does when a
// link gets thin, over a way that takes from 5 to 45 ms.
func TestPacketsOfAnyLengthPlayWithoutAGap(t *testing.T) {
	const ms = time.Millisecond
	leave, err := policy.Default().RawSound()
	if err != nil {
		t.Fatal(err)
	}
	for _, jitter := range []time.Duration{0, 40 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			chain, err := filter.NewOpenAudioChain(leave)
			if err != nil {
				t.Fatal(err)
			}
			enc, err := opus.NewEncoder(codec.SoundSettings{Bitrate: 16_000, Complexity: 5})
			if err != nil {
				t.Fatal(err)
			}
			defer enc.Close()
			dec, err := opus.NewDecoder()
			if err != nil {
				t.Fatal(err)
			}
			l := NewSoundLine(nil, dec)
			defer l.Close()
			type sent struct {
				pkt codec.Packet
				at  int // block in which it arrives
			}
			var (
				s       frame.Sound
				on      []sent
				out     frame.Block
				seq     uint64
				begin   = time.Now()
				lengths = []time.Duration{20 * ms, 60 * ms, 120 * ms, 40 * ms, 20 * ms, 60 * ms}
				before  SoundStats
			)
			const each = 500 // blocks
			for n := range each * len(lengths) {
				<-time.After(time.Until(begin.Add(time.Duration(n) * frame.BlockFor)))
				if n%each == 0 {
					enc.Shape(lengths[n/each], true)
				}
				if n == each {
					before = l.Stats() // the way is known
				}
				s.At = time.Duration(n) * frame.BlockFor
				for i := range s.Near {
					s.Near[i] = float32((n*frame.BlockLen+i)%480)/960 - .25
				}
				cleared, err := chain.Clear(&s)
				if err != nil {
					t.Fatal(err)
				}
				p, err := enc.Encode(cleared)
				if err != nil {
					t.Fatal(err)
				}
				if len(p.Data) > 0 {
					p.Data, p.Seq = slices.Clone(p.Data), seq
					late := time.Duration(seq*7919%5) * jitter / 4
					seq++
					on = append(on, sent{p, n + int(late/frame.BlockFor)})
				}
				on = slices.DeleteFunc(on, func(x sent) bool {
					if x.at <= n {
						l.push(x.pkt)
					}
					return x.at <= n
				})
				l.Pull(&out)
			}
			st := l.Stats()
			if lost, invented := st.Lost-before.Lost, st.Concealed-before.Concealed; lost > 0 || invented > 12 || st.Silent-before.Silent > 0 {
				t.Errorf("jitter of %v: %d packets lost, %d blocks invented, %d silent, of %d", jitter, lost, invented, st.Silent-before.Silent, st.Played)
			}
			if st.Delay > 200*time.Millisecond {
				t.Errorf("jitter of %v: it is heard %v late", jitter, st.Delay)
			}
		})
	}
}
