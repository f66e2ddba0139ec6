package sframe_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"paravent/media/codec"
	"paravent/privacy/internal/spoil"
	"paravent/privacy/seal/sframe"
)

// frames are one of each kind that a server tells apart.
func frames() map[string]struct {
	name  codec.Name
	data  []byte
	clear int
} {
	type c = struct {
		name  codec.Name
		data  []byte
		clear int
	}
	body := bytes.Repeat([]byte{0xa5, 0, 0, 1, 7}, 40)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	sets := []byte{0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0, 0, 0, 1, 0x68, 0xce, 0x3c}
	return map[string]c{
		"VP8 keyframe":     {codec.VP8, join([]byte{0x10, 2, 0, 0x9d, 1, 0x2a, 0, 5, 0xd0, 2}, body), 10},
		"VP8 other":        {codec.VP8, join([]byte{0x11, 2, 0}, body), 1},
		"VP9":              {codec.VP9, join([]byte{0x82}, body), 1},
		"Opus":             {codec.Opus, []byte{0x78, 1, 2, 3}, 0},
		"H.264 keyframe":   {codec.H264, join(sets, []byte{0, 0, 0, 1, 0x65}, body), 20},
		"H.264 other":      {codec.H264, join([]byte{0, 0, 0, 1, 0x41}, body), 5},
		"H.264 two slices": {codec.H264, join(sets, []byte{0, 0, 0, 1, 0x65}, body, []byte{0, 0, 0, 1, 0x65}, body), 20},
	}
}

func TestWhatAServerReadsOfAFrameStaysClearAndNothingElse(t *testing.T) {
	for what, f := range frames() {
		sealer, opener := pair(t, sframe.AES256GCM)
		for range 200 { // other ciphertexts each time
			sealed, err := sframe.SealFrame(sealer, f.name, []byte("x"), f.data)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			sealed = sealed[1:]
			if !bytes.Equal(sealed[:f.clear], f.data[:f.clear]) {
				t.Errorf("%s begins with %x, want %x", what, sealed[:f.clear], f.data[:f.clear])
			}
			if n := min(8, len(f.data)-f.clear); bytes.Contains(sealed[f.clear:], f.data[f.clear:][:n]) && n > 3 {
				t.Errorf("%s: what comes after its %d clear bytes can be read", what, f.clear)
			}
			if f.name == codec.H264 && bytes.Contains(sealed[f.clear:], []byte{0, 0, 1}) {
				t.Fatalf("%s: a start code in the ciphertext", what)
			}
			if kid, err := sframe.KeyOf(f.name, sealed); err != nil || kid != 300 {
				t.Fatalf("%s: key %d, %v", what, kid, err)
			}
			got, err := sframe.OpenFrame(opener, f.name, []byte("x"), sealed)
			if err != nil || !bytes.Equal(got[1:], f.data) {
				t.Fatalf("%s opens as %x, %v; want %x", what, got, err, f.data)
			}
		}
	}
}

func TestAServerThatChangesAClearByteHasNoFrame(t *testing.T) {
	for what, f := range frames() {
		sealer, opener := pair(t, sframe.AES256GCM)
		sealed, err := sframe.SealFrame(sealer, f.name, nil, f.data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range f.clear {
			for bit := range 8 {
				bad := bytes.Clone(sealed)
				bad[i] ^= 1 << bit
				if got, err := sframe.OpenFrame(opener, f.name, []byte("x"), bad); err == nil || string(got) != "x" {
					t.Errorf("%s, bit %d of byte %d: opened %x, %v", what, bit, i, got, err)
				}
			}
		}
	}
}

func TestPackersMayLeaveOutDelimitersAndChangeStartCodes(t *testing.T) {
	sealer, opener := pair(t, sframe.AES256GCM)
	sent := []byte{0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 4, 5, 6}
	got, want := []byte{}, []byte{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 0, 1, 0x65, 4, 5, 6}
	sealed, err := sframe.SealFrame(sealer, codec.H264, nil, sent)
	if err == nil {
		got, err = sframe.OpenFrame(opener, codec.H264, nil, sealed)
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
}

// TestCiphertextFullOfZerosIsNoStartCode has the worst bytes there are: those of
// H.264 that look like start codes.
func TestCiphertextFullOfZerosIsNoStartCode(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		b := make([]byte, r.IntN(30))
		for i := range b {
			b[i] = byte(r.IntN(5))
		}
		b = append(b, 0x80)
		e := sframe.Escape(append([]byte("xx"), b...), 2)
		for _, code := range [][]byte{{0, 0, 0}, {0, 0, 1}, {0, 0, 2}} {
			if bytes.Contains(e, code) {
				t.Fatalf("%x becomes %x, which has %x in it", b, e, code)
			}
		}
		if back := sframe.Unescape(nil, e[2:]); !bytes.Equal(back, b) {
			t.Fatalf("%x becomes %x and then %x", b, e, back)
		}
	}
}

func TestCodecsThatCannotBeSealedAreRefused(t *testing.T) {
	sealer, opener := pair(t, sframe.AES256GCM)
	for _, name := range []codec.Name{codec.AV1, "h265", ""} {
		if got, err := sframe.SealFrame(sealer, name, nil, []byte("picture")); !errors.Is(err, sframe.ErrCodec) || len(got) > 0 {
			t.Errorf("%s: sealed %x, %v; want ErrCodec", name, got, err)
		}
		if got, err := sframe.OpenFrame(opener, name, nil, []byte("picture")); !errors.Is(err, sframe.ErrCodec) || len(got) > 0 {
			t.Errorf("%s: opened %x, %v; want ErrCodec", name, got, err)
		}
	}
}

func TestAFrameWithoutAPictureIsNotSealed(t *testing.T) {
	sealer, _ := pair(t, sframe.AES256GCM)
	for _, f := range []struct {
		name codec.Name
		data []byte
	}{{codec.VP8, nil}, {codec.VP8, []byte{0, 1}}, {codec.VP9, nil}, {codec.H264, []byte{0, 0, 0, 1, 0x67, 1}}, {codec.H264, []byte{0, 0, 1}}} {
		if got, err := sframe.SealFrame(sealer, f.name, nil, f.data); !errors.Is(err, sframe.ErrFrame) || len(got) > 0 {
			t.Errorf("%s %x: %x, %v; want ErrFrame", f.name, f.data, got, err)
		}
	}
}

// TestFramesThatWereMangledDoNotOpen changes, cuts, doubles and swaps bytes.
func TestFramesThatWereMangledDoNotOpen(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for what, f := range frames() {
		sealer, opener := pair(t, sframe.AES128CTR80)
		sealed, err := sframe.SealFrame(sealer, f.name, nil, f.data)
		if err != nil {
			t.Fatal(err)
		}
		for range 10000 {
			bad := spoil.One(r, sealed)
			_, _ = sframe.KeyOf(f.name, bad)
			got, err := sframe.OpenFrame(opener, f.name, nil, bad)
			if err == nil && !bytes.Equal(bad, sealed) {
				t.Fatalf("%s: %x opened as %x", what, bad, got)
			}
		}
	}
}

func TestNoFrameOfACodecAllocates(t *testing.T) {
	for what, f := range frames() {
		sealer, opener := pair(t, sframe.AES256GCM)
		sealed, opened := make([]byte, 0, 2000), make([]byte, 0, 2000)
		if n := testing.AllocsPerRun(100, func() {
			s, err := sframe.SealFrame(sealer, f.name, sealed, f.data)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := sframe.KeyOf(f.name, s); err != nil {
				t.Fatal(err)
			}
			if _, err := sframe.OpenFrame(opener, f.name, opened, s); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations a frame", what, n)
		}
	}
}

func FuzzOpenFrame(f *testing.F) {
	names := []codec.Name{codec.Opus, codec.VP8, codec.VP9, codec.H264, codec.AV1}
	for _, c := range frames() {
		s, _ := pair(f, sframe.AES256GCM)
		sealed, err := sframe.SealFrame(s, c.name, nil, c.data)
		if err != nil {
			f.Fatal(err)
		}
		for i, n := range names {
			if n == c.name {
				f.Add(uint8(i), sealed)
			}
		}
		f.Add(uint8(3), c.data)
	}
	f.Fuzz(func(t *testing.T, codecNo uint8, data []byte) {
		name := names[int(codecNo)%len(names)]
		sealer, opener := pair(t, sframe.AES256GCM)
		_, _ = sframe.KeyOf(name, data)
		if got, err := sframe.OpenFrame(opener, name, []byte("x"), data); err != nil && string(got) != "x" {
			t.Errorf("%x, %v", got, err)
		}
		sealed, err := sframe.SealFrame(sealer, name, nil, data)
		if err != nil {
			return
		}
		_, opener = pair(t, sframe.AES256GCM)
		got, err := sframe.OpenFrame(opener, name, nil, sealed)
		if err != nil {
			t.Fatalf("%s %x was sealed as %x, and: %v", name, data, sealed, err)
		}
		if name != codec.H264 && !bytes.Equal(got, data) {
			t.Fatalf("%s %x came back as %x", name, data, got)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	for _, c := range []struct {
		what string
		name codec.Name
		size int
	}{{"720p VP8, 2.5 Mbit/s at 30", codec.VP8, 10400}, {"Opus, 32 kbit/s in 20 ms", codec.Opus, 80}} {
		frame := bytes.Repeat([]byte{0x11}, c.size)
		dst := make([]byte, 0, c.size+sframe.Overhead)
		b.Run(c.what+"/seal", func(b *testing.B) {
			s, _ := pair(b, sframe.AES256GCM)
			b.SetBytes(int64(c.size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sframe.SealFrame(s, c.name, dst, frame); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.what+"/seal and open", func(b *testing.B) {
			s, o := pair(b, sframe.AES256GCM)
			out := make([]byte, 0, c.size)
			b.SetBytes(int64(c.size))
			for b.Loop() {
				sealed, err := sframe.SealFrame(s, c.name, dst, frame)
				if err == nil {
					_, err = sframe.OpenFrame(o, c.name, out, sealed)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.what+"/copy", func(b *testing.B) {
			b.SetBytes(int64(c.size))
			for b.Loop() {
				_ = append(dst, frame...)
			}
		})
	}
}
