package receive_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/receive"
	"paravent/media/sfu"
)

// A pictureInlet is a double that gives the packets put into it.
type pictureInlet struct {
	packets chan codec.Packet
	asked   int
}

func (i *pictureInlet) Receive(ctx context.Context) (codec.Packet, error) {
	select {
	case p, ok := <-i.packets:
		if !ok {
			return p, io.EOF
		}
		return p, nil
	case <-ctx.Done():
		return codec.Packet{}, ctx.Err()
	}
}
func (i *pictureInlet) AskKeyframe() error { i.asked++; return nil }
func (*pictureInlet) Want(sfu.View) error  { return nil }
func (*pictureInlet) Close() error         { return nil }

// A pictureDecoder is a double that needs a keyframe first.
type pictureDecoder struct {
	pool   *frame.Pool
	ready  bool
	closed *int
}

func (d *pictureDecoder) Decode(p codec.Packet) (*frame.Picture, error) {
	d.ready = d.ready || p.Keyframe
	if !d.ready {
		return nil, codec.ErrNeedKeyframe
	}
	return d.pool.Get(p.At), nil
}
func (d *pictureDecoder) Close() error { *d.closed++; return nil }

type sink struct{ at []time.Time }

func (s *sink) Show(*frame.Picture) { s.at = append(s.at, time.Now()) }

type pictureBench struct {
	line   receive.VideoLine
	inlet  *pictureInlet
	sink   *sink
	made   []codec.Name
	closed int
	ended  chan error
}

func newPictureBench() *pictureBench {
	b := &pictureBench{inlet: &pictureInlet{packets: make(chan codec.Packet, 16)}, sink: &sink{}, ended: make(chan error, 1)}
	b.line = receive.VideoLine{Inlet: b.inlet, Sink: b.sink, NewDecoder: func(n codec.Name) (codec.VideoDecoder, error) {
		if n == "wax" {
			return nil, sfu.ErrUnsupported
		}
		b.made = append(b.made, n)
		return &pictureDecoder{pool: frame.NewPool(2, 2), closed: &b.closed}, nil
	}}
	return b
}

func (b *pictureBench) run(t *testing.T, packets ...codec.Packet) error {
	t.Helper()
	for _, p := range packets {
		b.inlet.packets <- p
	}
	close(b.inlet.packets)
	return b.line.Run(t.Context())
}

func TestAKeyframeIsAskedForUntilOneComes(t *testing.T) {
	b := newPictureBench()
	first := 0
	b.line.First = func() { first++ }
	err := b.run(t, codec.Packet{Codec: codec.VP8}, codec.Packet{Codec: codec.VP8}, codec.Packet{Codec: codec.VP8, Keyframe: true}, codec.Packet{Codec: codec.VP8})
	if !errors.Is(err, io.EOF) || b.inlet.asked != 2 || len(b.sink.at) != 2 || first != 1 {
		t.Errorf("%v: asked %d times, showed %d pictures, first %d times", err, b.inlet.asked, len(b.sink.at), first)
	}
}

func TestAChangeOfCodecMakesANewDecoder(t *testing.T) {
	b := newPictureBench()
	err := b.run(t, codec.Packet{Codec: codec.VP8, Keyframe: true}, codec.Packet{Codec: codec.H264, Keyframe: true})
	if !errors.Is(err, io.EOF) || len(b.made) != 2 || b.closed != 2 || len(b.sink.at) != 2 {
		t.Errorf("%v: made %v, closed %d, showed %d", err, b.made, b.closed, len(b.sink.at))
	}
}

func TestACodecThatIsNotThereEndsTheLine(t *testing.T) {
	if err := newPictureBench().run(t, codec.Packet{Codec: "wax"}); !errors.Is(err, sfu.ErrUnsupported) {
		t.Errorf("error = %v", err)
	}
}

func TestPicturesWaitForTheirSoundButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name  string
			ahead time.Duration
			heard bool
			want  time.Duration
		}{
			{"sound is 80 ms behind", 80 * time.Millisecond, true, 80 * time.Millisecond},
			{"sound is ahead", -80 * time.Millisecond, true, 0},
			{"clocks do not fit", time.Hour, true, 0},
			{"nothing is heard", 80 * time.Millisecond, false, 0},
		} {
			b := newPictureBench()
			began := time.Now()
			b.line.Heard = func() (time.Time, bool) { return began, c.heard }
			if err := b.run(t, codec.Packet{Codec: codec.VP8, Keyframe: true, Captured: began.Add(c.ahead)}); !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			if got := b.sink.at[0].Sub(began); got != c.want {
				t.Errorf("%s: shown after %v, want %v", c.name, got, c.want)
			}
		}
	})
}
