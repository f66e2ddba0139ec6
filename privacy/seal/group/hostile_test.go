package group_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/privacy/internal/spoil"
	"paravent/privacy/seal/group"
	"paravent/privacy/seal/identity"
	"paravent/privacy/seal/sframe"
)

// between makes a call of a and b with somebody in the middle, who can do all that
// a member can, on both sides.
func between(t *testing.T, change func(*group.Config)) (a, b *member, left, right *server) {
	t.Helper()
	left, right = newServer(t), newServer(t)
	a = left.enter("a", change)
	b = right.enter("b", change)
	left.enter("b", func(c *group.Config) { c.Name = "the one at b" })
	right.enter("a", func(c *group.Config) { c.Name = "the one at a" })
	left.run(3 * time.Second)
	right.run(3 * time.Second)
	return a, b, left, right
}

func TestSwappedKeysGiveOtherWords(t *testing.T) {
	a, b, left, right := between(t, func(*group.Config) {})
	left.wantWhole() // each side is a call of its own, with nothing wrong in it
	right.wantWhole()
	wordsA, ok1 := a.Safety()
	wordsB, ok2 := b.Safety()
	if !ok1 || !ok2 || wordsA == wordsB {
		t.Errorf("both read %v, %v %v", wordsA.Words(identity.English), ok1, ok2)
	}
	same := 0
	for i := range wordsA {
		if wordsA[i] == wordsB[i] {
			same++
		}
	}
	if same > 3 {
		t.Errorf("%d of 8 words are the same", same)
	}
}

func TestSwappedKeysOfSomebodyKnownHoldMedia(t *testing.T) {
	a, b, _, _ := between(t, func(c *group.Config) {
		c.Book = c.Book.Verify("the one at a", identity.Public{1}, time.Unix(1e9, 0)).Verify("the one at b", identity.Public{2}, time.Unix(1e9, 0))
	})
	wantHeld(t, a, group.Changed, "b")
	wantHeld(t, b, group.Changed, "a")
}

func TestTwoHellosForOneSeatHoldMedia(t *testing.T) {
	s, a, _, _ := three(t)
	other := newServer(t)
	other.enter("x")
	other.seats["x"] = nil
	false1 := other.enter("b")
	s.do(a, group.Received{From: "b", Body: helloOf(t, false1.seat)})
	wantHeld(t, a, group.Swapped, "b")
	s.drop("b") // an empty seat ends it
	s.run(2 * time.Second)
	s.wantWhole()
}

// helloOf is a hello for a seat, of an identity of its own.
func helloOf(t testing.TB, seat group.Seat) []byte {
	t.Helper()
	_, out, err := group.New(group.Config{Call: "call", Seat: seat, Identity: identity.New()}, time.Unix(1e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	return out[0].Body
}

func TestAHelloForOurOwnSeatHoldsMedia(t *testing.T) {
	s, a, _, _ := three(t)
	s.do(a, group.Received{From: "a", Body: helloOf(t, "a")})
	wantHeld(t, a, group.Posing, "a")
}

func TestOurOwnHelloComingBackIsNothing(t *testing.T) {
	s, a, _, _ := three(t)
	for _, p := range s.past {
		if p.from == "a" {
			s.do(a, group.Received{From: "a", Body: p.body})
		}
	}
	s.run(3 * time.Second)
	s.wantWhole()
	if len(a.alarms) > 0 {
		t.Errorf("alarmed: %v", a.alarms)
	}
}

func TestMessagesSentAgainChangeNothing(t *testing.T) {
	s, a, b, _ := three(t)
	s.enter("d")
	s.run(3 * time.Second)
	s.drop("d")
	s.run(3 * time.Second)
	frame, err := seal(a, "once")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Opening("a").Open("microphone", codec.Opus, nil, frame); err != nil {
		t.Fatal(err)
	}
	epoch, words := epochOf(a), safety(t, a)
	all := slices.Clone(s.past)
	for _, order := range []string{"as they were", "backwards", "shuffled"} {
		switch order {
		case "backwards":
			slices.Reverse(all)
		case "shuffled":
			s.r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		for _, p := range all {
			if m := s.seats[p.to]; m != nil {
				s.do(m, group.Received{From: p.from, Body: p.body})
			}
		}
		s.run(2 * time.Second)
		s.wantWhole()
		if epochOf(a) != epoch || safety(t, a) != words {
			t.Errorf("%s: the group has changed", order)
		}
		if _, err := b.Opening("a").Open("microphone", codec.Opus, nil, frame); !errors.Is(err, sframe.ErrReplay) {
			t.Errorf("%s: an old frame: %v, want ErrReplay", order, err)
		}
	}
}

func epochOf(m *member) uint32 { s, _ := m.Sealing(); return s.Epoch() }

func safety(t testing.TB, m *member) identity.Safety {
	t.Helper()
	w, ok := m.Safety()
	if !ok {
		t.Errorf("%s has no words: %v", m.seat, m.Troubles())
	}
	return w
}

func TestAFalseLeaveAndReturnDoesNotOpenOldFramesAgain(t *testing.T) {
	s, a, b, _ := three(t)
	frame, err := seal(a, "yes")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Opening("a").Open("microphone", codec.Opus, nil, frame); err != nil {
		t.Fatal(err)
	}
	s.do(b, group.Left{Seat: "a"})
	s.do(b, group.Joined{Seat: "a"})
	for _, p := range slices.Clone(s.past) {
		if p.from == "a" && p.to == "b" {
			s.do(b, group.Received{From: "a", Body: p.body})
		}
	}
	if got, err := b.Opening("a").Open("microphone", codec.Opus, nil, frame); err == nil {
		t.Errorf("opened %q again", got)
	}
	s.run(5 * time.Second) // and nobody is shut out by it
	s.wantWhole()
}

func TestARekeyThatIsDroppedForAllHoldsMedia(t *testing.T) {
	s, a, b, _ := three(t)
	s.evil = func(p packet) []packet {
		if p.from == "a" && p.kind() == group.KindKeys {
			return nil
		}
		return []packet{p}
	}
	old, _ := a.Sealing()
	s.drop("c")
	if _, err := old.Seal("microphone", codec.Opus, nil, []byte("secret")); !errors.Is(err, group.ErrHeld) {
		t.Errorf("the old key still seals: %v", err)
	}
	s.run(11 * time.Second)
	wantHeld(t, a, group.Behind, "b")
	s.evil = nil
	s.run(20 * time.Second) // what was dropped is sent again and again
	s.wantWhole()
	_ = b
}

func TestARekeyThatIsDroppedForOneIsSaidSo(t *testing.T) {
	s, a, b, c := three(t)
	s.evil = func(p packet) []packet {
		if p.to == "c" && p.kind() == group.KindKeys {
			return nil
		}
		return []packet{p}
	}
	s.enter("d")
	s.run(11 * time.Second)
	wantTrouble(t, a, group.Behind, "c")
	if err := hears(b, a); err != nil {
		t.Error(err)
	}
	if err := hears(c, a); err == nil {
		t.Error("c hears a without the key")
	}
	wantTrouble(t, c, group.Deaf, "a")
	if err := hears(a, c); err != nil {
		t.Error(err)
	}
}

func TestARekeyOnALeaveThatIsDroppedForOneIsSplitOrSaid(t *testing.T) {
	s, a, b, c := three(t)
	s.enter("d")
	s.run(3 * time.Second)
	s.hidden = func(of, to group.Seat) bool { return of == "d" && to == "c" } // c is to go on talking to d
	s.evil = func(p packet) []packet {
		if p.to == "c" && p.kind() == group.KindKeys {
			return nil
		}
		return []packet{p}
	}
	s.drop("d")
	s.run(11 * time.Second)
	wantHeld(t, c, group.Split, "a")
	wantHeld(t, c, group.Split, "b")
	wantHeld(t, a, group.Split, "c")
	wantHeld(t, b, group.Split, "c")
}

func TestSomebodyWithoutAHelloHoldsMedia(t *testing.T) {
	s, a, b, _ := three(t)
	s.do(a, group.Joined{Seat: "spy"})
	s.run(2 * time.Second)
	if err := hears(b, a); err != nil {
		t.Errorf("held at once: %v", err) // nothing goes to it before either
	}
	s.run(9 * time.Second)
	wantHeld(t, a, group.Unannounced, "spy")
	s.do(a, group.Left{Seat: "spy"})
	s.run(2 * time.Second)
	s.wantWhole()
}

func TestASealingThatWasKeptRefusesWhileMediaIsHeld(t *testing.T) {
	s, a, _, _ := three(t)
	kept, _ := a.Sealing()
	try := func(want error) {
		t.Helper()
		if _, err := kept.Seal("microphone", codec.Opus, nil, []byte("secret")); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	try(nil)
	s.do(a, group.Joined{Seat: "spy"})
	s.run(11 * time.Second)
	try(group.ErrHeld)
	s.do(a, group.Left{Seat: "spy"})
	try(nil)
	if _, err := (group.Sealing{}).Seal("microphone", codec.Opus, nil, nil); !errors.Is(err, group.ErrHeld) {
		t.Errorf("no sealing: %v, want ErrHeld", err)
	}
}

func TestPlainNeedsAYesAndIsNeverSentWhereEncryptionIsRequired(t *testing.T) {
	for _, required := range []bool{true, false} {
		s, a, b, _ := three(t, func(c *group.Config) { c.Required = required })
		s.do(a, group.AllowPlain{On: true})
		if a.Mode() != group.Sealed {
			t.Errorf("required %v: mode %v although all are Paravents", required, a.Mode())
		}
		s.do(a, group.AllowPlain{})
		s.do(a, group.Joined{Seat: "browser"})
		s.run(11 * time.Second)
		wantHeld(t, a, group.Unannounced, "browser")
		s.do(a, group.AllowPlain{On: true})
		want := group.Plain
		if required {
			want = group.Held
		}
		if a.Mode() != want {
			t.Errorf("required %v: mode %v after the yes, want %v", required, a.Mode(), want)
		}
		s.do(a, group.Received{From: "b", Body: helloOf(t, "b")}) // whatever else is wrong holds
		if a.Mode() != group.Held {
			t.Errorf("required %v: mode %v with swapped keys, want held", required, a.Mode())
		}
		_ = b
	}
}

func TestAMemberThatSendsPlainIsSaidSo(t *testing.T) {
	s, a, b, _ := three(t)
	plain := []byte{0x78, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}
	if got, err := a.Opening("b").Open("microphone", codec.Opus, nil, plain); err == nil {
		t.Errorf("plain bytes open as %x", got)
	}
	s.do(a, group.SawPlain{Seat: "b"})
	wantTrouble(t, a, group.NotSealed, "b")
	if err := hears(b, a); err != nil {
		t.Error(err)
	}
	s.do(a, group.SawPlain{Seat: "nobody"})
	if len(a.Troubles()) != 1 {
		t.Errorf("troubles %v", a.Troubles())
	}
}

func TestAGroupThatIsSplitIsHeldOnBothSides(t *testing.T) {
	s := newServer(t)
	// a and b are not told of c, who is told of all and works with the server: it
	// hears whoever thinks that it is there.
	s.hidden = func(of, to group.Seat) bool { return of == "c" && to == "b" }
	a, b := s.enter("a"), s.enter("b")
	c := s.enter("c")
	s.run(12 * time.Second)
	wantHeld(t, a, group.Split, "b")
	wantHeld(t, b, group.Split, "a")
	wantHeld(t, c, group.Unannounced, "b")
	wantTrouble(t, b, group.Hidden, "c")
	if err := hears(c, b); err == nil {
		t.Error("who is hidden hears b")
	}
}

func TestASplitIsSeenWithoutAnyStatus(t *testing.T) {
	s := newServer(t)
	s.hidden = func(of, to group.Seat) bool { return of == "c" && to == "b" }
	s.evil = func(p packet) []packet {
		if p.kind() == group.KindStatus {
			return nil
		}
		return []packet{p}
	}
	_, b := s.enter("a"), s.enter("b")
	s.enter("c")
	s.run(12 * time.Second)
	wantHeld(t, b, group.Split, "a")
}

func TestWhoSaidByeIsNotTakenBackOnTheServersWord(t *testing.T) {
	s, a, b, c := three(t)
	s.do(c, group.Leave{})
	s.deliver()
	for _, p := range slices.Clone(s.past) {
		if p.from == "c" && p.to == "a" && p.kind() != group.KindBye {
			s.do(a, group.Received{From: "c", Body: p.body})
		}
	}
	delete(s.seats, "c") // the roster goes on to show it
	s.run(11 * time.Second)
	wantHeld(t, a, group.Unannounced, "c")
	wantHeld(t, b, group.Unannounced, "c")
}

func TestMessagesOfAnotherCallAreNot(t *testing.T) {
	s, a, _, _ := three(t)
	other := newServer(t)
	in := func(c *group.Config) { c.Call = "another call" }
	other.enter("x", in)
	other.enter("a", in)
	other.run(3 * time.Second)
	s.do(a, group.Joined{Seat: "x"})
	for _, p := range other.past {
		if p.from == "x" {
			s.do(a, group.Received{From: "x", Body: p.body})
		}
	}
	wantTrouble(t, a, group.Forged, "x")
	s.run(11 * time.Second)
	wantHeld(t, a, group.Unannounced, "x")
}

func TestAMessageInAnothersNameIsNot(t *testing.T) {
	s, a, b, c := three(t)
	seen := len(s.past)
	s.enter("d")
	s.evil = func(p packet) []packet {
		if p.from == "b" && p.to == "a" {
			p.from = "c"
		}
		return []packet{p}
	}
	s.run(11 * time.Second)
	wantTrouble(t, a, group.Forged, "c")
	if err := hears(a, b); err == nil {
		t.Error("a hears b although all of b's messages were said to be c's")
	}
	_, _ = c, seen
}

func TestWhatIsForOneIsOfNoUseToAnother(t *testing.T) {
	s, _, _, c := three(t)
	s.evil = func(p packet) []packet {
		q := p
		q.to = map[group.Seat]group.Seat{"a": "b", "b": "c", "c": "d", "d": "a"}[p.to] // all go astray as well
		return []packet{p, q}
	}
	d := s.enter("d")
	s.run(4 * time.Second)
	s.wantWhole()
	for _, m := range []*member{c, d} {
		if len(m.alarms) > 0 {
			t.Errorf("%s was alarmed: %v", m.seat, m.alarms)
		}
	}
}

// TestASharesIsToldOnlyAfterAllPromises is what keeps somebody in the middle from
// choosing keys until the words are the same.
func TestAShareIsToldOnlyAfterAllPromises(t *testing.T) {
	s := newServer(t)
	a := s.enter("a")
	told := func() int {
		return len(slices.DeleteFunc(slices.Clone(s.past), func(p packet) bool { return p.from != "a" || !group.Told(p.body) }))
	}
	s.evil = func(p packet) []packet {
		if p.from == "b" && p.kind() == group.KindStatus {
			return nil
		}
		return []packet{p}
	}
	s.enter("b")
	s.run(5 * time.Second)
	if n := told(); n != 0 {
		t.Errorf("a told its share %d times before b promised", n)
	}
	if _, ok := a.Safety(); ok {
		t.Error("a has words")
	}
	s.evil = nil
	s.run(20 * time.Second)
	if told() == 0 {
		t.Error("a told nothing")
	}
	s.wantWhole()
	first := safety(t, a)
	s.evil = func(p packet) []packet { // the next view has other shares, and promises come first again
		if p.from == "c" && p.kind() == group.KindStatus {
			return nil
		}
		return []packet{p}
	}
	s.enter("c")
	s.run(300 * time.Millisecond)
	before := told()
	s.run(5 * time.Second)
	if n := told(); n != before {
		t.Errorf("a told its share for a view whose promises were not all there")
	}
	s.evil = nil
	s.run(30 * time.Second)
	s.wantWhole()
	if safety(t, a) == first {
		t.Error("the words did not change with the group")
	}
}

func TestAPairThatIsNotSignedIsNotTaken(t *testing.T) {
	s, a, b, _ := three(t)
	s.do(a, group.Received{From: "b", Body: a.FalsePair("b")})
	wantTrouble(t, a, group.Forged, "b")
	s.drop("c") // b wraps its next key as before
	s.run(2 * time.Second)
	if err := hears(a, b); err != nil {
		t.Error(err)
	}
}

func TestAShareThatWasNotPromisedFirstIsNotTaken(t *testing.T) {
	s, a, b, _ := three(t)
	words := safety(t, a)
	for i := range 5 { // b has seen all shares, and looks for one that gives other words
		s.do(a, group.Received{From: "b", Body: b.Report([32]byte{byte(i + 1)}, uint64(100+i))})
		if w, ok := a.Safety(); !ok || w != words {
			t.Fatalf("the words became %v, %v", w.Words(identity.English), ok)
		}
	}
}

// TestMangledMessagesDoNothing changes every message that a member gets, a bit, a
// cut or a doubling each.
func TestMangledMessagesDoNothing(t *testing.T) {
	s, a, _, _ := three(t)
	d := s.enter("d")
	s.run(3 * time.Second)
	s.do(d, group.Leave{})
	var all []packet
	for _, p := range s.past {
		if p.to == "a" && p.kind() != group.KindAsk {
			all = append(all, p)
		}
	}
	s.on = nil
	members, keys, words := a.Members(), len(a.HeldKeys()), safety(t, a)
	r := rand.New(rand.NewPCG(9, 10))
	for range 10000 {
		p := all[r.IntN(len(all))]
		bad := spoil.One(r, p.body)
		if slices.ContainsFunc(all, func(q packet) bool { return bytes.Equal(q.body, bad) }) {
			continue
		}
		next, _, _ := a.After(s.now, group.Received{From: p.from, Body: bad})
		if w, ok := next.Safety(); !slices.Equal(next.Members(), members) || len(next.HeldKeys()) != keys || !ok || w != words {
			t.Fatalf("a mangled message of kind %d was taken: %x", p.kind(), bad)
		}
	}
}

func TestMessagesReadAsTheyAreOrNotAtAll(t *testing.T) {
	s, _, _, c := three(t)
	s.do(c, group.Leave{})
	r := rand.New(rand.NewPCG(11, 12))
	kinds := map[byte]bool{}
	for _, p := range s.past {
		kinds[p.kind()] = true
		parse(t, p.body)
		if _, err := group.Parse(p.body); err != nil {
			t.Fatalf("a true message of kind %d does not read: %v", p.kind(), err)
		}
	}
	if len(kinds) < 5 {
		t.Fatalf("only kinds %v", kinds)
	}
	for range 10000 {
		parse(t, spoil.One(r, s.past[r.IntN(len(s.past))].body))
	}
	if _, err := group.Parse(make([]byte, group.MaxMessage+1)); err == nil {
		t.Error("a message that is too long reads")
	}
}

func parse(t *testing.T, b []byte) {
	again, err := group.Parse(b)
	if err == nil && !bytes.Equal(again, b) {
		t.Fatalf("%x reads as %x", b, again)
	}
}

func FuzzParse(f *testing.F) {
	s, _, _, c := three(f)
	s.do(c, group.Leave{})
	seen := map[byte]bool{}
	for _, p := range s.past {
		if !seen[p.kind()] {
			f.Add(p.body)
		}
		seen[p.kind()] = true
	}
	f.Add([]byte{1, group.KindAsk})
	f.Fuzz(func(t *testing.T, b []byte) { parse(t, b) })
}

func FuzzAfter(f *testing.F) {
	s, a, _, _ := three(f)
	for _, p := range s.past[:min(len(s.past), 40)] {
		if p.to == "a" {
			f.Add(p.from == "b", p.body)
		}
	}
	true1 := map[string]bool{}
	for _, p := range s.past {
		true1[string(p.body)] = true
	}
	members, keys := a.Members(), len(a.HeldKeys())
	f.Fuzz(func(t *testing.T, b bool, body []byte) {
		from := group.Seat("c")
		if b {
			from = "b"
		}
		next, _, _ := a.After(s.now, group.Received{From: from, Body: body})
		if !true1[string(body)] && (!slices.Equal(next.Members(), members) || len(next.HeldKeys()) != keys) {
			t.Errorf("taken: %x", body)
		}
	})
}
