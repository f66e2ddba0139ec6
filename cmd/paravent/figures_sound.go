package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/ui/say"
)

// The signs of the gate's line, for 100 ms each.
const (
	gateOpen   = '#'
	gatePart   = '+'
	gateClosed = '.'
	signBlocks = 10
)

// soundFigures are what the filters did to a recording.
type soundFigures struct {
	Format     string
	Rate       int
	Gate       string
	Calibrated bool
	Delay      time.Duration // that the chain keeps a sound in a call
	Held       int           // blocks: a filter failed

	Wall  spread         // of a block, the whole chain
	CPU   *spread        // of the thread, where the system says it
	Notes map[string]int // code to the blocks that had it

	in, out int      // samples
	each    []second // of both
	loud    bool     // whether the 10 ms of out that are not whole yet have sound
	open    int      // 10 ms with sound in the 100 ms that are not whole yet
}

// A second is one of the recording and of what became of it.
type second struct {
	in, out float64 // sums of squares
	gate    []byte  // a sign for each 100 ms
}

// add counts a block. held is the error of clearing it.
func (f *soundFigures) add(w filter.Work, n filter.Notes, held error) {
	if held != nil {
		f.Held++
	}
	f.Wall.add(w.Wall)
	if w.CPU > 0 {
		if f.CPU == nil {
			f.CPU = new(spread)
		}
		f.CPU.add(w.CPU)
	}
	if f.Notes == nil {
		f.Notes = make(map[string]int)
	}
	for _, one := range n.Each() {
		f.Notes[one.String()]++
	}
}

// of returns the second in which a sample is.
func (f *soundFigures) of(sample int) *second {
	for len(f.each) <= sample/frame.Rate {
		f.each = append(f.each, second{})
	}
	return &f.each[sample/frame.Rate]
}

// hear measures what goes in.
func (f *soundFigures) hear(x []float32) {
	for _, v := range x {
		f.of(f.in).in += float64(v) * float64(v)
		f.in++
	}
}

// give measures what comes out.
func (f *soundFigures) give(x []float32) {
	for _, v := range x {
		f.of(f.out).out += float64(v) * float64(v)
		f.loud = f.loud || v != 0
		f.out++
		if f.out%frame.BlockLen == 0 {
			f.block()
		}
		if f.out%(signBlocks*frame.BlockLen) == 0 {
			f.sign(signBlocks)
		}
	}
}

func (f *soundFigures) block() {
	if f.loud {
		f.open++
	}
	f.loud = false
}

// sign ends 100 ms, of which there are so many blocks.
func (f *soundFigures) sign(blocks int) {
	sign := byte(gatePart)
	switch f.open {
	case 0:
		sign = gateClosed
	case blocks:
		sign = gateOpen
	}
	s := f.of(f.out - 1)
	s.gate = append(s.gate, sign)
	f.open = 0
}

// end ends the 10 and the 100 ms that are not whole.
func (f *soundFigures) end() {
	if f.out%frame.BlockLen > 0 {
		f.block()
	}
	if rest := f.out % (signBlocks * frame.BlockLen); rest > 0 {
		f.sign((rest + frame.BlockLen - 1) / frame.BlockLen)
	}
}

func (f *soundFigures) seconds() float64 { return float64(f.out) / frame.Rate }

// levels returns how loud it was, in dB of full scale; nil is silence.
func (f *soundFigures) levels() (in, out *float64) {
	sum := second{}
	for _, s := range f.each {
		sum.in += s.in
		sum.out += s.out
	}
	return meanLevel(sum.in, f.in), meanLevel(sum.out, f.out)
}

// meanLevel is that of samples with the given sum of squares.
func meanLevel(sum float64, samples int) *float64 {
	if sum == 0 {
		return nil
	}
	l := dB(sum / float64(samples))
	return &l
}

// shares returns for how much of the time the gate was open, open in part, and
// closed.
func (f *soundFigures) shares() (open, part, closed float64) {
	n := 0.
	for _, s := range f.each {
		for _, sign := range s.gate {
			n++
			switch sign {
			case gateOpen:
				open++
			case gatePart:
				part++
			default:
				closed++
			}
		}
	}
	n = max(n, 1)
	return open / n, part / n, closed / n
}

// String is f for people.
func (f *soundFigures) String() string {
	var b strings.Builder
	row := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	calibrated := ""
	if f.Calibrated {
		calibrated = ", calibrated"
	}
	row("%.2f seconds of %s, room gate %s%s; %d blocks held back", f.seconds(), f.Format, f.Gate, calibrated, f.Held)
	in, out := f.levels()
	switch {
	case in == nil && out == nil:
		row("silence, before and after")
	case in == nil:
		row("silence before, %.1f dB after", *out)
	case out == nil:
		row("%.1f dB before, silence after: all of it is gone", *in)
	default:
		row("%.1f dB before, %.1f dB after: %.1f dB less", *in, *out, *in-*out)
	}
	open, part, closed := f.shares()
	row("gate open %.0f %%, in part %.0f %%, closed %.0f %%; in a call %.0f ms later", 100*open, 100*part, 100*closed, ms(f.Delay))
	row("ms for 10 ms        mean     p50     p95     p99    most")
	row("%s", f.Wall.row("all"))
	if f.CPU != nil {
		row("%s", f.CPU.row("processor time"))
	}
	for _, n := range (^filter.Notes(0)).Each() {
		if count := f.Notes[n.String()]; count > 0 {
			row("for %.2f seconds: %s", float64(count)*frame.BlockFor.Seconds(), say.English().Advice(n))
		}
	}
	const perRow = 5
	for i := 0; i < len(f.each); i += perRow {
		var signs []string
		for _, s := range f.each[i:min(i+perRow, len(f.each))] {
			signs = append(signs, string(s.gate))
		}
		row("%6d s  %s", i, strings.Join(signs, " "))
	}
	return b.String()
}

// MarshalJSON writes one object. A level that is missing is silence.
func (f *soundFigures) MarshalJSON() ([]byte, error) {
	type secondFigures struct {
		In   *float64 `json:"in_db,omitempty"`
		Out  *float64 `json:"out_db,omitempty"`
		Gate string   `json:"gate"`
	}
	var each []secondFigures
	for i, s := range f.each {
		n := min(f.out-i*frame.Rate, frame.Rate)
		each = append(each, secondFigures{rounded(meanLevel(s.in, n)), rounded(meanLevel(s.out, n)), string(s.gate)})
	}
	in, out := f.levels()
	var removed *float64
	if in != nil && out != nil {
		less := *in - *out
		removed = &less
	}
	open, part, closed := f.shares()
	thousandths := func(v float64) float64 { return math.Round(v*1000) / 1000 }
	return json.Marshal(struct {
		Seconds    float64         `json:"seconds"`
		Format     string          `json:"format"`
		Rate       int             `json:"rate"`
		Gate       string          `json:"room_gate"`
		Calibrated bool            `json:"calibrated"`
		Delay      float64         `json:"delay_ms"`
		Blocks     int             `json:"blocks"`
		Held       int             `json:"held"`
		In         *float64        `json:"in_db,omitempty"`
		Out        *float64        `json:"out_db,omitempty"`
		Removed    *float64        `json:"removed_db,omitempty"`
		Open       float64         `json:"open"`
		Part       float64         `json:"part"`
		Closed     float64         `json:"closed"`
		Wall       *spread         `json:"ms"`
		CPU        *spread         `json:"cpu_ms,omitempty"`
		Notes      map[string]int  `json:"notes"`
		Timeline   []secondFigures `json:"timeline"`
	}{
		thousandths(f.seconds()), f.Format, f.Rate, f.Gate, f.Calibrated, ms(f.Delay), f.Wall.count, f.Held,
		rounded(in), rounded(out), rounded(removed), thousandths(open), thousandths(part), thousandths(closed),
		&f.Wall, f.CPU, f.Notes, each,
	})
}

// rounded is v to a tenth.
func rounded(v *float64) *float64 {
	if v == nil {
		return nil
	}
	r := math.Round(*v*10) / 10
	return &r
}
