package wire_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// openers are what of the standard library, and of the system's calls, opens a
// socket or looks a name up, by package. One with a star stands for all that begin
// so.
func openers() map[string][]string {
	sockets := []string{"Socket", "Connect", "Bind", "Sendto", "Sendmsg*", "WSASocket", "ConnectEx"}
	return map[string][]string{
		"net": {
			"Dial*", "Listen*", "Lookup*", "Resolve*", "DefaultResolver", "FileConn", "FilePacketConn", "FileListener",
		},
		"net/http":                            {"Get", "Post", "PostForm", "Head", "Default*", "Transport", "ListenAndServe*", "Serve", "ServeTLS"},
		"crypto/tls":                          {"Dial*", "Listen"},
		"syscall":                             sockets,
		"golang.org/x/sys/unix":               sockets,
		"golang.org/x/sys/windows":            sockets,
		"net/rpc":                             {"Dial*"},
		"net/smtp":                            {"*"},
		"log/syslog":                          {"*"},
		"golang.org/x/net/proxy":              {"*"},
		"golang.org/x/net/icmp":               {"Listen*"},
		"github.com/wlynxg/anet":              {"Listen*"},
		"github.com/pion/transport/v4/stdnet": {"*"},
	}
}

func opens(path, name string) bool {
	if path == "net" && name == "Listener" { // a kind of value, and no way to make one
		return false
	}
	return slices.ContainsFunc(openers()[path], func(o string) bool {
		prefix, all := strings.CutSuffix(o, "*")
		return o == name || all && strings.HasPrefix(name, prefix)
	})
}

// A listed is what the go command says of a package.
type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	GoFiles    []string
	CgoFiles   []string
}

// graph is every package that the program is made of.
func graph(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,CgoFiles", "./cmd/paravent")
	cmd.Dir = "../../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 200 {
		t.Fatalf("the program is made of %d packages only", len(all))
	}
	return all
}

// opened are the names in a package that open sockets.
func opened(t *testing.T, p listed) []string {
	t.Helper()
	var names []string
	for _, file := range slices.Concat(p.GoFiles, p.CgoFiles) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		imports := make(map[string]string) // by the name in this file
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if len(openers()[path]) == 0 {
				continue
			}
			name := path[strings.LastIndexByte(path, '/')+1:]
			if spec.Name != nil {
				name = spec.Name.Name
			}
			if name == "." {
				t.Errorf("%s imports %s into its own names, which this test does not see through", p.ImportPath, path)
			}
			imports[name] = path
		}
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && opens(imports[x.Name], s.Sel.Name) && !slices.Contains(names, x.Name+"."+s.Sel.Name) {
				names = append(names, x.Name+"."+s.Sel.Name)
			}
			return true
		})
	}
	slices.Sort(names)
	return names
}

// knownOpeners are the packages of the program that could open a socket, what they
// use for it, and why that is no way past the guard. Everything else is refused
// here; that these hold is seen by the other tests of this package, at the wire and
// in the system's calls.
func knownOpeners() map[string][2]string {
	const (
		ours    = "pion gets all its sockets from media/rtc, which gets them from the guard"
		noProxy = "no proxy is ever given to it"
		sealed  = "the default client is sealed by the guard"
	)
	return map[string][2]string{
		"paravent/privacy/egress": {"http.DefaultTransport http.Transport net.DefaultResolver net.Dialer net.ListenConfig net.ListenUDP net.Resolver unix.Bind unix.Socket", "it is the guard: its netlink socket speaks to this machine's kernel alone, and who signs in is awaited on loopback"},
		"paravent/media/rtc":      {"net.Dialer net.ListenConfig", "it names them to refuse them"},

		"github.com/jezek/xgb":      {"net.Dial", "the screen's own server: media/capture/screen takes no display but this machine's"},
		"github.com/godbus/dbus/v5": {"net.Dial net.DialUnix", "the session's own bus, where its address says: a socket of this machine; a name cannot be looked up, for the default lookup is sealed"},

		"github.com/coder/websocket":               {"http.DefaultClient", "a connector gives it the guard's client, and the default one is sealed"},
		"github.com/coreos/go-oidc/v3/oidc":        {"http.DefaultClient", "privacy/signin gives it the guard's client, and the default one is sealed"},
		"golang.org/x/oauth2":                      {"http.DefaultTransport", "likewise"},
		"golang.org/x/oauth2/internal":             {"http.DefaultClient", "likewise"},
		"fyne.io/fyne/v2":                          {"http.Get", sealed},
		"fyne.io/fyne/v2/internal/repository":      {"http.Get http.Head", sealed},
		"golang.org/x/net/internal/socks":          {"net.Dial net.Dialer", noProxy},
		"golang.org/x/net/internal/socket":         {"unix.SendmsgBuffers", "on sockets that it is given"},
		"golang.org/x/net/proxy":                   {"net.Dial net.Dialer", noProxy},
		"github.com/pion/webrtc/v4":                {"proxy.Dialer", noProxy},
		"github.com/pion/ice/v4":                   {"net.Dialer net.ListenTCP net.ResolveTCPAddr proxy.Dialer stdnet.Net stdnet.NewNet", ours + "; TCP candidates, for which it opens its own, are off"},
		"github.com/pion/mdns/v2":                  {"net.Dial net.ListenUDP net.ResolveUDPAddr", "mDNS is off"},
		"github.com/pion/dtls/v3":                  {"net.ListenConfig net.ListenUDP", ours},
		"github.com/pion/dtls/v3/internal/net/udp": {"net.ListenConfig", ours},
		"github.com/pion/stun/v4":                  {"net.Dial net.ResolveUDPAddr stdnet.NewNet", ours},
		"github.com/pion/turn/v5":                  {"net.Dialer net.ListenConfig stdnet.NewNet", ours},
		"github.com/pion/turn/v5/internal/client":  {"net.ResolveTCPAddr", ours},
		"github.com/pion/transport/v4":             {"net.Dialer net.ListenConfig", "it names them in interfaces"},
		"github.com/pion/transport/v4/stdnet":      {"net.Dial net.DialTCP net.DialUDP net.Dialer net.ListenConfig net.ListenPacket net.ListenTCP net.ListenUDP net.ResolveIPAddr net.ResolveTCPAddr net.ResolveUDPAddr", ours},
		"github.com/pion/transport/v4/vnet":        {"net.DialUDP net.Dialer net.ListenConfig net.ResolveTCPAddr net.ResolveUDPAddr", "a network inside a process, for tests; nothing opens it here"},
	}
}

// TestNobodyOpensASocketPastTheGuard reads everything that the program is made of,
// but the standard library and what is not Go.
func TestNobodyOpensASocketPastTheGuard(t *testing.T) {
	known := knownOpeners()
	for _, p := range graph(t) {
		if p.Standard {
			continue
		}
		got := strings.Join(opened(t, p), " ")
		want, listed := known[p.ImportPath]
		switch {
		case got != "" && !listed:
			t.Errorf("%s uses %s: sockets and names go through privacy/egress. If it is no way past the guard, say why in this test", p.ImportPath, got)
		case got != want[0]:
			t.Errorf("%s uses %q, and the reason given is for %q: is it still true?", p.ImportPath, got, want[0])
		}
		delete(known, p.ImportPath)
	}
	for path := range known {
		t.Errorf("%s is no part of the program any more", path)
	}
}
