package galene_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The real server is no module that could be fetched in every place, so it is
// tried where there is one: GALENE is the program.
const envReal = "GALENE"

// realServer runs a real server with two groups: test, where guests need the password
// "screen" and Op the password "operator"; and full, which takes one.
func realServer(t *testing.T) (host string, again, stop func()) {
	t.Helper()
	program := os.Getenv(envReal)
	if program == "" {
		t.Skip(envReal + " names no server")
	}
	dir := t.TempDir()
	for name, group := range map[string]string{
		"test": `{"users": {"Op": {"password": "operator", "permissions": "op"}},
			"wildcard-user": {"password": "screen", "permissions": "present"}, "allow-recording": true, "codecs": ["vp8", "vp9", "h264", "opus"]}`,
		"full": `{"max-clients": 1, "wildcard-user": {"password": {"type": "wildcard"}, "permissions": "present"}}`,
	} {
		if err := os.MkdirAll(filepath.Join(dir, "groups"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "groups", name+".json"), []byte(group), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"data", "static", "recordings"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host = l.Addr().String()
	l.Close()
	end := run(t, program, dir, host)
	again = func() {
		end(os.Kill)
		end = run(t, program, dir, host)
	}
	return host, again, func() { end(os.Interrupt) }
}

// run starts the server; stop ends it by a signal.
func run(t *testing.T, program, dir, host string) (stop func(os.Signal)) {
	t.Helper()
	c := exec.Command(program, "-insecure", "-http", host, "-turn", "")
	c.Dir = dir
	if os.Getenv("RTC_LOG") != "" {
		c.Stderr = os.Stderr
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func(s os.Signal) {
		_ = c.Process.Signal(s)
		_ = c.Wait()
	}
	t.Cleanup(func() { stop(os.Kill) })
	up(t, host)
	return stop
}

func up(t *testing.T, host string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/public-groups.json", http.NoBody)
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the server does not answer")
		}
	}
}
