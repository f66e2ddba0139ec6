// Package judge measures what a chain of sound filters does to the person in
// front of the microphone and to everybody else in the room.
//
// It makes scenes in rooms of its own (package room), of which it knows every
// part: the near voice alone, the far ones alone, the noise. A chain gets only the
// mixture. The judge shares no code with the filters or with what trained them.
//
// What is measured, and where. Only the user speaks: STOI and SI-SDR against the
// user alone at the microphone, room and all, less what the unfiltered microphone
// has; frames that lose more than 10 dB; beginnings of words. Only bystanders
// speak, from .4 s after the user on: by how much the energy of the output is
// below that of the microphone, at most 80 dB, so that exact zeros do not carry a
// mean; the same of the worst half second; and the share of 100 ms that is above
// −40 dB, the user's active level being 0. Both speak: STOI and SI-SDR again.
// Nobody speaks: by how much blows of keys, and noise, are lowered.
package judge

import (
	"math"
	"slices"

	"paravent/privacy/sound/judge/internal/wave"
)

// Lowest is how far below the input an output counts at most, in dB: silence is
// no more than this better than a sound, so that means stay sensible.
const Lowest = 80.0

// A Span is a stretch of samples, From included, To excluded.
type Span struct{ From, To int }

// Join returns the spans of x, one after another.
func Join[S Sample](x []S, spans []Span) []S {
	var out []S
	for _, s := range spans {
		out = append(out, x[min(s.From, len(x)):min(s.To, len(x))]...)
	}
	return out
}

// Level returns the mean square of x in dB; full scale is 0 dB, silence −200 dB.
func Level[S Sample](x []S) float64 { return wave.Level(x) }

// Levels returns the level in dB of every whole window of so many samples.
func Levels[S Sample](x []S, window int) []float64 {
	out := make([]float64, 0, len(x)/window)
	for ; len(x) >= window; x = x[window:] {
		out = append(out, wave.Level(x[:window]))
	}
	return out
}

// ActiveLevel returns the level in dB of what is said in x, without the pauses: the
// mean power of the blocks of 10 ms that are at most 25 dB below the loudest
// twentieth.
func ActiveLevel[S Sample](x []S, rate int) float64 { return wave.ActiveLevel(x, rate) }

// SISDR returns in dB how much louder clean is in heard than everything else is
// (Le Roux, Wisdom, Erdogan and Hershey, "SDR – Half-baked or Well Done?", 2019).
func SISDR[S Sample](clean, heard []S) float64 {
	var both, own float64
	for i, v := range clean {
		both += float64(v) * float64(heard[i])
		own += float64(v) * float64(v)
	}
	scale := both / (own + 1e-30)
	var signal, rest float64
	for i, v := range clean {
		s := scale * float64(v)
		d := float64(heard[i]) - s
		signal += s * s
		rest += d * d
	}
	return wave.DB((signal + 1e-20) / (rest + 1e-20))
}

// Lowered returns by how many dB out is below in, Lowest at most. Where in is the
// echo of a loudspeaker and nobody speaks, that is the echo return loss
// enhancement, ERLE (ITU-T G.168).
func Lowered[S Sample](in, out []S) float64 { return lowered(wave.Energy(in), wave.Energy(out)) }

func lowered(in, out float64) float64 {
	if in <= 0 {
		return Lowest
	}
	return min(Lowest, wave.DB(in)-wave.DB(out))
}

// LeastLowered returns the least that any window of so many samples is lowered by,
// of those in which in is at least at the floor, in dB. Windows begin every half
// window. Without any it returns NaN.
func LeastLowered[S Sample](in, out []S, window int, floor float64) float64 {
	least := math.NaN()
	for at := 0; at+window <= len(in); at += window / 2 {
		e := wave.Energy(in[at : at+window])
		if wave.DB(e/float64(window)) < floor {
			continue
		}
		if l := lowered(e, wave.Energy(out[at:at+window])); !(l >= least) {
			least = l
		}
	}
	return least
}

// Audible returns the share of windows of so many samples that are louder than a
// level in dB.
func Audible[S Sample](out []S, window int, level float64) float64 {
	return share(Levels(out, window), func(l float64) bool { return l > level })
}

// Cut returns the share of the frames of 10 ms with a voice in them, at most 20 dB
// below the active level of clean, in which heard is more than 10 dB lower.
func Cut[S Sample](clean, heard []S, rate int) float64 {
	least := ActiveLevel(clean, rate) - 20
	in, out := Levels(clean, rate/100), Levels(heard, rate/100)
	var by []float64
	for i, l := range in {
		if l > least {
			by = append(by, l-out[i])
		}
	}
	return share(by, func(d float64) bool { return d > 10 })
}

func share(x []float64, is func(float64) bool) float64 {
	n := 0
	for _, v := range x {
		if is(v) {
			n++
		}
	}
	return float64(n) / float64(max(1, len(x)))
}

// Words returns the samples at which words begin that follow at least 200 ms of
// silence. dry is a voice without its room. Silence is 28 dB below the active
// level; what does not come within 20 dB of it in 50 ms is no word.
func Words[S Sample](dry []S, rate int) []int {
	frame := rate / 200 // 5 ms
	active := ActiveLevel(dry, rate)
	levels := Levels(dry, frame)
	var at []int
	quiet := 40 // frames; before the beginning there was silence
	for i, l := range levels {
		if l < active-28 {
			quiet++
			continue
		}
		if quiet >= 40 && i+10 <= len(levels) && slices.Max(levels[i:i+10]) > active-20 {
			at = append(at, i*frame)
		}
		quiet = 0
	}
	return at
}

// OnsetKept reports whether the first 50 ms of a word, from sample at on, are in
// heard as loud as in clean, within 3 dB.
func OnsetKept[S Sample](clean, heard []S, at, rate int) bool {
	end := min(len(clean), at+rate/20)
	return math.Abs(wave.Level(clean[at:end])-wave.Level(heard[at:end])) <= 3
}
