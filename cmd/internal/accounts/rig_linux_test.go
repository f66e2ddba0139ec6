// Package accounts runs the real program with a keyring, identity providers and
// servers, and looks at what it keeps, what it says, and what can be seen of it.
package accounts

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"paravent/privacy/signin/signintest"
)

// envBrowse makes this test's program a double of a browser and the person at it.
const envBrowse = "ACCOUNTS_TEST_BROWSER"

// envPrograms names a folder with both programs, which are not built then.
const envPrograms = "PARAVENT_PROGRAMS"

func TestMain(m *testing.M) {
	if os.Getenv(envBrowse) != "" && len(os.Args) == 2 {
		b, err := signintest.NewBrowser()
		if err == nil {
			_, err = b.Visit(os.Args[1], map[string]string{"login": signintest.Person, "password": signintest.Password})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "the browser:", err)
		}
		return
	}
	m.Run()
	if os.Getenv(envPrograms) == "" && !testing.Short() {
		if dir, err := built(); err == nil {
			_ = os.RemoveAll(dir)
		}
	}
}

// built is a folder with the client and the room.
var built = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv(envPrograms); dir != "" {
		return dir, nil
	}
	dir, err := os.MkdirTemp("", "accounts-")
	if err != nil {
		return "", err
	}
	client := exec.Command("go", "build", "-tags", "nowindow", "-o", dir, "./cmd/paravent")
	client.Dir = "../../.."
	room := exec.Command("go", "build", "-o", dir, ".")
	room.Dir = "../../paravent-room"
	for _, c := range []*exec.Cmd{client, room} {
		if out, err := c.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	return dir, nil
})

func program(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the program and a real server, which -short leaves out")
	}
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// A house is a home for the program, of which all is looked at.
type house struct {
	t    *testing.T
	dir  string
	more []string // of the environment
}

func newHouse(t *testing.T, more ...string) *house {
	return &house{t: t, dir: t.TempDir(), more: more}
}

// settings writes the settings file.
func (h *house) settings(format string, args ...any) {
	h.t.Helper()
	path := filepath.Join(h.dir, "config", "paravent", "config.toml")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o600)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) command(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	h.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program(h.t, "paravent"), args...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "XDG_RUNTIME_DIR=" + h.dir,
		"XDG_CONFIG_HOME=" + filepath.Join(h.dir, "config"), "XDG_STATE_HOME=" + filepath.Join(h.dir, "state"),
		"XDG_DATA_HOME=" + filepath.Join(h.dir, "data"), "XDG_CACHE_HOME=" + filepath.Join(h.dir, "cache"),
		"BROWSER=" + self, envBrowse + "=1",
	}, h.more...)
	return cmd
}

// A said is how the program ended.
type said struct {
	out, err string
	code     int
}

func (s said) has(t *testing.T, code int, words ...string) {
	t.Helper()
	if s.code != code {
		t.Errorf("exit code %d, not %d: %s%s", s.code, code, s.out, s.err)
	}
	for _, w := range words {
		if !strings.Contains(s.out+s.err, w) {
			t.Errorf("it does not say %q: %s%s", w, s.out, s.err)
		}
	}
}

// run runs the program to its end, with more environment.
func (h *house) run(env []string, args ...string) said {
	h.t.Helper()
	cmd := h.command(args...)
	cmd.Env = append(cmd.Env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		h.t.Fatal(err)
	}
	return said{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// A room is the real server, with a link and a token for Ada.
type room struct{ host, link, token string }

func openRoom(t *testing.T) room {
	t.Helper()
	cmd := exec.Command(program(t, "paravent-room"), "--port", "0", "--room", "atelier", "--json", "--stdin", "--name", "Ada")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		late := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		_ = cmd.Wait()
	})
	s := bufio.NewScanner(out)
	var l struct{ Link, Token string }
	if !s.Scan() || json.Unmarshal(s.Bytes(), &l) != nil || l.Token == "" {
		t.Fatalf("the room says %q", s.Text())
	}
	rest, _, _ := strings.Cut(strings.TrimPrefix(l.Link, "livekit+ws://"), "/")
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return room{host: rest, link: l.Link, token: l.Token}
}

// whip is a double of a WHIP server that lets nobody in, and notes who asked.
type whip struct {
	mu    sync.Mutex // guards everything that follows
	auth  []string
	offer [][]byte
}

func (w *whip) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Method == http.MethodPost {
		w.auth = append(w.auth, r.Header.Get("Authorization"))
		w.offer = append(w.offer, b)
	}
	rw.WriteHeader(http.StatusUnauthorized)
}

// last is what the last visitor showed.
func (w *whip) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.auth) == 0 {
		return "nobody came"
	}
	return w.auth[len(w.auth)-1]
}
