package call_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/loopback"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/consent"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
	"paravent/privacy/seal/group"
	"paravent/privacy/seal/grouped"
	"paravent/privacy/seal/identity"
)

// A server is a loopback that may do with a member's events as it likes.
type server struct {
	*loopback.Connector
	mangle map[string]func(sfu.Event) []sfu.Event // by the member's name
}

func (s *server) Join(ctx context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	in, err := s.Connector.Join(ctx, r, p, k)
	if err != nil {
		return nil, err
	}
	m := &mangled{Session: in, out: make(chan sfu.Event)}
	change := s.mangle[p.DisplayName]
	go func() {
		defer close(m.out)
		for e := range in.Events() {
			all := []sfu.Event{e}
			if change != nil {
				all = change(e)
			}
			for _, e := range all {
				m.out <- e
			}
		}
	}()
	return m, nil
}

type mangled struct {
	sfu.Session
	out chan sfu.Event
}

func (m *mangled) Events() <-chan sfu.Event { return m.out }

func (m *mangled) SendData(ctx context.Context, to sfu.MemberID, b []byte) error {
	return m.Session.(sfu.Courier).SendData(ctx, to, b)
}

// frameCoder is a double of an encoder and a decoder whose frames have the right form.
type frameCoder struct {
	seen, keyed *atomic.Int64
	pool        *frame.Pool
	name        codec.Name
}

func (c frameCoder) data() []byte { return sfutest.Frame(c.name) }
func (c frameCoder) Encode(p filter.ClearedPicture) (codec.Packet, error) {
	return codec.Packet{Data: c.data(), At: p.Picture().At, Keyframe: true, Codec: c.name}, nil
}
func (frameCoder) SetBitrate(int)   {}
func (c frameCoder) ForceKeyframe() { c.keyed.Add(1) }
func (frameCoder) Close() error     { return nil }
func (c frameCoder) Decode(p codec.Packet) (*frame.Picture, error) {
	if bytes.Equal(p.Data, c.data()) {
		c.seen.Add(1)
	}
	return c.pool.Get(p.At), nil
}

type voiceCoder struct{}

func (voiceCoder) Encode(s filter.ClearedSound) (codec.Packet, error) {
	return codec.Packet{Data: sfutest.Frame(codec.Opus), At: s.At(), Codec: codec.Opus}, nil
}
func (voiceCoder) SetBitrate(int)            {}
func (voiceCoder) Shape(time.Duration, bool) {}
func (voiceCoder) ExpectLoss(int)            {}
func (voiceCoder) Close() error              { return nil }

type voiceDecoder struct{ heard *atomic.Int64 }

func (d voiceDecoder) Decode(b []byte, _ []float32) (int, error) {
	if bytes.Equal(b, sfutest.Frame(codec.Opus)) {
		d.heard.Add(1)
	}
	return 960, nil
}
func (voiceDecoder) Recover([]byte, []float32) error { return nil }
func (voiceDecoder) Conceal([]float32) error         { return nil }
func (voiceDecoder) Duration([]byte) (int, error)    { return 960, nil }
func (voiceDecoder) Close() error                    { return nil }

// A guest is a member with a call of its own.
type guest struct {
	*call.Call
	t           *testing.T
	inside      *sealed.Session
	id          identity.Identity
	kept        *identity.Book
	seen, heard *atomic.Int64 // frames that opened and are what was sent
	keyed       *atomic.Int64
	watched     map[sfu.TrackID]bool
	leave       func()
}

type options struct {
	book  identity.Book
	id    identity.Identity
	rules func(*policy.Policy)
	codec codec.Name // of pictures; VP8 if empty
}

func come(t *testing.T, house sfu.Connector, name string, o options) *guest {
	t.Helper()
	keys := grouped.New()
	inside, err := sealed.Join(t.Context(), house, sfu.Room{Name: "room"}, sfu.Pass{DisplayName: name}, sfu.Kit{}, seal.Required(keys))
	if err != nil {
		t.Fatal(err)
	}
	if o.id == (identity.Identity{}) {
		o.id = identity.New()
	}
	if o.codec == "" {
		o.codec = codec.VP8
	}
	rules := policy.Default()
	if o.rules != nil {
		o.rules(&rules)
	}
	g := &guest{t: t, inside: inside, id: o.id, kept: new(identity.Book), seen: new(atomic.Int64), heard: new(atomic.Int64), keyed: new(atomic.Int64), watched: make(map[sfu.TrackID]bool)}
	keep := func(b identity.Book) error { *g.kept = b; return nil }
	with, err := call.Gather(inside, keys, call.Who{Identity: o.id, Book: o.book, Keep: keep, Language: identity.English}, rules)
	if err != nil {
		t.Fatal(err)
	}
	d := &diary{}
	devices := &opener{diary: d}
	video := frameCoder{seen: g.seen, keyed: g.keyed, pool: frame.NewPool(16, 16), name: o.codec}
	g.Call = call.New(inside, call.Settings{Codec: o.codec, Wish: capture.VideoWish{FPS: 50}, Policy: rules, Background: "cover", Gate: "gate", Began: time.Now(), Gathering: with}, call.Equipment{
		Cameras: devices, Screens: devices, Microphones: devices,
		Codecs: codec.Set{
			Video: []codec.VideoCodec{{
				Name:       o.codec,
				NewEncoder: func(codec.VideoSettings) (codec.VideoEncoder, error) { return video, nil },
				NewDecoder: func() (codec.VideoDecoder, error) { return video, nil },
			}},
			NewSoundEncoder: func(codec.SoundSettings) (codec.SoundEncoder, error) { return voiceCoder{}, nil },
			NewSoundDecoder: func() (codec.SoundDecoder, error) { return voiceDecoder{g.heard}, nil },
		},
		Play: func(s present.AudioSource, _ *present.Volume) func() {
			stop := make(chan struct{})
			go func() {
				tick := time.NewTicker(frame.BlockFor)
				defer tick.Stop()
				var out frame.Block
				for {
					select {
					case <-tick.C:
						s.Pull(&out)
					case <-stop:
						return
					}
				}
			}()
			return func() { close(stop) }
		},
		CameraChain: func() (*filter.VideoChain, error) {
			return filter.NewVideoChain(filter.VideoOptions{Cover: frame.Black()}, cover{})
		},
		SoundChain: func() (*filter.AudioChain, error) {
			return filter.NewAudioChain(nil, hush{new(atomic.Uint32), new(atomic.Bool)})
		},
		Speaker: func() capture.Device { return capture.Device{} },
		Log:     slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := g.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	g.leave = sync.OnceFunc(func() { cancel(); <-done })
	return g
}

// speak opens camera and microphone.
func (g *guest) speak() {
	g.t.Helper()
	if err := errors.Join(g.SetCamera(g.t.Context(), true), g.SetMicrophone(g.t.Context(), true)); err != nil {
		g.t.Fatal(err)
	}
}

// elapse lets time pass, in which everybody watches everything.
func elapse(d time.Duration, all ...*guest) {
	for range int(d / (100 * time.Millisecond)) {
		for _, g := range all {
			for _, t := range g.State().Tracks {
				if !t.Source.IsSound() && !g.watched[t.ID] {
					g.watched[t.ID] = true
					g.Watch(t.ID, sfu.View{Width: 16, Height: 16}, call.Nothing())
				}
			}
		}
		<-time.After(100 * time.Millisecond)
	}
}

// flows is how many pictures and sounds of the others open in two seconds.
func (g *guest) flows(all ...*guest) (pictures, sounds int64) {
	p, s := g.seen.Load(), g.heard.Load()
	elapse(2*time.Second, all...)
	return g.seen.Load() - p, g.heard.Load() - s
}

// sent is how many packets left in two seconds.
func (g *guest) sent(all ...*guest) uint64 {
	n := func() (n uint64) {
		for _, s := range g.inside.Stats().Sent {
			n += s.Packets
		}
		return n
	}
	was := n()
	elapse(2*time.Second, all...)
	return n() - was
}

// words are the safety words that the guest is told.
func (g *guest) words() string {
	g.t.Helper()
	if err := g.TellWords(""); err != nil {
		g.t.Fatal(err)
	}
	n := g.State().Notices
	if n[len(n)-1].What != call.SafetyWords {
		g.t.Fatalf("told %+v", n[len(n)-1])
	}
	return n[len(n)-1].Arg
}

func (g *guest) told(k group.Kind, member string) bool {
	for _, n := range g.State().Notices {
		if n.Err == (call.TroubleError{Kind: k, Member: member}) { //nolint:errorlint // it is never wrapped
			return true
		}
	}
	return false
}

func TestMembersWhoAgreedOnKeysSeeAndHearEachOtherAndReadTheSameWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &server{Connector: loopback.New()}
		ada := come(t, house, "Ada", options{})
		bo := come(t, house, "Bo", options{})
		ada.speak()
		bo.speak()
		elapse(2*time.Second, ada, bo)
		for _, g := range []*guest{ada, bo} {
			if p, s := g.flows(ada, bo); p < 80 || s < 80 {
				t.Errorf("%s sees %d pictures and hears %d sounds in two seconds", g.inside.Self().ID, p, s)
			}
			if gr := g.State().Encryption.Grade; gr != seal.Unchecked {
				t.Errorf("grade %q", gr)
			}
		}
		if err := ada.Say(t.Context(), "hello"); err != nil {
			t.Error(err)
		}
		elapse(200*time.Millisecond, ada)
		if c := bo.State().Chat; len(c) != 1 || !c[0].Sealed || c[0].Text != "hello" {
			t.Errorf("chat %+v", c)
		}
		two := ada.words()
		if bo.words() != two || len(strings.Fields(two)) != 8 {
			t.Errorf("%q and %q", two, bo.words())
		}

		keyed := ada.keyed.Load()
		cem := come(t, house, "Cem", options{})
		elapse(3*time.Second, ada, bo, cem)
		if ada.keyed.Load() == keyed {
			t.Error("no whole picture for who came")
		}
		three := ada.words()
		if bo.words() != three || cem.words() != three || three == two {
			t.Errorf("words of three: %q, %q, %q", three, bo.words(), cem.words())
		}
		if p, s := cem.flows(ada, bo, cem); p < 160 || s < 160 {
			t.Errorf("who came sees %d pictures and hears %d sounds", p, s)
		}
		cem.leave()
		elapse(2*time.Second, ada, bo)
		if p, _ := bo.flows(ada, bo); p < 80 || bo.words() == three {
			t.Errorf("after somebody left %d pictures", p)
		}
		for _, g := range []*guest{ada, bo} {
			for _, n := range g.State().Notices {
				if n.Err != nil {
					t.Errorf("said: %v", n.Err)
				}
			}
			g.leave()
		}
	})
}

func TestWhoIsVerifiedIsSoInLaterCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &server{Connector: loopback.New()}
		ada, bo := come(t, house, "Ada", options{}), come(t, house, "Bo", options{})
		elapse(2*time.Second, ada, bo)
		if err := ada.Verified(); !errors.Is(err, call.ErrNotTold) {
			t.Errorf("nothing was told, and yet: %v", err)
		}
		ada.words()
		if err := ada.Verified(); err != nil {
			t.Fatal(err)
		}
		elapse(200*time.Millisecond, ada, bo)
		if a, b := ada.State().Encryption.Grade, bo.State().Encryption.Grade; a != seal.Verified || b != seal.Unchecked {
			t.Errorf("grades %q and %q", a, b)
		}
		cem := come(t, house, "Cem", options{})
		elapse(2*time.Second, ada, bo, cem)
		if err := ada.Verified(); !errors.Is(err, call.ErrNotTold) || ada.State().Encryption.Grade != seal.Unchecked {
			t.Errorf("somebody came: %v, grade %q", err, ada.State().Encryption.Grade)
		}
		for _, g := range []*guest{ada, bo, cem} {
			g.leave()
		}
		book := *ada.kept
		ada = come(t, house, "Ada", options{book: book, id: ada.id})
		bo = come(t, house, "Bo", options{id: bo.id})
		elapse(2*time.Second, ada, bo)
		if g := ada.State().Encryption.Grade; g != seal.Verified {
			t.Errorf("in a later call: %q", g)
		}
		ada.leave()
		bo.leave()
	})
}

func TestWithSomebodyWhoHasNoKeysNothingIsSentAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &server{Connector: loopback.New()}
		ada, bo := come(t, house, "Ada", options{}), come(t, house, "Bo", options{})
		ada.speak()
		elapse(time.Second, ada, bo)
		spy, err := house.Connector.Join(t.Context(), sfu.Room{Name: "room"}, sfu.Pass{DisplayName: "Spy"}, sfu.Kit{})
		if err != nil {
			t.Fatal(err)
		}
		read, got := spied(t, spy)
		elapse(12*time.Second, ada, bo)
		if got.Load() == 0 || read.Load() != 0 {
			t.Errorf("the spy got %d frames and read %d", got.Load(), read.Load())
		}
		if n := ada.sent(ada, bo); n != 0 || ada.State().Encryption.Grade != seal.Held || !ada.told(group.Unannounced, "Spy") {
			t.Errorf("%d packets left, grade %q, notices %+v", n, ada.State().Encryption.Grade, ada.State().Notices)
		}
		if err := ada.Say(t.Context(), "hello"); !errors.Is(err, call.ErrHeld) {
			t.Errorf("chat: %v", err)
		}
		if err := spy.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		elapse(time.Second, ada, bo)
		if p, _ := bo.flows(ada, bo); p < 80 {
			t.Errorf("after the spy left %d pictures", p)
		}
		ada.leave()
		bo.leave()
	})
}

// spied subscribes to all that comes, and counts it and what is readable.
func spied(t *testing.T, spy sfu.Session) (read, got *atomic.Int64) {
	t.Helper()
	read, got = new(atomic.Int64), new(atomic.Int64)
	go func() {
		for e := range spy.Events() {
			a, ok := e.(sfu.TrackAdded)
			if !ok {
				continue
			}
			in, err := spy.Subscribe(context.WithoutCancel(t.Context()), a.Track.ID)
			if err != nil {
				continue
			}
			go func() {
				for {
					p, err := in.Receive(context.WithoutCancel(t.Context()))
					if errors.Is(err, io.EOF) {
						return
					}
					got.Add(1)
					if plain := sfutest.Frame(p.Codec); bytes.Contains(p.Data, plain[len(plain)/2:]) {
						read.Add(1)
					}
				}
			}()
		}
	}()
	return read, got
}

// impostor is another member's program at somebody's seat.
func impostor(t *testing.T, seat string) []byte {
	t.Helper()
	m, err := grouped.New().Begin(group.Config{Call: "room room", Seat: group.Seat(seat), Name: seat, Identity: identity.New()}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return m[0].Body
}

func TestWhatAHostileServerDoesStopsWhatIsSentAndIsSaid(t *testing.T) {
	always := func(change func(sfu.Data) []sfu.Event) func(sfu.Event) []sfu.Event {
		return func(e sfu.Event) []sfu.Event {
			if d, ok := e.(sfu.Data); ok {
				return change(d)
			}
			return []sfu.Event{e}
		}
	}
	for name, c := range map[string]struct {
		mangle func(t *testing.T) func(sfu.Event) []sfu.Event // of what Ada is told
		kind   group.Kind
		member string
		sends  bool // Ada goes on sending
	}{
		"it tells of somebody who is not there": {func(*testing.T) func(sfu.Event) []sfu.Event {
			return func(e sfu.Event) []sfu.Event {
				if _, ok := e.(sfu.Settled); ok {
					return []sfu.Event{sfu.MemberJoined{Member: sfu.Member{ID: "eve", Name: "Eve"}}, e}
				}
				return []sfu.Event{e}
			}
		}, group.Unannounced, "Eve", false},
		"it hides somebody who is there": {func(*testing.T) func(sfu.Event) []sfu.Event {
			return func(e sfu.Event) []sfu.Event {
				if j, ok := e.(sfu.MemberJoined); ok && j.Member.ID == "Cem" {
					return nil
				}
				return []sfu.Event{e}
			}
		}, group.Split, "Bo", false},
		"it says that another sits at a seat": {func(t *testing.T) func(sfu.Event) []sfu.Event {
			false1 := impostor(t, "Bo")
			return always(func(d sfu.Data) []sfu.Event {
				return []sfu.Event{d, sfu.Data{From: "Bo", Bytes: false1}}
			})
		}, group.Swapped, "Bo", false},
		"it says that somebody else sits at one's own": {func(t *testing.T) func(sfu.Event) []sfu.Event {
			false1 := impostor(t, "Ada")
			return always(func(d sfu.Data) []sfu.Event {
				return []sfu.Event{d, sfu.Data{From: "Ada", Bytes: false1}}
			})
		}, group.Posing, "Ada", false},
		"it loses all messages": {func(*testing.T) func(sfu.Event) []sfu.Event {
			return always(func(sfu.Data) []sfu.Event { return nil })
		}, group.Unannounced, "Bo", false},
		"it loses new keys": {func(*testing.T) func(sfu.Event) []sfu.Event {
			n := 0
			return always(func(d sfu.Data) []sfu.Event {
				if n++; n > 8 {
					return nil
				}
				return []sfu.Event{d}
			})
		}, group.Split, "Bo", false},
		"it invents messages": {func(*testing.T) func(sfu.Event) []sfu.Event {
			return always(func(d sfu.Data) []sfu.Event {
				return []sfu.Event{d, sfu.Data{From: d.From, Bytes: []byte("nonsense")}}
			})
		}, group.Forged, "Bo", true},
		"it says all twice": {func(*testing.T) func(sfu.Event) []sfu.Event {
			return always(func(d sfu.Data) []sfu.Event { return []sfu.Event{d, d} })
		}, "", "", true},
		"it says everything late and in another order": {func(*testing.T) func(sfu.Event) []sfu.Event {
			var kept []sfu.Event
			return always(func(d sfu.Data) []sfu.Event {
				if kept = append(kept, d); len(kept) < 3 {
					return nil
				}
				out := []sfu.Event{kept[2], kept[0], kept[1]}
				kept = nil
				return out
			})
		}, "", "", true},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				house := &server{Connector: loopback.New(), mangle: map[string]func(sfu.Event) []sfu.Event{"Ada": c.mangle(t)}}
				ada, bo := come(t, house, "Ada", options{}), come(t, house, "Bo", options{})
				ada.speak()
				elapse(2*time.Second, ada, bo)
				cem := come(t, house, "Cem", options{})
				elapse(15*time.Second, ada, bo, cem)
				if c.kind != "" && !ada.told(c.kind, c.member) {
					t.Errorf("Ada is not told; troubles %v, notices %+v", ada.State().Encryption.Troubles, ada.State().Notices)
				}
				seen := bo.seen.Load()
				if n := ada.sent(ada, bo, cem); (n > 0) != c.sends {
					t.Errorf("%d packets left, troubles %v", n, ada.State().Encryption.Troubles)
				}
				if n := bo.seen.Load() - seen; (n > 0) != c.sends {
					t.Errorf("Bo sees %d pictures", n)
				}
				for _, g := range []*guest{ada, bo, cem} {
					g.leave()
				}
			})
		})
	}
}

func TestAPlainTrackInAGroupIsNeverShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &server{Connector: loopback.New(), mangle: map[string]func(sfu.Event) []sfu.Event{"Bo": func(e sfu.Event) []sfu.Event {
			if a, ok := e.(sfu.TrackAdded); ok {
				a.Track.Encrypted = false
				return []sfu.Event{a}
			}
			return []sfu.Event{e}
		}}}
		ada, bo := come(t, house, "Ada", options{}), come(t, house, "Bo", options{})
		ada.speak()
		elapse(3*time.Second, ada, bo)
		if bo.seen.Load()+bo.heard.Load() != 0 {
			t.Error("what is said to be plain is shown")
		}
		if got := held(bo.State()); len(got) == 0 || got[0].Why != seal.ErrNotSealed || got[0].Member != "Ada" {
			t.Errorf("said %+v", got)
		}
		ada.leave()
		bo.leave()
	})
}

func TestWhoComesWithAnotherIdentityIsAskedAboutAndANoHolds(t *testing.T) {
	for _, yes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			house := &server{Connector: loopback.New()}
			book := identity.Book{}.Verify("Bo", identity.New().Public(), time.Now())
			ada, bo := come(t, house, "Ada", options{book: book}), come(t, house, "Bo", options{})
			ada.speak()
			elapse(2*time.Second, ada, bo)
			q := ada.State().Question
			if q == nil || q.Topic != consent.NewIdentity || q.About != "Bo" || !ada.told(group.Changed, "Bo") {
				t.Fatalf("question %+v, notices %+v", q, ada.State().Notices)
			}
			if n := ada.sent(ada, bo); n != 0 {
				t.Errorf("%d packets left before an answer", n)
			}
			ada.Answer(yes)
			elapse(3*time.Second, ada, bo)
			if p, _ := bo.flows(ada, bo); (p > 0) != yes {
				t.Errorf("answered %v: %d pictures", yes, p)
			}
			if g := ada.State().Encryption.Grade; yes && g != seal.Unchecked || !yes && g != seal.Held {
				t.Errorf("answered %v: grade %q", yes, g)
			}
			if err := ada.TellWords(""); (err == nil) != yes {
				t.Errorf("answered %v: words: %v", yes, err)
			}
			elapse(200*time.Millisecond, ada, bo)
			if again := ada.State().Question != nil; again == yes {
				t.Errorf("answered %v, and asked again: %v", yes, again)
			}
			ada.leave()
			bo.leave()
		})
	}
}

func TestTheQuestionAboutSomebodyGoesWhenTheyGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &server{Connector: loopback.New()}
		book := identity.Book{}.Remember("Bo", identity.New().Public(), time.Now())
		ada, bo := come(t, house, "Ada", options{book: book}), come(t, house, "Bo", options{})
		elapse(time.Second, ada, bo)
		if ada.State().Question == nil {
			t.Fatal("nothing is asked")
		}
		bo.leave()
		elapse(time.Second, ada)
		if q := ada.State().Question; q != nil {
			t.Errorf("still asked: %+v", q)
		}
		ada.leave()
	})
}

func TestWhereOnlyTheVerifiedMayBeThereNothingIsSentBeforeTheWordIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &server{Connector: loopback.New()}
		strict := options{rules: func(p *policy.Policy) { p.VerifiedMembers = true }}
		ada, bo := come(t, house, "Ada", strict), come(t, house, "Bo", options{})
		ada.speak()
		elapse(3*time.Second, ada, bo)
		if n := ada.sent(ada, bo); n != 0 || !ada.told(group.Unverified, "Bo") {
			t.Errorf("%d packets left; notices %+v", n, ada.State().Notices)
		}
		if ada.words() != bo.words() {
			t.Error("the words differ")
		}
		if err := ada.Verified(); err != nil {
			t.Fatal(err)
		}
		elapse(time.Second, ada, bo)
		if p, s := bo.flows(ada, bo); p < 80 || s < 80 {
			t.Errorf("after the word %d pictures and %d sounds", p, s)
		}
		if f := ada.State().Facts(); f.Encryption != "verified" {
			t.Errorf("the receipt says %q", f.Encryption)
		}
		ada.leave()
		bo.leave()
	})
}

func TestTheServerCannotRenameWhoHasSignedTheirName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := &server{Connector: loopback.New(), mangle: map[string]func(sfu.Event) []sfu.Event{"Ada": func(e sfu.Event) []sfu.Event {
			if j, ok := e.(sfu.MemberJoined); ok && j.Member.ID == "Bo" {
				j.Member.Name = "The Minister"
				return []sfu.Event{j, sfu.MemberChanged(j)}
			}
			return []sfu.Event{e}
		}}}
		ada, bo := come(t, house, "Ada", options{}), come(t, house, "Bo", options{})
		elapse(2*time.Second, ada, bo)
		if name := ada.State().Name("Bo"); name != "Bo" {
			t.Errorf("Bo is called %q", name)
		}
		ada.leave()
		bo.leave()
	})
}

func TestAServerWithoutDataHasNoGroup(t *testing.T) {
	s := enter(t, nil)
	defer s.end(t)
	k := grouped.New()
	inside, err := sealed.Join(t.Context(), house{session: newSession(&diary{})}, sfu.Room{}, sfu.Pass{}, sfu.Kit{}, seal.Required(k))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call.Gather(inside, k, call.Who{Identity: identity.New()}, policy.Default()); !errors.Is(err, call.ErrNoGroup) {
		t.Error(err)
	}
	for _, err := range []error{s.TellWords(""), s.Verified()} {
		if !errors.Is(err, call.ErrNoWords) {
			t.Error(err)
		}
	}
}
