package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"paravent/privacy/policy"
)

func TestAnInterruptedFilmLeavesNothingEvenIfItsPipeHangs(t *testing.T) {
	chain, err := newCameraChain("cover", policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	from, to := io.Pipe()
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := filtering{files{in: pipe, out: filepath.Join(dir, "out.y4m"), stdin: from}, chain}.run(ctx)
		ended <- err
	}()
	if _, err := io.WriteString(to, "YUV4MPEG2 W1 H1 F25:1\nFRAME\nab\nFRAME\n"); err != nil {
		t.Fatal(err)
	}
	interrupt()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	_ = to.Close()
}

func TestAnInterruptedRecordingLeavesNothingEvenIfItsPipeHangs(t *testing.T) {
	chain, err := newSoundChain("near", policy.Default())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	voice := filepath.Join(dir, "voice.wav")
	if err := writeWAV(voice, 44100, spoken(44100, .5, .3)); err != nil {
		t.Fatal(err)
	}
	begin, err := os.ReadFile(voice)
	if err := errors.Join(err, os.Remove(voice)); err != nil {
		t.Fatal(err)
	}
	from, to := io.Pipe()
	ctx, interrupt := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := soundFiltering{files{in: pipe, out: filepath.Join(dir, "out.wav"), stdin: from}, chain, "", ""}.run(ctx)
		ended <- err
	}()
	if _, err := to.Write(begin[:20000]); err != nil {
		t.Fatal(err)
	}
	interrupt()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	_ = to.Close()
}

func TestASoundChainKeepsToThePolicy(t *testing.T) {
	if _, err := newSoundChain("off", policy.Policy{NoRawSound: true}); !errors.Is(err, policy.ErrRaw) {
		t.Errorf("raw sound: %v", err)
	}
	for _, gate := range []string{"near", "strict"} {
		c, err := newSoundChain(gate, policy.Policy{NoRawSound: true, SoundFilters: []string{"gate"}})
		if err != nil || c.name != gate {
			t.Fatal(c.name, err)
		}
		for _, worn := range []bool{false, true} {
			if _, err := c.make(nil, worn); err != nil {
				t.Errorf("%s, worn %v: %v", gate, worn, err)
			}
		}
		if c, err = newSoundChain(gate, policy.Policy{SoundFilters: []string{"nonesuch"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.make(nil, false); err == nil {
			t.Errorf("%s: a filter that the policy wants is missing, and nobody says so", gate)
		}
	}
}
