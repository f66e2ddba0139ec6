package shield_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"paravent/cmd/internal/shield"
)

const planted = "pl4nted-t0ken"

// TestMain is the program that is looked at, when it is started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "look" {
		os.Exit(look()) //nolint:forbidigo // it is main here
	}
	m.Run()
}

func look() int {
	if err := shield.Harden(); err != nil {
		fmt.Println("harden:", err)
	}
	arg, env := shield.TakeArg(os.Args[2]), shield.TakeEnv("PLANTED")
	if arg != "arg-"+planted || env != "env-"+planted || os.Getenv("PLANTED") != "" || shield.TakeArg("a constant") != "a constant" {
		fmt.Println("what was taken is not what was given")
	}
	for _, file := range []string{"/proc/self/cmdline", "/proc/self/environ"} {
		if b, err := os.ReadFile(file); err != nil || len(b) < 10 || bytes.Contains(b, []byte(planted)) {
			fmt.Println(file, "shows it, or cannot be read:", err)
		}
	}
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil || core.Cur != 0 || core.Max != 0 {
		fmt.Println("a core would be left:", err)
	}
	if d, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || d != 0 {
		fmt.Println("others may attach:", err)
	}
	return 0
}

func TestWhatIsTakenIsSeenInNoListOfProcesses(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "look", "arg-"+planted)
	cmd.Env = append(os.Environ(), "PLANTED= env-"+planted+" ")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
