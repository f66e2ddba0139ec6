package identity_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"paravent/privacy/internal/spoil"
	"paravent/privacy/seal/identity"
)

// store is a double of the keyring.
type store struct {
	kept map[string][]byte
	err  error
}

func newStore() *store { return &store{kept: map[string][]byte{}} }

func (s *store) Get(name string) ([]byte, bool, error) {
	v, ok := s.kept[name]
	return bytes.Clone(v), ok, s.err
}

func (s *store) Set(name string, v []byte) error {
	if s.err == nil {
		s.kept[name] = bytes.Clone(v)
	}
	return s.err
}

func TestAnIdentityIsTheSameTheNextTime(t *testing.T) {
	s := newStore()
	first, err := identity.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := identity.Load(s)
	if err != nil || again.Public() != first.Public() {
		t.Errorf("%s and then %s, %v", first.Public().Fingerprint(), again.Public().Fingerprint(), err)
	}
	other, err := identity.Load(newStore())
	if err != nil || other.Public() == first.Public() {
		t.Errorf("another machine has the same identity, %v", err)
	}
}

func TestADamagedIdentityIsNotReplaced(t *testing.T) {
	for _, damage := range [][]byte{{}, {1}, bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{1}, 34), bytes.Repeat([]byte{2}, 33)} {
		s := newStore()
		s.kept["identity"] = damage
		if _, err := identity.Load(s); !errors.Is(err, identity.ErrStored) || !bytes.Equal(s.kept["identity"], damage) {
			t.Errorf("%x: %v, and kept is %x", damage, err, s.kept["identity"])
		}
	}
	broken := errors.New("the keyring is locked")
	if _, err := identity.Load(&store{err: broken}); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

func TestAnIdentityCannotBePrinted(t *testing.T) {
	s := newStore()
	id, err := identity.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "id", id)
	nested := struct{ id identity.Identity }{id}
	key := s.kept["identity"][1:]
	for _, text := range []string{log.String(), fmt.Sprintf("%v %+v %#v %s %x %d %v %+v %x", id, id, id, id, id, id, nested, nested, nested)} {
		for _, form := range []string{fmt.Sprintf("%x", key[:4]), strings.Trim(fmt.Sprintf("%d", key[:4]), "[]"), string(key[:4])} {
			if strings.Contains(text, form) {
				t.Errorf("%q is in %q", form, text)
			}
		}
	}
}

func TestASignatureIsForOnePurposeAndThePartsAsTheyWere(t *testing.T) {
	id := identity.New()
	sig := id.Sign("hello", []byte("ab"), []byte("c"))
	if !id.Public().Verify(sig, "hello", []byte("ab"), []byte("c")) {
		t.Error("the true signature is not valid")
	}
	bad := sig
	bad[7] ^= 1
	for what, ok := range map[string]bool{
		"another purpose":  id.Public().Verify(sig, "leave", []byte("ab"), []byte("c")),
		"other parts":      id.Public().Verify(sig, "hello", []byte("a"), []byte("bc")),
		"one part":         id.Public().Verify(sig, "hello", []byte("abc")),
		"another identity": identity.New().Public().Verify(sig, "hello", []byte("ab"), []byte("c")),
		"a changed one":    id.Public().Verify(bad, "hello", []byte("ab"), []byte("c")),
		"no identity":      identity.Public{}.Verify(sig, "hello", []byte("ab"), []byte("c")),
	} {
		if ok {
			t.Errorf("%s: the signature is valid", what)
		}
	}
}

func TestFingerprintsAreEightGroupsAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		f := identity.New().Public().Fingerprint()
		if len(strings.Fields(f)) != 8 || len(f) != 39 || seen[f] {
			t.Errorf("fingerprint %q", f)
		}
		seen[f] = true
	}
}

func TestWordsAreToldApartByEarAndByEye(t *testing.T) {
	for _, l := range []identity.Language{identity.English, identity.German} {
		var list []string
		for b := range 256 {
			w := identity.Safety{byte(b)}.Words(l)
			if len(w) != 8 {
				t.Fatalf("%d words, want 8", len(w))
			}
			list = append(list, w[0])
		}
		for i, w := range list {
			w = strings.ToLower(w)
			if len(w) < 4 || len(w) > 10 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
				t.Errorf("%s: %q is too short, too long, or not of letters alone", l, w)
			}
			for _, o := range list[:i] {
				o = strings.ToLower(o)
				if w[:3] == o[:3] || distance(w, o) < 3 {
					t.Errorf("%s: %q is too much like %q", l, w, o)
				}
			}
		}
	}
}

// distance is how many letters must be changed, put in or left out (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func TestBothSidesReadTheSameWordsAndNobodyElseDoes(t *testing.T) {
	a, b, m := identity.New().Public(), identity.New().Public(), identity.New().Public()
	group := [32]byte{1}
	want := identity.Compare(group, a, b)
	if got := identity.Compare(group, b, a); got != want {
		t.Errorf("%v and %v", want.Words(identity.English), got.Words(identity.English))
	}
	for what, got := range map[string]identity.Safety{
		"somebody between":   identity.Compare(group, a, m),
		"another transcript": identity.Compare([32]byte{2}, a, b),
		"one more":           identity.Compare(group, a, b, m),
		"one less":           identity.Compare(group, a),
	} {
		if got == want {
			t.Errorf("%s: the same words", what)
		}
	}
	for i := range want { // each byte is a word of its own
		other := want
		other[i]++
		if slices.Equal(want.Words(identity.German), other.Words(identity.German)) {
			t.Errorf("byte %d is not in the words", i)
		}
	}
}

func TestTheBookKnowsWhoWasMetAndAlarmsWhenSomebodyElseComes(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	bob, mallory := identity.New().Public(), identity.New().Public()
	judge := func(b identity.Book, name string, id identity.Public, want identity.Verdict) {
		t.Helper()
		if got := b.Judge(name, id); got != want {
			t.Errorf("%s: verdict %d, want %d", name, got, want)
		}
	}
	var empty identity.Book
	judge(empty, "Bob", bob, identity.Unknown)
	met := empty.Remember("Bob", bob, now)
	judge(empty, "Bob", bob, identity.Unknown) // a value does not change
	judge(met, " BOB ", bob, identity.Known)
	judge(met, "Bob", mallory, identity.Changed)
	judge(met, "Robert", bob, identity.Renamed)
	judge(met, "Robert", mallory, identity.Unknown)
	compared := met.Verify("Bob", bob, now)
	judge(compared, "Bob", bob, identity.Verified)
	judge(compared.Remember("bob", bob, now), "Bob", bob, identity.Verified)
	judge(compared, "Bob", mallory, identity.Changed)
	yes := compared.Remember("Bob", mallory, now)
	judge(yes, "Bob", mallory, identity.Known)
	judge(yes, "Bob", bob, identity.Verified)
	judge(yes.Forget("Bob"), "Bob", mallory, identity.Unknown)
	judge(met.Remember("Robert", mallory, now), "Robert", bob, identity.Changed) // not merely renamed
}

func TestAFullBookForgetsWhoWasNotComparedAndNotSeen(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var b identity.Book
	b = b.Verify("compared", identity.Public{1}, now.AddDate(-9, 0, 0))
	b = b.Remember("old", identity.Public{2}, now.AddDate(-2, 0, 0))
	for i := range 1100 {
		b = b.Remember(fmt.Sprint("n", i), identity.Public{3, byte(i), byte(i >> 8)}, now)
	}
	if b.Len() != 1000 {
		t.Errorf("%d entries", b.Len())
	}
	if v := b.Judge("compared", identity.Public{1}); v != identity.Verified {
		t.Errorf("who was compared: %d", v)
	}
	if v := b.Judge("old", identity.Public{2}); v != identity.Unknown {
		t.Errorf("who was not seen for long: %d", v)
	}
}

func TestABookIsTheSameAfterItWasKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b identity.Book
		for range rapid.IntRange(0, 20).Draw(t, "entries") {
			name, id := rapid.String().Draw(t, "name"), identity.Public{rapid.Byte().Draw(t, "id")}
			now := time.Unix(rapid.Int64Range(-1e9, 5e9).Draw(t, "now"), 0)
			if b = b.Remember(name, id, now); rapid.Bool().Draw(t, "compared") {
				b = b.Verify(name, id, now)
			}
		}
		s := newStore()
		if err := b.Save(s); err != nil {
			t.Fatal(err)
		}
		got, err := identity.LoadBook(s)
		if err != nil || !bytes.Equal(got.Marshal(), b.Marshal()) || got.Len() != b.Len() {
			t.Fatalf("%x became %x, %v", b.Marshal(), got.Marshal(), err)
		}
	})
}

func TestABookThatWasNeverKeptIsEmptyAndADamagedOneIsNot(t *testing.T) {
	s := newStore()
	if b, err := identity.LoadBook(s); err != nil || b.Len() != 0 {
		t.Errorf("%d entries, %v", b.Len(), err)
	}
	s.kept["known-identities"] = []byte{1, 0, 1}
	if _, err := identity.LoadBook(s); !errors.Is(err, identity.ErrBook) {
		t.Errorf("%v, want ErrBook", err)
	}
}

func TestBooksThatWereMangledAreRefusedOrReadAsTheyAre(t *testing.T) {
	var b identity.Book
	for i := range 5 {
		b = b.Remember(fmt.Sprint("name ", i), identity.Public{byte(i)}, time.Unix(1e9, 0))
	}
	for bad := range spoil.Each(b.Marshal()) {
		readBook(t, bad)
	}
}

// readBook: what reads is what would be written.
func readBook(t *testing.T, in []byte) {
	b, err := identity.ReadBook(in)
	if err == nil && !bytes.Equal(b.Marshal(), in) {
		t.Fatalf("%x reads as %x", in, b.Marshal())
	}
	if err != nil && (!errors.Is(err, identity.ErrBook) || b.Len() != 0) {
		t.Fatalf("%x: %v, %d entries", in, err, b.Len())
	}
}

func FuzzReadBook(f *testing.F) {
	f.Add([]byte{1, 0, 0})
	f.Add(identity.Book{}.Verify("Bob", identity.Public{1}, time.Unix(1e9, 0)).Remember("Eve", identity.Public{2}, time.Unix(1e9, 0)).Marshal())
	f.Fuzz(func(t *testing.T, in []byte) { readBook(t, in) })
}
