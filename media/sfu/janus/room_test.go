package janus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"paravent/media/sfu"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// What the rooms of a house are called, and what opens them.
const (
	open     = "1234"
	locked   = "1235" // with a PIN
	invited  = "1236" // with a list of invitations
	small    = "1237" // one may send
	discreet = "1238" // does not tell of those who send nothing
	pin      = "open-sesame-4711"
	invite   = "invitation-0815-abc"
	master   = "the master of the room"
)

// A house is a real Janus on this machine.
type house struct {
	t    *testing.T
	dir  string
	port int
	cmd  *exec.Cmd
	dead chan struct{}
}

// rooms are the rooms of a house, in its configuration's words.
func rooms(text bool) string {
	var b strings.Builder
	for name, more := range map[string]string{
		open: `description = "atelier"` + "\n", locked: fmt.Sprintf("pin = %q\n", pin), invited: "", small: "publishers = 1\n", discreet: "notify_joining = false\n",
	} {
		if text {
			name = "studio-" + name
		}
		if !strings.Contains(more, "publishers") {
			more += "publishers = 10\n"
		}
		if !strings.Contains(more, "notify_joining") {
			more += "notify_joining = true\n"
		}
		fmt.Fprintf(&b, "room-%s: {\n%ssecret = %q\naudiolevel_ext = true\naudiolevel_event = true\naudio_active_packets = 10\naudio_level_average = 60\nvideocodec = \"vp8,h264\"\nrecord = false\n}\n",
			name, more, master)
	}
	return b.String()
}

type options struct {
	reclaim int  // seconds that a cut session is kept; 0: it ends with its connection
	text    bool // rooms and members are called by texts
}

// build starts a house. It ends with the test.
func build(t *testing.T, o options) *house {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real server, which -short leaves out")
	}
	if _, err := exec.LookPath("janus"); err != nil {
		t.Skip("janus is not installed (Debian package janus): the connector was not tested against the real server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: t.TempDir(), port: l.Addr().(*net.TCPAddr).Port}
	l.Close()
	write := func(name, format string, args ...any) {
		if err := os.WriteFile(filepath.Join(h.dir, name), fmt.Appendf(nil, format, args...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("janus.jcfg", `general: {
	session_timeout = 60
	reclaim_session_timeout = %d
	debug_level = 4
	admin_secret = "unused"
	configs_folder = %q
}
media: { dtls_timeout = 500 }
nat: { nice_debug = false }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so" }
`, o.reclaim, h.dir)
	write("janus.transport.websockets.jcfg", `general: {
	json = "compact"
	ws = true
	ws_port = %d
	ws_ip = "127.0.0.1"
	wss = false
}
admin: { admin_ws = false }
`, h.port)
	write("janus.plugin.videoroom.jcfg", "general: {\nstring_ids = %v\n}\n%s", o.text, rooms(o.text))
	h.start()
	t.Cleanup(h.kill)
	if !o.text {
		h.boss(t, map[string]any{"request": "allowed", "action": "add", "room": 1236, "secret": master, "allowed": []string{invite}})
		h.boss(t, map[string]any{"request": "allowed", "action": "enable", "room": 1236, "secret": master})
	}
	return h
}

// start starts the server, and waits until it answers.
func (h *house) start() {
	h.t.Helper()
	h.cmd = exec.Command("janus", "-F", h.dir, "-C", filepath.Join(h.dir, "janus.jcfg"))
	h.cmd.Dir = h.dir // where it may leave a core
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getenv("JANUS_LOG") != "" {
		h.cmd.Stdout, h.cmd.Stderr = os.Stderr, os.Stderr
	}
	if err := h.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.dead = make(chan struct{})
	go func(cmd *exec.Cmd, dead chan struct{}) {
		_ = cmd.Wait()
		close(dead)
	}(h.cmd, h.dead)
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := net.Dial("tcp", h.server())
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-h.dead:
			h.t.Fatalf("janus ended: %v", h.cmd.ProcessState)
		case <-late.C:
			h.t.Fatal("janus does not begin to listen")
		}
	}
}

// kill ends the server without a word.
func (h *house) kill() {
	_ = h.cmd.Process.Kill()
	<-h.dead
}

// stop ends the server in good order.
func (h *house) stop() {
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(5*time.Second, func() { _ = h.cmd.Process.Kill() })
	<-h.dead
	late.Stop()
}

func (h *house) server() string { return fmt.Sprintf("127.0.0.1:%d", h.port) }

// guest is somebody who may join.
func (h *house) guest(name, room string) sfutest.Guest {
	h.t.Helper()
	return sfutest.Guest{Room: target(h.t, "janus+ws://"+h.server()+"/"+room), Pass: sfu.Pass{DisplayName: name}, Kit: kit(h.t)}
}

func withPass(g sfutest.Guest, pass string) sfutest.Guest {
	g.Pass.Token = secret.New(pass)
	return g
}

// boss does what the master of a room may, on a connection of its own.
func (h *house) boss(t *testing.T, what map[string]any) (ids []any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+h.server(), &websocket.DialOptions{Subprotocols: []string{"janus-protocol"}, HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	ask := func(m map[string]any) map[string]any {
		m["transaction"] = "boss"
		b, _ := json.Marshal(m)
		if err := c.Write(ctx, websocket.MessageText, b); err != nil {
			t.Fatal(err)
		}
		for {
			_, b, err := c.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			d := json.NewDecoder(bytes.NewReader(b))
			d.UseNumber()
			if err := d.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if got["janus"] == "success" || got["janus"] == "error" {
				return got
			}
		}
	}
	id := func(m map[string]any) any { return m["data"].(map[string]any)["id"] }
	session := id(ask(map[string]any{"janus": "create"}))
	handle := id(ask(map[string]any{"janus": "attach", "session_id": session, "plugin": "janus.plugin.videoroom"}))
	got := ask(map[string]any{"janus": "message", "session_id": session, "handle_id": handle, "body": what})
	data, _ := got["plugindata"].(map[string]any)
	if d, _ := data["data"].(map[string]any); d == nil || d["error"] != nil {
		t.Fatalf("the master of the room is told: %v", got)
	}
	ask(map[string]any{"janus": "destroy", "session_id": session})
	list, _ := data["data"].(map[string]any)["participants"].([]any)
	for _, p := range list {
		ids = append(ids, p.(map[string]any)["id"])
	}
	return ids
}

// number is a member's ID as the server has it.
func number(id sfu.MemberID) json.Number { return json.Number(id) }

// target reads a link.
func target(t *testing.T, link string) sfu.Room {
	t.Helper()
	r, ok, err := janus.Connector{}.Room(link)
	if err != nil || !ok {
		t.Fatalf("Room(%q) = %v, %v", link, ok, err)
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

// A wire leads to a server and can be cut; media does not run over it.
type wire struct {
	l  net.Listener
	to string

	mu     sync.Mutex // guards everything that follows
	opened []net.Conn
	dead   bool // new connections are refused
	half   bool // what is cut is cut on our side only: the server does not see it
}

func newWire(t *testing.T, to string) *wire {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{l: l, to: to}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			s, err := net.Dial("tcp", w.to)
			if err != nil || w.dead {
				c.Close()
				if err == nil {
					s.Close()
				}
				w.mu.Unlock()
				continue
			}
			w.opened = append(w.opened, c, s)
			w.mu.Unlock()
			done.Go(func() { io.Copy(s, c); w.end(s); c.Close() })
			done.Go(func() { io.Copy(c, s); s.Close(); c.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		w.mu.Lock()
		w.half, w.dead = false, true
		for _, c := range w.opened {
			c.Close()
		}
		w.mu.Unlock()
		done.Wait()
	})
	return w
}

// end closes the server's side, if the server shall see it.
func (w *wire) end(s net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.half {
		s.Close()
	}
}

// cut ends every connection, on both sides or on ours only, and if dead, every later
// one.
func (w *wire) cut(half, dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead, w.half = dead, half
	for i, c := range w.opened {
		if i%2 == 0 || !half {
			c.Close()
		}
	}
	if !half {
		w.opened = nil
	}
}

// overWire puts a guest behind a wire.
func overWire(t *testing.T, g sfutest.Guest) (sfutest.Guest, *wire) {
	w := newWire(t, g.Room.Server)
	g.Room.Server = w.l.Addr().String()
	return g, w
}

func isLink(l sfu.Link) func(sfu.Event) bool {
	return func(e sfu.Event) bool { c, ok := e.(sfu.LinkChanged); return ok && c.Link == l }
}

func isEnded(e sfu.Event) bool { _, ok := e.(sfu.Ended); return ok }

// problem is why somebody was not let in.
func problem(err error) sfu.JoinProblem {
	var no *sfu.JoinError
	if errors.As(err, &no) {
		return no.Why
	}
	return ""
}
