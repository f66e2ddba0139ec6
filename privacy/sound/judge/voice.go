package judge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"paravent/media/soundcard/wav"
	"paravent/privacy/sound/judge/internal/wave"
)

const (
	rate   = 48000
	spoken = 60.0 // dB SPL, a voice at one metre (ISO 9921, normal)
	most   = 10 * 60 * rate
)

// A Voice is what one speaker says, dry and near.
type Voice struct {
	Recording

	phrases []Span  // from one short silence to the next
	gain    float64 // that makes it as loud as speech, in pascals so to say
}

// NewVoice returns the voice of a recording.
func NewVoice(r Recording) (Voice, error) {
	if err := r.check(); err != nil {
		return Voice{}, err
	}
	v := Voice{Recording: r, phrases: phrases(r.X, r.Rate), gain: wave.Gain(spoken - ActiveLevel(r.X, r.Rate))}
	if len(v.phrases) == 0 {
		return v, fmt.Errorf("sound %s: nobody speaks in it", r.Name)
	}
	return v, nil
}

// Material is what takes are made of.
type Material struct {
	Voices   []Voice     // two at least
	Children []Voice     // without any, other voices are made smaller
	Music    []Recording // without any, it is made up
	Keys     []Recording // of somebody who types; without any, it is made up
}

// A Recording is any sound.
type Recording struct {
	Name string
	Rate int // Hz
	X    []float32
}

// Read reads every .wav file (16-bit PCM) and .f32 file (raw 32-bit floats, little
// endian, 16 kHz) below a folder. Every file is another speaker, but for those
// with child, music or keys in the name, or as a folder.
func Read(dir fs.FS) (Material, error) {
	var m Material
	err := fs.WalkDir(dir, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		r := Recording{Name: strings.TrimSuffix(p, path.Ext(p)), Rate: 16000}
		switch path.Ext(p) {
		case ".wav":
			r.X, r.Rate, err = readWAV(dir, p)
		case ".f32":
			r.X, err = readFloats(dir, p)
		default:
			return nil
		}
		if err != nil {
			return fmt.Errorf("sound %s: %w", p, err)
		}
		return m.add(r)
	})
	if err == nil && len(m.Voices) < 2 {
		err = errors.New("there are not two voices, as .wav or .f32 files")
	}
	return m, err
}

// add puts a recording where it belongs.
func (m *Material) add(r Recording) error {
	words := strings.FieldsFunc(r.Name, func(c rune) bool { return c == '/' || c == '_' })
	if err := r.check(); err != nil {
		return err
	}
	switch {
	case slices.Contains(words, "music"):
		m.Music = append(m.Music, r)
	case slices.Contains(words, "keys"):
		m.Keys = append(m.Keys, r)
	default:
		v, err := NewVoice(r)
		if err != nil {
			return err
		}
		if slices.Contains(words, "child") {
			m.Children = append(m.Children, v)
		} else {
			m.Voices = append(m.Voices, v)
		}
	}
	return nil
}

// check says in words what a recording cannot be used for.
func (r Recording) check() error {
	if r.Rate < 8000 || len(r.X) < r.Rate {
		return fmt.Errorf("sound %s: shorter than a second, or below 8 kHz", r.Name)
	}
	for _, s := range r.X {
		if !(s >= -1 && s <= 1) {
			return fmt.Errorf("sound %s: samples beyond full scale, or no numbers", r.Name)
		}
	}
	if ActiveLevel(r.X, r.Rate) < -80 {
		return fmt.Errorf("sound %s: nothing is to be heard in it", r.Name)
	}
	return nil
}

// play returns n samples at 48 kHz, from anywhere on. What is too short begins again.
func (r Recording) play(n int, rnd *rand.Rand) []float64 {
	x := make([]float64, n*r.Rate/rate+r.Rate/50)
	at := rnd.IntN(len(r.X))
	for i := range x {
		x[i] = float64(r.X[(at+i)%len(r.X)])
	}
	return wave.Resample(x, r.Rate, rate)[:n]
}

func readWAV(dir fs.FS, p string) ([]float32, int, error) {
	b, err := fs.ReadFile(dir, p)
	if err != nil {
		return nil, 0, err
	}
	x, format, err := wav.Read(bytes.NewReader(b), most)
	return x, format.Rate, err
}

func readFloats(dir fs.FS, p string) ([]float32, error) {
	b, err := fs.ReadFile(dir, p)
	if err != nil {
		return nil, err
	}
	b = b[:min(len(b)/4, most)*4]
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x, nil
}

// phrases cuts x where it is silent for 50 ms, in the middle of that, but not into
// less than .4 s.
func phrases(x []float32, hz int) (all []Span) {
	frame := hz / 200 // 5 ms
	levels := Levels(x, frame)
	least := ActiveLevel(x, hz) - 28
	from, silent, spoken := 0, 0, false
	cut := func(at int) {
		if spoken && at-from >= 2*hz/5 {
			all = append(all, Span{from, at})
			from, spoken = at, false
		} else if !spoken {
			from = at
		}
	}
	for i, l := range levels {
		if l < least {
			silent++
			continue
		}
		if silent >= 10 {
			cut((i - min(silent/2, 20)) * frame)
		}
		silent, spoken = 0, spoken || l > least+10
	}
	cut(len(levels)*frame - max(0, silent-20)*frame)
	return all
}

// say returns n samples at 48 kHz of speech from the beginning of a phrase on, as
// loud at one metre as speech is. Between phrases there are pauses at times, as
// there are when people speak freely. Pitch, above 1, makes it the voice of somebody
// smaller. What is too short begins again.
func (v Voice) say(n int, pitch float64, rnd *rand.Rand) []float64 {
	from := int(math.Round(float64(v.Rate)*pitch/100)) * 100
	want := n*from/rate + from/50
	x := make([]float64, 0, want)
	for k := rnd.IntN(len(v.phrases)); len(x) < want; k = (k + 1) % len(v.phrases) {
		p := v.phrases[k]
		at := len(x)
		for _, s := range v.X[p.From:p.To] {
			x = append(x, v.gain*float64(s))
		}
		ease(x[at:], v.Rate/200)
		if rnd.IntN(4) > 0 {
			x = append(x, make([]float64, v.Rate/4+rnd.IntN(v.Rate/4))...)
		}
	}
	out := wave.Resample(x[:want], from, rate)[:n]
	fade(out)
	return out
}

// ease lets x begin and end in so many samples.
func ease(x []float64, n int) {
	for i := range min(n, len(x)) {
		g := float64(i) / float64(n)
		x[i] *= g
		x[len(x)-1-i] *= g
	}
}

// fade lets x begin in 10 ms and end in 30 ms.
func fade(x []float64) {
	for i := range min(rate/100, len(x)) {
		x[i] *= float64(i) / (rate / 100)
	}
	const end = 3 * rate / 100
	for i := range min(end, len(x)) {
		x[len(x)-1-i] *= float64(i) / end
	}
}

// whisper makes a whisper of speech x at 48 kHz: what the mouth does stays, what
// the voice does becomes noise. Linear prediction of order 18 at 16 kHz.
func whisper(x []float64, rnd *rand.Rand) []float64 {
	const order, frame, hop, ring = 18, 320, 160, 160
	in := wave.Resample(x, rate, 16000)
	out := make([]float64, len(in)+ring)
	for at := 0; at+frame <= len(in); at += hop {
		var w, r [frame]float64
		for i := range w {
			h := .5 - .5*math.Cos(2*math.Pi*(float64(i)+.5)/frame)
			w[i] = h * in[at+i]
			r[i] = h * rnd.NormFloat64()
		}
		a, left := predict(w[:], order)
		var past [order]float64
		for i := range frame + ring {
			y := 0.0
			if i < frame {
				y = left * r[i]
			}
			for k, c := range a {
				y -= c * past[k]
			}
			copy(past[1:], past[:order-1])
			past[0] = y
			out[at+i] += y
		}
	}
	y := wave.Resample(out[:len(in)], 16000, rate)
	return append(y, make([]float64, max(0, len(x)-len(y)))...)[:len(x)]
}

// predict returns the coefficients that predict x (Levinson and Durbin), and the
// deviation of what they miss.
func predict(x []float64, order int) ([]float64, float64) {
	r := make([]float64, order+1)
	for k := range r {
		for i := k; i < len(x); i++ {
			r[k] += x[i] * x[i-k]
		}
	}
	r[0] = r[0]*1.0001 + 1e-12
	a := make([]float64, order)
	left := r[0]
	for k := range order {
		c := r[k+1]
		for i := range k {
			c += a[i] * r[k-i]
		}
		c /= -left
		old := slices.Clone(a[:k])
		for i := range old {
			a[i] += c * old[k-1-i]
		}
		a[k] = c
		left *= 1 - c*c
	}
	return a, math.Sqrt(left / float64(len(x)) * 8 / 3) // the window's share
}
