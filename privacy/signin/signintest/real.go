package signintest

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paravent/privacy/egress"
)

// The real providers are looked for here.
const (
	EnvDex      = "PARAVENT_DEX"           // a program of dexidp/dex, of 2026
	EnvProvider = "PARAVENT_OIDC_PROVIDER" // a folder with the npm package oidc-provider; else build/oidc-provider
)

// The person that Dex knows.
const (
	Person   = "ada@house.example"
	Password = "password"
)

// freePort is one that nobody listens on now.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := egress.NewGuard().ListenLoopback(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// run starts a provider, and waits until it answers at well.
func run(t testing.TB, cmd *exec.Cmd, well string) {
	t.Helper()
	var said strings.Builder
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&said, bufio.NewReader(out))
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(60 * time.Second)
	defer late.Stop()
	for {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, well, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := c.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-read:
			t.Fatalf("the provider ended: %s", said.String())
		case <-late.C:
			t.Fatal("the provider does not begin to answer")
		}
	}
}

// Dex starts a real Dex and returns its issuer, which is at path on its host. The
// person signs in with Person and Password.
func Dex(t testing.TB, path string) string {
	t.Helper()
	program := os.Getenv(EnvDex)
	if program == "" {
		t.Skip(EnvDex + " names no program: signing in was not tested against Dex")
	}
	host := "127.0.0.1:" + freePort(t)
	// Dex's own list of passwords waits for itself for ever when a login is renewed
	// (its tokens are rotated within a transaction, which reads the list); this
	// connector does not.
	text := fmt.Sprintf(`issuer: http://%[1]s%[2]s
storage: {type: memory}
web: {http: %[1]s}
logger: {level: error}
oauth2: {responseTypes: [code]}
staticClients: [{id: %[3]s, name: Paravent, public: true}]
connectors: [{type: mockPassword, id: house, name: House, config: {username: %[4]q, password: %[5]q}}]
`, host, path, ClientID, Person, Password)
	config := filepath.Join(t.TempDir(), "dex.yaml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	issuer := "http://" + host + path
	run(t, exec.CommandContext(t.Context(), program, "serve", config), issuer+"/.well-known/openid-configuration")
	return issuer
}

// Provider starts a real oidc-provider and returns its issuer. It signs everybody
// in at once, with the strength acr; empty is not said.
func Provider(t testing.TB, acr string) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join(tree(t), "build", "oidc-provider"))
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv(EnvProvider); dir != "" {
		root = dir
	}
	node := filepath.Join(tree(t), "build", "node", "node_modules", ".bin", "node") // the newer one, where it was needed
	if _, err = os.Stat(node); err != nil {
		node, err = exec.LookPath("node")
	}
	if _, no := os.Stat(filepath.Join(root, "node_modules", "oidc-provider")); err != nil || no != nil {
		t.Skip("oidc-provider is not installed (packaging/dev/setup.sh signin): signing in was not tested against it")
	}
	port := freePort(t)
	cmd := exec.CommandContext(t.Context(), node, filepath.Join(tree(t), "privacy", "signin", "signintest", "testdata", "provider.mjs"), filepath.Join(root, "node_modules"), port, acr)
	run(t, cmd, "http://127.0.0.1:"+port+"/.well-known/openid-configuration")
	return "http://127.0.0.1:" + port
}

// tree is the root of this repository.
func tree(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("this is no folder of the repository")
		}
		dir = up
	}
}
