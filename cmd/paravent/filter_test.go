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
