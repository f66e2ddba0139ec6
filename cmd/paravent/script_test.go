package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"paravent": func() { os.Exit(run(os.Args[1:])) }, //nolint:forbidigo // it is main here
	})
}

// unsigned is a pass as the links carry it; no server would accept it.
func unsigned(expires time.Time) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256","typ":"JWT"}`) + "." +
		part(fmt.Sprintf(`{"sub":"ada","exp":%d,"video":{"room":"r","roomJoin":true}}`, expires.Unix())) + "." + part("no signature")
}

// TestScript runs the program as a person would. The servers are doubles that
// only refuse.
func TestScript(t *testing.T) {
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "invalid token\x1b[2J", http.StatusUnauthorized)
	}))
	t.Cleanup(refuses.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "<html>a web page</html>")
	}))
	t.Cleanup(other.Close)
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(t.Output(), "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()

	wide := filepath.Join(t.TempDir(), "wide.png")
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 7680, 432))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(wide, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}

	sounds := t.TempDir()
	if err := recordings(sounds); err != nil {
		t.Fatal(err)
	}

	host := func(s *httptest.Server) string {
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		return u.Host
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CONFIG_HOME", e.WorkDir+"/config")
			e.Setenv("REFUSES", host(refuses))
			e.Setenv("OTHER", host(other))
			e.Setenv("UNTRUSTED", host(untrusted))
			e.Setenv("GONE", host(gone))
			e.Setenv("WIDE", wide)
			e.Setenv("SOUNDS", sounds)
			e.Setenv("TOKEN", unsigned(time.Now().Add(time.Hour)))
			e.Setenv("OLDTOKEN", unsigned(time.Now().Add(-time.Hour)))
			return nil
		},
	})
}
