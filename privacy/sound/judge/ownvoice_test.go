package judge_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"paravent/privacy/sound/judge"
	"paravent/privacy/sound/judge/internal/wave"
	"paravent/privacy/sound/judge/room"
)

var world = flag.String("world", "", "a folder of voices, which a voice print is told from; -voices are those to be told apart, with commas between folders")

// How well a voice print would tell the person from a second one at the same
// distance: see OWNVOICE.md.
//
//	go test ./privacy/sound/judge -run TestOwnVoice -v -world TRAIN/voice -voices VAL/voice,TEST/voice
func TestOwnVoice(t *testing.T) {
	if *world == "" {
		t.Skip("needs voices: -world and -voices")
	}
	for _, bare := range []bool{false, true} {
		var all [][]float64
		for _, v := range people(t, *world) {
			m := cepstra(doubles(v.X[:min(len(v.X), 30*printRate)]), bare)
			for i := 0; i < len(m); i += 4 {
				all = append(all, m[i])
			}
		}
		ubm := learn(all, 64)
		var who []printed
		for _, folder := range strings.Split(*folder, ",") {
			for _, v := range people(t, folder) {
				if p, ok := enrol(v, ubm, bare); ok {
					who = append(who, p)
				}
			}
		}
		if len(who) < 20 {
			t.Fatalf("%d voices are long enough, want 20", len(who))
		}
		lows := 0
		for _, p := range who {
			if p.low() {
				lows++
			}
		}
		t.Logf("%d voices, %d of them low; background of %d windows; each voice's mean spectrum is taken away: %v", len(who), lows, len(all), bare)
		for _, seconds := range []int{1, 3} {
			own, other := trials(who, seconds*100)
			threshold, rate := equalError(own, other)
			t.Logf("%d s, same sex: %d own and %d other windows, equal error rate %.1f %% (at %.2f); the other is %.1f dB lower where the person loses 1.5 dB, %.1f dB where 0.1 dB",
				seconds, len(own), len(other), 100*rate, threshold, loweredAt(own, other, 1.5), loweredAt(own, other, .1))
		}
	}
}

func doubles(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

const (
	printRate = 16000
	enrolled  = 6 * 100 // windows of 10 ms
)

func people(t *testing.T, folder string) []judge.Voice {
	t.Helper()
	m, err := judge.Read(os.DirFS(filepath.Clean(folder)))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(m.Voices, func(v judge.Voice) bool { return v.Rate != printRate })
}

// A printed is a person with a voice print.
type printed struct {
	name  string
	pitch float64
	print mixture
	ubm   mixture
	rest  [][]float64 // what they said besides, at another place of the room
}

// low tells men from women and children, as far as pitch can.
func (p printed) low() bool { return p.pitch < 165 }

// enrol measures six seconds of v at half a metre, and lets it say the rest from
// another place at the same distance.
func enrol(v judge.Voice, ubm mixture, bare bool) (printed, bool) {
	x := doubles(v.X[:min(len(v.X), 40*printRate)])
	if len(x) < 12*printRate {
		return printed{}, false
	}
	rnd := rand.New(rand.NewPCG(1, uint64(len(v.X))))
	size := room.Point{4 + rnd.Float64(), 3 + rnd.Float64(), 2.5}
	r := room.Furnish(size, .4, rnd)
	mic := room.Placed{Kind: room.Laptop(), At: room.Point{2, 1.5, .9}, Facing: room.Point{0, 1, 0}}
	at := func(turn float64) []float64 {
		p := room.Point{mic.At[0] + .45*math.Sin(turn), mic.At[1] + .45*math.Cos(turn), mic.At[2] + .22}
		h := wave.Resample(r.Response(room.Source{At: p, Facing: p.To(mic.At), Beam: room.Talker()}, mic, 1), room.Rate, printRate)
		return wave.Convolve(x, h)
	}
	turn := rnd.Float64() - .5
	first, later := cepstra(at(turn), bare), cepstra(at(turn+.6), bare)
	if len(first) < enrolled+600 {
		return printed{}, false
	}
	return printed{v.Name, pitchOf(x), ubm.adapt(first[:enrolled]), ubm, later[enrolled:]}, true
}

// trials returns the scores of all windows of n frames: of each person by the own
// print, and of every other person of the same sex by it.
func trials(who []printed, n int) (own, other []float64) {
	for _, p := range who {
		for _, q := range who {
			if p.low() != q.low() {
				continue
			}
			for at := 0; at+n <= len(q.rest); at += n {
				s := p.print.likely(q.rest[at:at+n]) - p.ubm.likely(q.rest[at:at+n])
				if p.name == q.name {
					own = append(own, s)
				} else {
					other = append(other, s)
				}
			}
		}
	}
	return own, other
}

func share(x []float64, is func(float64) bool) float64 {
	n := 0
	for _, v := range x {
		if is(v) {
			n++
		}
	}
	return float64(n) / float64(len(x))
}

// equalError returns the threshold at which as many of the own are refused as others
// are taken, and that share.
func equalError(own, other []float64) (threshold, rate float64) {
	s := slices.Sorted(slices.Values(slices.Concat(own, other)))
	best := math.Inf(1)
	for i := 0; i < len(s); i += max(1, len(s)/2000) {
		refused := share(own, func(v float64) bool { return v < s[i] })
		taken := share(other, func(v float64) bool { return v >= s[i] })
		if d := math.Abs(refused - taken); d < best {
			best, threshold, rate = d, s[i], (refused+taken)/2
		}
	}
	return threshold, rate
}

// loweredAt returns by how many dB the others' power is lowered by a gate that shuts
// below the threshold at which the person's loses lost dB, each window weighing alike.
func loweredAt(own, other []float64, lost float64) float64 {
	refused := 1 - math.Pow(10, -lost/10)
	s := slices.Sorted(slices.Values(own))
	threshold := s[int(refused*float64(len(s)))]
	return -10 * math.Log10(share(other, func(v float64) bool { return v >= threshold })+1e-9)
}

// pitchOf returns the median frequency of the voiced parts of x, by autocorrelation.
func pitchOf(x []float64) float64 {
	var all []float64
	for at := 0; at+1024 <= len(x); at += 1600 {
		w := x[at : at+1024]
		zero, best, lag := 1e-9, 0.0, 0
		for _, v := range w[:640] {
			zero += v * v
		}
		for l := printRate / 350; l < printRate/70; l++ {
			c := 0.0
			for i, v := range w[:640] {
				c += v * w[i+l]
			}
			if c > best*1.02 {
				best, lag = c, l
			}
		}
		if best > .6*zero {
			all = append(all, printRate/float64(lag))
		}
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}

func TestAVoicePrintTellsTwoSpreadsApart(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	draw := func(at float64, n int) (x [][]float64) {
		for range n {
			x = append(x, []float64{at + rnd.NormFloat64(), rnd.NormFloat64()})
		}
		return x
	}
	ubm := learn(slices.Concat(draw(-2, 500), draw(2, 500)), 4)
	own := ubm.adapt(draw(2.5, 200))
	var mine, other []float64
	for range 100 {
		a, b := draw(2.5, 20), draw(-1, 20)
		mine, other = append(mine, own.likely(a)-ubm.likely(a)), append(other, own.likely(b)-ubm.likely(b))
	}
	if _, rate := equalError(mine, other); rate > .02 {
		t.Errorf("the equal error rate is %.3f, want none", rate)
	}
	if got := fmt.Sprintf("%.1f", loweredAt([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 9}, 1.5)); got != "10.0" {
		t.Errorf("a tenth of the others passes, and they are lowered by %s dB", got)
	}
}
