package main

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
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

	"paravent/privacy/policy/organisation"
	"paravent/privacy/receipt"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"paravent": func() { os.Exit(run(os.Args[1:], testOffice())) }, //nolint:forbidigo // it is main here
	})
}

// envOffice names the folder that stands for the administrators' in scripts. The
// program itself asks no variable.
const envOffice = "TEST_OFFICE"

func testOffice() organisation.Source {
	return organisation.File{Path: filepath.Join(os.Getenv(envOffice), "policy.toml"), Owner: os.Getuid()}
}

// unsigned is a pass as the links carry it; no server would accept it.
func unsigned(expires time.Time) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256","typ":"JWT"}`) + "." +
		part(fmt.Sprintf(`{"sub":"ada","exp":%d,"video":{"room":"r","roomJoin":true}}`, expires.Unix())) + "." + part("no signature")
}

// meetings is a double of a host with pages of several kinds of meetings.
func meetings() http.Handler {
	says := func(status int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	m := http.NewServeMux()
	m.HandleFunc("/rtc/validate", says(http.StatusUnauthorized, "text/plain", "no permissions to access the room"))
	m.HandleFunc("/api/connection-details", func(w http.ResponseWriter, r *http.Request) {
		if !r.URL.Query().Has("roomName") {
			says(http.StatusBadRequest, "text/plain", "Missing required query parameter: roomName")(w, r)
			return
		}
		says(http.StatusOK, "application/json", `{"serverUrl":"wss://media.invalid","participantToken":"`+unsigned(time.Now().Add(time.Hour))+`"}`)(w, r)
	})
	m.HandleFunc("OPTIONS /live/whip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Accept-Post", "application/sdp")
		w.Header().Set("Link", `<stun:relay.invalid:3478>; rel="ice-server"`)
	})
	m.HandleFunc("/config.js", says(http.StatusOK, "application/javascript", "var config = { hosts: { muc: 'x' }, bosh: '/http-bind' };"))
	m.HandleFunc("/go/on/from/here", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusFound)
	})
	return m
}

// pastCall keeps the receipt of a call in dir/paravent/receipts.
func pastCall(dir, server string) error {
	b := receipt.At(filepath.Join(dir, "paravent", "receipts"))
	w, err := b.Begin(receipt.Start{Program: version, Kind: "livekit", Server: server}, receipt.NewKey([receipt.SeedSize]byte{1}))
	if err != nil {
		return err
	}
	return errors.Join(
		w.Facts(receipt.Facts{Encryption: "transport"}),
		w.Facts(receipt.Facts{Encryption: "transport", Camera: true, Background: "blur"}),
		w.Consent(receipt.Consent{Topic: "recording", Yes: true}),
		w.End("left", []receipt.Flow{{Host: server, Purpose: "media", Up: 1234, Down: 5678}}),
	)
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
	meetings := httptest.NewUnstartedServer(meetings())
	meetings.Config.ErrorLog = log.New(t.Output(), "", 0)
	meetings.StartTLS()
	t.Cleanup(meetings.Close)
	authority := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: meetings.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
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
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// pastcall SERVER leaves what a call leaves behind.
			"pastcall": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(pastCall(ts.Getenv("XDG_STATE_HOME"), args[0]))
			},
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CONFIG_HOME", e.WorkDir+"/config")
			e.Setenv("XDG_STATE_HOME", e.WorkDir+"/state")
			e.Setenv(envOffice, e.WorkDir+"/office")
			e.Setenv("REFUSES", host(refuses))
			e.Setenv("OTHER", host(other))
			e.Setenv("UNTRUSTED", host(untrusted))
			e.Setenv("MEETINGS", host(meetings))
			e.Setenv("AUTHORITY", authority)
			e.Setenv("GONE", host(gone))
			e.Setenv("WIDE", wide)
			e.Setenv("SOUNDS", sounds)
			e.Setenv("TOKEN", unsigned(time.Now().Add(time.Hour)))
			e.Setenv("OLDTOKEN", unsigned(time.Now().Add(-time.Hour)))
			return nil
		},
	})
}
