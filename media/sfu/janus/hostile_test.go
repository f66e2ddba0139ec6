package janus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/janus"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/secret"
)

// A double is a server that says what reply gives for each request, and none of
// Janus's. It is asked with the request, its transaction, and what the request wants.
func double(t *testing.T, reply func(word, body, transaction string) []string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"janus-protocol"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(1 << 20)
		for {
			_, b, err := c.Read(r.Context())
			if err != nil {
				return
			}
			var m struct {
				Janus, Transaction string
				Body               struct{ Request, PType string }
			}
			_ = json.Unmarshal(b, &m)
			for _, a := range reply(m.Janus, m.Body.Request, m.Transaction) {
				if c.Write(r.Context(), websocket.MessageText, []byte(a)) != nil {
					return
				}
			}
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// polite answers as Janus would: a session 1, a handle 2, a room with Bo, who is 8
// and sends a camera.
func polite(word, body, transaction string) []string {
	say := func(format string, args ...any) []string {
		return []string{fmt.Sprintf(`{"transaction":%q,`, transaction) + fmt.Sprintf(format, args...) + "}"}
	}
	event := func(data string) []string {
		return say(`"janus":"event","session_id":1,"sender":2,"plugindata":{"plugin":"janus.plugin.videoroom","data":%s}`, data)
	}
	switch word {
	case "create":
		return say(`"janus":"success","data":{"id":1}`)
	case "attach":
		return say(`"janus":"success","session_id":1,"data":{"id":2}`)
	case "message":
		if body == "join" {
			return event(`{"videoroom":"joined","room":1234,"id":7,"private_id":9,"attendees":[],"publishers":[{"id":8,"display":"Bo","streams":[{"type":"video","mid":"0","codec":"vp8"}]}]}`)
		}
		return event(`{"videoroom":"event","configured":"ok"}`)
	}
	return say(`"janus":"ack"`)
}

// try joins at an address with a pass.
func try(t *testing.T, address, pass string) (sfu.Session, error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return janus.Connector{}.Join(ctx, sfu.Room{Kind: "janus", Server: u.Host, Plain: true, Name: "1234", Path: secret.New("/hidden-path-0815/")},
		sfu.Pass{DisplayName: "Ada", Token: secret.New(pass)}, kit(t))
}

func TestWhatIsNoJanusIsSaidSo(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    sfu.JoinProblem
	}{
		"a page":               {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, sfu.NotAServer},
		"nothing there":        {http.NotFound, sfu.NotAServer},
		"no entrance":          {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, sfu.PassRefused},
		"a fault":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, sfu.ServerFault},
		"busy":                 {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, sfu.Busy},
		"another conversation": {func(w http.ResponseWriter, r *http.Request) { c, _ := websocket.Accept(w, r, nil); c.Read(r.Context()) }, sfu.NotAServer},
	} {
		s := httptest.NewServer(c.handler)
		_, err := try(t, s.URL, "")
		s.Close()
		if problem(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hidden-path") {
			t.Errorf("%s: the error shows the path: %v", name, err)
		}
	}
}

func TestAServerThatTalksNonsenseIsSentAway(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	const pass = "hunter2-and-more"
	deep := strings.Repeat(`{"janus":`, 100_000)
	for name, c := range map[string]struct {
		on   string // the request that the nonsense answers
		what string
		want sfu.JoinProblem
	}{
		"garbage":                   {"create", "\xff\xfe\x00 garbage", sfu.BadProtocol},
		"no word":                   {"create", `{"transaction":"TX"}`, sfu.BadProtocol},
		"a list":                    {"create", `[1,2,3]`, sfu.BadProtocol},
		"a session without number":  {"create", `{"janus":"success","transaction":"TX"}`, sfu.BadProtocol},
		"a session of another sort": {"create", `{"janus":"success","transaction":"TX","data":{"id":"one"}}`, sfu.BadProtocol},
		"a negative session":        {"create", `{"janus":"success","transaction":"TX","data":{"id":-5}}`, sfu.BadProtocol},
		"no handle":                 {"attach", `{"janus":"success","transaction":"TX","data":{}}`, sfu.BadProtocol},
		"endless depth":             {"attach", deep, sfu.BadProtocol},
		"a huge message":            {"attach", `{"janus":"success","x":"` + strings.Repeat("x", 3<<20) + `"}`, sfu.BadProtocol},
		"joined nowhere":            {"message", `{"janus":"event","transaction":"TX","plugindata":{"data":{"videoroom":"joined"}}}`, sfu.BadProtocol},
		"attached, not joined":      {"message", `{"janus":"event","transaction":"TX","plugindata":{"data":{"videoroom":"attached","id":5}}}`, sfu.BadProtocol},
		"a pass that is repeated":   {"message", `{"janus":"event","transaction":"TX","plugindata":{"data":{"videoroom":"event","error_code":433,"error":"wrong pin hunter2-and-more \u001b[2J"}}}`, sfu.PassRefused},
		"no such plugin":            {"attach", `{"janus":"error","transaction":"TX","error":{"code":460,"reason":"No such plugin"}}`, sfu.NotAServer},
		"no more sessions":          {"create", `{"janus":"error","transaction":"TX","error":{"code":472,"reason":"not now"}}`, sfu.Busy},
		"a token is wanted":         {"create", `{"janus":"error","transaction":"TX","error":{"code":403,"reason":"hunter2-and-more"}}`, sfu.PassRefused},
		"a fault":                   {"message", `{"janus":"event","transaction":"TX","plugindata":{"data":{"error_code":499,"error":"?"}}}`, sfu.ServerFault},
	} {
		s := double(t, func(word, body, transaction string) []string {
			if word == c.on {
				return []string{strings.ReplaceAll(c.what, "TX", transaction)}
			}
			return polite(word, body, transaction)
		})
		_, err := try(t, s.URL, pass)
		s.CloseClientConnections()
		s.Close()
		if problem(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), pass) || strings.Contains(err.Error(), "\x1b")) {
			t.Errorf("%s: the error shows what it must not: %q", name, err)
		}
	}
}

func TestAServerThatSaysAnythingInAnyOrderEndsTheStayAtMost(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	event := func(sender int, data, more string) string {
		return fmt.Sprintf(`{"janus":"event","sender":%d,"plugindata":{"data":%s}%s}`, sender, data, more)
	}
	offer := `,"jsep":{"type":"offer","sdp":"v=0\r\nnonsense"}`
	var crowd strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&crowd, `{"id":%d,"display":"x","streams":[]},`, 100+i)
	}
	for name, says := range map[string][]string{
		"offers that nobody asked for":   {event(2, `{"videoroom":"updated"}`, offer), event(3, `{"videoroom":"updated"}`, offer)},
		"answers that nobody asked for":  {event(2, `{"videoroom":"event","configured":"ok"}`, `,"jsep":{"type":"answer","sdp":"v=0"}`)},
		"the end of what never began":    {`{"janus":"hangup","sender":2,"reason":"x"}`, `{"janus":"hangup","sender":0}`, `{"janus":"detached","sender":77}`, `{"janus":"webrtcup","sender":2}`},
		"people who never came":          {event(2, `{"videoroom":"event","leaving":5}`, ""), event(2, `{"videoroom":"event","unpublished":"ok"}`, ""), event(2, `{"videoroom":"event","kicked":[]}`, "")},
		"ourselves as another":           {event(2, `{"videoroom":"event","publishers":[{"id":7,"display":"Ada"}],"joining":{"id":7}}`, "")},
		"a crowd":                        {event(2, `{"videoroom":"event","publishers":[`+strings.TrimSuffix(crowd.String(), ",")+`]}`, "")},
		"a member that is a text":        {event(2, `{"videoroom":"event","joining":{"id":"\u001b[2J","display":5}}`, "")},
		"a member that is nothing":       {event(2, `{"videoroom":"event","joining":{"id":null},"publishers":[{}]}`, "")},
		"streams of every sort":          {event(2, `{"videoroom":"event","publishers":[{"id":8,"streams":[{"type":"data","mid":"0"},{"type":"video"},{"type":"audio","mid":5},{"type":"video","mid":"0","codec":"opus","description":7},null]}]}`, "")},
		"talk of nobody":                 {event(2, `{"videoroom":"talking","id":55}`, ""), event(2, `{"videoroom":"stopped-talking","id":"x"}`, ""), event(2, `{"videoroom":"talking","id":8,"audio-level-dBov-avg":"loud"}`, "")},
		"moderation of what is not sent": {event(2, `{"videoroom":"event","moderation":"muted","id":7,"mid":"77"}`, ""), event(2, `{"videoroom":"event","moderation":"?","id":8,"mid":"0"}`, "")},
		"candidates before a way":        {`{"janus":"trickle","sender":2,"candidate":{"candidate":"candidate:1 1 udp 1 198.51.100.7 9 typ host","sdpMid":"0"}}`, `{"janus":"trickle","sender":2,"candidate":"x"}`, `{"janus":"trickle","sender":2}`},
		"errors of nothing":              {`{"janus":"error","error":{"code":1}}`, `{"janus":"server_info"}`, `{"janus":"ack","transaction":"x"}`},
		"garbage":                        {"\xff\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			said := false
			s := double(t, func(word, body, transaction string) []string {
				out := polite(word, body, transaction)
				if body == "join" && !said {
					said = true
					out = append(out, says...)
					out = append(out, event(2, `{"videoroom":"event","id":8,"display":"the last"}`, ""))
				}
				return out
			})
			session, err := try(t, s.URL, "")
			if err != nil {
				t.Fatal(err)
			}
			m := sfutest.Follow(t, session)
			m.Await("the last, or the end", func(e sfu.Event) bool {
				c, ok := e.(sfu.MemberChanged)
				return ok && c.Member.Name == "the last" || isEnded(e)
			})
			for _, e := range m.Events() {
				if j, ok := e.(sfu.MemberJoined); ok && (j.Member.ID == m.Self().ID || j.Member.ID == "") {
					t.Errorf("%+v is no other member", j.Member)
				}
			}
			if err := m.Leave(t.Context()); err != nil {
				t.Error(err)
			}
			s.CloseClientConnections()
		})
	}
}

func TestNonsenseInsteadOfAnAnswerEndsTheStayInWords(t *testing.T) {
	s := double(t, polite) // which answers an offer with no description
	session, err := try(t, s.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	m := sfutest.Follow(t, session)
	if _, err := session.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Microphone, Codec: codec.Opus}); err == nil {
		t.Error("published without an answer")
	}
	if end := m.Await("the end", isEnded).(sfu.Ended); end.Why != sfu.Broken {
		t.Errorf("ended with %+v, want %q", end, sfu.Broken)
	}
	if err := m.Leave(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhatTheServerDoesNotHaveIsNotFaked(t *testing.T) {
	s := double(t, polite)
	session, err := try(t, s.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	m := sfutest.Follow(t, session)
	c := m.Caps()
	if c.Chat || c.Hand || c.Recording || c.Quality {
		t.Errorf("it has %+v", c)
	}
	if err := m.Say(t.Context(), "hello"); err != sfu.ErrUnsupported { //nolint:errorlint // as it is
		t.Errorf("Say = %v", err)
	}
	if err := m.SetHand(t.Context(), true); err != sfu.ErrUnsupported { //nolint:errorlint // as it is
		t.Errorf("SetHand = %v", err)
	}
	if err := m.Leave(t.Context()); err != nil {
		t.Error(err)
	}
}
