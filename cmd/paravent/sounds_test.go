package main

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"paravent/media/frame"
	"paravent/media/soundcard/wav"
)

// spoken is a double of speech: syllables of a voice of 120 Hz, four a second, in
// a room with a little noise. gain is the peak's.
func spoken(rate int, seconds, gain float64) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, int(seconds*float64(rate)))
	for i := range x {
		at := float64(i) / float64(rate)
		v := 0.
		for h := 1.; h < 12; h++ {
			v += math.Sin(2*math.Pi*120*h*at) / h
		}
		loud := math.Max(0, math.Sin(2*math.Pi*4*at)+.8) / 1.8
		x[i] = float32(gain * (v/2*loud + .001*r.NormFloat64()))
	}
	return x
}

// humming is steady, at frame.Rate.
func humming(seconds, gain float64) []float32 {
	x := make([]float32, int(seconds*frame.Rate))
	for i := range x {
		x[i] = float32(gain * math.Sin(2*math.Pi*200*float64(i)/frame.Rate))
	}
	return x
}

func writeWAV(path string, rate int, samples []float32) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w, err := wav.NewWriter(f, rate)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(w.Write(samples), w.Close(), f.Close())
}

func readWAV(t *testing.T, path string) []float32 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, format, err := wav.Read(f, math.MaxInt)
	if err != nil || format != (wav.Format{Rate: frame.Rate, Channels: 1, Bits: 16}) {
		t.Fatal(format, err)
	}
	return got
}

// recordings are what the scripts find in $SOUNDS.
func recordings(dir string) error {
	for name, x := range map[string][]float32{
		"voice.wav": spoken(44100, 6.5, .3), "low.wav": spoken(48000, 6, .0003), "hum.wav": humming(6, .1),
		"short.wav": spoken(16000, 2, .3), "distorted.wav": spoken(48000, 6, 3), "nothing.wav": make([]float32, 6*48000), "empty.wav": nil,
	} {
		rate := map[string]int{"voice.wav": 44100, "short.wav": 16000}[name]
		if rate == 0 {
			rate = 48000
		}
		if err := writeWAV(filepath.Join(dir, name), rate, x); err != nil {
			return err
		}
	}
	whole, err := os.ReadFile(filepath.Join(dir, "voice.wav"))
	if err != nil {
		return err
	}
	law := append([]byte{}, whole[:60]...)
	law[20] = 7
	return errors.Join(os.WriteFile(filepath.Join(dir, "cut.wav"), whole[:44+2*44100*2], 0o600), os.WriteFile(filepath.Join(dir, "law.wav"), law, 0o600))
}
