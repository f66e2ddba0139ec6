package accounts

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paravent/privacy/secret/secrettest"
)

// search looks for secrets in what was found at a place.
func search(t *testing.T, where string, found []byte, secrets ...string) {
	t.Helper()
	for _, s := range secrets {
		if bytes.Contains(found, []byte(s)) {
			t.Errorf("%s holds a secret", where)
		}
	}
}

// searchTree looks for secrets in every file below dir.
func searchTree(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		search(t, path, b, secrets...)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// searchProcess looks at what the system shows of a process and of its children,
// and returns how many it saw.
func searchProcess(t *testing.T, pid int, secrets ...string) (seen int) {
	t.Helper()
	dir := filepath.Join("/proc", fmt.Sprint(pid))
	for _, name := range []string{"cmdline", "environ", "comm"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrPermission) {
			continue // nobody but root sees it
		}
		if err != nil {
			t.Error(err)
		}
		search(t, filepath.Join(dir, name), b, secrets...)
	}
	tasks, err := filepath.Glob(filepath.Join(dir, "task", "*", "children"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tasks {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // a thread that has ended
		}
		for _, child := range strings.Fields(string(b)) {
			var n int
			if _, err := fmt.Sscan(child, &n); err == nil {
				seen += searchProcess(t, n, secrets...)
			}
		}
	}
	return seen + 1
}

// A part of a token that is long enough to be of use.
func parts(token string) []string {
	all := strings.Split(token, ".")
	return append(all[1:], token)
}

func TestACallLeavesItsSecretsNowhere(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	r := openRoom(t)
	const passphrase = "pl4nted-p4ssphrase"
	secrets := append(parts(r.token), passphrase)
	for _, c := range []struct {
		name      string
		env, args []string
	}{
		{"the link in the environment", []string{"PARAVENT_LINK=" + r.link}, nil},
		{"the link among the words", nil, []string{r.link}},
		{"the pass in the environment", []string{"PARAVENT_TOKEN=" + r.token}, []string{"--remember", "livekit+ws://" + r.host + "/"}},
		{"the pass in the keyring, from the call before", nil, []string{"livekit+ws://" + r.host + "/"}},
		{"what encrypts it, in the environment", []string{"PARAVENT_PASSPHRASE=" + passphrase}, []string{"--remember", r.link}},
		{"what encrypts it, in the keyring, from the call before", nil, []string{r.link}},
	} {
		t.Run(c.name, func(t *testing.T) { callAndLook(t, session, c.env, c.args, secrets) })
	}
}

func callAndLook(t *testing.T, session *secrettest.Session, env, args, secrets []string) {
	h := newHouse(t, session.Env()[0])
	cmd := h.command(append([]string{"join", "--face", "line", "--speaker", "off", "--camera", "pattern", "--stats", filepath.Join(h.dir, "figures")}, args...)...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Dir = h.dir // where a core would be left
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	lines := bufio.NewReader(io.TeeReader(out, &all))
	for !strings.Contains(all.String(), "camera ON") {
		if _, err := lines.ReadString('\n'); err != nil {
			_ = cmd.Wait()
			t.Fatalf("%v: %s%s", err, all.String(), errs.String())
		}
	}
	if searchProcess(t, cmd.Process.Pid, secrets...) < 1 {
		t.Error("nothing was looked at")
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
	if err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(string(limits)) {
		if f := strings.Fields(line); strings.HasPrefix(line, "Max core file size") && (f[4] != "0" || f[5] != "0") {
			t.Errorf("a crash leaves a core: %s", line)
		}
	}
	fmt.Fprintln(in, "leave")
	rest, err := io.ReadAll(lines)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Errorf("%v: %s", err, errs.String())
	}
	search(t, "its output", append([]byte(all.String()), rest...), secrets...)
	search(t, "its errors", errs.Bytes(), secrets...)
	searchTree(t, h.dir, secrets...)
	searchTree(t, session.Home(), secrets...)
}

// Everything that goes to a terminal is looked at, its title with it; and the
// process that waits beside it.
func TestATerminalShowsNoSecret(t *testing.T) {
	typescript, err := exec.LookPath("script")
	if err != nil {
		t.Skip("script is not installed (Debian package bsdutils): the terminal was not looked at")
	}
	r := openRoom(t)
	h := newHouse(t)
	cmd := h.command("join", "--face", "terminal", "--speaker", "off", "--for", "4s")
	line := strings.Join(cmd.Args, " ")
	cmd.Path, cmd.Args = typescript, []string{typescript, "-qefc", line, "/dev/null"}
	cmd.Env = append(cmd.Env, "PARAVENT_LINK="+r.link, "TERM=xterm-256color", "SHELL=/bin/sh")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	most := 0
	every := time.NewTicker(50 * time.Millisecond)
	defer every.Stop()
	for looking := true; looking; {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%v: %s", err, out.String())
			}
			looking = false
		case <-every.C:
			// The program's own children: script and its shell were given the link.
			n := 0
			for _, pid := range children(cmd.Process.Pid) {
				if exe, err := os.Readlink(filepath.Join("/proc", pid, "exe")); err == nil && filepath.Base(exe) == "paravent" {
					n++
					cmdline, _ := os.ReadFile(filepath.Join("/proc", pid, "cmdline"))
					search(t, "the list of processes", cmdline, parts(r.token)...)
				}
			}
			most = max(most, n)
		}
	}
	if most < 2 || !strings.Contains(out.String(), "\x1b[") {
		t.Errorf("%d processes of the program were seen, and %d bytes on the terminal", most, out.Len())
	}
	search(t, "the terminal", out.Bytes(), parts(r.token)...)
	searchTree(t, h.dir, parts(r.token)...)
}

// children are the numbers of all processes below pid.
func children(pid any) (all []string) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%v/task/*/children", pid))
	for _, f := range tasks {
		b, _ := os.ReadFile(f)
		for _, child := range strings.Fields(string(b)) {
			all = append(append(all, child), children(child)...)
		}
	}
	return all
}
