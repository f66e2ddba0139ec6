package sframe_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"paravent/privacy/seal/sframe"
)

func suites() []sframe.Suite {
	return []sframe.Suite{sframe.AES128CTR80, sframe.AES128CTR64, sframe.AES128CTR32, sframe.AES128GCM, sframe.AES256GCM}
}

// vectors gives the fields of the published cases of one kind.
func vectors(t *testing.T, kind string, want int) [][]string {
	t.Helper()
	file, err := os.ReadFile("testdata/rfc9605.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all [][]string
	for line := range strings.Lines(string(file)) {
		if f := strings.Fields(line); len(f) > 0 && f[0] == kind {
			all = append(all, f[1:])
		}
	}
	if len(all) != want {
		t.Fatalf("%d vectors of kind %s, want %d", len(all), kind, want)
	}
	return all
}

func number(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHeadersAreThoseOfTheRFC(t *testing.T) {
	for _, v := range vectors(t, "header", 289) {
		want := sframe.Header{KID: number(t, v[0]), CTR: number(t, v[1])}
		coded := unhex(t, v[2])
		if got := want.Append(nil); !bytes.Equal(got, coded) {
			t.Errorf("%+v is coded as %x, want %x", want, got, coded)
		}
		got, n, err := sframe.ReadHeader(append(coded, 0xff))
		if err != nil || got != want || n != len(coded) {
			t.Errorf("%x reads as %+v in %d bytes, %v; want %+v", coded, got, n, err, want)
		}
		for i := range coded {
			if _, _, err := sframe.ReadHeader(coded[:i]); !errors.Is(err, sframe.ErrFrame) {
				t.Errorf("%x cut to %d bytes: %v, want ErrFrame", coded, i, err)
			}
		}
	}
}

func TestAHeaderThatIsLongerThanItMustBeIsRefused(t *testing.T) {
	for _, s := range []string{"8007", "0807", "900009", "09000f"} {
		if h, _, err := sframe.ReadHeader(unhex(t, s)); !errors.Is(err, sframe.ErrFrame) {
			t.Errorf("%s reads as %+v, %v; want ErrFrame", s, h, err)
		}
	}
}

func TestTheCounterModeIsThatOfTheRFC(t *testing.T) {
	for _, v := range vectors(t, "aead", 3) {
		got, err := sframe.Cipher(sframe.Suite(number(t, v[0])), unhex(t, v[1]), unhex(t, v[2]), unhex(t, v[4]), unhex(t, v[3]))
		if err != nil || hex.EncodeToString(got) != v[5] {
			t.Errorf("suite %s: %x, %v; want %s", v[0], got, err, v[5])
		}
	}
}

func TestFramesOfEverySuiteAreThoseOfTheRFC(t *testing.T) {
	for _, v := range vectors(t, "frame", len(suites())) {
		suite, kid, ctr := sframe.Suite(number(t, v[0])), number(t, v[1]), number(t, v[2])
		base, metadata, plain, frame := unhex(t, v[3]), unhex(t, v[4]), unhex(t, v[5]), unhex(t, v[6])
		s, err := sframe.NewSealer(suite, kid, base)
		if err != nil {
			t.Fatal(err)
		}
		s.SkipTo(ctr)
		if got, err := s.Seal(nil, metadata, plain); err != nil || !bytes.Equal(got, frame) {
			t.Errorf("suite %d seals %x, %v; want %x", suite, got, err, frame)
		}
		o, err := sframe.NewOpener(suite, kid, base)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.Open(nil, metadata, frame); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("suite %d opens %x, %v; want %x", suite, got, err, plain)
		}
	}
}

func pair(t testing.TB, s sframe.Suite) (*sframe.Sealer, *sframe.Opener) {
	t.Helper()
	base := []byte("a key that is known to two alone")
	sealer, err := sframe.NewSealer(s, 300, base)
	if err != nil {
		t.Fatal(err)
	}
	opener, err := sframe.NewOpener(s, 300, base)
	if err != nil {
		t.Fatal(err)
	}
	return sealer, opener
}

func TestAFrameThatWasChangedAnywhereDoesNotOpen(t *testing.T) {
	for _, suite := range suites() {
		sealer, opener := pair(t, suite)
		frame, err := sealer.Seal(nil, []byte("size"), []byte("picture"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range frame {
			for bit := range 8 {
				bad := bytes.Clone(frame)
				bad[i] ^= 1 << bit
				if got, err := opener.Open([]byte("before"), []byte("size"), bad); err == nil || string(got) != "before" {
					t.Fatalf("suite %d, bit %d of byte %d: opened %q, %v", suite, bit, i, got, err)
				}
			}
			if _, err := opener.Open(nil, []byte("size"), frame[:i]); err == nil {
				t.Fatalf("suite %d: opened with %d of %d bytes", suite, i, len(frame))
			}
		}
		if _, err := opener.Open(nil, []byte("Size"), frame); !errors.Is(err, sframe.ErrForged) {
			t.Errorf("suite %d, other metadata: %v, want ErrForged", suite, err)
		}
		if got, err := opener.Open(nil, []byte("size"), frame); err != nil || string(got) != "picture" {
			t.Errorf("suite %d: the true frame after the false ones: %q, %v", suite, got, err)
		}
	}
}

func TestAFrameOpensOnce(t *testing.T) {
	sealer, opener := pair(t, sframe.AES256GCM)
	var frames [][]byte
	for i := range 3000 {
		f, err := sealer.Seal(nil, nil, []byte{byte(i)})
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
	open := func(i int, want error) {
		t.Helper()
		if _, err := opener.Open(nil, nil, frames[i]); !errors.Is(err, want) {
			t.Errorf("frame %d: %v, want %v", i, err, want)
		}
	}
	open(0, nil)
	open(0, sframe.ErrReplay)
	open(5, nil)
	open(3, nil) // late
	open(3, sframe.ErrReplay)
	open(5, sframe.ErrReplay)
	open(1029, nil)
	open(5, sframe.ErrReplay)
	open(6, nil) // just in the window
	open(4, sframe.ErrReplay)
	open(2999, nil) // a jump over the whole window
	open(1029, sframe.ErrReplay)
	open(1975, sframe.ErrReplay) // never opened, too old to tell
	open(1976, nil)
	open(2998, nil)
	open(2998, sframe.ErrReplay)
}

// TestTheWindowIsThatOfASetOfNumbers compares it with the plainest way to remember.
func TestTheWindowIsThatOfASetOfNumbers(t *testing.T) {
	sealer, opener := pair(t, sframe.AES128GCM)
	r := rand.New(rand.NewPCG(1, 2))
	seen, top := map[int]bool{}, -1
	var frames [][]byte
	for range 6000 {
		f, err := sealer.Seal(nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
	for range 20000 {
		i := min(max(0, top-1100+r.IntN(1105)), len(frames)-1)
		if r.IntN(50) == 0 {
			i = min(top+r.IntN(1500), len(frames)-1)
		}
		i = max(i, 0)
		want := !seen[i] && top-i < 1024
		if _, err := opener.Open(nil, nil, frames[i]); (err == nil) != want {
			t.Fatalf("frame %d after %d: %v, want opened: %v", i, top, err, want)
		}
		if want {
			seen[i], top = true, max(top, i)
		}
	}
}

func TestAnotherKeyIsSaidSo(t *testing.T) {
	sealer, _ := pair(t, sframe.AES256GCM)
	frame, err := sealer.Seal(nil, nil, []byte("picture"))
	if err != nil {
		t.Fatal(err)
	}
	for kid, want := range map[uint64]error{301: sframe.ErrKey, 300: sframe.ErrForged} {
		o, err := sframe.NewOpener(sframe.AES256GCM, kid, []byte("another key"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Open(nil, nil, frame); !errors.Is(err, want) {
			t.Errorf("key %d: %v, want %v", kid, err, want)
		}
	}
}

func TestASpentKeySealsNothing(t *testing.T) {
	sealer, _ := pair(t, sframe.AES256GCM)
	sealer.SkipTo(1<<32 - 1)
	if _, err := sealer.Seal(nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := sealer.Seal(nil, nil, []byte("picture")); !errors.Is(err, sframe.ErrSpent) || len(got) > 0 {
		t.Errorf("after the last number: %x, %v; want ErrSpent", got, err)
	}
	sealer.SkipTo(7)
	sealer.Retire()
	if got, err := sealer.Seal(nil, nil, []byte("picture")); !errors.Is(err, sframe.ErrSpent) || len(got) > 0 {
		t.Errorf("put out of use: %x, %v; want ErrSpent", got, err)
	}
}

func TestAnUnknownSuiteIsRefused(t *testing.T) {
	for _, s := range []sframe.Suite{0, 6, 0xffff} {
		if _, err := sframe.NewSealer(s, 1, []byte("key")); !errors.Is(err, sframe.ErrSuite) {
			t.Errorf("suite %d: %v, want ErrSuite", s, err)
		}
		if _, err := sframe.NewOpener(s, 1, []byte("key")); !errors.Is(err, sframe.ErrSuite) {
			t.Errorf("suite %d: %v, want ErrSuite", s, err)
		}
	}
}

func TestNoFrameAllocates(t *testing.T) {
	plain, metadata := make([]byte, 1200), []byte("0123456789")
	for _, suite := range suites() {
		sealer, opener := pair(t, suite)
		sealed, opened := make([]byte, 0, 2000), make([]byte, 0, 2000)
		if n := testing.AllocsPerRun(100, func() {
			f, err := sealer.Seal(sealed, metadata, plain)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := opener.Open(opened, metadata, f); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("suite %d: %v allocations a frame", suite, n)
		}
	}
}

func FuzzOpen(f *testing.F) {
	base := []byte("a key that is known to two alone")
	for _, suite := range suites() {
		s, _ := pair(f, suite)
		frame, err := s.Seal(nil, []byte("m"), []byte("picture"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint16(suite), []byte("m"), frame)
	}
	f.Fuzz(func(t *testing.T, suite uint16, metadata, frame []byte) {
		h, n, err := sframe.ReadHeader(frame)
		if err == nil && !bytes.Equal(h.Append(nil), frame[:n]) {
			t.Errorf("%x reads as %+v, which is coded as %x", frame[:n], h, h.Append(nil))
		}
		s := sframe.Suite(suite%5 + 1)
		o, err := sframe.NewOpener(s, 300, base)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := o.Open(nil, metadata, frame)
		if err != nil {
			return
		}
		sealer, err := sframe.NewSealer(s, 300, base)
		if err != nil {
			t.Fatal(err)
		}
		sealer.SkipTo(h.CTR)
		if again, err := sealer.Seal(nil, metadata, plain); err != nil || !bytes.Equal(again, frame) {
			t.Errorf("%x opened as %x, which is sealed as %x, %v", frame, plain, again, err)
		}
	})
}
