package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/livekit/protocol/livekit"
	"github.com/pion/stun/v3"
	"google.golang.org/protobuf/proto"
)

// opened is a room that run keeps open for one test.
type opened struct {
	out   *bufio.Scanner
	in    io.Writer
	close func() int
}

// openRoom runs the real program in this process and returns once the first line is out.
func openRoom(t *testing.T, args ...string) (*opened, string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	outReader, out := io.Pipe()
	in, inWriter := io.Pipe()
	var diagnostics bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, args, in, out, &diagnostics)
		_ = out.Close()
	}()
	o := &opened{out: bufio.NewScanner(outReader), in: inWriter}
	o.close = func() int {
		cancel()
		go func() { _, _ = io.Copy(io.Discard, outReader) }()
		c := <-code
		_ = inWriter.Close()
		code <- c
		return c
	}
	t.Cleanup(func() { o.close() })
	if !o.out.Scan() {
		t.Fatalf("no line, code %d: %s", o.close(), diagnostics.String())
	}
	return o, o.out.Text()
}

func linkOf(t *testing.T, line string) *url.URL {
	t.Helper()
	_, link, ok := strings.Cut(line, " ")
	if !ok {
		t.Fatalf("no link in %q", line)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// join opens the signal connection behind link and returns the server's welcome.
func join(t *testing.T, link *url.URL, config *tls.Config) (*websocket.Conn, *livekit.JoinResponse) {
	t.Helper()
	u := url.URL{Scheme: strings.TrimPrefix(link.Scheme, "livekit+"), Host: link.Host, Path: "/rtc"}
	u.RawQuery = url.Values{"access_token": {link.Query().Get("token")}, "protocol": {"16"}, "auto_subscribe": {"1"}}.Encode()
	dialer := websocket.Dialer{TLSClientConfig: config}
	c, _, err := dialer.DialContext(t.Context(), u.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for {
		if m := read(t, c); m.GetJoin() != nil {
			return c, m.GetJoin()
		}
	}
}

func read(t *testing.T, c *websocket.Conn) *livekit.SignalResponse {
	t.Helper()
	_, b, err := c.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	m := &livekit.SignalResponse{}
	if err := proto.Unmarshal(b, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestALinkLeadsIntoTheRoom(t *testing.T) {
	o, line := openRoom(t, "--port", "0", "--room", "parlour", "--name", "Anna", "--name", "Bert")
	if !strings.HasPrefix(line, "Anna livekit+ws://127.0.0.1:") {
		t.Errorf("line %q", line)
	}
	_, welcome := join(t, linkOf(t, line), nil)
	if welcome.Room.Name != "parlour" || welcome.Participant.Name != "Anna" {
		t.Errorf("in room %q as %q", welcome.Room.Name, welcome.Participant.Name)
	}
	if !welcome.Participant.Permission.CanUpdateMetadata {
		t.Error("a guest cannot raise a hand")
	}
	var codecs []string
	for _, c := range welcome.Room.EnabledCodecs {
		codecs = append(codecs, c.Mime)
	}
	want := "audio/opus audio/red video/vp8 video/vp9 video/h264 video/av1 video/rtx"
	if got := strings.ToLower(strings.Join(codecs, " ")); got != want {
		t.Errorf("codecs %q, want %q", got, want)
	}
	if code := o.close(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestGuestsAreSentToNobodyOutside(t *testing.T) {
	_, line := openRoom(t, "--port", "0", "--room", "r", "--name", "A")
	_, welcome := join(t, linkOf(t, line), nil)
	if len(welcome.IceServers) == 0 {
		t.Fatal("no ICE server: the room's own STUN answers are not used")
	}
	for _, s := range welcome.IceServers {
		for _, u := range s.Urls {
			if !strings.HasPrefix(u, "stun:127.0.0.1:") {
				t.Errorf("guests are sent to %s", u)
			}
		}
	}
	address := strings.TrimPrefix(welcome.IceServers[0].Urls[0], "stun:")
	c, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	question := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	if _, err := c.Write(question.Raw); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1500)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	answer := &stun.Message{Raw: b[:n]}
	var mapped stun.XORMappedAddress
	if err := answer.Decode(); err != nil {
		t.Fatal(err)
	}
	if err := mapped.GetFrom(answer); err != nil || mapped.String() != c.LocalAddr().String() {
		t.Errorf("mapped to %v (%v), want %v", mapped, err, c.LocalAddr())
	}
}

func TestARecorderIsSeenInTheRoomsFlag(t *testing.T) {
	_, line := openRoom(t, "--port", "0", "--room", "r", "--recorder", "R", "--name", "A")
	_, welcome := join(t, linkOf(t, line), nil)
	if p := welcome.Participant.Permission; !p.Hidden || !p.Recorder || p.CanPublish { //nolint:staticcheck // the field the client reads, too
		t.Errorf("permission %v", p)
	}
}

func TestTheDeskRecordsKicksAndCloses(t *testing.T) {
	o, line := openRoom(t, "--port", "0", "--room", "r", "--name", "A", "--stdin")
	c, _ := join(t, linkOf(t, line), nil)
	command := func(text string) answer {
		t.Helper()
		if _, err := fmt.Fprintln(o.in, text); err != nil {
			t.Fatal(err)
		}
		if !o.out.Scan() {
			t.Fatalf("no answer to %q", text)
		}
		var a answer
		if err := json.Unmarshal(o.out.Bytes(), &a); err != nil || a.Command != text {
			t.Fatalf("answer %q: %v", o.out.Text(), err)
		}
		return a
	}
	recording := func(want bool) {
		t.Helper()
		for {
			if u := read(t, c).GetRoomUpdate(); u != nil && u.Room.ActiveRecording == want {
				return
			}
		}
	}
	if a := command("recording on"); !a.OK {
		t.Fatal(a.Error)
	}
	recording(true)
	if a := command("recording off"); !a.OK {
		t.Fatal(a.Error)
	}
	recording(false)
	if a := command("mute A camera"); a.OK || a.Error != "A sends no camera" {
		t.Errorf("muting a camera that is off: %+v", a)
	}
	if a := command("dance"); a.OK {
		t.Error("an unknown command is taken")
	}
	if a := command("kick A"); !a.OK {
		t.Fatal(a.Error)
	}
	for {
		if l := read(t, c).GetLeave(); l != nil {
			if l.Reason != livekit.DisconnectReason_PARTICIPANT_REMOVED {
				t.Errorf("left because of %v", l.Reason)
			}
			break
		}
	}
	c, _ = join(t, linkOf(t, line), nil)
	if a := command("close"); !a.OK {
		t.Fatal(a.Error)
	}
	for {
		if l := read(t, c).GetLeave(); l != nil {
			if l.Reason != livekit.DisconnectReason_ROOM_DELETED {
				t.Errorf("left because of %v", l.Reason)
			}
			break
		}
	}
}

func TestOpenEndsWithinASecondAndTellsTheGuests(t *testing.T) {
	o, line := openRoom(t, "--port", "0", "--room", "r", "--name", "A")
	c, _ := join(t, linkOf(t, line), nil)
	begun := time.Now()
	if code := o.close(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("closing took %s", took)
	}
	for {
		_, b, err := c.ReadMessage()
		if err != nil {
			t.Fatal("the connection ended without a word")
		}
		m := &livekit.SignalResponse{}
		if err := proto.Unmarshal(b, m); err != nil {
			t.Fatal(err)
		}
		if l := m.GetLeave(); l != nil {
			if l.Reason != livekit.DisconnectReason_SERVER_SHUTDOWN {
				t.Errorf("left because of %v", l.Reason)
			}
			return
		}
	}
}

func TestALANRoomSpeaksTLS(t *testing.T) {
	cert, key, pool := selfSigned(t)
	_, line := openRoom(t, "--port", "0", "--room", "r", "--name", "A", "--tls-cert", cert, "--tls-key", key)
	link := linkOf(t, line)
	if link.Scheme != "livekit+wss" {
		t.Errorf("link %s", link.Scheme)
	}
	_, welcome := join(t, link, &tls.Config{RootCAs: pool})
	if welcome.Participant.Name != "A" {
		t.Errorf("joined as %q", welcome.Participant.Name)
	}
}

func selfSigned(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	certFile = write(t, "cert.pem", 0o600, string(certPEM))
	keyFile = write(t, "key.pem", 0o600, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
	return certFile, keyFile, pool
}

func write(t *testing.T, name string, mode os.FileMode, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(p, mode); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMistakesAreToldInWords(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	port := fmt.Sprint(busy.Addr().(*net.TCPAddr).Port)
	secret := strings.Repeat("s", 32)
	room := []string{"--room", "r", "--name", "A", "--port", "0"}
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"busy port", []string{"--room", "r", "--name", "A", "--port", port}, 1, "error: port " + port + " on 127.0.0.1 is in use\nparavent-room: hint: --port 0 takes a free one\n"},
		{"foreign address", append(room, "--bind", "203.0.113.77", "--tls-cert", "x", "--tls-key", "y"), 1, "error: 203.0.113.77 is not an address of this machine"},
		{"LAN without TLS", append(room, "--bind", "203.0.113.77"), 2, "error: a room on 203.0.113.77 needs TLS"},
		{"every address", append(room, "--bind", "0.0.0.0"), 2, "error: --bind wants one address"},
		{"no address", append(room, "--bind", "localhost"), 2, `error: --bind wants an IP address of this machine, not "localhost"`},
		{"missing key", append(room, "--key", filepath.Join(t.TempDir(), "none")), 1, "does not exist"},
		{"open key", append(room, "--key", write(t, "key", 0o644, "k: "+secret)), 1, "can be read by others"},
		{"short key", append(room, "--key", write(t, "key", 0o600, "k: short")), 1, "is too short"},
		{"garbled key", append(room, "--key", write(t, "key", 0o600, "\x00\x01")), 1, "is not understood\nparavent-room: hint: it holds one line: KEY: SECRET\n"},
		{"two keys", append(room, "--key", write(t, "key", 0o600, "k: "+secret+"\nl: "+secret)), 1, "is not understood"},
		{"no certificate", append(room, "--tls-cert", "none", "--tls-key", "none"), 1, "error: cannot use the TLS certificate"},
		{"no room", []string{"--name", "A"}, 2, "error: --room is missing"},
		{"nobody", []string{"--room", "r"}, 2, "error: nobody is invited"},
		{"twins", append(room, "--hidden", "A"), 2, `error: "A" is named twice`},
		{"escape sequence", append(room, "--name", "\x1b[2J"), 2, "error: a name has characters that cannot be printed"},
		{"stray word", append(room, "now"), 2, `error: unknown argument "now"`},
		{"unknown flag", append(room, "--loud"), 2, "error: flag provided but not defined: -loud"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, diagnostics bytes.Buffer
			code := run(t.Context(), c.args, strings.NewReader(""), &out, &diagnostics)
			if code != c.code || !strings.Contains(diagnostics.String(), c.want) || !strings.HasPrefix(diagnostics.String(), "paravent-room: error: ") {
				t.Errorf("code %d, want %d; said %q, want %q", code, c.code, diagnostics.String(), c.want)
			}
			if out.Len() > 0 {
				t.Errorf("printed %q", out.String())
			}
			if strings.Contains(diagnostics.String(), secret) {
				t.Error("the secret is printed")
			}
		})
	}
}

func TestAForeignTokenIsTurnedAway(t *testing.T) {
	key := write(t, "key", 0o600, "k: "+strings.Repeat("s", 40)+"\n")
	_, line := openRoom(t, "--port", "0", "--room", "r", "--name", "A", "--key", key)
	link := linkOf(t, line)
	for _, token := range []string{"", "nonsense", link.Query().Get("token") + "x"} {
		u := url.URL{Scheme: "http", Host: link.Host, Path: "/rtc/validate", RawQuery: url.Values{"access_token": {token}}.Encode()}
		answer, err := http.Get(u.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("token %.10q: %s", token, answer.Status)
		}
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	var diagnostics bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, strings.NewReader(""), io.Discard, &diagnostics); code != 0 {
		t.Errorf("exit code %d", code)
	}
	source, err := os.ReadFile("options.go")
	if err != nil {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`fs\.[A-Z]\w*\((?:&[\w.]+, )?"([\w-]+)"`).FindAllSubmatch(source, -1)
	if len(flags) < 10 {
		t.Fatalf("only %d flags found", len(flags))
	}
	for _, f := range flags {
		if !strings.Contains(diagnostics.String(), "--"+string(f[1])+" ") {
			t.Errorf("help does not name --%s", f[1])
		}
	}
}
