package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

const plantedSecret = "pl4nted-s3cret-of-ada"

// crashing is a part of the program with a fault: it holds a pass, and panics with
// all that it has.
//
//go:noinline
func crashing(p sfu.Pass, r sfu.Room) int {
	panic(fmt.Sprintf("the pass was %v %+v %#v, the room %v %+v %#v", p, p, p, r, r, r))
}

func plantedPass() (sfu.Pass, sfu.Room) {
	s := secret.New(plantedSecret)
	return sfu.Pass{DisplayName: "Ada", Token: s}, sfu.Room{Server: "meet.example", Token: s, Path: s}
}

func TestAFaultOfTheProgramShowsNoSecret(t *testing.T) {
	var out bytes.Buffer
	if code := caught(&out, func() int { return crashing(plantedPass()) }); code != exitError {
		t.Errorf("exit code %d", code)
	}
	if s := out.String(); !strings.Contains(s, "a fault in the program: the pass was") || !strings.Contains(s, "crash_test.go") || strings.Contains(s, plantedSecret) {
		t.Errorf("it says %s", s)
	}
}

// crashApart is a fault where nothing can catch it, in a program of its own.
func crashApart() {
	p, r := plantedPass()
	done := make(chan struct{})
	go func() {
		defer close(done)
		crashing(p, r)
	}()
	<-done
}

const envCrash = "PARAVENT_TEST_CRASH"

func TestAFaultThatNothingCatchesShowsNoSecret(t *testing.T) {
	if os.Getenv(envCrash) != "" {
		crashApart()
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestAFaultThatNothingCatchesShowsNoSecret$")
	cmd.Env = append(os.Environ(), envCrash+"=1", "GOTRACEBACK=all")
	out, err := cmd.CombinedOutput()
	if s := string(out); err == nil || !strings.Contains(s, "the pass was") || !strings.Contains(s, "goroutine ") || strings.Contains(s, plantedSecret) {
		t.Errorf("%v: %s", err, s)
	}
}
