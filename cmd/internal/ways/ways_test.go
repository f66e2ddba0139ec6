// Package ways walks the two ways of a picture from end to end, as the program
// wires them: from a camera to a packet, and from packets to the tiles of a
// terminal. Only the devices and the network are doubles.
package ways

import (
	"context"
	"image"
	"io"
	"testing"
	"time"

	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/codec/vpx"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/receive"
	"paravent/media/send"
	"paravent/media/sfu"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
	"paravent/privacy/policy"
	"paravent/ui/term"
)

// A camera is a double that gives a picture for each token.
type camera struct {
	tokens chan struct{}
	pool   *frame.Pool
	scenes []*frame.Picture
	n      int
}

func newCamera(w, h int) *camera {
	return &camera{tokens: make(chan struct{}), pool: frame.NewPool(w, h), scenes: scenes(w, h)}
}

func (c *camera) Next(ctx context.Context) (*frame.Picture, error) {
	select {
	case <-c.tokens:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p := c.pool.Get(0)
	p.CopyFrom(c.scenes[c.n%len(c.scenes)])
	c.n++
	p.At = time.Duration(c.n) * time.Second / 30
	return p, nil
}
func (c *camera) Device() capture.Device { return capture.Device{} }
func (c *camera) Close() error           { return nil }

// scenes are a box that moves before a gradient.
func scenes(w, h int) []*frame.Picture {
	all := make([]*frame.Picture, 16)
	for n := range all {
		p := frame.NewPool(w, h).Get(0)
		for y := range h {
			for x := range w {
				v := byte(40 + x*120/w + y*60/h)
				if x > (n+2)*w/24 && x < (n+8)*w/24 && y > h/4 {
					v = byte(180 + (x+y)%32)
				}
				p.Image.Y[y*p.Image.YStride+x] = v
			}
		}
		all[n] = p
	}
	return all
}

// An outlet is a double that rings for each packet.
type outlet struct{ got chan int }

func (o outlet) Send(p codec.Packet) error      { o.got <- len(p.Data); return nil }
func (outlet) Asks() <-chan sfu.Ask             { return nil }
func (outlet) Mute(context.Context, bool) error { return nil }
func (outlet) Close() error                     { return nil }

// out starts the way out of a 360p camera and returns one step of it.
func out(tb testing.TB, filters ...filter.PictureFilter) (step func()) {
	tb.Helper()
	var chain *filter.VideoChain
	var err error
	if len(filters) > 0 {
		chain, err = filter.NewVideoChain(filter.VideoOptions{Cover: frame.Black()}, filters...)
	} else {
		leave, errLeave := policy.Default().RawPicture()
		if errLeave != nil {
			tb.Fatal(errLeave)
		}
		chain, err = filter.NewOpenVideoChain(leave)
	}
	if err != nil {
		tb.Fatal(err)
	}
	cam, sink := newCamera(640, 360), outlet{make(chan int, 4)}
	line := &send.VideoLine{
		Camera: cam, Chain: chain, NewEncoder: vpx.VP8().NewEncoder, Layers: send.Layers(image.Pt(640, 360), 30, false, false),
		Outlet: sink, Self: &present.Relay{}, Held: func(string) {},
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- line.Run(ctx) }()
	tb.Cleanup(func() { cancel(); <-ended; chain.Close() })
	return func() {
		cam.tokens <- struct{}{}
		select {
		case <-sink.got:
		case err := <-ended:
			tb.Fatal(err)
		}
	}
}

// An inlet is a double that gives the packets of a film again and again.
type inlet struct {
	film   []codec.Packet
	tokens chan struct{}
	n      int
}

func (i *inlet) Receive(ctx context.Context) (codec.Packet, error) {
	select {
	case _, ok := <-i.tokens:
		if !ok {
			return codec.Packet{}, io.EOF
		}
	case <-ctx.Done():
		return codec.Packet{}, ctx.Err()
	}
	p := i.film[i.n%len(i.film)]
	i.n++
	return p, nil
}
func (*inlet) AskKeyframe() error  { return nil }
func (*inlet) Want(sfu.View) error { return nil }
func (*inlet) Close() error        { return nil }

// film encodes the scenes at 180p; the first packet is a keyframe.
func film(tb testing.TB) []codec.Packet {
	tb.Helper()
	leave, err := policy.Default().RawPicture()
	if err != nil {
		tb.Fatal(err)
	}
	chain, err := filter.NewOpenVideoChain(leave)
	if err != nil {
		tb.Fatal(err)
	}
	enc, err := vpx.VP8().NewEncoder(codec.VideoSettings{Width: 320, Height: 180, FPS: 25, Bitrate: 200_000})
	if err != nil {
		tb.Fatal(err)
	}
	defer enc.Close()
	var packets []codec.Packet
	for i, p := range scenes(320, 180) {
		p.At = time.Duration(i) * 40 * time.Millisecond
		cleared, err := chain.Clear(p)
		if err != nil {
			tb.Fatal(err)
		}
		pkt, err := enc.Encode(cleared)
		if err != nil {
			tb.Fatal(err)
		}
		if len(pkt.Data) > 0 {
			pkt.Data = append([]byte(nil), pkt.Data...)
			packets = append(packets, pkt)
		}
	}
	return packets
}

// A tile is a canvas that rings for each picture.
type tile struct {
	*term.Canvas
	shown chan struct{}
}

func (t tile) Show(p *frame.Picture) {
	t.Canvas.Show(p)
	t.shown <- struct{}{}
}

// in starts the way in of n pictures of 180p onto a terminal of 240×67 cells and
// returns one round of it: every tile decodes and shows a picture, and the
// screen is drawn.
func in(tb testing.TB, n int) (round func()) {
	tb.Helper()
	packets := film(tb)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, n)
	tb.Cleanup(func() {
		cancel()
		for range n {
			<-ended
		}
	})
	var (
		tiles  []tile
		inlets []*inlet
		screen []byte
	)
	for i := range n {
		t := tile{term.NewCanvas(term.Abilities{Mode: term.Blocks}, i), make(chan struct{}, 1)}
		x, y := i%6*40, i/6*16
		t.Place(image.Rect(x, y, x+39, y+15), 1<<20)
		from := &inlet{film: packets, tokens: make(chan struct{}, 1)}
		line := receive.VideoLine{Inlet: from, NewDecoder: func(codec.Name) (codec.VideoDecoder, error) { return vpx.VP8().NewDecoder() }, Sink: t}
		go func() { ended <- line.Run(ctx) }()
		tiles, inlets = append(tiles, t), append(inlets, from)
	}
	return func() {
		for _, i := range inlets {
			i.tokens <- struct{}{}
		}
		screen = screen[:0]
		for _, t := range tiles {
			<-t.shown
			screen = t.Draw(screen)
		}
		if len(screen) == 0 {
			tb.Fatal("nothing was drawn")
		}
	}
}

func TestTheWayOutDoesNotAllocate(t *testing.T) {
	step := out(t, picture.Cover{Colour: frame.Black()})
	for range 10 {
		step()
	}
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%v allocations a picture from camera to packet", n)
	}
}

func TestTheWayInDoesNotAllocate(t *testing.T) {
	round := in(t, 4)
	for range 40 {
		round()
	}
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations for four pictures from packet to tile", n)
	}
}

func BenchmarkCameraToPacket360p(b *testing.B) {
	step := out(b)
	step()
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

// BenchmarkPacketToTile24 shows 24 pictures of 180p in each round; 25 rounds a
// second are a meeting.
func BenchmarkPacketToTile24(b *testing.B) {
	round := in(b, 24)
	for range 20 {
		round()
	}
	b.ReportAllocs()
	for b.Loop() {
		round()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rounds/s")
}
