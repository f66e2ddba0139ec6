// Package wire looks at what really leaves the machine: the program and a server in
// networks of their own, and everything that goes between them.
package wire_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// programs builds the client and the room, once.
var programs = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "paravent-wire-"); err != nil {
		return "", err
	}
	// A test that was run before is run again when a source of theirs has changed: so
	// the sources are looked at here.
	err = filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains([]string{"build", "node_modules", ".git"}, d.Name()) {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".go") {
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		return dir, err
	}
	for from, name := range map[string]string{"../../..": "./cmd/paravent", "../../paravent-room": "."} {
		cmd := exec.Command("go", "build", "-o", dir+"/", name)
		cmd.Dir = from
		if out, err := cmd.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("go build %s: %w\n%s", name, err, out)
		}
	}
	return dir, nil
})

// A town is a street with a room at the server, and a colleague in it.
type town struct {
	*street
	dir      string
	client   string // the program
	cert     string
	link     string
	reported func() []report
}

func newTown(t *testing.T, hostile bool) *town {
	t.Helper()
	s := newStreet(t)
	dir, err := programs()
	if dir != "" {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	authority, cert, key := certificates(t)
	w := &town{street: s, dir: t.TempDir(), client: filepath.Join(dir, "paravent"), cert: authority}

	room := s.command(ctx, s.server, filepath.Join(dir, "paravent-room"), "--bind", serverAddr, "--port", "7880", "--tls-cert", cert, "--tls-key", key,
		"--room", "atelier", "--name", "Ada", "--name", "Bo", "--json")
	invitations := bufio.NewScanner(start(t, room))
	links := make(map[string]string)
	for len(links) < 2 {
		var l struct{ Name, Token string }
		if !invitations.Scan() || json.Unmarshal(invitations.Bytes(), &l) != nil {
			t.Fatalf("the room says %q", invitations.Text())
		}
		links[l.Name] = l.Token
	}
	role, err := json.Marshal(host{Cert: cert, Key: key, Room: serverAddr + ":7880", Hostile: hostile})
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	front := s.command(ctx, s.server, self)
	front.Env = append(os.Environ(), roleEnv+"="+string(role), "SSL_CERT_FILE="+authority)
	lines := bufio.NewScanner(start(t, front))
	lines.Buffer(nil, 1<<20)
	w.reported = reports(t, lines)
	w.link = "livekit+wss://" + meeting + "/?token=" + links["Ada"]

	colleague := w.paravent(ctx, s.server, "join", "--name", "Bo", "--face", "json", "--camera", "pattern", "--background", "off", "--room-gate", "off", "--speaker", "off", "--watch", "all")
	colleague.Env = append(colleague.Env, "PARAVENT_LINK=livekit+wss://"+serverAddr+":7880/?token="+links["Bo"])
	start(t, colleague)
	return w
}

// start starts a program that ends with the test, and returns what it says.
func start(t *testing.T, cmd *exec.Cmd) *bytesPipe {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() && said.Len() > 0 {
			t.Logf("%s: %s", filepath.Base(cmd.Args[4]), said.String())
		}
	})
	return &bytesPipe{out}
}

type bytesPipe struct {
	r interface{ Read([]byte) (int, error) }
}

func (p *bytesPipe) Read(b []byte) (int, error) { return p.r.Read(b) }

// paravent is the program in a network, with nothing of this machine's settings.
func (w *town) paravent(ctx context.Context, ns string, args ...string) *exec.Cmd {
	cmd := w.command(ctx, ns, w.client, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "USER=planted-user", "LOGNAME=planted-user", "HOSTNAME=planted-host", "LANG=de_AT.UTF-8",
		"XDG_CONFIG_HOME=" + w.dir, "SSL_CERT_FILE=" + w.cert,
	}
	return cmd
}

// flow is a line of the program's own account.
type flow struct {
	Host     string `json:"host"`
	Address  string `json:"address"`
	Purpose  string `json:"purpose"`
	Named    bool   `json:"named_by_server"`
	WireUp   uint64 `json:"wire_up"`
	WireDown uint64 `json:"wire_down"`
	PUp      uint64 `json:"packets_up"`
	PDown    uint64 `json:"packets_down"`
}

// call joins for some seconds and returns the program's account of it.
func (w *town) call(t *testing.T, seconds int, change func(*exec.Cmd)) []flow {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds+30)*time.Second)
	defer cancel()
	figures := filepath.Join(w.dir, "figures")
	cmd := w.paravent(ctx, w.house,
		"join", "--name", "Ada", "--face", "json", "--camera", "pattern", "--background", "off", "--room-gate", "off", "--speaker", "off",
		"--watch", "all", "--for", fmt.Sprintf("%ds", seconds), "--stats", figures)
	change(cmd)
	cmd.Env = append(cmd.Env, "PARAVENT_LINK="+w.link)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("join: %v\n%s", err, out)
	}
	b, err := os.ReadFile(figures)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	var last struct{ Traffic []flow }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	return last.Traffic
}

// TestNothingGoesToStrangers is the promise of the egress guard, at the wire: before,
// during and after a call with a server that puts strangers into everything it says,
// packets go to the link's host and to the one whom the server may name, names are
// looked up for those only, and the program's own account of it is true to 1 %.
func TestNothingGoesToStrangers(t *testing.T) {
	w := newTown(t, true)

	before := w.capture()
	for _, args := range [][]string{{"version"}, {"devices"}, {"rehearse", "--face", "json", "--camera", "pattern", "--background", "off", "--room-gate", "off", "--speaker", "off", "--for", "1s"}} {
		cmd := w.paravent(t.Context(), w.house, args...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", args[0], err, out)
		}
	}
	for _, p := range before.end(t) {
		t.Errorf("before anybody joined: %v", p)
	}
	if asked := w.asked(); len(asked) > 0 {
		t.Errorf("before anybody joined, %q was looked up", asked)
	}

	redirected := w.capture()
	cmd := w.paravent(t.Context(), w.house, "check", "https://"+meeting+"/elsewhere/")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "redirect.example.test") {
		t.Errorf("a redirect: %v\n%s", err, out)
	}
	strange(t, redirected.end(t), serverAddr)

	during := w.capture()
	flows := w.call(t, 6, func(*exec.Cmd) {})
	packets := during.end(t)
	strange(t, packets, serverAddr, namedAddr)
	if !slices.ContainsFunc(packets, func(p packet) bool { return p.out && p.far.Addr().String() == namedAddr }) {
		t.Error("nothing went to the host that the server may name: this capture proves nothing")
	}
	for _, name := range w.asked() {
		if name != meeting+"." && name != "turn.example.test." {
			t.Errorf("%q was looked up", name)
		}
	}
	compare(t, flows, packets)
	w.anonymous(t)

	// Where the policy lists hosts, that one is a stranger, too.
	listed := w.capture()
	if out, err := w.guest(t).CombinedOutput(); err != nil {
		t.Fatalf("a guest whose policy lists hosts: %v\n%s", err, out)
	}
	strange(t, listed.end(t), serverAddr)

	t.Run("no call of the system either", w.calls)
}

// anonymous holds what the server was told of the machine and of who sits at it
// against what they are: nothing but a name that somebody chose is its business.
func (w *town) anonymous(t *testing.T) {
	t.Helper()
	var kernel unix.Utsname
	if err := unix.Uname(&kernel); err != nil {
		t.Fatal(err)
	}
	own := []string{"planted-user", "planted-host", "de_AT", "Go-http-client", runtime.Version(), runtime.GOOS, runtime.GOARCH, unix.ByteSliceToString(kernel.Machine[:]), unix.ByteSliceToString(kernel.Release[:])}
	if name, err := os.Hostname(); err == nil && len(name) > 4 { // a shorter one is in any text
		own = append(own, name)
	}
	said := 0
	for _, r := range w.reported() {
		said += len(r.Said)
		for _, word := range own {
			if strings.Contains(strings.ToLower(r.Said), strings.ToLower(word)) {
				t.Errorf("the server was told %q: %q", word, r.Said)
			}
		}
		if agent, ok := strings.CutPrefix(r.Said, "User-Agent: "); ok && agent != "paravent" {
			t.Errorf("the program calls itself %q", agent)
		}
	}
	if said < 1000 {
		t.Errorf("the server was told only %d bytes: the double is deaf", said)
	}
}

// guest is somebody whose policy lists the meeting's host and no other.
func (w *town) guest(t *testing.T) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := w.command(t.Context(), w.house, self)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SSL_CERT_FILE=" + w.cert, guestEnv + "=" + w.link}
	return cmd
}

// asked are the names that were looked up.
func (w *town) asked() (all []string) {
	for _, r := range w.reported() {
		if r.Asked != "" {
			all = append(all, r.Asked)
		}
	}
	return all
}

// strange reports packets to anybody else.
func strange(t *testing.T, packets []packet, known ...string) {
	t.Helper()
	if len(packets) == 0 {
		t.Error("nothing was captured: this proves nothing")
	}
	foreign := 0
	for _, p := range packets {
		if p.out && !slices.Contains(known, p.far.Addr().String()) {
			if foreign++; foreign < 20 {
				t.Errorf("to a stranger: %v", p)
			}
		}
	}
	t.Logf("%d packets, %d to strangers", len(packets), foreign)
}
