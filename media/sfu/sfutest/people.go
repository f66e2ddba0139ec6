package sfutest

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"

	"paravent/media/codec"
	"paravent/media/sfu"
)

// missing tries all that a session says it cannot do.
func missing(t *testing.T, h House) {
	ada, bo := h.enter(t)
	for who, m := range map[string]*Member{"Ada": ada, "Bo": bo} {
		c := m.Caps()
		var none []string
		lack := func(has bool, word string, err error) {
			if has {
				return
			}
			none = append(none, word)
			if !errors.Is(err, sfu.ErrUnsupported) {
				t.Errorf("%s has no %s, and yet: %v, want sfu.ErrUnsupported", who, word, err)
			}
		}
		unsupported := func(has bool, try func() error) error {
			if has {
				return nil
			}
			return try()
		}
		for _, src := range []sfu.Source{sfu.Camera, sfu.Microphone, sfu.Screen, sfu.ScreenSound} {
			lack(c.Publish[src], string(src), unsupported(c.Publish[src], func() error {
				name := codec.VP8
				if src.IsSound() {
					name = codec.Opus
				}
				_, err := m.Publish(t.Context(), offer(src, name))
				return err
			}))
		}
		lack(c.Chat, "chat", unsupported(c.Chat, func() error { return m.Say(t.Context(), "hello") }))
		lack(c.Hand, "hand", unsupported(c.Hand, func() error { return m.SetHand(t.Context(), true) }))
		lack(c.Data, "data", unsupported(c.Data, func() error { return m.send(t, "", []byte("x")) }))
		never := func(has bool, word string, is func(sfu.Event) bool) {
			if has {
				return
			}
			none = append(none, word)
			if n := m.Count(is); n > 0 {
				t.Errorf("%s has no %s, and yet %d events tell of it", who, word, n)
			}
		}
		never(c.Roster, "roster", func(e sfu.Event) bool {
			j, ok := e.(sfu.MemberJoined)
			return ok && (j.Member.Role == sfu.Person || j.Member.Role == sfu.Phone)
		})
		never(c.Watch, "watching", func(e sfu.Event) bool { _, ok := e.(sfu.TrackAdded); return ok })
		never(c.Mute, "word of muted tracks", func(e sfu.Event) bool { x, ok := e.(sfu.TrackChanged); return ok && x.Track.Muted })
		never(c.Recording, "word of recordings", func(e sfu.Event) bool { _, ok := e.(sfu.RecordingChanged); return ok })
		never(c.Quality, "word of connections", func(e sfu.Event) bool { _, ok := e.(sfu.QualityChanged); return ok })
		never(c.Tracks, "word of tracks", func(sfu.Event) bool { return false })
		never(c.Layers, "choice of sizes", func(sfu.Event) bool { return false })
		t.Logf("%s has no: %s", who, strings.Join(none, ", "))
	}
}

func roster(t *testing.T, h House) {
	ada, bo := h.enter(t)
	for m, other := range map[*Member]*Member{ada: bo, bo: ada} {
		if !m.Caps().Roster {
			stand := 0
			m.Count(func(e sfu.Event) bool {
				j, ok := e.(sfu.MemberJoined)
				if ok {
					stand++
					if j.Member.Role != sfu.Audience && j.Member.Role != sfu.Broadcast || j.Member.Name == "" {
						t.Errorf("%+v stands for people that the server does not name", j.Member)
					}
				}
				return ok
			})
			if stand != 1 {
				t.Errorf("%d members stand for those whom the server does not name", stand)
			}
			continue
		}
		m.Await("the other", joined(other.Self().ID))
	}
	if ada.Caps().Roster && !slices.ContainsFunc(bo.Events(), joined(ada.Self().ID)) {
		t.Error("Bo was not told that Ada is there")
	}
	bo.leave()
	if ada.Caps().Roster {
		ada.Await("Bo to go", func(e sfu.Event) bool {
			l, ok := e.(sfu.MemberLeft)
			return ok && l.ID == bo.Self().ID
		})
	}
}

func text(t *testing.T, h House) {
	const name = "A\x1b[2J\x07da\u202e Lovelace\n"
	h.Ada.Pass.DisplayName = name
	ada, bo := h.enter(t)
	for _, f := range []sfu.Foreign{ada.Self().Name, ada.RoomName(), bo.RoomName()} {
		clean(t, f)
	}
	if ada.Self().ID == "" {
		t.Error("Ada has no ID")
	}
	if !bo.Caps().Roster {
		return
	}
	seen := bo.Await("Ada's name", func(e sfu.Event) bool {
		m, ok := member(e)
		return ok && m.ID == ada.Self().ID && m.Name != ""
	})
	m, _ := member(seen)
	clean(t, m.Name)
	clean(t, sfu.Foreign(m.ID))
}

func member(e sfu.Event) (sfu.Member, bool) {
	if j, ok := e.(sfu.MemberJoined); ok {
		return j.Member, true
	}
	c, ok := e.(sfu.MemberChanged)
	return c.Member, ok
}

func clean(t *testing.T, f sfu.Foreign) {
	t.Helper()
	if s := f.Clean(); strings.ContainsFunc(s, unicode.IsControl) || strings.Contains(s, "\u202e") {
		t.Errorf("%q is not fit for a screen", s)
	}
}

func joined(id sfu.MemberID) func(sfu.Event) bool {
	return func(e sfu.Event) bool {
		j, ok := e.(sfu.MemberJoined)
		return ok && j.Member.ID == id
	}
}

func chat(t *testing.T, h House) {
	ada, bo := h.enter(t)
	if !ada.Caps().Chat {
		t.Skip("this server has no chat")
	}
	long := strings.Repeat("Grüße aus der Kulisse 🎭 ", 1000)
	for _, m := range []struct {
		from, to *Member
		text     string
	}{{ada, bo, "hello\x1b[2J"}, {bo, ada, "hallo zurück"}, {ada, bo, long}} {
		if err := m.from.Say(t.Context(), m.text); err != nil {
			t.Fatalf("say: %v", err)
		}
		said := func(e sfu.Event) bool {
			c, ok := e.(sfu.ChatArrived)
			return ok && c.From == m.from.Self().ID && string(c.Text) == m.text && !c.At.IsZero()
		}
		m.to.Await("the message", said)
		m.from.Await("one's own message", said)
	}
	for _, m := range []*Member{ada, bo} {
		if n := m.Count(func(e sfu.Event) bool { _, ok := e.(sfu.ChatArrived); return ok }); n != 3 {
			t.Errorf("%s got %d messages, want 3", m.Self().ID, n)
		}
	}
	if err := ada.Say(t.Context(), ""); err == nil {
		t.Error("an empty message was sent")
	}
}

func hand(t *testing.T, h House) {
	ada, bo := h.enter(t)
	if !ada.Caps().Hand {
		t.Skip("this server has no hands")
	}
	bo.Await("Ada", joined(ada.Self().ID))
	for _, up := range []bool{true, false} {
		if err := ada.SetHand(t.Context(), up); err != nil {
			t.Fatal(err)
		}
		change := func(e sfu.Event) bool {
			c, ok := e.(sfu.MemberChanged)
			return ok && c.Member.ID == ada.Self().ID && c.Member.Hand == up
		}
		bo.Await("the hand", change)
		ada.Await("one's own hand", change)
	}
}

// send sends data through a session that can; else there is no such function.
func (m *Member) send(t *testing.T, to sfu.MemberID, b []byte) error {
	if c, ok := m.Session.(sfu.Courier); ok {
		return c.SendData(t.Context(), to, b)
	}
	return sfu.ErrUnsupported
}

func data(t *testing.T, h House) {
	ada, bo := h.enter(t)
	if !ada.Caps().Data {
		t.Skip("this server carries no data")
	}
	ada.Await("Bo", joined(bo.Self().ID))
	got := func(from *Member, b []byte) func(sfu.Event) bool {
		return func(e sfu.Event) bool {
			d, ok := e.(sfu.Data)
			return ok && d.From == from.Self().ID && bytes.Equal(d.Bytes, b)
		}
	}
	long := make([]byte, sfu.MaxData)
	for i := range long {
		long[i] = byte(i * 7)
	}
	for _, m := range []struct {
		from, to *Member
		name     sfu.MemberID
		b        []byte
	}{{ada, bo, bo.Self().ID, []byte{0, 255, 10}}, {ada, bo, "", long}, {bo, ada, ada.Self().ID, long}, {bo, ada, "", []byte("x")}} {
		if err := m.from.send(t, m.name, m.b); err != nil {
			t.Fatalf("send data: %v", err)
		}
		m.to.Await("the data", got(m.from, m.b))
	}
	for _, b := range [][]byte{nil, make([]byte, sfu.MaxData+1)} {
		if err := ada.send(t, "", b); !errors.Is(err, sfu.ErrDataLength) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	// What is for nobody reaches nobody: it would be here before what follows it.
	if err := errors.Join(ada.send(t, "nobody", []byte("for nobody")), ada.send(t, "", []byte("last"))); err != nil {
		t.Fatal(err)
	}
	bo.Await("the last", got(ada, []byte("last")))
	for who, want := range map[*Member]int{ada: 2, bo: 3} {
		if n := who.Count(func(e sfu.Event) bool { _, ok := e.(sfu.Data); return ok }); n != want {
			t.Errorf("%s got %d, want %d", who.Self().ID, n, want)
		}
	}
}
