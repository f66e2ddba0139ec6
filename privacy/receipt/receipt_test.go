package receipt_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"paravent/privacy/internal/spoil"
	"paravent/privacy/receipt"
)

func key(b byte) receipt.Key { return receipt.NewKey([receipt.SeedSize]byte{b}) }

func begin(t *testing.T, b receipt.Book, k receipt.Key) *receipt.Writer {
	t.Helper()
	w, err := b.Begin(receipt.Start{Program: "0.1.0", Kind: "livekit", Server: "meet.example"}, k)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// aCall writes the receipt of a whole call and returns its name.
func aCall(t *testing.T, b receipt.Book, k receipt.Key) string {
	t.Helper()
	w := begin(t, b, k)
	must(t, w.Facts(receipt.Facts{Encryption: "transport"}))
	must(t, w.Facts(receipt.Facts{Encryption: "transport", Camera: true, Background: "blur"}))
	must(t, w.Consent(receipt.Consent{Topic: "recording", Yes: true}))
	must(t, w.Traffic([]receipt.Flow{{Host: "meet.example", Purpose: "media", Up: 7, Down: 9}}))
	must(t, w.End("left", []receipt.Flow{{Host: "meet.example", Purpose: "media", Up: 70, Down: 90}}))
	return w.Call()
}

func verify(t *testing.T, b receipt.Book) receipt.Finding {
	t.Helper()
	f, err := b.Verify()
	must(t, err)
	return f
}

func good(t *testing.T, b receipt.Book) receipt.Finding {
	t.Helper()
	f := verify(t, b)
	for _, c := range f.Calls {
		if c.Err != nil {
			t.Errorf("%s: %v", c.Name, c.Err)
		}
	}
	if f.Err != nil || !f.Good() {
		t.Fatalf("the book is not good: %v", f.Err)
	}
	return f
}

func TestWhatWasWrittenIsReadAndGood(t *testing.T) {
	b := receipt.At(filepath.Join(t.TempDir(), "receipts"))
	good(t, b) // there is none yet
	name := aCall(t, b, key(1))
	f := good(t, b)
	if len(f.Calls) != 1 || f.Calls[0].Name != name || len(f.Keys) != 1 || f.Keys[0].String() != key(1).Public().String() {
		t.Fatalf("%+v", f)
	}
	r := f.Calls[0].Receipt
	var whats []receipt.What
	for _, l := range r.Lines {
		whats = append(whats, l.What)
	}
	want := []receipt.What{receipt.Began, receipt.Changed, receipt.Changed, receipt.Asked, receipt.Moved, receipt.Ended}
	if len(whats) != len(want) || r.Server != "meet.example" || !r.Whole || r.End().Flows[0].Up != 70 || !r.Lines[3].Consent.Yes {
		t.Errorf("%v, want %v: %+v", whats, want, r)
	}
}

func TestTheSameFactsAreWrittenOnce(t *testing.T) {
	b := receipt.At(t.TempDir())
	w := begin(t, b, key(1))
	for range 5 {
		must(t, w.Facts(receipt.Facts{Camera: true}))
	}
	must(t, w.End("left", nil))
	must(t, w.End("left", nil))
	must(t, w.Facts(receipt.Facts{}))
	if n := len(good(t, b).Calls[0].Receipt.Lines); n != 3 {
		t.Errorf("%d lines, want began, facts and ended", n)
	}
}

// Every byte of every file is changed in turn.
func TestOneFlippedBitAnywhereIsFound(t *testing.T) {
	dir := t.TempDir()
	b := receipt.At(dir)
	aCall(t, b, key(1))
	must(t, b.Delete(aCall(t, b, key(2)), key(2)))
	good(t, b)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	tried := 0
	for _, path := range files {
		whole, err := os.ReadFile(path)
		must(t, err)
		for i := range whole {
			bad := bytes.Clone(whole)
			bad[i] ^= 1 << (i % 8)
			must(t, os.WriteFile(path, bad, 0o600))
			if verify(t, b).Good() {
				t.Errorf("%s: byte %d was changed from %q to %q, and nothing is said", filepath.Base(path), i, whole[i], bad[i])
			}
			tried++
		}
		must(t, os.WriteFile(path, whole, 0o600))
	}
	if tried < 2000 {
		t.Fatalf("only %d bytes were there to change", tried)
	}
	good(t, b)
}

func TestLinesThatAreMissingOrMovedAreFound(t *testing.T) {
	dir := t.TempDir()
	b := receipt.At(dir)
	first, second := aCall(t, b, key(1)), aCall(t, b, key(1))
	paths := []string{filepath.Join(dir, "book"), filepath.Join(dir, first+".jsonl")}
	for _, path := range paths {
		whole, err := os.ReadFile(path)
		must(t, err)
		lines := bytes.SplitAfter(bytes.TrimSuffix(whole, []byte("\n")), []byte("\n"))
		lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
		for i := range lines {
			without := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
			must(t, os.WriteFile(path, without, 0o600))
			// The book's own last line can go unseen: the package says so.
			if f := verify(t, b); f.Good() && (path != paths[0] || i != len(lines)-1) {
				t.Errorf("%s without line %d is good", filepath.Base(path), i+1)
			}
			if i > 0 {
				swapped := append([][]byte{}, lines...)
				swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
				must(t, os.WriteFile(path, bytes.Join(swapped, nil), 0o600))
				if verify(t, b).Good() {
					t.Errorf("%s with lines %d and %d in each other's place is good", filepath.Base(path), i, i+1)
				}
			}
		}
		must(t, os.WriteFile(path, whole, 0o600))
	}

	one, err := os.ReadFile(filepath.Join(dir, second+".jsonl"))
	must(t, err)
	must(t, os.Rename(filepath.Join(dir, second+".jsonl"), filepath.Join(dir, "aside")))
	if verify(t, b).Good() {
		t.Error("a receipt that is missing, and a file that is none, are good")
	}
	must(t, os.Remove(filepath.Join(dir, "aside")))
	must(t, os.WriteFile(filepath.Join(dir, first+".jsonl"), one, 0o600))
	if verify(t, b).Good() {
		t.Error("one call's receipt in place of another's is good")
	}
}

func TestACallThatIsDeletedLeavesAGoodBook(t *testing.T) {
	dir := t.TempDir()
	b := receipt.At(dir)
	first, second, third := aCall(t, b, key(1)), aCall(t, b, key(1)), aCall(t, b, key(1))
	must(t, b.Delete(second, key(1)))
	f := good(t, b)
	if len(f.Calls) != 2 || f.Calls[0].Name != first || f.Calls[1].Name != third || f.Gone != 1 {
		t.Errorf("%+v", f)
	}
	left, err := os.ReadFile(filepath.Join(dir, "book"))
	must(t, err)
	if strings.Contains(string(left), "meet.example") {
		t.Error("the book names the server of a call")
	}
	if err := b.Delete(second, key(1)); !errors.Is(err, receipt.ErrNoCall) {
		t.Errorf("deleted again: %v", err)
	}
	for _, name := range []string{"", "book", "../book", "20260101-000000-000-aaaa", second + "/../" + first} {
		if err := b.Delete(name, key(1)); !errors.Is(err, receipt.ErrNoCall) {
			t.Errorf("delete %q: %v", name, err)
		}
		if _, err := b.Open(name); !errors.Is(err, receipt.ErrNoCall) {
			t.Errorf("open %q: %v", name, err)
		}
	}
}

func TestACallThatEndedWithoutAWordIsGoodAndNotWhole(t *testing.T) {
	b := receipt.At(t.TempDir())
	w := begin(t, b, key(1))
	must(t, w.Facts(receipt.Facts{Camera: true}))
	f := good(t, b)
	if len(f.Calls) != 1 || f.Calls[0].Receipt.Whole {
		t.Errorf("%+v", f)
	}
}

func TestTwoProgramsWriteOneBook(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			b, k := receipt.At(dir), key(byte(n))
			for range 5 {
				w, err := b.Begin(receipt.Start{Server: "meet.example"}, k)
				if err == nil {
					err = errors.Join(w.Facts(receipt.Facts{Camera: true}), w.End("left", nil))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if f := good(t, receipt.At(dir)); len(f.Calls) != 40 || len(f.Keys) != 8 {
		t.Errorf("%d calls and %d keys, want 40 and 8", len(f.Calls), len(f.Keys))
	}
}

func TestABrokenBookTakesNoMoreCalls(t *testing.T) {
	dir := t.TempDir()
	b := receipt.At(dir)
	aCall(t, b, key(1))
	path := filepath.Join(dir, "book")
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, whole[:len(whole)-5], 0o600))
	if _, err := b.Begin(receipt.Start{}, key(1)); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("%v, want that the book is broken", err)
	}
	if n, _ := b.Names(); len(n) != 1 {
		t.Errorf("%d receipts are left, want the one of before", len(n))
	}
}

func TestOldReceiptsExpire(t *testing.T) {
	b := receipt.At(t.TempDir())
	aCall(t, b, key(1))
	must(t, b.Expire(time.Now().Add(-time.Hour), key(1)))
	if n, _ := b.Names(); len(n) != 1 {
		t.Fatal("a receipt of this hour has expired")
	}
	must(t, b.Expire(time.Now().Add(time.Hour), key(1)))
	if n, _ := b.Names(); len(n) != 0 {
		t.Error("nothing has expired")
	}
	good(t, b)
}

func TestAReceiptIsBounded(t *testing.T) {
	b := receipt.At(t.TempDir())
	w := begin(t, b, key(1))
	for n := range 20_000 {
		must(t, w.Facts(receipt.Facts{Camera: n%2 == 0}))
	}
	must(t, w.End("left", nil))
	r := good(t, b).Calls[0].Receipt
	if n := len(r.Lines); n > 17_300 || r.Lines[n-2].What != receipt.Full || !r.Whole {
		t.Errorf("%d lines, and the last but one says %q", n, r.Lines[n-2].What)
	}
}

func TestAnExportedReceiptCanBeReadElsewhere(t *testing.T) {
	b := receipt.At(t.TempDir())
	f, err := b.Open(aCall(t, b, key(3)))
	must(t, err)
	defer f.Close()
	all, err := io.ReadAll(f)
	must(t, err)
	r, err := receipt.Read("export", bytes.NewReader(all))
	must(t, err)
	if r.Key.String() != key(3).Public().String() || !r.Whole {
		t.Errorf("%+v", r)
	}
	bad := (*receipt.BadLineError)(nil)
	if _, err := receipt.Read("export", bytes.NewReader(all[:len(all)-1])); !errors.As(err, &bad) || bad.N != 6 {
		t.Errorf("%v, want a bad line 6", err)
	}
	if _, err := receipt.Read("export", strings.NewReader("")); err == nil {
		t.Error("nothing is a receipt")
	}
}

func TestAKeyDoesNotPrint(t *testing.T) {
	k := key(9)
	if s := k.String() + k.GoString(); strings.Contains(s, "9") {
		t.Error(s)
	}
}

// aReceipt is the whole receipt of a call, signed by key(1): the same for every process
// that fuzzes.
func aReceipt(t testing.TB) []byte {
	t.Helper()
	whole, err := os.ReadFile("testdata/receipt.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	r, err := receipt.Read("testdata", bytes.NewReader(whole))
	if err != nil || !r.Whole || r.Key.String() != key(1).Public().String() {
		t.Fatalf("%+v, %v", r, err)
	}
	return whole
}

// readForeign: nothing but what key(1) has signed reads as signed by it.
func readForeign(t *testing.T, whole, in []byte) {
	r, err := receipt.Read("foreign", bytes.NewReader(in))
	if err == nil && !bytes.HasPrefix(whole, in) && r.Key.String() == key(1).Public().String() {
		t.Errorf("%q is signed by the key that signed the receipt", in)
	}
}

func TestTenThousandSpoiledReceiptsAreRefused(t *testing.T) {
	whole := aReceipt(t)
	for bad := range spoil.Each(whole) {
		readForeign(t, whole, bad)
	}
}

func FuzzRead(f *testing.F) {
	whole := aReceipt(f)
	f.Add(whole)
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, in []byte) { readForeign(t, whole, in) })
}
