package wav_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paravent/media/soundcard/wav"
)

func file(t testing.TB) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "sound.wav"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func tone(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(0.5 * math.Sin(2*math.Pi*440*float64(i)/48000))
	}
	return out
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	f, want := file(t), tone(50000)
	w, err := wav.NewWriter(f, 48000)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(want[:30000]), w.Flush(), w.Write(want[30000:]), w.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	got, format, err := wav.Read(bytes.NewReader(raw), math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	if format != (wav.Format{Rate: 48000, Channels: 1, Bits: 16}) || len(got) != len(want) {
		t.Fatalf("%d samples of %v", len(got), format)
	}
	for i := range got {
		if math.Abs(float64(got[i]-want[i])) > 1.0/32768 {
			t.Fatalf("sample %d is %v, not %v", i, got[i], want[i])
		}
	}
	if got := int(binary.LittleEndian.Uint32(raw[4:])) + 8; got != len(raw) {
		t.Errorf("the header says %d bytes, the file has %d", got, len(raw))
	}
}

func TestAnInterruptedFileIsWholeUpToTheLastFlush(t *testing.T) {
	f := file(t)
	w, err := wav.NewWriter(f, 48000)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(tone(48000)), w.Flush(), w.Write(tone(20000))); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	got, _, err := wav.Read(f, math.MaxInt)
	if err != nil || len(got) != 48000 {
		t.Fatalf("%d samples, %v", len(got), err)
	}
}

func TestWriteCutsWhatIsTooLoudAndSilencesWhatIsNoNumber(t *testing.T) {
	f := file(t)
	w, err := wav.NewWriter(f, 48000)
	if err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	inf := float32(math.Inf(1))
	if err := errors.Join(w.Write([]float32{2, -2, nan, inf, -inf}), w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	got, _, err := wav.Read(f, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	top := float32(32767) / 32768
	for i, want := range []float32{top, -1, 0, top, -1} {
		if got[i] != want {
			t.Errorf("sample %d is %v, not %v", i, got[i], want)
		}
	}
}

func TestStereoBecomesMono(t *testing.T) {
	got, format, err := wav.Read(bytes.NewReader(made(1, 2, 48000, 16, []int16{1000, 3000, -4, -6})), math.MaxInt)
	if err != nil || format.Channels != 2 || len(got) != 2 {
		t.Fatal(got, format, err)
	}
	if got[0] != 2000.0/32768 || got[1] != -5.0/32768 {
		t.Error(got)
	}
}

func TestReadStopsWhereItIsToldTo(t *testing.T) {
	got, _, err := wav.Read(bytes.NewReader(made(1, 1, 48000, 16, make([]int16, 9000))), 5000)
	if err != nil || len(got) != 5000 {
		t.Fatal(len(got), err)
	}
}

func TestRewindBeginsAnew(t *testing.T) {
	d, err := wav.NewReader(bytes.NewReader(made(1, 1, 48000, 16, []int16{1, 2, 3})))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, 8)
	for range 3 {
		n, err := d.Read(out)
		if n != 3 || err != nil || out[2] != 3.0/32768 {
			t.Fatal(n, err, out)
		}
		if _, err := d.Read(out); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if err := d.Rewind(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWrongFormatsAreSaidInWords(t *testing.T) {
	whole := made(1, 1, 48000, 16, []int16{1, 2, 3})
	for _, c := range []struct {
		name, says string
		data       []byte
	}{
		{"empty", "ends before its first 12 bytes", nil},
		{"another kind", "does not begin as", []byte("OggS and more than twelve bytes")},
		{"cut off", "ends before", whole[:20]},
		{"no sound", "ends before its sound", whole[:48]},
		{"8 bits", "48000 Hz mono, 8-bit PCM", made(1, 1, 48000, 8, nil)},
		{"six channels", "48000 Hz 6 channels, 16-bit PCM", made(1, 6, 48000, 16, nil)},
		{"floating point", "48000 Hz stereo, 32-bit floating point", made(3, 2, 48000, 32, nil)},
		{"compressed", "compressed (tag 0x0055)", made(0x55, 2, 48000, 16, nil)},
		{"no rate", "0 Hz", made(1, 1, 0, 16, nil)},
	} {
		_, _, err := wav.Read(bytes.NewReader(c.data), math.MaxInt)
		if !errors.Is(err, wav.ErrFormat) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestReadingAndWritingDoNotAllocate(t *testing.T) {
	d, err := wav.NewReader(bytes.NewReader(made(1, 2, 48000, 16, make([]int16, 2000))))
	if err != nil {
		t.Fatal(err)
	}
	w, err := wav.NewWriter(file(t), 48000)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]float32, 480)
	if n := testing.AllocsPerRun(100, func() {
		if n, _ := d.Read(block); n == 0 {
			d.Rewind()
		}
		w.Write(block)
	}); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(made(1, 1, 48000, 16, []int16{1, 2, 3}))
	f.Add(made(1, 2, 44100, 16, []int16{1, 2, 3, 4}))
	f.Add(made(0xFFFE, 2, 48000, 16, nil))
	f.Add(made(3, 1, 48000, 32, nil))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xff"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00data\x04\x00\x00\x00abcd"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, format, err := wav.Read(bytes.NewReader(data), 1<<16)
		if err != nil {
			return
		}
		if format.Bits != 16 || format.Rate < 1 || format.Channels < 1 || format.Channels > 2 {
			t.Fatalf("accepted %v", format)
		}
		if len(got) > len(data)/2 {
			t.Fatalf("%d samples from %d bytes", len(got), len(data))
		}
		for _, v := range got {
			if v < -1 || v > 1 {
				t.Fatalf("sample %v", v)
			}
		}
	})
}

// made returns a file as other programs write it, with a chunk that nobody
// needs before the sound.
func made(tag, channels, rate, bits int, samples []int16) []byte {
	b := append([]byte("RIFF"), 0, 0, 0, 0)
	b = append(b, "WAVE"...)
	b = append(b, "LIST\x03\x00\x00\x00abc\x00"...)
	b = append(b, "fmt \x10\x00\x00\x00"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(tag))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(2*len(samples)))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}
