package send_test

import (
	"context"
	"errors"
	"image"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/send"
	"paravent/media/sfu"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
)

// A reel is a double of a camera: it gives pictures of the sizes that are put
// into it, and then ends.
type reel struct {
	sizes  chan image.Point
	closed bool
	at     time.Duration
	pools  map[image.Point]*frame.Pool
}

func newReel() *reel {
	return &reel{sizes: make(chan image.Point, 100), pools: make(map[image.Point]*frame.Pool)}
}

func (r *reel) Next(ctx context.Context) (*frame.Picture, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case size, ok := <-r.sizes:
		if !ok {
			return nil, io.EOF
		}
		if r.pools[size] == nil {
			r.pools[size] = frame.NewPool(size.X, size.Y)
		}
		r.at += time.Second / 30
		return r.pools[size].Get(r.at), nil
	}
}
func (r *reel) Device() capture.Device { return capture.Device{} }
func (r *reel) Close() error           { r.closed = true; return nil }

// A coder is a double that gives a packet for each picture.
type coder struct {
	s      codec.VideoSettings
	key    bool
	closed bool
	rate   int
	fail   error
}

func (c *coder) Encode(p filter.ClearedPicture) (codec.Packet, error) {
	if c.fail != nil {
		return codec.Packet{}, c.fail
	}
	if p.Picture().Size() != image.Pt(c.s.Width, c.s.Height) {
		return codec.Packet{}, errors.New("a picture of another size")
	}
	pkt := codec.Packet{Data: []byte{1}, At: p.Picture().At, Keyframe: c.key}
	c.key = false
	return pkt, nil
}
func (c *coder) SetBitrate(bps int) { c.rate = bps }
func (c *coder) ForceKeyframe()     { c.key = true }
func (c *coder) Close() error       { c.closed = true; return nil }

type outlet struct {
	asks chan sfu.Ask
	got  []codec.Packet
}

func (o *outlet) Send(p codec.Packet) error        { o.got = append(o.got, p); return nil }
func (o *outlet) Asks() <-chan sfu.Ask             { return o.asks }
func (o *outlet) Mute(context.Context, bool) error { return nil }
func (o *outlet) Close() error                     { return nil }
func (o *outlet) layers() (ls []int) {
	for _, p := range o.got {
		ls = append(ls, p.Layer)
	}
	return ls
}

// A bench is a line over doubles.
type bench struct {
	*send.VideoLine
	reel   *reel
	out    *outlet
	coders []*coder
	ended  chan error
}

func begin(t *testing.T, layers []sfu.Layer) *bench {
	t.Helper()
	leave, err := policy.Default().RawPicture()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := filter.NewOpenVideoChain(leave)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{reel: newReel(), out: &outlet{asks: make(chan sfu.Ask, 10)}, ended: make(chan error, 1)}
	b.VideoLine = &send.VideoLine{
		Camera: b.reel, Chain: chain, Layers: layers, Outlet: b.out, Self: &present.Relay{}, Held: func(string) {}, Noted: func(filter.Notes) {}, Began: time.Hour,
		NewEncoder: func(s codec.VideoSettings) (codec.VideoEncoder, error) {
			c := &coder{s: s}
			b.coders = append(b.coders, c)
			return c, nil
		},
	}
	go func() { b.ended <- b.Run(t.Context()) }()
	return b
}

func (b *bench) picture(w, h int) {
	b.reel.sizes <- image.Pt(w, h)
	synctest.Wait()
}

func two() []sfu.Layer {
	return []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 100}, {Width: 640, Height: 360, FPS: 30, Bitrate: 400}}
}

func TestEveryLayerGetsThePictureInItsSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, two())
		b.picture(640, 360)
		if want := []int{0, 1}; !slices.Equal(b.out.layers(), want) {
			t.Errorf("layers %v, want %v", b.out.layers(), want)
		}
		if b.out.got[0].At != time.Hour+time.Second/30 {
			t.Errorf("the packet's time is %v", b.out.got[0].At)
		}
		close(b.reel.sizes)
		if err := <-b.ended; !errors.Is(err, io.EOF) || !b.reel.closed || !b.coders[0].closed {
			t.Errorf("ended with %v, camera closed %v", err, b.reel.closed)
		}
	})
}

func TestALayerThatNobodyWantsIsNotEncodedAndComesBackWithAKeyframe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, two())
		b.picture(640, 360)
		no, yes := false, true
		b.out.asks <- sfu.Ask{Layer: 1, Wanted: &no}
		b.picture(640, 360)
		b.out.asks <- sfu.Ask{Layer: 1, Wanted: &yes}
		b.picture(640, 360)
		if want := []int{0, 1, 0, 0, 1}; !slices.Equal(b.out.layers(), want) {
			t.Errorf("layers %v, want %v", b.out.layers(), want)
		}
		if !b.out.got[4].Keyframe {
			t.Error("the layer came back without a keyframe")
		}
		close(b.reel.sizes)
		<-b.ended
	})
}

func TestAsksAreBoundedByWhatWasPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, two())
		b.picture(640, 360)
		b.out.asks <- sfu.Ask{Layer: 1, Bitrate: 1 << 30}
		b.out.asks <- sfu.Ask{Layer: 7, Keyframe: true}
		b.out.asks <- sfu.Ask{Layer: -1, Keyframe: true}
		b.picture(640, 360)
		if b.coders[1].rate != 400 {
			t.Errorf("the bitrate is %d, want 400", b.coders[1].rate)
		}
		close(b.reel.sizes)
		<-b.ended
	})
}

func TestAChangeOfSizeMakesNewEncodersAndKeepsWhatIsUnwanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, two())
		b.picture(640, 360)
		no := false
		b.out.asks <- sfu.Ask{Layer: 0, Wanted: &no}
		b.picture(640, 360)
		b.picture(480, 640)
		if len(b.coders) != 4 || !b.coders[0].closed || b.coders[2].s.Width != 240 || b.coders[2].s.Height != 320 {
			t.Errorf("encoders after the change: %d", len(b.coders))
		}
		if want := []int{0, 1, 1, 1}; !slices.Equal(b.out.layers(), want) {
			t.Errorf("layers %v, want %v", b.out.layers(), want)
		}
		close(b.reel.sizes)
		<-b.ended
	})
}

func TestAFailingEncoderEndsTheLineAndClosesTheCamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, two())
		b.picture(640, 360)
		bad := errors.New("out of memory")
		b.coders[0].fail = bad
		b.picture(640, 360)
		if err := <-b.ended; !errors.Is(err, bad) || !b.reel.closed {
			t.Errorf("ended with %v, camera closed %v", err, b.reel.closed)
		}
	})
}

func TestLayersHalveDownToThumbnails(t *testing.T) {
	heights := func(ls []sfu.Layer) (hs []int) {
		for _, l := range ls {
			hs = append(hs, l.Height)
		}
		return hs
	}
	for _, c := range []struct {
		size            image.Point
		several, screen bool
		want            []int
	}{
		{image.Pt(1280, 720), true, false, []int{180, 360, 720}},
		{image.Pt(640, 360), true, false, []int{180, 360}},
		{image.Pt(640, 360), false, false, []int{360}},
		{image.Pt(320, 180), true, false, []int{180}},
		{image.Pt(1920, 1080), true, true, []int{1080}},
	} {
		if got := heights(send.Layers(c.size, 30, c.several, c.screen)); !slices.Equal(got, c.want) {
			t.Errorf("%v: heights %v, want %v", c.size, got, c.want)
		}
	}
}
