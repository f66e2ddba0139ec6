package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paravent/cmd/internal/config"
	"paravent/privacy/policy"
)

// sockets returns what sockets this process has open.
func sockets(t *testing.T) map[string]bool {
	t.Helper()
	const here = "/proc/self/fd"
	list, err := os.ReadDir(here)
	if err != nil {
		t.Skipf("open files cannot be counted here: %v", err)
	}
	open := make(map[string]bool)
	for _, f := range list {
		if to, err := os.Readlink(filepath.Join(here, f.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			open[to] = true
		}
	}
	return open
}

func TestARehearsalOpensNoSocket(t *testing.T) {
	chosen := config.Defaults()
	chosen.Camera, chosen.Microphone, chosen.Speaker, chosen.Face = "pattern", "off", "off", "line"
	chosen.For = 2 * time.Second
	before := sockets(t)
	ended := make(chan error, 1)
	go func() { ended <- rehearse(t.Context(), chosen, chosen, policy.Default()) }()
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			for s := range sockets(t) {
				if !before[s] {
					t.Errorf("%s was opened", s)
				}
			}
		case err := <-ended:
			if err != nil {
				t.Errorf("it ended with %v", err)
			}
			return
		}
	}
}
