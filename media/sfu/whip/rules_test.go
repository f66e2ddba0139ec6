package whip_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/sfutest"
	"paravent/media/sfu/whip"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

func isLink(l sfu.Link) func(sfu.Event) bool {
	return func(e sfu.Event) bool { c, ok := e.(sfu.LinkChanged); return ok && c.Link == l }
}

func isEnded(e sfu.Event) bool { _, ok := e.(sfu.Ended); return ok }

// cross sends a picture from ada to bo and returns bo's inlet, from which one has
// come.
func cross(t *testing.T, ada, bo *sfutest.Member) (sfu.Outlet, sfu.Inlet) {
	t.Helper()
	name := ada.Caps().Pictures[0]
	out, err := ada.Publish(t.Context(), offer(sfu.Camera, name))
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, name)
	in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Camera, "").ID)
	if err != nil {
		t.Fatal(err)
	}
	if p := sfutest.Receive(t, in); p.Codec != name || string(p.Data) != string(sfutest.Frame(name)) {
		t.Errorf("%d bytes of %s came", len(p.Data), p.Codec)
	}
	return out, in
}

// until waits for what no event tells.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(20 * time.Second); !is(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestEveryKindOfStrictServerIsSpokenTo(t *testing.T) {
	for name, change := range map[string]func(*double){
		"all":                     nil,
		"no trickling":            func(d *double) { d.NoTrickle, d.NoRestart = true, true },
		"no restarts":             func(d *double) { d.NoRestart = true },
		"an offer in return":      func(d *double) { d.Offers = true },
		"H.264 only":              func(d *double) { d.Only = webrtc.MimeTypeH264 },
		"H.264 offered in return": func(d *double) { d.Only, d.Offers = webrtc.MimeTypeH264, true },
		"a session address": func(d *double) {
			d.Edit = func(a *answer) { a.Header.Set("Location", d.http.URL+a.Header.Get("Location")) }
		},
		"a parameter of the type": func(d *double) {
			d.Edit = func(a *answer) { a.Header.Set("Content-Type", "Application/SDP; charset=utf-8") }
		},
		"unknown extensions": func(d *double) { d.Links = []string{`</sse>; rel="urn:ietf:params:whip:ext:example:sse"`} },
		"a relay that is not used": func(d *double) {
			d.Links = []string{`<turn:relay.example?transport=udp>; rel="ice-server"; username="u"; credential="p"`}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, change)
			cross(t, d.enterAs(t, "/whip/atelier"), d.enterAs(t, "/whep/atelier"))
			until(t, "both tell of their candidates", func() bool { return d.patches.Load() >= 2 })
		})
	}
}

// Such servers put telephone sound in place of sound that there is not.
func TestAStreamWithoutSoundIsWatched(t *testing.T) {
	d := open(t, func(d *double) { d.Only, d.Deaf = webrtc.MimeTypeVP8, true })
	ada, bo := d.enterAs(t, "/whip/atelier"), d.enterAs(t, "/whep/atelier")
	cross(t, ada, bo)
	if may := ada.Caps().Publish; may[sfu.Microphone] || !may[sfu.Camera] {
		t.Errorf("a server that takes no sound: %v", may)
	}
	if _, err := ada.Publish(t.Context(), offer(sfu.Microphone, codec.Opus)); !errors.Is(err, sfu.ErrUnsupported) {
		t.Errorf("a microphone for a server that takes no sound: %v", err)
	}
	if n := bo.Count(func(e sfu.Event) bool { a, ok := e.(sfu.TrackAdded); return ok && a.Track.Source.IsSound() }); n > 0 {
		t.Error("sound that cannot be heard is shown")
	}
}

func TestAnEndedSessionIsDeleted(t *testing.T) {
	d := open(t, nil)
	ada := d.enterAs(t, "/whip/atelier")
	bo := d.enterAs(t, "/whep/atelier")
	for _, m := range []*sfutest.Member{bo, ada} {
		if err := m.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ends != 2 || len(d.visits) != 0 {
		t.Errorf("%d DELETEs, %d sessions are left", d.ends, len(d.visits))
	}
}

// In the way of media nothing passes for a while; signalling works.
func TestALostWayIsMendedByNewCandidates(t *testing.T) {
	d := open(t, nil)
	ada, bo := d.enterAs(t, "/whip/atelier"), d.enterAs(t, "/whep/atelier")
	_, in := cross(t, ada, bo)
	d.path.cut.Store(true)
	ada.Await("the cut", isLink(sfu.LinkResuming))
	bo.Await("the cut", isLink(sfu.LinkResuming))
	d.path.cut.Store(false)
	ada.Await("the new way", isLink(sfu.LinkUp))
	bo.Await("the new way", isLink(sfu.LinkUp))
	came(t, in)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.renewed == 0 || d.posts.Load() != 2 {
		t.Errorf("%d restarts, %d sessions", d.renewed, d.posts.Load())
	}
}

// came drops what waits and awaits fresh pictures.
func came(t *testing.T, in sfu.Inlet) {
	t.Helper()
	for range 50 {
		sfutest.Receive(t, in)
	}
}

func TestALostWayIsMendedByAnotherSessionWhereTheServerCannotRestart(t *testing.T) {
	d := open(t, func(d *double) { d.NoRestart = true })
	ada, bo := d.enterAs(t, "/whip/atelier"), d.enterAs(t, "/whep/atelier")
	_, in := cross(t, ada, bo)
	d.path.cut.Store(true)
	ada.Await("the cut", isLink(sfu.LinkResuming))
	d.path.cut.Store(false)
	ada.Await("the new way", isLink(sfu.LinkUp))
	came(t, in)
	if d.posts.Load() < 3 {
		t.Errorf("%d sessions", d.posts.Load())
	}
}

func TestAServerThatHasForgottenIsEnteredAnew(t *testing.T) {
	d := open(t, nil)
	ada, bo := d.enterAs(t, "/whip/atelier"), d.enterAs(t, "/whep/atelier")
	_, in := cross(t, ada, bo)
	d.forget(false)
	ada.Await("the cut", isLink(sfu.LinkResuming))
	ada.Await("the new way", isLink(sfu.LinkUp))
	bo.Await("the new way", isLink(sfu.LinkUp))
	came(t, in)
	if n := ada.Count(isEnded) + bo.Count(isEnded); n > 0 {
		t.Errorf("%d of two ended", n)
	}
}

func TestWhoeverIsSentAwayIsToldAndDoesNotComeBack(t *testing.T) {
	away := false
	d := open(t, func(d *double) {
		d.Edit = func(a *answer) {
			if away {
				*a = *refuse(http.StatusForbidden, "you were sent away")
			}
		}
	})
	ada := d.enterAs(t, "/whip/atelier")
	out, err := ada.Publish(t.Context(), offer(sfu.Microphone, codec.Opus))
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, codec.Opus)
	away = true
	d.drop(d.publisher("atelier"))
	if e := ada.Await("the end", isEnded).(sfu.Ended); e.Why != sfu.Refused || e.Detail != "you were sent away" {
		t.Errorf("%+v", e)
	}
	if n := d.posts.Load(); n != 2 {
		t.Errorf("came %d times", n)
	}
}

func TestAWatcherWaitsForASenderWhoComesBack(t *testing.T) {
	d := open(t, nil)
	ada, bo := d.enterAs(t, "/whip/atelier"), d.enterAs(t, "/whep/atelier")
	_, in := cross(t, ada, bo)
	if err := ada.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	bo.Await("the cut", isLink(sfu.LinkResuming))
	again := d.enterAs(t, "/whip/atelier")
	out, err := again.Publish(t.Context(), offer(sfu.Camera, codec.VP8))
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, codec.VP8)
	bo.Await("the new way", isLink(sfu.LinkUp))
	came(t, in)
}

func TestAStreamThatIsOverEndsTheWatching(t *testing.T) {
	d := open(t, nil)
	ada, bo := d.enterAs(t, "/whip/atelier"), d.enterAs(t, "/whep/atelier")
	if err := ada.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := bo.Await("the end", isEnded).(sfu.Ended); e.Why != sfu.Closed {
		t.Errorf("%+v", e)
	}
}

// A server may close a session on which nothing comes.
func TestASessionOnWhichNothingWasSentMayEndWithoutAWord(t *testing.T) {
	d := open(t, nil)
	ada := d.enterAs(t, "/whip/atelier")
	d.drop(d.publisher("atelier"))
	until(t, "the way is taken away", func() bool { return d.endsSeen() > 0 })
	out, err := ada.Publish(t.Context(), offer(sfu.Camera, codec.VP8))
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, out, codec.VP8)
	bo := d.enterAs(t, "/whep/atelier")
	in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Camera, "").ID)
	if err != nil {
		t.Fatal(err)
	}
	came(t, in)
	if ada.Count(isLink(sfu.LinkResuming)) > 0 || ada.Count(isEnded) > 0 {
		t.Errorf("the person was troubled with it: %+v", ada.Events())
	}
}

func (d *double) endsSeen() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ends
}

// Where a track begins late, some servers would not see it.
func TestATrackThatBeginsLateGetsASessionOfItsOwn(t *testing.T) {
	d := open(t, nil)
	ada, bo := d.enterAs(t, "/whip/atelier"), d.enterAs(t, "/whep/atelier")
	_, in := cross(t, ada, bo)
	began := time.Now()
	for time.Since(began) < 1100*time.Millisecond {
		sfutest.Receive(t, in)
	}
	mic, err := ada.Publish(t.Context(), offer(sfu.Microphone, codec.Opus))
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Send(t, mic, codec.Opus)
	sound, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Microphone, "").ID)
	if err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, sound)
	came(t, in)
	bo.Await("the new way", isLink(sfu.LinkUp))
	if ada.Count(isLink(sfu.LinkResuming)) > 0 {
		t.Error("to the sender this looks like a fault")
	}
	// What was sent once goes on without another.
	posts := d.posts.Load()
	if err := errors.Join(mic.Mute(t.Context(), true), mic.Mute(t.Context(), false)); err != nil {
		t.Fatal(err)
	}
	sfutest.Receive(t, sound)
	if n := d.posts.Load(); n != posts {
		t.Errorf("%d new sessions for a track that was there", n-posts)
	}
}

func TestOnePictureAtATime(t *testing.T) {
	d := open(t, nil)
	ada := d.enterAs(t, "/whip/atelier")
	out, err := ada.Publish(t.Context(), offer(sfu.Camera, codec.VP8))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ada.Publish(t.Context(), offer(sfu.Screen, codec.VP8)); !errors.Is(err, sfu.ErrOnePicture) {
		t.Errorf("a second picture: %v", err)
	}
	// A camera that is off makes room, and comes back when there is some.
	if err := out.Mute(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	share, err := ada.Publish(t.Context(), offer(sfu.Screen, codec.VP8))
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Mute(t.Context(), false); !errors.Is(err, sfu.ErrOnePicture) {
		t.Errorf("the camera beside the screen: %v", err)
	}
	if err := errors.Join(share.Close(), out.Mute(t.Context(), false), out.Close()); err != nil {
		t.Fatal(err)
	}
	screen, err := ada.Publish(t.Context(), offer(sfu.Screen, codec.VP8))
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Send(codec.Packet{Data: sfutest.Frame(codec.VP8), Keyframe: true}); !errors.Is(err, sfu.ErrEnded) {
		t.Errorf("the camera still sends: %v", err)
	}
	sfutest.Send(t, screen, codec.VP8)
	until(t, "the screen is sent", func() bool { return ada.Stats().Sent[sfu.Screen].Packets > 0 })
	if n := ada.Stats().Sent[sfu.Camera].Packets; n != 0 {
		t.Errorf("%d packets count as the camera's", n)
	}
	if _, err := ada.Publish(t.Context(), offer(sfu.Camera, codec.H264)); !errors.Is(err, sfu.ErrUnsupported) {
		t.Errorf("another codec than the server's: %v", err)
	}
}

func TestThePreferredPictureIsOfferedFirst(t *testing.T) {
	d := open(t, nil)
	g := d.guest(t, "/whip/atelier")
	g.Kit.Pictures = []codec.Name{codec.H264, codec.VP8}
	ada := sfutest.Enter(t, g.Connector, g)
	if p := ada.Caps().Pictures; !slices.Equal(p, []codec.Name{codec.H264}) {
		t.Errorf("%v", p)
	}
}

func TestABusyServerIsAskedAgainWhenItSays(t *testing.T) {
	first := true
	d := open(t, func(d *double) {
		d.Edit = func(a *answer) {
			if first {
				first = false
				*a = answer{http.StatusServiceUnavailable, http.Header{"Retry-After": {"1"}, "Content-Type": {"text/plain"}}, "one moment"}
				d.forget(true)
			}
		}
	})
	began := time.Now()
	d.enterAs(t, "/whip/atelier")
	if time.Since(began) < time.Second || d.posts.Load() != 2 {
		t.Errorf("after %v, %d times", time.Since(began), d.posts.Load())
	}
}

func TestRedirectsAreFollowedWithinTheOriginAndKeepTheRequest(t *testing.T) {
	token := "key-of-the-stream"
	d := open(t, func(d *double) { d.Token = token })
	to, _ := url.Parse(d.http.URL)
	status, elsewhere := http.StatusTemporaryRedirect, false
	inner := d.http.Config.Handler
	d.http.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/away"); ok {
			u := *to
			if elsewhere {
				u.Host = "localhost:" + u.Port()
			}
			u.Path = rest
			w.Header().Set("Location", u.String())
			w.WriteHeader(status)
			return
		}
		inner.ServeHTTP(w, r)
	})
	g := d.guest(t, "/away/whip/atelier")
	g.Connector = whip.Connector{}
	g.Room.Kind = "whip"
	for _, status = range []int{http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		m := sfutest.Enter(t, g.Connector, g)
		if err := m.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var no *sfu.JoinError
	for _, status = range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther} {
		if err := refusedAt(t, g); !errors.As(err, &no) || no.Why != sfu.BadProtocol {
			t.Errorf("%d: %v", status, err)
		}
	}
	status, elsewhere = http.StatusTemporaryRedirect, true
	var denied *egress.DeniedError
	if err := refusedAt(t, g); !errors.As(err, &denied) {
		t.Errorf("a redirect to another host: %v", err)
	}
}

// refusedAt joins where nobody gets in.
func refusedAt(t *testing.T, g sfutest.Guest) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := g.Connector.Join(ctx, g.Room, g.Pass, g.Kit)
	if err == nil {
		sfutest.Follow(t, s)
		t.Error("joined")
		_ = s.Leave(ctx)
	}
	return err
}

func TestASessionElsewhereIsNotGoneTo(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	d := open(t, func(d *double) {
		d.Token = "key-of-the-stream"
		d.Edit = func(a *answer) { a.Header.Set("Location", other.URL+"/session/1") }
	})
	var denied *egress.DeniedError
	if err := refusedAt(t, d.guest(t, "/whip/atelier")); !errors.As(err, &denied) || asked {
		t.Errorf("%v, asked %v", err, asked)
	}
}

func expiredToken() string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return part(`{"alg":"HS256"}`) + "." + part(fmt.Sprintf(`{"exp":%d}`, time.Now().Add(-time.Hour).Unix())) + "." + part("not a signature")
}

func TestEveryWayNotToGetInHasItsWord(t *testing.T) {
	const key = "very-secret-key-in-the-path"
	sdp := http.Header{"Content-Type": {"application/sdp"}, "Location": {"/session/1"}}
	text := http.Header{"Content-Type": {"text/plain"}}
	for name, c := range map[string]struct {
		answer answer
		token  string
		want   sfu.JoinProblem
	}{
		"no pass":              {answer{401, text, ""}, "", sfu.PassMissing},
		"another pass":         {answer{401, text, "not TOKEN"}, "key-of-the-stream", sfu.PassRefused},
		"an old pass":          {answer{401, text, "TOKEN"}, expiredToken(), sfu.PassExpired},
		"forbidden":            {answer{403, text, "at " + key}, "key-of-the-stream", sfu.PassRefused},
		"no stream":            {answer{404, text, ""}, "", sfu.NoSuchRoom},
		"gone":                 {answer{410, text, ""}, "", sfu.NoSuchRoom},
		"taken":                {answer{409, text, "taken\x1b[2J"}, "", sfu.RoomFull},
		"locked":               {answer{423, text, ""}, "", sfu.RoomFull},
		"too many":             {answer{429, text, ""}, "", sfu.Busy},
		"overloaded":           {answer{503, http.Header{"Retry-After": {"3600"}}, ""}, "", sfu.Busy},
		"no codec":             {answer{422, text, ""}, "", sfu.OfferRefused},
		"bad offer":            {answer{400, text, ""}, "", sfu.OfferRefused},
		"another 4xx":          {answer{451, text, ""}, "", sfu.NotAServer},
		"no POST":              {answer{405, text, ""}, "", sfu.NotAServer},
		"a fault":              {answer{500, text, "oops"}, "", sfu.ServerFault},
		"another 5xx":          {answer{599, text, ""}, "", sfu.ServerFault},
		"a page":               {answer{200, http.Header{"Content-Type": {"text/html"}}, "<html>"}, "", sfu.NotAServer},
		"an endless refusal":   {answer{502, text, strings.Repeat("x", 1<<20)}, "", sfu.ServerFault},
		"no location":          {answer{201, http.Header{"Content-Type": {"application/sdp"}}, "v=0\r\n"}, "", sfu.BadProtocol},
		"no type":              {answer{201, http.Header{"Content-Type": {"text/plain"}, "Location": {"/session/1"}}, "v=0\r\n"}, "", sfu.BadProtocol},
		"no description":       {answer{201, sdp, ""}, "", sfu.BadProtocol},
		"half a description":   {answer{201, sdp, "v=0\r\no=- 1 1 IN"}, "", sfu.BadProtocol},
		"no sections":          {answer{201, sdp, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"}, "", sfu.BadProtocol},
		"garbage":              {answer{201, sdp, "v=0\r\n" + strings.Repeat("\x00\xff\r\na=", 100)}, "", sfu.BadProtocol},
		"an endless answer":    {answer{201, sdp, "v=0\r\n" + strings.Repeat("a=x\r\n", 100_000)}, "", sfu.BadProtocol},
		"406 without an offer": {answer{406, text, ""}, "", sfu.OfferRefused},
	} {
		t.Run(name, func(t *testing.T) {
			posts := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost {
					return
				}
				posts++
				for k, v := range c.answer.Header {
					w.Header()[k] = v
				}
				w.WriteHeader(c.answer.Status)
				fmt.Fprint(w, strings.ReplaceAll(c.answer.Body, "TOKEN", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
			}))
			defer s.Close()
			for _, watch := range []bool{false, true} {
				conn := whip.Connector{Watch: watch}
				r, _, err := conn.Room(conn.Kind() + "+" + s.URL + "/whip/" + key + "?k=" + key)
				if err != nil {
					t.Fatal(err)
				}
				err = refusedAt(t, sfutest.Guest{Connector: conn, Room: r, Pass: sfu.Pass{Token: secret.New(c.token)}, Kit: kit(t)})
				var no *sfu.JoinError
				if !errors.As(err, &no) || no.Why != c.want {
					t.Fatalf("%v, want %q", err, c.want)
				}
				for _, hidden := range []string{key, c.token} {
					if hidden != "" && (strings.Contains(err.Error(), hidden) || strings.Contains(string(no.Detail), hidden)) {
						t.Errorf("the error shows a secret: %v", err)
					}
				}
				if strings.ContainsAny(err.Error(), "\x1b\x07") || len(err.Error()) > 8<<10 {
					t.Errorf("the error is not fit for a screen: %d bytes", len(err.Error()))
				}
			}
			if posts != 2 {
				t.Errorf("asked %d times", posts)
			}
		})
	}
}

func TestAHostThatIsNotReachedHasItsWord(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	const key = "very-secret-key-in-the-path"
	r, _, err := whip.Connector{}.Room("whip+" + gone.URL + "/" + key)
	if err != nil {
		t.Fatal(err)
	}
	err = refusedAt(t, sfutest.Guest{Connector: whip.Connector{}, Room: r, Kit: kit(t)})
	var reach *egress.ReachError
	if !errors.As(err, &reach) || reach.Why != egress.Refusing || strings.Contains(err.Error(), key) {
		t.Errorf("%v", err)
	}
}

func TestLinks(t *testing.T) {
	r, ok, err := whip.Connector{}.Room("whip+https://Meet.example:444/live/whip?key=abc")
	if err != nil || !ok || r.Server != "Meet.example:444" || r.Plain || r.Path.Reveal() != "/live/whip?key=abc" || r.Kind != "whip" || r.Name != "" {
		t.Errorf("%+v, %v, %v", r, ok, err)
	}
	if s := fmt.Sprintf("%v %+v", r, r); strings.Contains(s, "abc") {
		t.Errorf("the path is shown: %s", s)
	}
	if r, ok, err := (whip.Connector{Watch: true}).Room("whep+http://127.0.0.1:8889/x/whep"); err != nil || !ok || !r.Plain {
		t.Errorf("%+v, %v, %v", r, ok, err)
	}
	for _, link := range []string{
		"whip+http://meet.example/x", "whip+wss://meet.example/x", "whip://meet.example", "whip+https://user:pass@meet.example/x", "whip+https:meet.example",
		"whip+https://meet.example:0/", "whip+https://meet.example/#token", "whip+https://", "whip+https://" + strings.Repeat("x", 20<<10),
	} {
		_, ok, err := whip.Connector{}.Room(link)
		var l *sfu.LinkError
		if !ok || !errors.As(err, &l) || strings.Contains(err.Error(), "pass@") {
			t.Errorf("%.60s: %v, %v", link, ok, err)
		}
	}
	for _, link := range []string{"", "whep+https://a", "https://a/whip", "livekit+wss://a"} {
		if _, ok, err := (whip.Connector{}).Room(link); ok || err != nil {
			t.Errorf("%q: %v, %v", link, ok, err)
		}
	}
}
