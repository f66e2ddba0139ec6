package accounts

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// A proxy is a double of what stands between the program and its server: it passes
// everything on, and notes what the program says.
type proxy struct {
	t    *testing.T
	l    net.Listener
	to   string
	wg   sync.WaitGroup
	mu   sync.Mutex // guards everything that follows
	said []*bytes.Buffer
}

func openProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, l: l, to: to}
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.pass(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) host() string { return p.l.Addr().String() }

// pass passes on one connection until either side ends it.
func (p *proxy) pass(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", p.to)
	if err != nil {
		p.t.Error(err)
		return
	}
	defer s.Close()
	heard := new(bytes.Buffer)
	p.mu.Lock()
	p.said = append(p.said, heard)
	p.mu.Unlock()
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(c, s)
		c.Close()
	}()
	_, _ = io.Copy(io.MultiWriter(s, heard), c)
	s.Close()
	<-back
}

// heard returns all that the program has said since the last call, as it was, and
// without the masks that WebSocket puts over it.
func (p *proxy) heard() []byte {
	p.t.Helper()
	p.mu.Lock()
	said := p.said
	p.said = nil
	p.mu.Unlock()
	var all []byte
	for _, b := range said {
		all = append(append(all, b.Bytes()...), '\n')
		all = append(all, unmasked(b.Bytes())...)
	}
	return all
}

// unmasked is what WebSocket frames carry, after the request that asks for them
// (RFC 6455, 5.2).
func unmasked(said []byte) (all []byte) {
	r := bufio.NewReader(bytes.NewReader(said))
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return all
		}
		if req.Header.Get("Upgrade") != "" {
			break
		}
		_, _ = io.Copy(io.Discard, req.Body)
	}
	for {
		var head [2]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return all
		}
		size := uint64(head[1] & 0x7f)
		switch size {
		case 126:
			var n uint16
			_ = binary.Read(r, binary.BigEndian, &n)
			size = uint64(n)
		case 127:
			_ = binary.Read(r, binary.BigEndian, &size)
		}
		var mask [4]byte
		if _, err := io.ReadFull(r, mask[:]); err != nil {
			return all
		}
		b := make([]byte, size)
		n, err := io.ReadFull(r, b)
		for i := range b[:n] {
			b[i] ^= mask[i%4]
		}
		all = append(append(all, b[:n]...), '\n')
		if err != nil {
			return all
		}
	}
}

// A person is somebody with a machine of their own. Every word is planted.
type person struct{ name, word string }

// planted is the environment of a person, with words that nobody must hear.
func (p person) planted(t *testing.T) (h *house, camera, microphone string, words []string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), p.word+"-home")
	h = &house{t: t, dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	camera, microphone = filepath.Join(dir, p.word+"-camera.y4m"), filepath.Join(dir, p.word+"-microphone.wav")
	film := []byte("YUV4MPEG2 W64 H64 F10:1 C420jpeg\n")
	for range 20 {
		film = append(append(film, "FRAME\n"...), make([]byte, 64*64*3/2)...)
	}
	sound := make([]byte, 2*48000)
	wav := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(36+len(sound)))...)
	wav = append(wav, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\xbb\x00\x00\x00\x77\x01\x00\x02\x00\x10\x00data"...)
	wav = append(binary.LittleEndian.AppendUint32(wav, uint32(len(sound))), sound...)
	for path, b := range map[string][]byte{camera: film, microphone: wav} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []string{"USER", "LOGNAME", "USERNAME", "HOSTNAME", "HOST", "EMAIL", "REALNAME", "COMPUTERNAME", "SSH_CLIENT", "XDG_SESSION_ID", "PULSE_SERVER", "DESKTOP_SESSION"} {
		h.more = append(h.more, v+"="+p.word+"-"+strings.ToLower(v))
	}
	h.more = append(h.more, "LANG="+p.word+".UTF-8", "LC_ALL="+p.word+".UTF-8", "LANGUAGE="+p.word, "TZ="+p.word)
	words = []string{p.word}
	// What is the machine's own is the same for both, and is looked for as well.
	for _, f := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/hostname", "/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/osrelease"} {
		if b, err := os.ReadFile(f); err == nil && len(bytes.TrimSpace(b)) > 5 {
			words = append(words, string(bytes.TrimSpace(b)))
		}
	}
	return h, camera, microphone, words
}

// words are what a text is made of. Those that change from call to call of the same
// person, such as keys and ports, are sorted out later.
func words(b []byte) map[string]bool {
	all := make(map[string]bool)
	for _, w := range regexp.MustCompile(`[A-Za-z0-9._-]{3,}`).FindAll(b, -1) {
		all[string(w)] = true
	}
	return all
}

// A guest's door: how a kind is joined through a proxy, and what is heard of it.
type guestsDoor struct {
	args  []string
	code  int
	heard func() []byte
	names bool // the name that is typed is told to the server
}

func doorToLiveKit(t *testing.T) guestsDoor {
	r := openRoom(t)
	p := openProxy(t, r.host)
	return guestsDoor{args: []string{strings.Replace(r.link, r.host, p.host(), 1)}, heard: p.heard, names: true}
}

func doorToJanus(t *testing.T) guestsDoor {
	if _, err := exec.LookPath("janus"); err != nil {
		t.Skip("janus is not installed (Debian package janus): what guests tell it was not looked at")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"janus.jcfg": fmt.Sprintf("general: {\nconfigs_folder = %q\n}\nplugins: { disable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so\" }\n"+
			"transports: { disable = \"libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so\" }\n", dir),
		"janus.transport.websockets.jcfg": fmt.Sprintf("general: {\njson = \"compact\"\nws = true\nws_port = %d\nws_ip = \"127.0.0.1\"\nwss = false\n}\nadmin: { admin_ws = false }\n", port),
		"janus.plugin.videoroom.jcfg":     "general: {}\nroom-1234: {\ndescription = \"house\"\npublishers = 10\nsecret = \"unused\"\nnotify_joining = true\nvideocodec = \"vp8,h264\"\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("janus", "-F", dir, "-C", filepath.Join(dir, "janus.jcfg"))
	cmd.Dir = dir // where it may leave a core
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := net.Dial("tcp", host)
		if err == nil {
			c.Close()
			break
		}
		select {
		case <-tick.C:
		case <-late.C:
			t.Fatal("janus does not begin to listen")
		}
	}
	p := openProxy(t, host)
	return guestsDoor{args: []string{"janus+ws://" + p.host() + "/1234"}, heard: p.heard, names: true}
}

// doorToGalene leads to a double of a Galene server, which hears who comes and lets
// nobody in.
func doorToGalene(t *testing.T) guestsDoor {
	m := http.NewServeMux()
	m.HandleFunc("/group/house/.status", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "house", "location": "http://" + r.Host + "/group/house/", "endpoint": "ws://" + r.Host + "/ws"})
	})
	m.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			_, b, err := c.Read(r.Context())
			if err != nil {
				return
			}
			var said struct{ Type string }
			if json.Unmarshal(b, &said) != nil {
				return
			}
			answer := `{"type":"handshake","version":["2"]}`
			if said.Type == "join" {
				answer = `{"type":"joined","kind":"fail","group":"house","error":"not-authorised","value":"not authorised"}`
			}
			if err := c.Write(r.Context(), websocket.MessageText, []byte(answer)); err != nil {
				return
			}
		}
	})
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	p := openProxy(t, strings.TrimPrefix(s.URL, "http://"))
	return guestsDoor{args: []string{"galene+http://" + p.host() + "/group/house"}, code: 1, heard: p.heard, names: true}
}

// doorToWHIP leads to a double that hears the offer and refuses it.
func doorToWHIP(t *testing.T) guestsDoor {
	s := httptest.NewServer(&whip{})
	t.Cleanup(s.Close)
	p := openProxy(t, strings.TrimPrefix(s.URL, "http://"))
	return guestsDoor{args: []string{"whip+http://" + p.host() + "/live/house"}, code: 1, heard: p.heard}
}

// Two persons with nothing in common join as guests, each twice. What both of a
// person's calls say, and none of the other's, would tell them apart.
func TestAGuestTellsAServerANameAndNothingElse(t *testing.T) {
	clock := regexp.MustCompile(`^[0-9]{9,}$`) // of a session description, which begins when the call does
	persons := []person{{"Ada-a-guest", "pl4nted1"}, {"Eva-a-guest", "pl4nted2"}}
	for kind, open := range map[string]func(*testing.T) guestsDoor{
		"livekit": doorToLiveKit, "janus": doorToJanus, "galene double": doorToGalene, "whip double": doorToWHIP,
	} {
		t.Run(kind, func(t *testing.T) {
			d := open(t)
			var calls [2][2]map[string]bool
			for i, who := range persons {
				for n := range 2 {
					h, camera, microphone, planted := who.planted(t)
					s := h.run(nil, append([]string{
						"join", "--face", "line", "--name", who.name, "--camera", "file:" + camera, "--microphone", "file:" + microphone, "--speaker", "off", "--for", "2s",
					}, d.args...)...)
					s.has(t, d.code)
					said := d.heard()
					if len(said) < 200 {
						t.Fatalf("only %d bytes were heard: %s%s", len(said), s.out, s.err)
					}
					for _, w := range planted {
						if n := bytes.Count(bytes.ToLower(said), bytes.ToLower([]byte(w))); n > 0 {
							t.Errorf("%q was told %d times", w, n)
						}
					}
					calls[i][n] = words(said)
				}
			}
			told := 0
			for i, who := range persons {
				mine, other := calls[i], calls[1-i]
				for w := range maps.Keys(mine[0]) {
					switch {
					case clock.MatchString(w):
					case !mine[1][w] || other[0][w] || other[1][w]:
					case w == who.name:
						told++
					default:
						t.Errorf("%s is told apart by %q", who.name, w)
					}
				}
			}
			if d.names != (told == 2) {
				t.Errorf("%d of the two names were heard", told)
			}
			common := slices.Collect(maps.Keys(calls[0][0]))
			common = slices.DeleteFunc(common, func(w string) bool { return !calls[0][1][w] || !calls[1][0][w] || !calls[1][1][w] })
			slices.Sort(common)
			t.Logf("%d words are the same in every call: %.1500q", len(common), common)
		})
	}
}
