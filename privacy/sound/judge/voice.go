package judge

import (
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
	Name string
	Rate int // Hz
	X    []float32

	words []int   // samples at which words begin
	gain  float64 // that makes it as loud as speech, in pascals so to say
}

// NewVoice returns the voice of a recording, which must be of a second at least.
func NewVoice(name string, x []float32, hz int) (Voice, error) {
	v := Voice{Name: name, Rate: hz, X: x}
	if len(x) < hz || hz < 8000 {
		return v, fmt.Errorf("voice %s: too short, or below 8 kHz", name)
	}
	v.words = Words(x, hz)
	if len(v.words) == 0 {
		return v, fmt.Errorf("voice %s: nobody speaks in it", name)
	}
	v.gain = wave.Gain(spoken - ActiveLevel(x, hz))
	return v, nil
}

// ReadVoices reads every .wav file (16-bit PCM) and .f32 file (raw 32-bit floats,
// little endian, 16 kHz) below a folder. Every file is another speaker.
func ReadVoices(dir fs.FS) ([]Voice, error) {
	var all []Voice
	err := fs.WalkDir(dir, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var x []float32
		hz := 16000
		switch path.Ext(p) {
		case ".wav":
			x, hz, err = readWAV(dir, p)
		case ".f32":
			x, err = readFloats(dir, p)
		default:
			return nil
		}
		if err != nil {
			return fmt.Errorf("voice %s: %w", p, err)
		}
		v, err := NewVoice(strings.TrimSuffix(p, path.Ext(p)), x, hz)
		all = append(all, v)
		return err
	})
	if err == nil && len(all) < 2 {
		err = errors.New("there are not two voices, as .wav or .f32 files")
	}
	return all, err
}

func readWAV(dir fs.FS, p string) ([]float32, int, error) {
	f, err := dir.Open(p)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	x, format, err := wav.Read(f, most)
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

// say returns n samples at 48 kHz of continuous speech from the beginning of a
// word on, as loud at one metre as speech is. Pitch, above 1, makes it that of
// somebody smaller. What is too short begins again.
func (v Voice) say(n int, pitch float64, rnd *rand.Rand) []float64 {
	from := int(math.Round(float64(v.Rate)*pitch/100)) * 100
	at := v.words[rnd.IntN(len(v.words))] - v.Rate/25
	x := make([]float64, n*from/rate+from/50)
	for i := range x {
		x[i] = v.gain * float64(v.X[(at+i+len(v.X))%len(v.X)])
	}
	out := wave.Resample(x, from, rate)[:n]
	fade(out)
	return out
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
