package parcel_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"paravent/privacy/internal/spoil"
	"paravent/privacy/parcel"
)

func box(t testing.TB) (*parcel.Box, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "received")
	b, err := parcel.NewBox(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, dir
}

func take(t testing.TB, b *parcel.Box, name, content string) (string, error) {
	t.Helper()
	p, err := b.Take(name, int64(len(content)))
	if err != nil {
		return "", err
	}
	if _, err := io.WriteString(p, content); err != nil {
		p.Drop()
		return "", err
	}
	return p.Done()
}

func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		names = append(names, f.Name())
	}
	return names
}

func TestNamesFromTheNetworkStayInTheFolder(t *testing.T) {
	for foreign, want := range map[string]string{
		"report.pdf": "report.pdf", "../../.ssh/authorized_keys": "authorized_keys", `C:\Windows\evil.exe`: "evil.exe",
		"/etc/passwd": "passwd", "..": "file", ".": "file", "": "file", "...": "file", ".bashrc": "bashrc", "a\x00b\x1b[2Jc": "ab[2Jc",
		"invoice\u202efdp.exe": "invoicefdp.exe", "NUL": "_NUL", "com1.txt": "_com1.txt", "x. . ": "x", "a:b": "a_b", "Größe 🙂.txt": "Größe 🙂.txt",
		"con .txt": "_con .txt", "\xff\xfe": "file", "a\nb": "ab",
	} {
		if got := parcel.Name(foreign); got != want {
			t.Errorf("%q becomes %q, want %q", foreign, got, want)
		}
	}
	if got := parcel.Name(strings.Repeat("ü", 500) + ".pdf"); len(got) > 200 || !strings.HasSuffix(got, ".pdf") || !utf8.ValidString(got) {
		t.Errorf("a long name becomes %q", got)
	}
}

func TestWhatArrivesIsForItsOwnerAloneAndOverwritesNothing(t *testing.T) {
	b, dir := box(t)
	for i, want := range []string{"a.txt", "a (2).txt", "a (3).txt"} {
		content := strings.Repeat("x", i+1)
		where, err := take(t, b, "../a.txt", content)
		if err != nil || where != filepath.Join(dir, want) {
			t.Fatalf("%q, %v", where, err)
		}
		got, err := os.ReadFile(where)
		if err != nil || string(got) != content {
			t.Errorf("%s: %q, %v", want, got, err)
		}
		if info, err := os.Stat(where); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", want, info.Mode(), err)
		}
	}
	if n := files(t, dir); len(n) != 3 {
		t.Errorf("there are %q", n)
	}
}

func TestALinkInTheFolderLeadsNowhere(t *testing.T) {
	b, dir := box(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.Symlink(outside, filepath.Join(dir, "a.txt")); err != nil {
		t.Skip(err)
	}
	where, err := take(t, b, "a.txt", "x")
	if err != nil || filepath.Base(where) != "a (2).txt" {
		t.Errorf("%q, %v", where, err)
	}
	if _, err := os.Stat(outside); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was written outside of the folder")
	}
}

func TestWhatIsTooLargeTooShortOrTooMuchIsNotKept(t *testing.T) {
	b, dir := box(t)
	if _, err := b.Take("x", parcel.MaxSize+1); !errors.Is(err, parcel.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	short, err := b.Take("x", 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := short.Write([]byte("12345")); err != nil {
		t.Fatal(err)
	}
	if _, err := short.Done(); !errors.Is(err, parcel.ErrShort) {
		t.Errorf("too short: %v", err)
	}
	long, err := b.Take("x", 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := long.Write([]byte("12345")); !errors.Is(err, parcel.ErrShort) {
		t.Errorf("longer than was said: %v", err)
	}
	long.Drop()
	endless, err := b.Take("x", -1)
	if err != nil {
		t.Fatal(err)
	}
	part := make([]byte, 1<<20)
	for range parcel.MaxSize / len(part) {
		if _, err := endless.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := endless.Write(part); !errors.Is(err, parcel.ErrTooLarge) {
		t.Errorf("without an end: %v", err)
	}
	endless.Drop()
	for range 200 {
		if _, err = take(t, b, "x", "x"); err != nil {
			break
		}
	}
	if !errors.Is(err, parcel.ErrFull) || len(files(t, dir)) > 100 {
		t.Errorf("%d files, %v", len(files(t, dir)), err)
	}
	for _, n := range files(t, dir) {
		if strings.HasPrefix(n, ".") {
			t.Errorf("%s was left behind", n)
		}
	}
}

// picture is a JPEG with so many segments before its first.
func picture(t testing.TB, segments ...string) []byte {
	t.Helper()
	m := image.NewYCbCr(image.Rect(0, 0, 64, 48), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = byte(i * 7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	out := append([]byte(nil), b.Bytes()[:2]...)
	for _, s := range segments {
		n := len(s) + 1
		out = append(out, 0xff, s[0], byte(n>>8), byte(n))
		out = append(out, s[1:]...)
	}
	return append(out, b.Bytes()[2:]...)
}

func TestWhatACameraWroteIsTakenOutOfAPicture(t *testing.T) {
	secrets := []string{
		"\xe0JFXX\x00\x10a thumbnail", "\xe1Exif\x00\x00MM\x00*GPS 52.5 N 13.4 E", "\xe1http://ns.adobe.com/xap/1.0/\x00<xmp>Anna</xmp>",
		"\xedPhotoshop 3.0\x008BIM IPTC", "\xfea comment", "\xe2MPF\x00another picture", "\xefmaker",
	}
	kept := []string{"\xe0JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00", "\xe2ICC_PROFILE\x00\x01\x01colours", "\xeeAdobe\x00d\x00\x00\x00\x00\x00"}
	file := filepath.Join(t.TempDir(), "holiday.jpg")
	raw := append(picture(t, append(secrets, kept...)...), "a trailer with a film"...)
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for exact, leaks := range map[bool]bool{false: false, true: true} {
		l, err := parcel.Open(file, exact)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(l)
		if err := errors.Join(err, l.Close()); err != nil || int64(len(got)) != l.Size || l.Name != "holiday.jpg" {
			t.Fatalf("%d bytes of %d, %q, %v", len(got), l.Size, l.Name, err)
		}
		for _, s := range append(secrets, "XXa trailer") {
			if bytes.Contains(got, []byte(s[2:])) != leaks {
				t.Errorf("exact %v: %q", exact, s)
			}
		}
		for _, s := range kept {
			if !bytes.Contains(got, []byte(s[1:])) {
				t.Errorf("exact %v: without %q", exact, s)
			}
		}
		m, err := jpeg.Decode(bytes.NewReader(got))
		if err != nil || m.Bounds().Dx() != 64 || m.At(1, 1) == (color.YCbCr{}) {
			t.Errorf("exact %v: the picture is gone: %v", exact, err)
		}
	}
}

func TestADamagedPictureIsNotSentByAccident(t *testing.T) {
	whole := picture(t, "\xe1Exif\x00\x00secret")
	file := filepath.Join(t.TempDir(), "x.jpg")
	if err := os.WriteFile(file, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := parcel.Open(file, false); !errors.Is(err, parcel.ErrJPEG) {
		t.Errorf("error = %v", err)
	}
	if _, err := parcel.Open(t.TempDir(), false); !errors.Is(err, parcel.ErrNotAFile) {
		t.Errorf("a folder: %v", err)
	}
	if _, err := parcel.Open(filepath.Join(t.TempDir(), "none"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"a/../b", `..\..\x`, "CON.txt", "\u202e", "a\x00", ".", strings.Repeat("x", 999), "~/x", "file:///x", "LPT¹"} {
		f.Add(s)
	}
	f.Fuzz(named)
}

// named: what becomes of a name is one of a file in one folder, wherever it is read.
func named(t *testing.T, foreign string) {
	n := parcel.Name(foreign)
	if n == "" || len(n) > 201 || strings.ContainsAny(n, "/\\\x00\n\r:") || n[0] == '.' || strings.HasSuffix(n, ".") || strings.HasSuffix(n, " ") ||
		!utf8.ValidString(n) || filepath.Base(n) != n || !filepath.IsLocal(n) {
		t.Errorf("%q becomes %q", foreign, n)
	}
	if again := parcel.Name(n); again != n && "_"+n != again {
		t.Errorf("%q becomes %q and then %q", foreign, n, again)
	}
}

func TestTenThousandNamesAreNamesOfFiles(t *testing.T) {
	for bad := range spoil.Each([]byte("Bericht über 2026.pdf"), []byte(`..\..\x/../y`), []byte("CON.txt"), []byte("~/.ssh/authorized_keys\x00.jpg"), []byte("file:///x\u202efdp.exe")) {
		named(t, string(bad))
	}
}

func FuzzStrip(f *testing.F) {
	f.Add(picture(f, "\xe1Exif\x00\x00secret"))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 2})
	f.Fuzz(stripped)
}

// stripped: nothing is added, and nothing is left that could be taken out once more.
func stripped(t *testing.T, b []byte) {
	out, err := parcel.Strip(b)
	if err != nil {
		return
	}
	again, err := parcel.Strip(out)
	if len(out) > len(b) || err != nil || !bytes.Equal(again, out) {
		t.Errorf("%d bytes of %d; once more: %d, %v", len(out), len(b), len(again), err)
	}
}

func TestTenThousandSpoiledPicturesAreStrippedOrRefused(t *testing.T) {
	for bad := range spoil.Each(picture(t, "\xe1Exif\x00\x00secret")) {
		stripped(t, bad)
	}
}
