package soundcard

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A starter starts a sound system of the test's own, without hardware, with the sinks that script makes.
type starter func(t *testing.T, script ...string) *daemon

// onEach runs a test on each sound system that is installed.
func onEach(t *testing.T, test func(t *testing.T, start starter)) {
	t.Helper()
	t.Run("PulseAudio", func(t *testing.T) { test(t, startDaemon) })
	t.Run("PipeWire", func(t *testing.T) { test(t, startPipeWire) })
}

// startPipeWire starts PipeWire with what makes it look like PulseAudio.
func startPipeWire(t *testing.T, script ...string) *daemon {
	t.Helper()
	for _, prog := range []string{"dbus-daemon", "pipewire", "wireplumber", "pipewire-pulse", "pactl"} {
		if _, err := exec.LookPath(prog); err != nil {
			t.Skipf("%s is not installed (Debian packages pipewire, pipewire-pulse, wireplumber, dbus): PipeWire was not tested", prog)
		}
	}
	dir, err := os.MkdirTemp("", "pw") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &daemon{t: t, sock: filepath.Join(dir, "pulse", "native")}
	bus := filepath.Join(dir, "bus")
	for k, v := range map[string]string{
		"HOME": dir, "XDG_RUNTIME_DIR": dir, "XDG_CONFIG_HOME": dir, "PULSE_SERVER": "unix:" + d.sock,
		"PULSE_RUNTIME_PATH": filepath.Dir(d.sock), "DBUS_SESSION_BUS_ADDRESS": "unix:path=" + bus, "PIPEWIRE_RUNTIME_DIR": dir,
	} {
		t.Setenv(k, v)
	}
	there := func(name string) func() bool {
		return func() bool {
			_, err := os.Stat(name)
			return err == nil
		}
	}
	d.run("dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=unix:path="+bus)
	until(t, "the message bus", there(bus))
	d.run("pipewire")
	until(t, "PipeWire", there(filepath.Join(dir, "pipewire-0")))
	d.run("wireplumber")
	d.run("pipewire-pulse")
	until(t, "PipeWire's sound daemon", func() bool {
		// While there is no sink of anybody's, the session manager makes one: then it is ready.
		out, err := exec.Command("pactl", "list", "short", "sinks").Output()
		return err == nil && len(out) > 0
	})
	for _, command := range script {
		d.pactl(strings.Fields(command)...)
	}
	return d
}

// run starts a program that ends with the test.
func (d *daemon) run(name string, args ...string) {
	d.t.Helper()
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}
