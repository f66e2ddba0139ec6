package call_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/filter"
	"paravent/privacy/policy"
	"paravent/privacy/seal"
)

// A diary is what the doubles of one test did, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) count(line string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, l := range d.lines {
		if l == line {
			n++
		}
	}
	return n
}

func (d *diary) index(line string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Index(d.lines, line)
}

// A session is a double of a server.
type session struct {
	*diary
	queue *sfu.Queue
	once  sync.Once

	publish chan struct{} // closed lets Publish return; nil does not hold it
	caps    sfu.Caps
	came    atomic.Uint64 // bytes
	carries atomic.Int64  // bits per second up
}

func newSession(d *diary) *session {
	return &session{diary: d, queue: sfu.NewQueue(), caps: sfu.Caps{Roster: true, Watch: true, Tracks: true, Mute: true, Chat: true, Hand: true, Sealed: true}}
}

func (s *session) Self() sfu.Member         { return sfu.Member{ID: "me", Name: "Me", Role: sfu.Person} }
func (s *session) RoomName() sfu.Foreign    { return "room" }
func (s *session) Caps() sfu.Caps           { return s.caps }
func (s *session) Events() <-chan sfu.Event { return s.queue.Events() }
func (s *session) Stats() sfu.Stats {
	return sfu.Stats{BytesDown: s.came.Load(), Up: int(s.carries.Load())}
}

func (s *session) Publish(ctx context.Context, o sfu.TrackOffer) (sfu.Outlet, error) {
	s.add("publish " + string(o.Source))
	s.add("publish as " + string(o.Codec))
	if s.publish != nil {
		select {
		case <-s.publish:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &outlet{s, o.Source}, nil
}

func (s *session) Subscribe(_ context.Context, id sfu.TrackID) (sfu.Inlet, error) {
	s.add("subscribe " + string(id))
	return inlet{s, id}, nil
}

func (s *session) Say(_ context.Context, text string) error {
	s.queue.Put(sfu.ChatArrived{From: "me", Text: sfu.Foreign(text)})
	return nil
}

func (s *session) SetHand(context.Context, bool) error { return nil }

func (s *session) Leave(context.Context) error {
	s.once.Do(func() {
		s.add("leave")
		s.queue.Put(sfu.Ended{Why: sfu.Left})
	})
	return nil
}

type outlet struct {
	s   *session
	src sfu.Source
}

func (o *outlet) Send(p codec.Packet) error {
	o.s.add("packet " + string(o.src))
	if p.Sealed == 0 {
		o.s.add("PLAIN packet")
	}
	return nil
}
func (o *outlet) Asks() <-chan sfu.Ask { return nil }
func (o *outlet) Close() error         { o.s.add("take back " + string(o.src)); return nil }
func (o *outlet) Mute(_ context.Context, on bool) error {
	if on {
		o.s.add("mute " + string(o.src))
	} else {
		o.s.add("unmute " + string(o.src))
	}
	return nil
}

type inlet struct {
	s  *session
	id sfu.TrackID
}

func (i inlet) Receive(ctx context.Context) (codec.Packet, error) {
	<-ctx.Done()
	return codec.Packet{}, ctx.Err()
}
func (i inlet) AskKeyframe() error { return nil }
func (i inlet) Want(v sfu.View) error {
	i.s.add("want " + string(i.id))
	i.s.add(fmt.Sprintf("view %s %dx%d", i.id, v.Width, v.Height))
	return nil
}
func (i inlet) Close() error { i.s.add("unsubscribe " + string(i.id)); return nil }

// A camera is a double that gives 50 pictures a second, each "the room".
type camera struct {
	*diary
	name string
	pool *frame.Pool
	tick *time.Ticker
	stop chan struct{}
	once sync.Once
	at   time.Duration
}

func (c *camera) Next(ctx context.Context) (*frame.Picture, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.stop:
		return nil, io.ErrClosedPipe
	case <-c.tick.C:
	}
	c.at += 20 * time.Millisecond
	p := c.pool.Get(c.at)
	p.Fill(frame.Colour{Y: 200, Cb: 128, Cr: 128})
	return p, nil
}
func (c *camera) Device() capture.Device { return capture.Device{Label: c.name} }
func (c *camera) Close() error {
	c.once.Do(func() {
		c.tick.Stop()
		close(c.stop)
		c.add("close " + c.name)
	})
	return nil
}

type opener struct {
	*diary
	fail error
}

func (o *opener) OpenCamera(_ context.Context, name string, _ capture.VideoWish) (capture.Camera, error) {
	if name == "" {
		name = "camera"
	}
	o.add("open " + name)
	if o.fail != nil {
		return nil, o.fail
	}
	return &camera{diary: o.diary, name: name, pool: frame.NewPool(16, 16), tick: time.NewTicker(20 * time.Millisecond), stop: make(chan struct{})}, nil
}

type microphone struct {
	*diary
	tick *time.Ticker
	once sync.Once
	at   time.Duration
}

func (o *opener) OpenMicrophone(context.Context) (capture.Microphone, error) {
	o.add("open microphone")
	if o.fail != nil {
		return nil, o.fail
	}
	return &microphone{diary: o.diary, tick: time.NewTicker(frame.BlockFor)}, nil
}

func (m *microphone) Next(ctx context.Context, s *frame.Sound) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-m.tick.C:
	}
	for i := range s.Near {
		s.Near[i] = 0.5
	}
	s.At, m.at = m.at, m.at+frame.BlockFor
	return nil
}
func (m *microphone) Device() capture.Device { return capture.Device{Label: "microphone"} }
func (m *microphone) Close() error {
	m.once.Do(func() { m.tick.Stop(); m.add("close microphone") })
	return nil
}

// A coder is a double that notes what it is given: the luma of a picture.
type coder struct{ d *diary }

func (c coder) Encode(p filter.ClearedPicture) (codec.Packet, error) {
	if p.Picture().Image.Y[0] == 200 {
		c.d.add("RAW PICTURE")
	}
	return codec.Packet{Data: []byte{1}, At: p.Picture().At}, nil
}
func (coder) SetBitrate(int)   {}
func (c coder) ForceKeyframe() { c.d.add("keyframe") }
func (coder) Close() error     { return nil }

type soundCoder struct{ d *diary }

func (c soundCoder) Encode(s filter.ClearedSound) (codec.Packet, error) {
	if s.Block()[0] == 0.5 {
		c.d.add("RAW SOUND")
	}
	return codec.Packet{Data: []byte{1}, At: s.At()}, nil
}
func (c soundCoder) SetBitrate(bps int) { c.d.add(fmt.Sprintf("bitrate %d", bps)) }
func (soundCoder) ExpectLoss(int)       {}
func (c soundCoder) Shape(d time.Duration, constant bool) {
	c.d.add(fmt.Sprintf("shape %v %t", d, constant))
}
func (soundCoder) Close() error { return nil }

type cover struct{}

func (cover) Name() string                 { return "cover" }
func (cover) Apply(p *frame.Picture) error { p.Fill(frame.Black()); return nil }

// A watchful filter is a cover that has something to tell, and can show what the
// person holds.
type watchful struct {
	cover
	notes *atomic.Uint32
	d     *diary
}

func (w watchful) Notes() filter.Notes     { return filter.Notes(w.notes.Load()) }
func (w watchful) Reveal(d time.Duration)  { w.d.add("reveal " + d.String()) }
func (watchful) Revealed() (float64, bool) { return .03, true }

// A hush is a filter that lets a quarter of its level through while it is told to,
// else nothing, and has something to tell.
type hush struct {
	notes *atomic.Uint32
	opens *atomic.Bool
}

func (h hush) Notes() filter.Notes { return filter.Notes(h.notes.Load()) }
func (hush) Name() string          { return "gate" }
func (h hush) Apply(s *frame.Sound) error {
	for i := range s.Near {
		if s.Near[i] /= 4; !h.opens.Load() {
			s.Near[i] = 0
		}
	}
	return nil
}

// A stay is a call over doubles.
type stay struct {
	*diary
	*call.Call
	session *session
	opener  *opener
	notes   *atomic.Uint32 // of the camera's filter
	hears   *atomic.Uint32 // notes of the microphone's filter
	opens   *atomic.Bool   // that filter lets something through
	voices  *present.Mixer // what Play was given
	speaker capture.Device
	done    chan struct{}
	cancel  context.CancelFunc
}

func (s *stay) play(src present.AudioSource, v *present.Volume) func() {
	s.add("play")
	remove := s.voices.Add(src, v)
	return func() { remove(); s.add("stop playing") }
}

// enter begins a call in a bubble. What change does to the settings is said by
// the test.
func enter(t *testing.T, change func(*call.Settings)) *stay {
	t.Helper()
	return enterWith(t, seal.None(), change)
}

// A house is a connector that lets one in.
type house struct {
	sfu.Connector
	session *session
}

func (h house) Join(context.Context, sfu.Room, sfu.Pass, sfu.Kit) (sfu.Session, error) {
	return h.session, nil
}

// enterWith is enter with an encryption.
func enterWith(t *testing.T, e seal.Encryption, change func(*call.Settings)) *stay {
	t.Helper()
	d := &diary{}
	s := &stay{diary: d, session: newSession(d), opener: &opener{diary: d}, notes: new(atomic.Uint32), done: make(chan struct{})}
	s.hears, s.opens, s.voices = new(atomic.Uint32), new(atomic.Bool), present.NewMixer()
	set := call.Settings{Codec: codec.VP8, Wish: capture.VideoWish{FPS: 50}, Policy: policy.Default(), Background: "cover", Gate: "gate", Began: time.Now()}
	if change != nil {
		change(&set)
	}
	inside, err := sealed.Join(t.Context(), house{session: s.session}, sfu.Room{}, sfu.Pass{}, sfu.Kit{}, e)
	if err != nil {
		t.Fatal(err)
	}
	s.Call = call.New(inside, set, call.Equipment{
		Cameras: s.opener, Screens: s.opener, Microphones: s.opener,
		Codecs: codec.Set{
			Video:           []codec.VideoCodec{{Name: codec.VP8, NewEncoder: func(codec.VideoSettings) (codec.VideoEncoder, error) { return coder{d}, nil }}},
			NewSoundEncoder: func(codec.SoundSettings) (codec.SoundEncoder, error) { return soundCoder{d}, nil },
		},
		Play: s.play,
		CameraChain: func() (*filter.VideoChain, error) {
			return filter.NewVideoChain(filter.VideoOptions{Cover: frame.Black()}, watchful{notes: s.notes, d: d})
		},
		ScreenChain: func() (*filter.VideoChain, error) {
			return filter.NewVideoChain(filter.VideoOptions{Cover: frame.Black()}, cover{})
		},
		SoundChain: func() (*filter.AudioChain, error) { return filter.NewAudioChain(nil, hush{s.hears, s.opens}) },
		Speaker:    func() capture.Device { return s.speaker },
		Log:        slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	s.cancel = cancel
	go func() {
		defer close(s.done)
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	return s
}

// end leaves the call and checks that nothing is left open.
func (s *stay) end(t *testing.T) {
	t.Helper()
	s.cancel()
	<-s.done
	for _, device := range []string{"camera", "microphone", "window"} {
		if o, c := s.count("open "+device), s.count("close "+device); o != c && s.opener.fail == nil {
			t.Errorf("%s was opened %d times and closed %d times", device, o, c)
		}
	}
	for _, leak := range []string{"RAW PICTURE", "RAW SOUND"} {
		if n := s.count(leak); n > 0 {
			t.Errorf("%s: %d times", leak, n)
		}
	}
}
