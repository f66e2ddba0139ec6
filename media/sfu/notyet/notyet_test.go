package notyet_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"paravent/media/sfu"
	"paravent/media/sfu/notyet"
	"paravent/media/sfu/sfutest"
)

// at is a double that answers one path.
func at(path, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			http.NotFound(w, r)
			return
		}
		sfutest.Saying(http.StatusOK, kind, body)(w, r)
	}
}

const (
	jitsi = "var config = {\n hosts: { domain: 'meet.jitsi', muc: 'conference.meet.jitsi' },\n bosh: '/http-bind',\n" +
		" // stunServers: [{ urls: 'stun:comment.example:3478' }],\n p2p: { stunServers: [{ urls: 'stun:relay.example:443' }] } };"
	openTalk = "window.config = {\n controller: 'api.talk.example',\n version: { product: '24.19.0', frontend: '2.1' },\n oidcConfig: { authority: 'https://id.example' } };"
	bbb      = "<response>\n<returncode>SUCCESS</returncode>\n<version>2.0</version>\n<apiVersion>2.0</apiVersion>\n<bbbVersion>3.0.4</bbbVersion>\n</response>"
	cloud    = `{"installed":true,"maintenance":false,"needsDbUpgrade":false,"version":"31.0.0.18","versionstring":"31.0.0","edition":"","productname":"Nextcloud"}`
	suite    = `{"LANGUAGE_CODE":"fr-fr","livekit":{"url":"https://media.suite.example"},"encryption":{"enabled":true}}`
)

func TestKnownKindsAreNamedThoughTheyCannotBeJoined(t *testing.T) {
	for _, c := range []struct {
		link          string
		says          http.HandlerFunc
		kind, version string
		relays, hosts []string
	}{
		{"https://meet.example/atelier", at("/config.js", "application/javascript", jitsi), "jitsi", "", []string{"relay.example"}, nil},
		{"https://talk.example/room/f0e1?invite=a1", at("/config.js", "text/javascript", openTalk), "opentalk", "24.19.0", nil, []string{"api.talk.example"}},
		{"https://bbb.example/rooms/abc-def-ghi/join", at("/bigbluebutton/api", "text/xml", bbb), "bigbluebutton", "3.0.4", nil, nil},
		{"https://bbb.example/", at("/bigbluebutton/api", "text/xml", bbb), "bigbluebutton", "3.0.4", nil, nil},
		{"https://cloud.example/call/x7k", at("/status.php", "application/json", cloud), "nextcloud-talk", "Nextcloud 31.0.0", nil, nil},
		{"https://cloud.example/nc/index.php/call/x7k/", at("/nc/status.php", "application/json", cloud), "nextcloud-talk", "Nextcloud 31.0.0", nil, nil},
		{"https://visio.example/abc-defg-hij", at("/api/v1.0/config/", "application/json", suite), "la-suite-meet", "", nil, []string{"media.suite.example"}},
	} {
		p := sfutest.Page(t, c.link)
		f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(sfutest.Answering(c.says), p), notyet.Kinds())
		if err != nil || f.Kind != c.kind || f.Version.Clean() != c.version || f.Closed || !f.Link.Empty() {
			t.Errorf("%s: found %+v, %v", c.link, f, err)
		}
		if !slices.Equal(f.Relays, c.relays) || !slices.Equal(f.Hosts, c.hosts) {
			t.Errorf("%s: relays %q, hosts %q", c.link, f.Relays, f.Hosts)
		}
	}
}

func TestKindsWithoutAnOpenProtocolAreKnownByTheirHostAndNotAsked(t *testing.T) {
	client := sfutest.Answering(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked", r.URL) })
	for link, kind := range map[string]string{
		"https://us02web.zoom.us/j/123?pwd=x": "zoom", "https://teams.microsoft.com/l/meetup-join/x": "teams",
		"https://teams.live.com/meet/1": "teams", "https://acme.webex.com/meet/ada": "webex", "https://meet.google.com/abc-defg-hij": "google-meet",
	} {
		p := sfutest.Page(t, link)
		if f, err := sfu.Recognise(t.Context(), p, sfu.NewAsker(client, p), notyet.Kinds()); err != nil || f.Kind != kind || !f.Closed {
			t.Errorf("%s: found %+v, %v", link, f, err)
		}
	}
}

// A host that only looks like a known one is asked as any other.
func TestAHostThatEndsAlikeIsNotMistaken(t *testing.T) {
	for _, link := range []string{"https://zoom.us.example/j/1", "https://notzoom.us/j/1", "https://example/zoom.us"} {
		p := sfutest.Page(t, link)
		a := sfu.NewAsker(sfutest.Answering(http.NotFound), p)
		var unknown *sfu.UnknownPageError
		if f, err := sfu.Recognise(t.Context(), p, a, notyet.Kinds()); !errors.As(err, &unknown) {
			t.Errorf("%s: found %+v, %v", link, f, err)
		}
	}
}

func TestAPageThatAnswersEverythingIsNoKnownKind(t *testing.T) {
	for _, link := range []string{"https://web.example/", "https://web.example/x", "https://web.example/room/x", "https://web.example/b/x", "https://web.example/call/x", "https://web.example/abc-defg-hij"} {
		for kind, body := range map[string]string{
			"text/html":        "<html>" + jitsi + openTalk + bbb + cloud + "</html>",
			"application/json": "{}", "application/javascript": "var x = {}", "text/xml": "<html/>", "": "",
		} {
			p := sfutest.Page(t, link)
			a := sfu.NewAsker(sfutest.Answering(sfutest.Saying(http.StatusOK, kind, body)), p)
			if f, err := sfu.Recognise(t.Context(), p, a, notyet.Kinds()); err == nil {
				t.Errorf("%s as %q: found %+v", link, kind, f)
			}
		}
	}
}

func FuzzProbes(f *testing.F) {
	for _, s := range []string{jitsi, openTalk, bbb, cloud, suite, "", "<response><version>", strings.Repeat("[", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, link := range []string{"https://web.example/", "https://web.example/room/x", "https://web.example/call/x", "https://web.example/abc-defg-hij"} {
			p := sfutest.Page(t, link)
			for _, kind := range []string{"application/javascript", "application/json", "text/xml"} {
				a := sfu.NewAsker(sfutest.Answering(sfutest.Saying(http.StatusOK, kind, body)), p)
				found, err := sfu.Recognise(t.Context(), p, a, notyet.Kinds())
				if err == nil && (found.Kind == "" || !found.Link.Empty() || len(found.Relays)+len(found.Hosts) > 17) {
					t.Errorf("found %+v", found)
				}
			}
		}
	})
}
