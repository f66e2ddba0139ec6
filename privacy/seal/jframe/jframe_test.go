package jframe_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"paravent/media/codec"
	"paravent/privacy/internal/spoil"
	"paravent/privacy/seal"
	"paravent/privacy/seal/jframe"
	"paravent/privacy/secret"
)

// A text is bytes in hexadecimal.
type text []byte

func (x *text) UnmarshalText(b []byte) (err error) {
	*x, err = hex.AppendDecode(nil, b)
	return err
}

// A vector is what livekit-client made; testdata/vectors.mjs tells how.
type vector struct {
	Passphrase string
	Raw        text
	Index      int
	Steps      int // that the key was ratcheted
	Codec      codec.Name
	Keyframe   bool
	IV         text
	Plain      text
	Sealed     text
}

type vectors struct{ Frames, Messages []vector }

func published(t testing.TB) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/livekit.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Frames) < 40 || len(v.Messages) < 5 {
		t.Fatalf("only %d frames and %d messages", len(v.Frames), len(v.Messages))
	}
	return v
}

// keys are those of a vector, as a receiver has them.
func (v vector) keys(t testing.TB) *jframe.Keys {
	t.Helper()
	if v.Raw != nil {
		k := jframe.NewOwn(jframe.LiveKit(), "me")
		if err := k.SetKey("bert", v.Index, v.Raw); err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := shared(t, "another")
	if err := k.SetPassphrase(v.Index, secret.New(v.Passphrase)); err != nil {
		t.Fatal(err)
	}
	return k
}

func shared(t testing.TB, passphrase string) *jframe.Keys {
	t.Helper()
	k, err := jframe.NewShared(jframe.LiveKit(), secret.New(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// quick are keys that take no time to make, those of bert, who seals with them.
func quick(t testing.TB) *jframe.Keys {
	t.Helper()
	k := jframe.NewOwn(jframe.LiveKit(), "bert")
	if err := k.SetKey("bert", 0, []byte("sixteen bytes or more")); err != nil {
		t.Fatal(err)
	}
	return k
}

func opener(t testing.TB, k seal.Keys, name codec.Name) seal.Opener {
	t.Helper()
	o, err := k.Opener("bert", "camera", name)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func sealer(t testing.TB, k seal.Keys, name codec.Name) seal.Sealer {
	t.Helper()
	s, err := k.Sealer("camera", name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFramesOfLiveKitsClientAreOpened(t *testing.T) {
	known := make(map[string]*jframe.Keys)
	for i, v := range published(t).Frames {
		k := known[v.Passphrase]
		if k == nil || v.Raw != nil {
			k = v.keys(t)
			known[v.Passphrase] = k
		}
		got, err := opener(t, k, v.Codec).Open([]byte("kept"), codec.Packet{Codec: v.Codec, Data: v.Sealed})
		want := []byte(v.Plain)
		if v.Codec == codec.H264 { // the sender writes longer start codes into the header
			want = bytes.Replace(want, []byte{0, 0, 1, 0x68, 0xce}, []byte{0, 0, 0, 1, 0x68, 0xce}, 1)
		}
		if err != nil || !bytes.Equal(got, append([]byte("kept"), want...)) {
			t.Errorf("frame %d, %s with key %d after %d steps: %v\n%x\n%x", i, v.Codec, v.Index, v.Steps, err, got, want)
		}
	}
}

func TestMessagesOfLiveKitsClientAreOpenedOnce(t *testing.T) {
	for i, v := range published(t).Messages {
		k := v.keys(t)
		m := seal.Message{KeyIndex: v.Index, IV: v.IV, Data: v.Sealed}
		if got, err := k.OpenMessage("bert", m); err != nil || !bytes.Equal(got, v.Plain) {
			t.Errorf("message %d: %v", i, err)
		}
		if _, err := k.OpenMessage("bert", m); !errors.Is(err, seal.ErrReplayed) {
			t.Errorf("message %d again: %v", i, err)
		}
	}
}

func TestAKeyThatWasRatchetedOnceIsTheKeyFromThenOn(t *testing.T) {
	var of [3][]vector
	for _, v := range published(t).Frames {
		if v.Raw != nil {
			of[v.Steps] = append(of[v.Steps], v)
		}
	}
	k := of[0][0].keys(t)
	open := func(v vector) error {
		_, err := opener(t, k, v.Codec).Open(nil, codec.Packet{Codec: v.Codec, Data: v.Sealed})
		return err
	}
	for _, step := range []struct {
		v    vector
		want error
	}{{of[0][0], nil}, {of[2][0], nil}, {of[2][1], nil}, {of[0][1], seal.ErrWrongKey}, {of[1][0], seal.ErrWrongKey}} {
		if err := open(step.v); !errors.Is(err, step.want) {
			t.Errorf("after %d steps: %v, want %v", step.v.Steps, err, step.want)
		}
	}
}

// pictures are frames that a sender gives.
func pictures() map[codec.Name][]byte {
	noise := func(head string, n int) []byte {
		r := rand.New(rand.NewPCG(1, 2))
		b := []byte(head)
		for range n {
			b = append(b, byte(r.Uint32()))
		}
		return b
	}
	return map[codec.Name][]byte{
		codec.Opus: noise("\x78", 80),
		codec.VP8:  noise("\x10\x02\x00\x9d\x01\x2a\x08\x00\x08\x00", 3000),
		codec.VP9:  noise("\x82\x49\x83\x42", 3000),
		codec.H264: append(noise("\x00\x00\x00\x01\x09\x10\x00\x00\x01\x67\x42\xc0\x1f\x00\x00\x00\x01\x68\xce\x3c\x00\x00\x00\x01\x65\xb8", 3000),
			0, 0, 0, 1, 0x65, 0x44, 0, 0, 3, 0, 0, 0),
	}
}

func TestWhatIsSealedIsOpenedByWhoKnowsThePassphraseAndNobodyElse(t *testing.T) {
	k, same, other := shared(t, "one"), shared(t, "one"), shared(t, "two")
	for name, frame := range pictures() {
		sealed, err := sealer(t, k, name).Seal(nil, codec.Packet{Codec: name, Data: frame})
		if err != nil {
			t.Fatal(err)
		}
		p := codec.Packet{Codec: name, Data: sealed}
		want := frame
		if name == codec.H264 { // delimiters are not sent, start codes are long
			want = append([]byte("\x00\x00\x00\x01\x67\x42\xc0\x1f\x00\x00\x00\x01\x68\xce\x3c"), frame[bytes.Index(frame, []byte("\x00\x00\x00\x01\x65\xb8")):]...)
		}
		if got, err := opener(t, same, name).Open(nil, p); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := opener(t, other, name).Open(nil, p); !errors.Is(err, seal.ErrWrongKey) || len(got) != 0 {
			t.Errorf("%s with another passphrase: %v, %d bytes", name, err, len(got))
		}
		if name != codec.Opus && codec.IsKeyframe(name, frame) != codec.IsKeyframe(name, sealed) && name != codec.VP9 {
			t.Errorf("%s: the server cannot tell a keyframe any more", name)
		}
	}
}

func TestWhatCannotBeOpenedSaysWhy(t *testing.T) {
	k := quick(t)
	frame := pictures()[codec.VP8]
	sealed, err := sealer(t, k, codec.VP8).Seal(nil, codec.Packet{Codec: codec.VP8, Data: frame})
	if err != nil {
		t.Fatal(err)
	}
	change := func(i int, v byte) []byte {
		b := bytes.Clone(sealed)
		if i < 0 {
			i += len(b)
		}
		b[i] ^= v
		return b
	}
	o := opener(t, k, codec.VP8)
	for what, c := range map[string]struct {
		data []byte
		want error
	}{
		"plain":                {frame[:len(frame)-3], seal.ErrNotSealed},
		"of nothing":           {nil, seal.ErrTruncated},
		"cut short":            {append(bytes.Clone(sealed[:20]), 12, 0), seal.ErrTruncated},
		"cut in the middle":    {append(bytes.Clone(sealed[:200]), sealed[len(sealed)-14:]...), seal.ErrWrongKey},
		"changed":              {change(500, 1), seal.ErrWrongKey},
		"changed in the clear": {change(4, 1), seal.ErrWrongKey},
		"of another key":       {change(-1, 3), seal.ErrNoKey},
		"of a key out of all":  {change(-1, 0xff), seal.ErrNoKey},
		"itself":               {sealed, nil},
	} {
		if _, err := opener(t, k, codec.VP8).Open(nil, codec.Packet{Codec: codec.VP8, Data: c.data}); !errors.Is(err, c.want) {
			t.Errorf("a frame %s: %v, want %v", what, err, c.want)
		}
	}
	for i, want := range []error{nil, seal.ErrReplayed} {
		if _, err := o.Open(nil, codec.Packet{Codec: codec.VP8, Data: sealed}); !errors.Is(err, want) {
			t.Errorf("time %d: %v, want %v", i+1, err, want)
		}
	}
	if _, err := k.Sealer("camera", codec.AV1); !errors.Is(err, seal.ErrBadCodec) {
		t.Errorf("AV1: %v", err)
	}
}

func TestNoStartCodeAppearsInASealedH264Frame(t *testing.T) {
	k := quick(t)
	s := sealer(t, k, codec.H264)
	frame := pictures()[codec.H264]
	for range 300 {
		sealed, err := s.Seal(nil, codec.Packet{Codec: codec.H264, Data: frame})
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(sealed, []byte{0, 0, 1}); n != 3 || bytes.Contains(sealed[4:], []byte{0, 0, 0, 0}) {
			t.Fatalf("%d start codes", n)
		}
	}
}

func TestKeysAreChangedByTheirIndex(t *testing.T) {
	k, old := shared(t, "one"), shared(t, "one")
	if err := k.Use(7); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("a key that is not there: %v", err)
	}
	if err := errors.Join(k.SetPassphrase(7, secret.New("two")), k.Use(7)); err != nil {
		t.Fatal(err)
	}
	sealed, err := sealer(t, k, codec.Opus).Seal(nil, codec.Packet{Codec: codec.Opus, Data: pictures()[codec.Opus]})
	if err != nil || sealed[len(sealed)-1] != 7 {
		t.Fatalf("sealed with another key: %v", err)
	}
	p := codec.Packet{Codec: codec.Opus, Data: sealed}
	if _, err := opener(t, old, codec.Opus).Open(nil, p); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("one who has not got the new key: %v", err)
	}
	if err := old.SetPassphrase(7, secret.New("two")); err != nil {
		t.Fatal(err)
	}
	if _, err := opener(t, old, codec.Opus).Open(nil, p); err != nil {
		t.Error(err)
	}
	if err := k.SetPassphrase(16, secret.New("x")); err == nil {
		t.Error("there is a seventeenth key")
	}
}

func TestNothingIsSealedOrOpenedOnceTheKeysAreClosed(t *testing.T) {
	k := quick(t)
	s, o := sealer(t, k, codec.Opus), opener(t, k, codec.Opus)
	p := codec.Packet{Codec: codec.Opus, Data: pictures()[codec.Opus]}
	sealed, err := s.Seal(nil, p)
	if err != nil {
		t.Fatal(err)
	}
	k.Close()
	if b, err := s.Seal(nil, p); !errors.Is(err, seal.ErrNoKey) || len(b) != 0 {
		t.Errorf("sealed: %v", err)
	}
	if _, err := o.Open(nil, codec.Packet{Codec: codec.Opus, Data: sealed}); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("opened: %v", err)
	}
	if _, err := k.SealMessage([]byte("x")); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("sealed a message: %v", err)
	}
	if _, err := jframe.NewShared(jframe.LiveKit(), secret.Secret{}); !errors.Is(err, jframe.ErrEmpty) {
		t.Errorf("an empty passphrase: %v", err)
	}
}

func TestAFrameIsSealedAndOpenedWithoutAllocating(t *testing.T) {
	k := quick(t)
	for name, frame := range pictures() {
		s, o := sealer(t, k, name), opener(t, k, name)
		sealed, opened := make([]byte, 0, 2*len(frame)+256), make([]byte, 0, 2*len(frame)+256)
		n := testing.AllocsPerRun(200, func() {
			sealed, _ = s.Seal(sealed[:0], codec.Packet{Codec: name, Data: frame})
			var err error
			if opened, err = o.Open(opened[:0], codec.Packet{Codec: name, Data: sealed}); err != nil {
				t.Error(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations a frame", name, n)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, v := range published(f).Frames {
		f.Add(string(v.Codec), []byte(v.Sealed))
	}
	k := quick(f)
	f.Fuzz(func(t *testing.T, name string, data []byte) { openForeign(t, k, name, data) })
}

// openForeign: what somebody else sealed, or nobody, does not open, and what we seal does.
func openForeign(t *testing.T, k seal.Keys, name string, data []byte) {
	for _, c := range []codec.Name{codec.VP8, codec.VP9, codec.H264, codec.Opus} {
		if name != string(c) {
			continue
		}
		out, err := opener(t, k, c).Open([]byte("kept"), codec.Packet{Codec: c, Data: data})
		if err == nil || string(out) != "kept" {
			t.Errorf("opened, or shown, although nobody knows the passphrase: %v", err)
		}
		// Whatever is sealed, comes back; of H.264 with its units written anew.
		sealed, err := sealer(t, k, c).Seal(nil, codec.Packet{Codec: c, Data: data})
		if err != nil {
			continue
		}
		plain, err := opener(t, k, c).Open(nil, codec.Packet{Codec: c, Data: sealed})
		if err != nil || c != codec.H264 && !bytes.Equal(plain, data) {
			t.Errorf("%s: %v", c, err)
		}
	}
}

func TestTenThousandSpoiledFramesDoNotOpen(t *testing.T) {
	k := quick(t)
	frames := published(t).Frames
	for _, v := range frames {
		n := 0
		for bad := range spoil.Each([]byte(v.Sealed)) {
			if n++; n > spoil.Times/len(frames) {
				break
			}
			openForeign(t, k, string(v.Codec), bad)
		}
	}
}

func FuzzOpenMessage(f *testing.F) {
	for _, v := range published(f).Messages {
		f.Add(v.Index, []byte(v.IV), []byte(v.Sealed))
	}
	k := quick(f)
	f.Fuzz(func(t *testing.T, index int, iv, data []byte) {
		if b, err := k.OpenMessage("bert", seal.Message{KeyIndex: index, IV: iv, Data: data}); err == nil || b != nil {
			t.Errorf("opened %q", b)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	for name, frame := range pictures() {
		b.Run(string(name), func(b *testing.B) {
			s := sealer(b, quick(b), name)
			var out []byte
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				out, _ = s.Seal(out[:0], codec.Packet{Codec: name, Data: frame})
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for name, frame := range pictures() {
		b.Run(string(name), func(b *testing.B) {
			k := quick(b)
			s := sealer(b, k, name)
			o := opener(b, k, name)
			var out []byte
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			sealed := []byte(nil)
			for b.Loop() {
				b.StopTimer()
				sealed, _ = s.Seal(sealed[:0], codec.Packet{Codec: name, Data: frame})
				b.StartTimer()
				if out, _ = o.Open(out[:0], codec.Packet{Codec: name, Data: sealed}); len(out) == 0 {
					b.Fatal("not opened")
				}
			}
		})
	}
}
