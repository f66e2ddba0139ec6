package notyet

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"paravent/media/sfu"
)

// Jitsi Meet: https://HOST/ROOM or https://HOST/TENANT/ROOM. Its settings are a
// script, config.js (jitsi-meet, config.js).
func fitJitsi(p sfu.Page) sfu.Fit {
	switch len(p.Segments()) {
	case 1:
		return sfu.FitsWell
	case 0, 2:
		return sfu.MayFit
	}
	return sfu.NoFit
}

func probeJitsi(ctx context.Context, p sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	script, ok := settings(ctx, a)
	if !ok || !matches(script, `\bvar config\b`) || !matches(script, `\b(bosh|websocket)\b`) || !matches(script, `\bmuc\b`) {
		return sfu.Found{}, false
	}
	f := sfu.Found{EndToEnd: sfu.EndToEndPossible, Relays: sfu.RelaysIn(script)}
	if parts := p.Segments(); len(parts) > 0 {
		f.Room = sfu.Foreign(parts[len(parts)-1])
	}
	return f, true
}

// OpenTalk: https://HOST/room/ID?invite=… or https://HOST/invite/ID. Its settings
// are a script, too, which names the server behind it (OpenTalk web frontend,
// public/config.js).
func fitOpenTalk(p sfu.Page) sfu.Fit {
	switch parts := p.Segments(); {
	case len(parts) == 2 && (parts[0] == "room" || parts[0] == "invite"):
		return sfu.FitsWell
	case len(parts) == 0:
		return sfu.MayFit
	}
	return sfu.NoFit
}

func probeOpenTalk(ctx context.Context, _ sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	script, ok := settings(ctx, a)
	if !ok || !matches(script, `\bwindow\.config\b`) || !matches(script, `\bcontroller\b`) || !matches(script, `\boidc(Config)?\b`) {
		return sfu.Found{}, false
	}
	var f sfu.Found
	if m := regexp.MustCompile(`\bcontroller['"]?\s*:\s*(?:\{\s*['"]?host['"]?\s*:\s*)?['"]([^'"\s]{1,253})['"]`).FindStringSubmatch(script); m != nil {
		f.Hosts = named(m[1])
	}
	if m := regexp.MustCompile(`\bproduct['"]?\s*:\s*['"]([^'"\n]{1,64})['"]`).FindStringSubmatch(script); m != nil {
		f.Version = sfu.Foreign(m[1])
	}
	return f, true
}

// settings is the script config.js without its comments. A page that answers
// everything with itself is no script.
func settings(ctx context.Context, a *sfu.Asker) (string, bool) {
	answer := a.Get(ctx, "/config.js")
	if answer.Status != http.StatusOK || !strings.Contains(answer.Type(), "javascript") {
		return "", false
	}
	var b strings.Builder
	for line := range strings.Lines(string(answer.Body)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			b.WriteString(line)
		}
	}
	return b.String(), true
}

func matches(text, pattern string) bool { return regexp.MustCompile(pattern).MatchString(text) }

// named is the host of an address, or of a host with a port.
func named(address string) []string {
	if !strings.Contains(address, "://") {
		address = "//" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	return []string{strings.ToLower(u.Hostname())}
}

// BigBlueButton: the address that a front end sends to, or that of its usual front
// end, Greenlight. The bare API says its version (BigBlueButton API reference).
func fitBigBlueButton(p sfu.Page) sfu.Fit {
	parts := p.Segments()
	switch {
	case len(parts) == 0:
		return sfu.MayFit
	case slices.Contains([]string{"bigbluebutton", "html5client"}, parts[0]):
		return sfu.FitsOnly
	case parts[0] == "b" || parts[0] == "rooms" && len(parts) == 3 && parts[2] == "join":
		return sfu.FitsWell
	}
	return sfu.NoFit
}

func probeBigBlueButton(ctx context.Context, _ sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	answer := a.Get(ctx, "/bigbluebutton/api")
	var r struct {
		XMLName xml.Name `xml:"response"`
		Code    string   `xml:"returncode"`
		API     string   `xml:"version"`
		Version string   `xml:"bbbVersion"`
	}
	if answer.Status != http.StatusOK || xml.Unmarshal(answer.Body, &r) != nil || r.Code != "SUCCESS" || r.API == "" {
		return sfu.Found{}, false
	}
	return sfu.Found{Version: sfu.Foreign(r.Version), EndToEnd: sfu.EndToEndNever}, true
}

// Nextcloud Talk: https://HOST[/FOLDER][/index.php]/call/TOKEN. Nextcloud says what
// it is in status.php (Nextcloud administration manual).
func fitTalk(p sfu.Page) sfu.Fit {
	if _, ok := folderOfTalk(p); ok {
		return sfu.FitsWell
	}
	return sfu.NoFit
}

func folderOfTalk(p sfu.Page) (string, bool) {
	folder, token, ok := strings.Cut(p.Path(), "/call/")
	token = strings.TrimSuffix(token, "/")
	return strings.TrimSuffix(folder, "/index.php"), ok && token != "" && !strings.Contains(token, "/")
}

func probeTalk(ctx context.Context, p sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	folder, _ := folderOfTalk(p)
	var s struct {
		Installed *bool  `json:"installed"`
		Version   string `json:"versionstring"`
		Product   string `json:"productname"`
	}
	if !a.Get(ctx, folder+"/status.php").JSON(&s) || s.Installed == nil || s.Version == "" || s.Product == "" {
		return sfu.Found{}, false
	}
	return sfu.Found{Version: sfu.Foreign(s.Product + " " + s.Version)}, true
}

// La Suite Meet: https://HOST/abc-defg-hij, with LiveKit behind it
// (suitenumerique/meet, src/backend/core/api).
func fitSuite(p sfu.Page) sfu.Fit {
	if matches(p.Path(), `^/[a-z]{3}-[a-z]{4}-[a-z]{3}/?$`) {
		return sfu.FitsWell
	}
	return sfu.NoFit
}

func probeSuite(ctx context.Context, _ sfu.Page, a *sfu.Asker) (sfu.Found, bool) {
	var s struct {
		LiveKit struct {
			URL string `json:"url"`
		} `json:"livekit"`
		Encryption struct {
			Enabled bool `json:"enabled"`
		} `json:"encryption"`
	}
	if !a.Get(ctx, "/api/v1.0/config/").JSON(&s) || s.LiveKit.URL == "" {
		return sfu.Found{}, false
	}
	f := sfu.Found{Hosts: named(s.LiveKit.URL)}
	if s.Encryption.Enabled {
		f.EndToEnd = sfu.EndToEndPossible
	}
	return f, true
}
