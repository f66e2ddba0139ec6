package wav_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
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

func TestAPipeGetsAFileThatLastsUntilItsEnd(t *testing.T) {
	var b bytes.Buffer
	w, err := wav.NewPipeWriter(&b, 48000)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(tone(30000)), w.Flush(), w.Write(tone(1000)), w.Close()); err != nil {
		t.Fatal(err)
	}
	d, err := wav.NewReader(bytes.NewReader(b.Bytes()))
	if err != nil || d.Len() != -1 {
		t.Fatal(d, err)
	}
	if got, _, err := wav.Read(&b, math.MaxInt); err != nil || len(got) != 31000 {
		t.Error(len(got), err)
	}
}

func TestAFileThatWasCutSaysSo(t *testing.T) {
	whole := made(1, 1, 44100, 16, make([]int16, 1000))
	for _, c := range []struct {
		data []byte
		cut  bool
	}{{whole, false}, {whole[:len(whole)-1], true}, {whole[:len(whole)-500], true}, {append(whole, "LIST"...), false}} {
		s, err := wav.NewStream(bytes.NewReader(c.data))
		if err != nil {
			t.Fatal(err)
		}
		for part := make([]float32, 700); err == nil; {
			_, err = s.Read(part)
		}
		if s.Cut() != c.cut {
			t.Errorf("%d bytes: %v", len(c.data), s.Cut())
		}
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

// le writes numbers of the given width.
func le(wide int, values ...uint64) []byte {
	var b []byte
	for _, v := range values {
		b = append(b, binary.LittleEndian.AppendUint64(nil, v)[:wide]...)
	}
	return b
}

// filled is made with the bytes of the samples.
func filled(tag, channels, bits int, data []byte) []byte {
	b := made(tag, channels, 48000, bits, nil)
	binary.LittleEndian.PutUint32(b[len(b)-4:], uint32(len(data)))
	return append(b, data...)
}

func TestEveryFormatIsRead(t *testing.T) {
	f32 := func(v float32) uint64 { return uint64(math.Float32bits(v)) }
	f64 := math.Float64bits
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name string
		data []byte
		want []float32
	}{
		{"8 bits", filled(1, 1, 8, le(1, 0, 128, 192, 255)), []float32{-1, 0, .5, 127. / 128}},
		{"12 bits in 16", put(filled(1, 1, 12, le(2, 0x8000, 0x7ff0)), 44, 2), []float32{-1, 2047. / 2048}},
		{"16 bits", filled(1, 1, 16, le(2, 0x8000, 0xffff, 0x4000)), []float32{-1, -1. / 32768, .5}},
		{"24 bits", filled(1, 1, 24, le(3, 0x800000, 0xffffff, 0x400000)), []float32{-1, -1. / (1 << 23), .5}},
		{"24 bits in 32", put(filled(1, 1, 24, le(4, 0x80000000, 0x40000000)), 44, 4), []float32{-1, .5}},
		{"32 bits", filled(1, 1, 32, le(4, 0x80000000, 0xffffffff, 0x40000000)), []float32{-1, -1. / (1 << 31), .5}},
		{"float 32", filled(3, 1, 32, le(4, f32(-.25), f32(2), f32(float32(nan)), f32(float32(-inf)))), []float32{-.25, 1, 0, -1}},
		{"float 64", filled(3, 1, 64, le(8, f64(-.25), f64(1e300), f64(nan), f64(-inf))), []float32{-.25, 1, 0, -1}},
		{"infinite against infinite", filled(3, 2, 64, le(8, f64(inf), f64(-inf))), []float32{0}},
		{"eight channels", filled(1, 8, 16, le(2, 0, 0x4000, 0, 0, 0, 0, 0x4000, 0x4000)), []float32{.5 * 3 / 8}},
		{"extended", extensible(1, 2, 24, le(3, 0x400000, 0xc00000, 0x400000, 0)), []float32{0, .25}},
		{"extended float", extensible(3, 1, 32, le(4, f32(.125))), []float32{.125}},
		{"with half a sample at the end", filled(1, 2, 16, le(2, 0x4000, 0x4000, 0x4000)), []float32{.5}},
		{"cut off", filled(1, 1, 16, le(2, 0x4000, 0x4000))[:58], []float32{.5}},
		{"from a pipe", put(put(put(put(filled(1, 1, 16, le(2, 0x4000)), 52, 255), 53, 255), 54, 255), 55, 255), []float32{.5}},
		{"interrupted", put(filled(1, 1, 16, le(2, 0x4000)), 52, 0), []float32{.5}},
		{"empty", put(filled(1, 1, 16, nil), 4, 44), nil},
		{"long", long(2, le(2, 0x4000, 0x4000)), []float32{.5}},
		{"long, and longer than it is", long(1<<40, le(2, 0x4000)), []float32{.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := wav.Read(bytes.NewReader(c.data), math.MaxInt)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%v, %v; and wanted is %v", got, err, c.want)
			}
		})
	}
}

func TestAHeaderThatDoesNotKnowTheLengthSaysSo(t *testing.T) {
	d, err := wav.NewReader(bytes.NewReader(put(filled(1, 1, 16, le(2, 0x4000)), 52, 0)))
	if err != nil || d.Len() != -1 {
		t.Error(d.Len(), err)
	}
	if d, err = wav.NewReader(bytes.NewReader(made(1, 2, 44100, 16, make([]int16, 10)))); err != nil || d.Len() != 5 {
		t.Error(d.Len(), err)
	}
}

func TestAStreamHasTheRateOfTheProgram(t *testing.T) {
	for _, from := range []int{8000, 44100, 48000, 192000} {
		in := make([]int16, from/10)
		for i := range in {
			in[i] = int16(16384 * math.Sin(2*math.Pi*440*float64(i)/float64(from)))
		}
		s, err := wav.NewStream(bytes.NewReader(made(1, 1, from, 16, in)))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got := make([]float32, 5000)
			n, err := s.Read(got)
			for m := n; err == nil && m > 0; n += m {
				m, err = s.Read(got[n:])
			}
			if n != 4800 || s.Format().Rate != from {
				t.Errorf("%d Hz: %d samples", from, n)
			}
			for i, want := range tone(4000)[1000:] {
				if math.Abs(float64(got[1000+i]-want)) > 1e-3 {
					t.Fatalf("%d Hz, sample %d: %v instead of %v", from, 1000+i, got[1000+i], want)
				}
			}
			if err := s.Rewind(); err != nil {
				t.Fatal(err)
			}
		}
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
		{"cut off in the description", "ends before its description", whole[:40]},
		{"big-endian", "big-endian", append([]byte("RIFX"), whole[4:]...)},
		{"seven bits", "48000 Hz mono, 7-bit PCM", made(1, 1, 48000, 7, nil)},
		{"40 bits", "40-bit PCM", made(1, 1, 48000, 40, nil)},
		{"half precision", "16-bit floating point", made(3, 1, 48000, 16, nil)},
		{"nine channels", "9 channels, 16-bit PCM, and there may be one to 8", made(1, 9, 48000, 16, nil)},
		{"no channels", "0 channels", made(1, 0, 48000, 16, nil)},
		{"compressed", "compressed (MP3)", made(0x55, 2, 48000, 16, nil)},
		{"A-law", "compressed (A-law)", made(6, 1, 8000, 8, nil)},
		{"µ-law", "compressed (µ-law)", made(7, 1, 8000, 8, nil)},
		{"ADPCM", "compressed (ADPCM)", made(0x11, 1, 8000, 4, nil)},
		{"something else", "compressed (tag 0x0161)", made(0x161, 1, 48000, 16, nil)},
		{"no rate", "0 Hz", made(1, 1, 0, 16, nil)},
		{"too low a rate", "7999 Hz mono, 16-bit PCM, and wanted are 8000 to 192000 Hz", made(1, 1, 7999, 16, nil)},
		{"too high a rate", "384000 Hz", made(1, 1, 384000, 16, nil)},
		{"samples that have no room", "does not fit in the 2 bytes", put(made(1, 2, 48000, 16, nil), 44, 2)},
		{"a frame that cannot be divided", "does not fit in the 5 bytes", put(made(1, 2, 48000, 16, nil), 44, 5)},
		{"a frame of nothing", "does not fit in the 0 bytes", put(made(1, 1, 48000, 16, nil), 44, 0)},
		{"extended and short", "does not say how", made(0xFFFE, 1, 48000, 16, nil)},
		{"extended and odd", "does not say how", put(extensible(1, 1, 16, nil), 50, 7)},
		{"extended and compressed", "compressed (MP3)", extensible(0x55, 1, 16, nil)},
		{"the sound first", "before its description", append([]byte("RIFF\x00\x00\x00\x00WAVEdata\x04\x00\x00\x00"), 1, 2, 3, 4)},
		{"a long part", "part of 1048578 bytes", []byte("RIFF\x00\x00\x00\x00WAVEJUNK\x01\x00\x10\x00")},
		{"a short part for long files", "part for long files has 8 bytes", []byte("RF64\xff\xff\xff\xffWAVEds64\x08\x00\x00\x00xxxxxxxx")},
		{"only parts", "among its first 64 parts", append([]byte("RIFF\x00\x00\x00\x00WAVE"), bytes.Repeat([]byte("JUNK\x00\x00\x00\x00"), 100)...)},
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
	f.Add(made(1, 3, 8000, 24, []int16{1, 2, 3, 4, 5, 6, 7, 8, 9}))
	f.Add(made(1, 1, 8000, 8, []int16{1, 2, 3, 4}))
	f.Add(extensible(3, 2, 64, bytes.Repeat([]byte{0xff, 0x7f}, 30)))
	f.Add(made(3, 1, 48000, 32, []int16{-1, -1, 3, 4}))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xff"))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00data\x04\x00\x00\x00abcd"))
	f.Add(long(7, make([]byte, 20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, format, err := wav.Read(bytes.NewReader(data), 1<<16)
		s, bad := wav.NewStream(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, wav.ErrFormat) || bad == nil {
				t.Fatal(err, bad)
			}
			return
		}
		if format.Bits < 8 || format.Bits > 64 || format.Rate < 8000 || format.Rate > 192000 || format.Channels < 1 || format.Channels > 8 {
			t.Fatalf("accepted %v", format)
		}
		if len(got)*format.Channels*(format.Bits/8) > len(data) {
			t.Fatalf("%d samples from %d bytes", len(got), len(data))
		}
		for _, v := range got {
			if !(v >= -1 && v <= 1) {
				t.Fatalf("sample %v", v)
			}
		}
		all := 0
		for part := make([]float32, 1000); ; {
			n, err := s.Read(part)
			for _, v := range part[:n] {
				if !(v > -3 && v < 3) { // a filter may exceed full scale, and not by much
					t.Fatalf("sample %v of the stream", v)
				}
			}
			if all += n; err != nil {
				break
			}
		}
		if want := (len(got)*48000 + format.Rate - 1) / format.Rate; len(got) < 1<<16 && all != want {
			t.Fatalf("%d samples became %d instead of %d", len(got), all, want)
		}
	})
}

// put returns file with another byte at one place.
func put(file []byte, at int, v byte) []byte {
	file[at] = v
	return file
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

// extensible returns a file that says how its samples are written in the long way.
func extensible(tag, channels, bits int, data []byte) []byte {
	b := []byte("RIFF\x00\x00\x00\x01WAVEfmt \x28\x00\x00\x00\xfe\xff")
	b = append(b, made(1, channels, 48000, bits, nil)[34:48]...)
	b = append(b, 22, 0, byte(bits), 0, 0, 0, 0, 0, byte(tag), byte(tag>>8))
	b = append(b, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71data"...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), data...)
}

// long returns a file of 16-bit mono whose length has 64 bits, and which has
// something behind the sound.
func long(length int, data []byte) []byte {
	b := []byte("RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00xxxxxxxx")
	b = binary.LittleEndian.AppendUint64(b, uint64(length))
	b = append(b, make([]byte, 12)...)
	b = append(b, made(1, 1, 48000, 16, nil)[24:52]...)
	return append(append(b, 0xff, 0xff, 0xff, 0xff), data...)
}
