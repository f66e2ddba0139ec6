//go:build linux

// Package secrettest gives tests a session of their own: a private bus, and on it
// the real keyring of GNOME. Nothing of it touches the keyring of whoever tests.
package secrettest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// password is what the keyrings of tests are locked with.
const password = "only for tests"

// A Session is a private bus, and a home for a keyring.
type Session struct {
	t       testing.TB
	home    string
	address string
	daemon  *exec.Cmd
}

// bus is the configuration of a session bus that starts no services.
const bus = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
`

// Open starts a bus for t, which sees it in its environment. There is no keyring
// on it yet.
func Open(t testing.TB) *Session {
	t.Helper()
	for _, prog := range []string{"dbus-daemon", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(prog); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is not installed: packaging/dev/setup.sh installs it", prog)
			}
			t.Skipf("%s is not installed (Debian packages dbus, gnome-keyring): no real keyring was tested", prog)
		}
	}
	// A socket's path must be short, which the name of a test is not.
	dir, err := os.MkdirTemp("", "bus-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Session{t: t, home: dir}
	config := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, bus, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := s.command("dbus-daemon", "--config-file="+config, "--nofork", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.start(cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the bus says nothing: %v", err)
	}
	s.address = strings.TrimSpace(line)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", s.address)
	t.Setenv("XDG_RUNTIME_DIR", dir)
	return s
}

// Env is what a program in the session needs in its environment.
func (s *Session) Env() []string {
	return []string{
		"DBUS_SESSION_BUS_ADDRESS=" + s.address, "HOME=" + s.home, "XDG_RUNTIME_DIR=" + s.home,
		"XDG_DATA_HOME=" + filepath.Join(s.home, "data"), "XDG_CACHE_HOME=" + filepath.Join(s.home, "cache"), "XDG_CONFIG_HOME=" + filepath.Join(s.home, "config"),
	}
}

// Home is the folder where the keyring keeps its files.
func (s *Session) Home() string { return s.home }

// Unlocked starts the real keyring, unlocked.
func (s *Session) Unlocked() { s.keyring(true) }

// Locked starts the real keyring as after logging in without a password. There
// must have been an unlocked one before.
func (s *Session) Locked() { s.keyring(false) }

func (s *Session) keyring(unlock bool) {
	s.t.Helper()
	s.Kill()
	cmd := s.command("gnome-keyring-daemon", "--foreground", "--components=secrets", "--control-directory="+filepath.Join(s.home, "control"))
	if unlock {
		cmd.Args = append(cmd.Args, "--unlock")
		cmd.Stdin = strings.NewReader(password)
	}
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	s.start(cmd)
	s.daemon = cmd
	s.await(true)
}

// Kill ends the keyring without a word.
func (s *Session) Kill() {
	s.t.Helper()
	if s.daemon == nil {
		return
	}
	_ = s.daemon.Process.Kill()
	_ = s.daemon.Wait()
	s.daemon = nil
	s.await(false)
}

// Connect is a connection to the bus, for doubles. It ends with the test.
func (s *Session) Connect() *dbus.Conn {
	s.t.Helper()
	c, err := dbus.Connect(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// await waits until a keyring is on the bus, or is not.
func (s *Session) await(there bool) {
	s.t.Helper()
	c, err := dbus.Connect(s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	for {
		var has bool
		if err := c.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.freedesktop.secrets").Store(&has); err != nil {
			s.t.Fatal(err)
		}
		if has == there {
			return
		}
		select {
		case <-tick.C:
		case <-late.C:
			s.t.Fatalf("the keyring is there: %v, after 20 s", has)
		}
	}
}

func (s *Session) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:noctx // it ends with the test
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, s.Env()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (s *Session) start(cmd *exec.Cmd) {
	s.t.Helper()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
}
