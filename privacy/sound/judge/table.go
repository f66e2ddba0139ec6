package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"paravent/media/frame"
	"paravent/privacy/filter"
)

// A System is a chain to be judged.
type System struct {
	Name string

	// Run returns what the chain makes of a microphone at 48 kHz, without delay and
	// as long. It may keep neither, and gets nil where there is no calibration.
	Run func(mix, calibration []float32) ([]float32, error)

	// Levels says that the chain also sets the level: its gain on the user is taken
	// away before anything is measured.
	Levels bool
}

// Open returns the system that changes nothing.
func Open() System {
	return System{Name: "no filter", Run: func(mix, _ []float32) ([]float32, error) { return slices.Clone(mix), nil }}
}

// Filters returns the system of the filters that ready makes, given the
// calibration, for every take anew. The loudspeaker is silent.
func Filters(name string, ready func(calibration []float32) ([]filter.SoundFilter, error)) System {
	return System{Name: name, Run: func(mix, calibration []float32) ([]float32, error) {
		filters, err := ready(calibration)
		if err != nil {
			return nil, err
		}
		delay := 0
		for _, f := range filters {
			if d, ok := f.(filter.Delayer); ok {
				delay += int(d.Delay().Seconds()*frame.Rate + .5)
			}
		}
		out := make([]float32, 0, len(mix)+delay+frame.BlockLen)
		var s frame.Sound
		for at := 0; len(out) < len(mix)+delay; at += frame.BlockLen {
			clear(s.Near[:])
			copy(s.Near[:], mix[min(at, len(mix)):])
			for _, f := range filters {
				if err := f.Apply(&s); err != nil {
					return nil, fmt.Errorf("%s: %w", f.Name(), err)
				}
			}
			s.At += frame.BlockFor
			out = append(out, s.Near[:]...)
		}
		return out[delay:][:len(mix)], nil
	}}
}

// A Row is what a system shows in one scene.
type Row struct {
	Scene Scene
	Takes []Figures
	Near  float64  // dB, mean direct-to-reverberant ratio of the user
	Far   float64  // and of the first bystander
	Unmet []string // what the scene wants and does not get, in words
}

// A Report is what a system shows in all scenes.
type Report struct {
	System string
	Voices int
	Rows   []Row
}

// Table makes n takes of every scene, seeds 0 to n−1, and measures every system on
// the same ones.
func Table(of Material, scenes []Scene, n int, systems ...System) ([]Report, error) {
	all := make([]Report, len(systems))
	for k, y := range systems {
		all[k] = Report{System: y.Name, Voices: len(of.Voices), Rows: make([]Row, len(scenes))}
	}
	for i, s := range scenes {
		for k := range all {
			all[k].Rows[i].Scene = s
		}
		for seed := range uint64(n) {
			t := s.Make(of, seed)
			for k, y := range systems {
				out, err := y.Run(slices.Clone(t.Mix), t.Calibration)
				if err != nil {
					return nil, fmt.Errorf("%s, scene %s, seed %d: %w", y.Name, s.Key, seed, err)
				}
				if len(out) != len(t.Mix) {
					return nil, fmt.Errorf("%s, scene %s, seed %d: %d samples came back of %d", y.Name, s.Key, seed, len(out), len(t.Mix))
				}
				if y.Levels {
					out = levelled(t, out)
				}
				r := &all[k].Rows[i]
				r.Takes = append(r.Takes, Measure(t, out))
				r.Near += t.NearDirect / float64(n)
				r.Far += t.FarDirect / float64(n)
			}
		}
		for k := range all {
			r := &all[k].Rows[i]
			r.Unmet = r.check()
		}
	}
	return all, nil
}

// of returns one figure of all takes that have it.
func (r Row) of(f func(Figures) float64) (x []float64) {
	for _, t := range r.Takes {
		if v := f(t); !math.IsNaN(v) {
			x = append(x, v)
		}
	}
	return x
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x)) // NaN of nothing
}

func least(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	return slices.Min(x)
}

func greatest(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	return slices.Max(x)
}

func middle(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

// The figures by name.
func lost(f Figures) float64     { return f.Loss }
func cut(f Figures) float64      { return f.Cut }
func plain(f Figures) float64    { return f.Plain }
func lower(f Figures) float64    { return f.Lowered }
func leastOf(f Figures) float64  { return f.Least }
func audible(f Figures) float64  { return f.Audible }
func bothSTOI(f Figures) float64 { return f.BothSTOI }
func bothSDR(f Figures) float64  { return f.BothSDR }
func clearer(f Figures) float64  { return f.Clear }
func typed(f Figures) float64    { return f.Keys }
func noise(f Figures) float64    { return f.Noise }

// kept returns the share of words whose beginning is kept.
func (r Row) kept() float64 {
	var words, kept float64
	for _, t := range r.Takes {
		words, kept = words+t.Words, kept+t.Kept
	}
	return kept / words
}

// check returns in words what the scene wants and does not get.
func (r Row) check() (unmet []string) {
	w := r.Scene.Want
	atLeast := func(name string, got, want float64) {
		if want != 0 && !(got >= want) {
			unmet = append(unmet, fmt.Sprintf("%s %.1f dB, wanted %g", name, got, want))
		}
	}
	atMost := func(name string, got, want float64) {
		if want != 0 && !(got <= want) {
			unmet = append(unmet, fmt.Sprintf("%s %.3f, wanted %.3f at most", name, got, want))
		}
	}
	atLeast("bystanders lowered by", mean(r.of(lower)), w.Lowered)
	atLeast("at worst by", least(r.of(lower)), w.Worst)
	atMost("audible", mean(r.of(audible)), w.Audible)
	atMost("STOI lost", mean(r.of(lost)), w.Loss)
	atMost("frames cut", mean(r.of(cut)), w.Cut)
	if got := r.kept(); w.Onsets != 0 && !(got >= w.Onsets) {
		unmet = append(unmet, fmt.Sprintf("%.3f of the words keep their beginning, wanted %.2f", got, w.Onsets))
	}
	if got := least(r.of(bothSTOI)); w.NoneBelow && !(got >= -.0005) {
		unmet = append(unmet, fmt.Sprintf("while both speak, STOI falls by up to %.3f", -got))
	}
	atLeast("while both speak, SI-SDR gains", mean(r.of(bothSDR)), w.Gain)
	atLeast("keys lowered by", mean(r.of(typed)), w.Keys)
	atLeast("noise lowered by", mean(r.of(noise)), w.Noise)
	return unmet
}

// Met reports whether every scene shows what it wants.
func (r Report) Met() bool {
	return !slices.ContainsFunc(r.Rows, func(w Row) bool { return len(w.Unmet) > 0 })
}

// String is the report as a table, for people.
func (r Report) String() string {
	var b strings.Builder
	takes := 0
	for _, w := range r.Rows {
		takes = max(takes, len(w.Takes))
	}
	fmt.Fprintf(&b, "%s: %d takes of every scene, %d voices\n", r.System, takes, r.Voices)
	fmt.Fprintf(&b, "%-8s %11s | %-18s %-11s | %5s %-13s %5s %-11s %6s | %-19s %5s | %5s %5s\n", "scene", "direct dB", "lowered mean/worst", "audible %",
		"STOI", "loss", "SDR", "cut %", "onsets", "both: STOI mean/min", "SDR", "keys", "quiet")
	for _, w := range r.Rows {
		far, both := "", ""
		if x := w.of(lower); len(x) > 0 {
			far = fmt.Sprintf("%.1f/%.1f (%.0f)", mean(x), least(x), least(w.of(leastOf)))
			both = fmt.Sprintf("%+.3f/%+.3f", mean(w.of(bothSTOI)), least(w.of(bothSTOI)))
		}
		pair := func(f func(Figures) float64, scale float64, form string) string {
			x := w.of(f)
			if len(x) == 0 {
				return ""
			}
			return fmt.Sprintf(form+"/"+form, scale*mean(x), scale*greatest(x))
		}
		one := func(v float64, form string) string {
			if math.IsNaN(v) {
				return ""
			}
			return fmt.Sprintf(form, v)
		}
		fmt.Fprintf(&b, "%-8s %11s | %-18s %-11s | %5.3f %-13s %5s %-11s %6.1f | %-19s %5s | %5s %5s\n", w.Scene.Key,
			one(w.Near, "%.0f")+"/"+one(w.Far, "%.0f"), far, pair(audible, 100, "%.0f"), mean(w.of(plain)), pair(lost, 1, "%.3f"),
			one(mean(w.of(clearer)), "%+.1f"), pair(cut, 100, "%.1f"), 100*w.kept(), both, one(mean(w.of(bothSDR)), "%+.1f"), one(mean(w.of(typed)), "%.0f"), one(mean(w.of(noise)), "%.0f"))
	}
	for _, w := range r.Rows {
		if w.Scene.Want == (Want{}) {
			continue
		}
		if len(w.Unmet) == 0 {
			fmt.Fprintf(&b, "%s (%s): met\n", w.Scene.Key, w.Scene.Name)
			continue
		}
		fmt.Fprintf(&b, "%s (%s): not met: %s\n", w.Scene.Key, w.Scene.Name, strings.Join(w.Unmet, "; "))
	}
	return b.String()
}
