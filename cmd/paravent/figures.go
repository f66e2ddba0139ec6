package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"paravent/privacy/filter"
	"paravent/ui/say"
)

// filmFigures are what the filters did to a film.
type filmFigures struct {
	Frames     int     `json:"frames"`
	Held       int     `json:"held"` // of these: a filter failed, or was late
	Width      int     `json:"width"`
	Height     int     `json:"height"`
	FPS        float64 `json:"fps"`
	Background string  `json:"background"`

	Wall   spread  `json:"ms"`               // of a picture, the whole chain
	CPU    *spread `json:"cpu_ms,omitempty"` // of the filters' thread, where the system says it
	Stages []stage `json:"stages,omitempty"` // in the order of the work

	Notes map[string]int `json:"notes"` // code to the pictures that had it
}

type stage struct {
	Name string `json:"name"`
	Wall spread `json:"ms"`
}

// add counts a picture. held is the error of clearing it.
func (f *filmFigures) add(w filter.Work, n filter.Notes, held error) {
	f.Frames++
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
	for _, s := range w.Stages {
		i := slices.IndexFunc(f.Stages, func(o stage) bool { return o.Name == s.Name })
		if i < 0 {
			i, f.Stages = len(f.Stages), append(f.Stages, stage{Name: s.Name})
		}
		f.Stages[i].Wall.add(s.Took)
	}
	if f.Notes == nil {
		f.Notes = make(map[string]int)
	}
	for _, one := range n.Each() {
		f.Notes[one.String()]++
	}
}

// String is f for people.
func (f *filmFigures) String() string {
	var b strings.Builder
	row := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	row("%d pictures of %d×%d at %.4g a second, background %s; %d held back", f.Frames, f.Width, f.Height, f.FPS, f.Background, f.Held)
	row("ms for a picture    mean     p50     p95     p99    most")
	row("%s", f.Wall.row("all"))
	if f.CPU != nil {
		row("%s", f.CPU.row("processor time"))
	}
	for i := range f.Stages {
		row("%s", f.Stages[i].Wall.row("  "+f.Stages[i].Name))
	}
	for _, n := range (^filter.Notes(0)).Each() {
		if count := f.Notes[n.String()]; count > 0 {
			row("in %d pictures: %s", count, say.English().Advice(n))
		}
	}
	return b.String()
}

// A spread is how long something took, many times: to within a hundredth, in the
// same memory however often that was.
type spread struct {
	count int
	sum   time.Duration
	most  time.Duration
	cells [2048]int // of times that grow by a hundredth, from a microsecond on
}

const (
	finest = time.Microsecond
	growth = 1.01
)

func (s *spread) add(d time.Duration) {
	s.count++
	s.sum += d
	s.most = max(s.most, d)
	cell := math.Log(float64(max(d, finest))/float64(finest)) / math.Log(growth)
	s.cells[min(int(math.Ceil(cell)), len(s.cells)-1)]++
}

func (s *spread) mean() time.Duration {
	if s.count == 0 {
		return 0
	}
	return s.sum / time.Duration(s.count)
}

// at returns the time that the given share, of up to 1, did not exceed.
func (s *spread) at(share float64) time.Duration {
	left := int(math.Ceil(share * float64(s.count)))
	for i, n := range s.cells {
		if left -= n; left <= 0 && i < len(s.cells)-1 {
			return min(time.Duration(float64(finest)*math.Pow(growth, float64(i))), s.most)
		}
	}
	return s.most
}

// row is s for people: milliseconds, under the heads mean, p50, p95, p99 and most.
func (s *spread) row(name string) string {
	return fmt.Sprintf("%-16s %7.2f %7.2f %7.2f %7.2f %7.2f", name, ms(s.mean()), ms(s.at(.5)), ms(s.at(.95)), ms(s.at(.99)), ms(s.most))
}

// MarshalJSON writes milliseconds.
func (s *spread) MarshalJSON() ([]byte, error) {
	round := func(d time.Duration) float64 { return math.Round(ms(d)*1000) / 1000 }
	return json.Marshal(struct {
		Mean float64 `json:"mean"`
		P50  float64 `json:"p50"`
		P95  float64 `json:"p95"`
		P99  float64 `json:"p99"`
		Max  float64 `json:"max"`
	}{round(s.mean()), round(s.at(.5)), round(s.at(.95)), round(s.at(.99)), round(s.most)})
}
