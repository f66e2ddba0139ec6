package sealed_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"paravent/media/codec"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/loopback"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/seal"
	"paravent/privacy/seal/jframe"
)

// keys are those of everybody here who knows a secret.
func keys(t *testing.T, known string) seal.Keys {
	t.Helper()
	k := jframe.NewOwn(jframe.LiveKit(), "anna")
	for _, member := range []string{"anna", "bert", "wrong", "plain"} {
		if err := k.SetKey(member, 0, []byte(known)); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// A member is one in a room, and what happened there.
type member struct {
	*sealed.Session
	*diary
}

func enter(t *testing.T, house sfu.Connector, name string, e seal.Encryption) member {
	t.Helper()
	s, err := sealed.Join(t.Context(), house, sfu.Room{Name: "room"}, sfu.Pass{DisplayName: name}, sfu.Kit{}, e)
	if err != nil {
		t.Fatal(err)
	}
	d := follow(s.Events())
	t.Cleanup(func() {
		if err := s.Leave(context.Background()); err != nil {
			t.Error(err)
		}
		<-d.over
	})
	return member{s, d}
}

// track waits for the first track of another.
func (m member) track() sfu.Track {
	return m.await(func(e sfu.Event) bool { _, ok := e.(sfu.TrackAdded); return ok }).(sfu.TrackAdded).Track
}

func publish(t *testing.T, m member, name codec.Name) sfu.Outlet {
	t.Helper()
	offer := sfu.TrackOffer{Source: sfu.Camera, Codec: name, Layers: []sfu.Layer{{Width: 320, Height: 180}}}
	if name == codec.Opus {
		offer = sfu.TrackOffer{Source: sfu.Microphone, Codec: name}
	}
	out, err := m.Publish(t.Context(), offer)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// troubles takes what an inlet says.
type troubles chan seal.WhyError

func (c troubles) take(w seal.WhyError) { c <- w }

func send(t *testing.T, out sfu.Outlet, p codec.Packet) {
	t.Helper()
	if err := out.Send(p); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, in sfu.Inlet) codec.Packet {
	t.Helper()
	p, err := in.Receive(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhoHasThePassphraseSeesAndNobodyElseCan(t *testing.T) {
	house := loopback.New()
	anna := enter(t, house, "anna", seal.Required(keys(t, "one")))
	bert := enter(t, house, "bert", seal.Required(keys(t, "one")))
	wrong := enter(t, house, "wrong", seal.Required(keys(t, "two")))
	none := enter(t, house, "none", seal.None())
	if anna.Grade() != seal.Passphrase || none.Grade() != seal.Plain || !anna.Required() {
		t.Errorf("grades %s and %s", anna.Grade(), none.Grade())
	}
	for _, name := range []codec.Name{codec.VP8, codec.VP9, codec.H264, codec.Opus} {
		out := publish(t, anna, name)
		b, w := bert.track(), wrong.track()
		said := make(troubles, 100)
		in, err := bert.Subscribe(t.Context(), b, said.take)
		if err != nil {
			t.Fatal(err)
		}
		shut, err := wrong.Subscribe(t.Context(), w, said.take)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := none.Subscribe(t.Context(), none.track(), said.take); !errors.Is(err, sealed.ErrNoKeys) {
			t.Errorf("without a passphrase: %v", err)
		}
		frame := sfutest.Frame(name)
		for range 5 {
			send(t, out, codec.Packet{Data: frame, Codec: name, Keyframe: true})
		}
		for range 5 {
			p := receive(t, in)
			if !p.Keyframe && name != codec.Opus || p.Sealed != 0 || name != codec.H264 && !bytes.Equal(p.Data, frame) {
				t.Errorf("%s: got %+v", name, p)
			}
		}
		gone, cancel := context.WithCancel(t.Context())
		go func() {
			if why := <-said; why != seal.ErrWrongKey {
				t.Errorf("%s: said %v", name, why)
			}
			cancel()
		}()
		if p, err := shut.Receive(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("%s was opened with another passphrase: %+v, %v", name, p, err)
		}
		if c := wrong.Opened()[w.ID]; c.Opened != 0 || c.Dropped[seal.ErrWrongKey] != 5 || c.Lost() != 5 {
			t.Errorf("%s: counted %+v", name, c)
		}
		for _, err := range []error{in.Close(), shut.Close(), out.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
		for _, m := range []member{bert, wrong, none} {
			m.forget()
		}
	}
}

func TestWhatIsPlainIsNotSeenWhereEncryptionIsRequired(t *testing.T) {
	house := loopback.New()
	plain := enter(t, house, "plain", seal.None())
	strict := enter(t, house, "strict", seal.Required(keys(t, "one")))
	lax := enter(t, house, "lax", seal.Offered(keys(t, "one")))
	out := publish(t, plain, codec.VP8)
	if _, err := strict.Subscribe(t.Context(), strict.track(), nil); !errors.Is(err, sealed.ErrMemberPlain) {
		t.Errorf("strict: %v", err)
	}
	in, err := lax.Subscribe(t.Context(), lax.track(), nil)
	if err != nil {
		t.Fatal(err)
	}
	send(t, out, codec.Packet{Data: sfutest.Frame(codec.VP8), Codec: codec.VP8, Keyframe: true})
	receive(t, in)

	// A server that calls a plain track encrypted gains nothing.
	forged := strict.track()
	forged.Encrypted = true
	said := make(troubles, 10)
	if in, err = strict.Subscribe(t.Context(), forged, said.take); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		send(t, out, codec.Packet{Data: sfutest.Frame(codec.VP8), Codec: codec.VP8, Keyframe: true})
	}
	gone, cancel := context.WithCancel(t.Context())
	go func() { <-said; cancel() }()
	if _, err := in.Receive(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("a plain frame was shown: %v", err)
	}
}

// A server is a double that carries what it is told to.
type server struct {
	sfu.Connector
	caps func(*sfu.Caps)
	asks int
}

func (s *server) Join(ctx context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	s.asks++
	in, err := s.Connector.Join(ctx, r, p, k)
	return stay{in, s.caps}, err
}

type stay struct {
	sfu.Session
	caps func(*sfu.Caps)
}

func (s stay) Caps() sfu.Caps {
	c := s.Session.Caps()
	s.caps(&c)
	return c
}

func TestNothingIsEnteredThatWouldBePlainAgainstTheChoice(t *testing.T) {
	for what, c := range map[string]struct {
		e      seal.Encryption
		sealed bool
		want   error
		asks   int
	}{
		"no choice":             {seal.Encryption{}, true, sealed.ErrNotChosen, 0},
		"required without keys": {seal.Required(nil), true, sealed.ErrNotChosen, 0},
		"a server without":      {seal.Required(keys(t, "one")), false, sealed.ErrServerPlain, 1},
		"offered to it":         {seal.Offered(keys(t, "one")), false, nil, 1},
	} {
		house := &server{Connector: loopback.New(), caps: func(s *sfu.Caps) { s.Sealed = c.sealed }}
		s, err := sealed.Join(t.Context(), house, sfu.Room{Name: "room"}, sfu.Pass{DisplayName: "anna"}, sfu.Kit{}, c.e)
		if !errors.Is(err, c.want) || house.asks != c.asks {
			t.Errorf("%s: %v, asked %d times", what, err, house.asks)
		}
		if err == nil && s.Grade() != seal.Plain {
			t.Errorf("%s: grade %s", what, s.Grade())
		}
		if other, err := house.Connector.Join(t.Context(), sfu.Room{Name: "room"}, sfu.Pass{DisplayName: "other"}, sfu.Kit{}); err != nil {
			t.Error(err)
		} else if e := <-other.Events(); (e == sfu.Event(sfu.Settled{})) != (s == nil) {
			t.Errorf("%s: first there was %T", what, e)
		}
	}
}

func TestWhatTheServerPutsInIsDroppedAndCounted(t *testing.T) {
	house := &server{Connector: loopback.New(), caps: func(c *sfu.Caps) { c.Injected = []byte("trailer") }}
	k := keys(t, "one")
	plain, anna := enter(t, house.Connector, "plain", seal.None()), enter(t, house, "anna", seal.Required(k))
	out := publish(t, plain, codec.VP8)
	track := anna.track()
	track.Encrypted = true
	said := make(troubles, 10)
	in, err := anna.Subscribe(t.Context(), track, said.take)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := k.Sealer("camera", codec.VP8)
	if err != nil {
		t.Fatal(err)
	}
	frame := sfutest.Frame(codec.VP8)
	whole, err := sealer.Seal(nil, codec.Packet{Codec: codec.VP8, Data: frame})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		send(t, out, codec.Packet{Data: append(bytes.Clone(frame), "trailer"...), Codec: codec.VP8, Keyframe: true})
	}
	send(t, out, codec.Packet{Data: whole, Codec: codec.VP8})
	send(t, out, codec.Packet{Data: whole, Codec: codec.VP8}) // once more
	if p := receive(t, in); !bytes.Equal(p.Data, frame) {
		t.Errorf("got %x", p.Data)
	}
	next, err := sealer.Seal(nil, codec.Packet{Codec: codec.VP8, Data: frame})
	if err != nil {
		t.Fatal(err)
	}
	send(t, out, codec.Packet{Data: next, Codec: codec.VP8})
	receive(t, in)
	if c := anna.Opened()[track.ID]; c.Opened != 2 || c.Dropped[seal.ErrInjected] != 10 || c.Dropped[seal.ErrReplayed] != 1 || len(said) != 0 {
		t.Errorf("counted %+v, said %d", c, len(said))
	}
}

func TestAfterAPictureThatDoesNotOpenAKeyframeIsWaitedFor(t *testing.T) {
	house := loopback.New()
	k := keys(t, "one")
	plain, anna := enter(t, house, "plain", seal.None()), enter(t, house, "anna", seal.Required(k))
	out := publish(t, plain, codec.VP8)
	track := anna.track()
	track.Encrypted = true
	in, err := anna.Subscribe(t.Context(), track, func(w seal.WhyError) { t.Errorf("said %v", w) })
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := k.Sealer("camera", codec.VP8)
	if err != nil {
		t.Fatal(err)
	}
	key := sfutest.Frame(codec.VP8)
	delta := append([]byte{0x11}, "a picture that needs the one before"...)
	sealed := func(b []byte, breakIt bool) {
		s, err := sealer.Seal(nil, codec.Packet{Codec: codec.VP8, Data: b})
		if err != nil {
			t.Fatal(err)
		}
		if breakIt {
			s[12] ^= 1
		}
		send(t, out, codec.Packet{Data: s, Codec: codec.VP8, Keyframe: true})
	}
	<-out.Asks() // the viewer's first
	sealed(key, false)
	receive(t, in)
	sealed(delta, true)
	sealed(delta, false)
	sealed(key, false)
	if p := receive(t, in); !p.Keyframe {
		t.Error("a picture came whose past is missing")
	}
	if a := <-out.Asks(); !a.Keyframe {
		t.Errorf("asked %+v", a)
	}
}

func TestChatIsSealedWhereTheCallIs(t *testing.T) {
	house := loopback.New()
	anna := enter(t, house, "anna", seal.Required(keys(t, "one")))
	bert := enter(t, house, "bert", seal.Required(keys(t, "one")))
	wrong := enter(t, house, "wrong", seal.Required(keys(t, "two")))
	if err := anna.Say(t.Context(), "hello"); err != nil {
		t.Fatal(err)
	}
	chat := func(e sfu.Event) bool { _, ok := e.(sfu.ChatArrived); return ok }
	if m := bert.await(chat).(sfu.ChatArrived); m.Text != "hello" || !m.Sealed {
		t.Errorf("%+v", m)
	}
	held := wrong.await(func(e sfu.Event) bool { _, ok := e.(sfu.Withheld); return ok || chat(e) })
	if held != sfu.Event(sfu.Withheld{From: "anna", Why: seal.ErrWrongKey}) {
		t.Errorf("with another passphrase: %+v", held)
	}
}

func TestAFrameOnItsWayAllocatesNothing(t *testing.T) {
	house := &pipe{frame: sfutest.Frame(codec.VP8)}
	s, err := sealed.Join(t.Context(), house, sfu.Room{}, sfu.Pass{}, sfu.Kit{}, seal.Required(keys(t, "one")))
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP8})
	if err != nil {
		t.Fatal(err)
	}
	in, err := s.Subscribe(t.Context(), sfu.Track{ID: "t", Member: "anna", Encrypted: true, Source: sfu.Camera}, func(seal.WhyError) {})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	n := testing.AllocsPerRun(100, func() {
		if err := out.Send(codec.Packet{Codec: codec.VP8, Data: house.frame, Keyframe: true}); err != nil {
			t.Error(err)
		}
		if p, err := in.Receive(ctx); err != nil || len(p.Data) != len(house.frame) {
			t.Error(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
