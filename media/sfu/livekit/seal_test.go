package livekit_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"paravent/media/codec"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/seal"
	"paravent/privacy/seal/jframe"
	"paravent/privacy/secret"
)

// A door lets somebody in and keeps the session itself, to follow it.
type door struct {
	livekit.Connector
	raw sfu.Session
}

func (d *door) Join(ctx context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (s sfu.Session, err error) {
	s, err = d.Connector.Join(ctx, r, p, k)
	d.raw = s
	return s, err
}

// A sealedMember is one in an encrypted call.
type sealedMember struct {
	*sfutest.Member
	call *sealed.Session
	keys *jframe.Keys
}

// enterSealed joins with a passphrase. The member leaves with the test.
func enterSealed(t *testing.T, mode livekit.Mode, link, passphrase string) sealedMember {
	t.Helper()
	k, err := jframe.NewShared(jframe.LiveKit(), secret.New(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	d := &door{Connector: livekit.Connector{Mode: mode}}
	s, err := sealed.Join(t.Context(), d, target(t, link), sfu.Pass{}, kit(t), seal.Required(k))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Leave(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return sealedMember{sfutest.Follow(t, d.raw), s, k}
}

// inlet subscribes to the track of the given source.
func (m sealedMember) inlet(t *testing.T, src sfu.Source, of sfu.MemberID) sfu.Inlet {
	t.Helper()
	track := m.AwaitTrack(src, of)
	if !track.Encrypted {
		t.Error("the server does not say that the track is encrypted")
	}
	in, err := m.call.Subscribe(t.Context(), track, func(why seal.WhyError) {
		if why != 0 {
			t.Errorf("%s: %v", src, why)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// clearBytes is how much of a frame of sfutest the server may read.
func clearBytes(name codec.Name) int {
	return map[codec.Name]int{codec.VP8: 10, codec.VP9: 0, codec.H264: 26, codec.Opus: 1}[name]
}

func TestTheServerPassesOnWhatItCannotRead(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			r := openRoom(t, "--name", "ada", "--name", "bo", "--name", "eve")
			ada, bo := enterSealed(t, mode, r.links["ada"], "korrektes Pferd"), enterSealed(t, mode, r.links["bo"], "korrektes Pferd")
			eve := sfutest.Enter(t, livekit.Connector{Mode: mode}, sfutest.Guest{Room: target(t, r.links["eve"]), Kit: kit(t)})
			guess, err := jframe.NewShared(jframe.LiveKit(), secret.New("falsches Pferd"))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				src  sfu.Source
				name codec.Name
			}{{sfu.Microphone, codec.Opus}, {sfu.Camera, codec.VP8}, {sfu.Screen, codec.H264}, {sfu.Camera, codec.VP9}} {
				offer := sfu.TrackOffer{Source: c.src, Codec: c.name}
				if !c.src.IsSound() {
					offer.Layers = []sfu.Layer{{Width: 320, Height: 180, FPS: 50, Bitrate: 2_000_000}}
				}
				out, err := ada.call.Publish(t.Context(), offer)
				if err != nil {
					t.Fatal(err)
				}
				flow := sfutest.Send(t, out, c.name)
				plain := sfutest.Frame(c.name)
				in := bo.inlet(t, c.src, ada.Self().ID)
				for range 20 {
					if p := sfutest.Receive(t, in); !bytes.Equal(p.Data, plain) || p.Codec != c.name {
						t.Fatalf("%s: what came is not what was sent", c.name)
					}
				}
				overhear(t, eve, guess, c.src, c.name)
				flow.Stop()
				if err := out.Close(); err != nil {
					t.Error(err)
				}
				for _, m := range []*sfutest.Member{bo.Member, eve} {
					m.Await("the track to go", func(e sfu.Event) bool { _, gone := e.(sfu.TrackRemoved); return gone })
					m.Forget()
				}
			}
			for id, n := range bo.call.Opened() {
				if lost := n.Lost() - n.Dropped[seal.ErrInjected]; n.Opened < 20 || lost > 0 {
					t.Errorf("%s: %+v", id, n)
				}
			}
		})
	}
}

// overhear reads what the server gives to somebody without the passphrase: nothing of
// the frame that was sent is in it, and no guess opens it.
func overhear(t *testing.T, eve *sfutest.Member, guess seal.Keys, src sfu.Source, name codec.Name) {
	t.Helper()
	in, err := eve.Subscribe(t.Context(), eve.AwaitTrack(src, "").ID)
	if err != nil {
		t.Fatal(err)
	}
	opener, err := guess.Opener("ada", "camera", name)
	if err != nil {
		t.Fatal(err)
	}
	hidden := sfutest.Frame(name)[clearBytes(name):]
	for range 20 {
		p := sfutest.Receive(t, in)
		for i := 0; i+8 <= len(hidden); i += 8 {
			if bytes.Contains(p.Data, hidden[i:i+8]) {
				t.Fatalf("%s: byte %d of what was sent is plain", name, i)
			}
		}
		if _, err := opener.Open(nil, p); !errors.Is(err, seal.ErrWrongKey) {
			t.Fatalf("%s with another passphrase: %v", name, err)
		}
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
}

func TestChatIsReadByWhoHasThePassphrase(t *testing.T) {
	r := openRoom(t, "--name", "ada", "--name", "bo", "--name", "eve", "--name", "mallory")
	ada, bo := enterSealed(t, livekit.NewestFirst, r.links["ada"], "one"), enterSealed(t, livekit.NewestFirst, r.links["bo"], "one")
	mallory := enterSealed(t, livekit.NewestFirst, r.links["mallory"], "two")
	eve := sfutest.Enter(t, livekit.Connector{}, sfutest.Guest{Room: target(t, r.links["eve"]), Kit: kit(t)})
	long := string(bytes.Repeat([]byte("Größe "), 8000))
	for _, text := range []string{"hello", long} {
		if err := ada.call.Say(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		for _, m := range []sealedMember{ada, bo} {
			e := m.Await("the message", func(e sfu.Event) bool { c, ok := e.(sfu.ChatArrived); return ok && string(c.Text) == text })
			if !e.(sfu.ChatArrived).Sealed {
				t.Errorf("%s: not sealed", m.Self().ID)
			}
		}
	}
	for m, why := range map[*sfutest.Member]seal.WhyError{eve: seal.ErrNoKey, mallory.Member: seal.ErrWrongKey} {
		m.Await("to be told", func(e sfu.Event) bool { return e == sfu.Event(sfu.Withheld{From: "ada", Why: why}) })
		if n := m.Count(func(e sfu.Event) bool { _, ok := e.(sfu.Withheld); return ok }); n != 1 {
			t.Errorf("told %d times", n)
		}
		if n := m.Count(func(e sfu.Event) bool { _, ok := e.(sfu.ChatArrived); return ok }); n != 0 {
			t.Errorf("%d messages are readable", n)
		}
	}
	if err := eve.Say(t.Context(), "plain"); err != nil {
		t.Fatal(err)
	}
	e := bo.Await("the plain message", func(e sfu.Event) bool { c, ok := e.(sfu.ChatArrived); return ok && c.Text == "plain" })
	if e.(sfu.ChatArrived).Sealed {
		t.Error("a plain message passes for a sealed one")
	}
}

// A drawer is a shelf that keeps one file in memory.
type drawer struct{ whole chan string }

type paper struct {
	drawer drawer
	bytes.Buffer
}

func (d drawer) Take(sfu.File) (sfu.Incoming, error) { return &paper{drawer: d}, nil }
func (p *paper) Done() (string, error)               { p.drawer.whole <- p.String(); return "here", nil }
func (p *paper) Drop()                               {}

func TestAFileCrossesARealServerSealed(t *testing.T) {
	r := openRoom(t, "--name", "ada", "--name", "bo")
	ada := enterSealed(t, livekit.NewestFirst, r.links["ada"], "one")
	k, err := jframe.NewShared(jframe.LiveKit(), secret.New("one"))
	if err != nil {
		t.Fatal(err)
	}
	d := &door{}
	in := kit(t)
	desk := drawer{make(chan string, 1)}
	in.Files = desk
	bo, err := sealed.Join(t.Context(), d, target(t, r.links["bo"]), sfu.Pass{}, in, seal.Required(k))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bo.Leave(context.Background()); err != nil {
			t.Error(err)
		}
	})
	sheets := sfutest.Follow(t, d.raw)
	content := string(bytes.Repeat([]byte("a file, in parts "), 200_000)) // 3.4 MB
	if err := ada.call.SendFile(t.Context(), sfu.File{Name: "report.pdf", Size: int64(len(content))}, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if got := <-desk.whole; got != content {
		t.Errorf("%d bytes came of %d", len(got), len(content))
	}
	e := sheets.Await("the file", func(e sfu.Event) bool { _, ok := e.(sfu.FileCame); return ok }).(sfu.FileCame)
	if e.Err != nil || e.Where != "here" || e.File != (sfu.File{From: "ada", Name: "report.pdf", Size: int64(len(content)), Sealed: true}) {
		t.Errorf("told %+v", e)
	}
	short := sfu.File{Name: "short", Size: 10}
	if err := ada.call.SendFile(t.Context(), short, strings.NewReader("12345")); err == nil {
		t.Error("a file that ended too early was sent")
	}
	e = sheets.Await("its end", func(e sfu.Event) bool { f, ok := e.(sfu.FileCame); return ok && f.File.Name == "short" }).(sfu.FileCame)
	if e.Err == nil {
		t.Error("and it was kept")
	}
}
