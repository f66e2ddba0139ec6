//go:build linux

package outage

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"paravent/media/sfu"
	"paravent/media/sfu/galene"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/livekit"
)

// A server takes two people.
type server struct {
	kind  sfu.Connector
	links [2]string
	pass  string // of both, beside what the links hold
}

// servers are the kinds that are tried.
func servers() map[string]func(*hall) server {
	return map[string]func(*hall) server{"livekit": openLiveKit, "janus": openJanus, "galene": openGalene}
}

// openLiveKit starts a LiveKit server in the hall.
func openLiveKit(h *hall) server {
	t := h.t
	t.Helper()
	program := os.Getenv("PARAVENT_ROOM")
	if program == "" {
		program = filepath.Join(t.TempDir(), "paravent-room")
		build := exec.Command("go", "build", "-o", program, ".")
		build.Dir = "../../paravent-room"
		do(t, build)
	}
	cmd := h.command(program, "--bind", hallAddress, "--port", "7880", "--tls-cert", certFile(), "--tls-key", keyFile(),
		"--room", "atelier", "--name", "Ada", "--name", "Bo", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	s := server{kind: livekit.Connector{}}
	lines := bufio.NewScanner(out)
	for i := range s.links {
		var l struct{ Link string }
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &l) != nil {
			t.Fatalf("the room says %q", lines.Text())
		}
		s.links[i] = l.Link
	}
	return s
}

// openJanus starts a Janus in the hall.
func openJanus(h *hall) server {
	t := h.t
	t.Helper()
	if _, err := exec.LookPath("janus"); err != nil {
		t.Skip("janus is not installed (Debian package janus)")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"janus.jcfg": fmt.Sprintf(`general: {
	session_timeout = 60
	reclaim_session_timeout = 30
	debug_level = 4
	configs_folder = %q
}
certificates: { dtls_timeout = 500 }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
`, dir),
		"janus.transport.websockets.jcfg": fmt.Sprintf(`general: {
	json = "compact"
	ws = false
	wss = true
	wss_port = 8989
	wss_ip = %q
}
admin: { admin_ws = false }
certificates: {
	cert_pem = %q
	cert_key = %q
}
`, hallAddress, certFile(), keyFile()),
		"janus.plugin.videoroom.jcfg": "room-1234: {\ndescription = \"atelier\"\npublishers = 10\nnotify_joining = true\nvideocodec = \"vp8\"\nrecord = false\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := h.command("janus", "-F", dir, "-C", filepath.Join(dir, "janus.jcfg"))
	cmd.Dir = dir // where it may leave a core
	if os.Getenv("JANUS_LOG") != "" {
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	}
	start(t, cmd)
	awaitPort(t, "8989")
	link := "janus+wss://" + hallAddress + ":8989/1234"
	return server{kind: janus.Connector{}, links: [2]string{link, link}}
}

// openGalene starts a Galene in the hall: GALENE names the program.
func openGalene(h *hall) server {
	t := h.t
	t.Helper()
	program := os.Getenv("GALENE")
	if program == "" {
		t.Skip("GALENE names no server")
	}
	dir := t.TempDir()
	for _, d := range []string{"data", "groups", "static", "recordings"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, from := range map[string]string{"data/cert.pem": certFile(), "data/key.pem": keyFile(), "groups/atelier.json": ""} {
		b := []byte(`{"wildcard-user": {"password": "screen", "permissions": "present"}, "codecs": ["vp8", "opus"]}`)
		if from != "" {
			var err error
			if b, err = os.ReadFile(from); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := h.command(program, "-http", hallAddress+":8443", "-turn", "")
	cmd.Dir = dir
	start(t, cmd)
	awaitPort(t, "8443")
	link := "galene+https://" + hallAddress + ":8443/group/atelier"
	return server{kind: galene.Connector{}, links: [2]string{link, link}, pass: "screen"}
}

// awaitPort waits until the server listens.
func awaitPort(t *testing.T, port string) {
	t.Helper()
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if c, err := net.Dial("tcp", net.JoinHostPort(hallAddress, port)); err == nil {
			c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatal("the server does not begin to listen")
		}
	}
}

// start starts a server, which ends with the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}
