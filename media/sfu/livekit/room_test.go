package livekit_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/privacy/egress"
)

// built is the folder that buildRoom has made; empty if it has not.
var built string

// buildRoom builds the real server that the tests run against, once.
var buildRoom = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("PARAVENT_ROOM"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "paravent-room-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "paravent-room")
	cmd := exec.Command("go", "build", "-o", path, ".")
	cmd.Dir = "../../../cmd/paravent-room"
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the room: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	m.Run()
	if built != "" { // a fuzzing worker, for one, has built nothing
		_ = os.RemoveAll(built)
	}
}

// A room is a LiveKit server with one room on this machine.
type room struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Scanner
	links map[string]string
	dead  chan struct{}
}

// openRoom starts a room for the given names. It ends with the test.
func openRoom(t *testing.T, args ...string) *room {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real server, which -short leaves out")
	}
	path, err := buildRoom()
	if err != nil {
		t.Fatal(err)
	}
	r := &room{t: t, links: make(map[string]string), dead: make(chan struct{})}
	r.cmd = exec.Command(path, append([]string{"--port", "0", "--room", "atelier", "--json", "--stdin"}, args...)...)
	if os.Getenv("ROOM_LOG") != "" {
		r.cmd.Args = append(r.cmd.Args, "--verbose")
		r.cmd.Stderr = os.Stderr
	}
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.stop)
	r.out = bufio.NewScanner(stdout)
	names := 0
	for _, a := range args {
		if a == "--name" || a == "--hidden" || a == "--recorder" {
			names++
		}
	}
	for range names {
		var l struct{ Name, Link string }
		if !r.out.Scan() || json.Unmarshal(r.out.Bytes(), &l) != nil {
			t.Fatalf("the room says %q", r.out.Text())
		}
		r.links[l.Name] = l.Link
	}
	return r
}

// tell gives the room's owner's command.
func (r *room) tell(command string) {
	r.t.Helper()
	fmt.Fprintln(r.in, command)
	if !r.out.Scan() || !strings.Contains(r.out.Text(), `"ok":true`) {
		r.t.Fatalf("%s: %s", command, r.out.Text())
	}
}

// kill ends the server without a word.
func (r *room) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

func (r *room) stop() {
	r.in.Close()
	if r.cmd.ProcessState == nil {
		done := time.AfterFunc(5*time.Second, func() { _ = r.cmd.Process.Kill() })
		_ = r.cmd.Wait()
		done.Stop()
	}
}

// target reads a link.
func target(t *testing.T, link string) sfu.Room {
	t.Helper()
	r, ok, err := livekit.Connector{}.Room(link)
	if err != nil || !ok {
		t.Fatalf("Room(%.30q…) = %v, %v", link, ok, err)
	}
	return r
}

// kit is a guard that lets only this machine be spoken to.
func kit(t *testing.T) sfu.Kit {
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1")
	level := slog.LevelError
	if os.Getenv("RTC_LOG") != "" {
		level = slog.LevelDebug
	}
	client := g.Lane(egress.Signalling).HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	return sfu.Kit{
		Signalling: client, Media: g.Lane(egress.Media),
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
}
