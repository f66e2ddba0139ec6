// Package faults lets a thousand faults strike the filters of a real call, and looks at every picture that comes out at the other side.
//
//	test camera ─► mailbox ─► filters ─► VP8 ─► LiveKit ─► VP8 ─► judge
//	     ▲                       ▲          └► self view ─► judge
//	     └────── injector ───────┘
//
// The camera shows a person in front of a checkerboard. Both sides are calls as the program makes them, the room is a real server. What
// the judge takes for raw is learned from a call whose filters are off. The files that begin with sound do the same with a microphone and
// every block of sound.
package faults

import (
	"context"
	"errors"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/frame"
	"paravent/privacy/filter"
)

const (
	openly   = "Openly"
	sender   = "Sender"
	receiver = "Receiver"
)

// cover is a colour that is nowhere in the scene.
func cover() frame.Colour { return frame.Colour{Y: 110, Cb: 200, Cr: 200} }

func TestAThousandFaultsSendNoRawPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real server and a minute, which -short leaves out")
	}
	links := openRoom(t, openly, sender, receiver)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	watching := enter(t, links[receiver], &cameras{}, func() (*filter.VideoChain, error) { return nil, errors.New("only watches") })
	threshold := learn(ctx, t, links[openly], watching)

	in := newInjector(plan())
	cams := &cameras{in: in}
	c := enter(t, links[sender], cams, func() (*filter.VideoChain, error) { return newChain(in.model(), cover(), in.touch) })
	far, near := &judge{}, &judge{}
	go watch(ctx, watching, sender, sink(func(p *frame.Picture) { in.arrived(far.score(p) > threshold) }))
	c.WatchSelf("camera", sink(func(p *frame.Picture) {
		held := c.State().Own.Camera.Held != ""
		in.shown(p.At, held, near.score(p) > threshold)
	}))
	began := time.Now()
	run(ctx, t, c, in)
	t.Logf("%d faults in %s; the receiver decoded %d pictures of %d that left the filters\n%s", total, time.Since(began).Round(time.Second),
		far.seen(), near.seen(), table(in.results()))
	judgeAll(t, in.results(), far, near)
	personIsSeen(t, c, cams)
}

// learn returns the score from which on a picture is raw: a fourth of what nearly every picture of an open chain has.
func learn(ctx context.Context, t *testing.T, link string, watching *call.Call) float64 {
	t.Helper()
	open := &judge{}
	go watch(ctx, watching, openly, sink(func(p *frame.Picture) { open.score(p) }))
	c := enter(t, link, &cameras{}, openChain)
	if err := c.SetCamera(ctx, true); err != nil {
		t.Fatal(err)
	}
	const enough = 2 * fps
	await(t, "pictures of an open chain", 20*time.Second, func() bool { return open.seen() >= enough })
	if err := c.SetCamera(ctx, false); err != nil {
		t.Fatal(err)
	}
	scores := open.all()
	least, threshold := scores[len(scores)/20], scores[len(scores)/20]/4
	t.Logf("with the filters off 95 %% of %d pictures score %.2f or more, the least %.2f; raw is what scores %.2f", len(scores), least, scores[0], threshold)
	if least < 0.5 {
		t.Fatalf("raw pictures score only %.2f", least)
	}
	if scores[0] <= threshold {
		t.Errorf("a raw picture scores %.2f and would not be found", scores[0])
	}
	return threshold
}

// flowAgain is how soon after a fault pictures must flow: long, for the tests share their machine.
const flowAgain = 10 * time.Second

// run keeps the camera open until the last fault is over.
func run(ctx context.Context, t *testing.T, c *call.Call, in *injector) {
	t.Helper()
	for began, before := time.Now(), -1; ; {
		left, last := in.left()
		if left == 0 {
			return
		}
		if left != before {
			began, before = time.Now(), left
		}
		if time.Since(began) > flowAgain {
			t.Fatalf("no picture flows after: %s, %s; %d faults are left", last.at, last.what, left)
		}
		if in.wantsReopening() {
			if err := c.SetCamera(ctx, false); err != nil {
				t.Fatal(err)
			}
			if err := c.SetCamera(ctx, true); err == nil {
				t.Error("the camera went on without its model")
			}
		}
		if c.State().Own.Camera.Phase == call.Off {
			if err := c.SetCamera(ctx, true); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case <-c.Changed():
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("time is up, %d faults are left", left)
		}
	}
}

// judgeAll holds what was seen against what must never be.
func judgeAll(t *testing.T, of map[fault]tally, far, near *judge) {
	t.Helper()
	injected := 0
	for f, n := range of {
		injected += n.injected
		if n.raw > 0 || n.cleared > 0 {
			t.Errorf("%s, %s: %d raw pictures were received, %d left the filters", f.at, f.what, n.raw, n.cleared)
		}
	}
	if injected != total {
		t.Errorf("%d faults were injected, want %d", injected, total)
	}
	// Most pictures between the faults must have arrived, or nothing was proved.
	if far.seen() < total/2 || far.seen() < near.seen()/2 {
		t.Errorf("the receiver decoded only %d pictures of %d", far.seen(), near.seen())
	}
	scores := far.all()
	t.Logf("the highest score of a received picture is %.3f, the median %.3f", scores[len(scores)-1], scores[len(scores)/2])
}

// personIsSeen holds that after all that the person is there again.
func personIsSeen(t *testing.T, c *call.Call, cams *cameras) {
	t.Helper()
	stills, err := cams.of(frame.NewPool(width, height).Size())
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan struct{}, 1)
	c.WatchSelf("camera", sink(func(p *frame.Picture) {
		for _, s := range stills {
			if p.Size() == s.Size() && face(p, s) {
				select {
				case seen <- struct{}{}:
				default:
				}
			}
		}
	}))
	select {
	case <-seen:
	case <-time.After(flowAgain):
		t.Error("the person is not shown any more")
	}
}

// face reports whether p shows the middle of the person, a quarter of them each way, as s does.
func face(p, s *frame.Picture) bool {
	same, all := 0, 0
	const midX, midY, reach = personX + personWide/2, personY + personWide*3/8, personWide / 8
	for y := midY - reach; y < midY+reach; y++ {
		for x := midX - reach; x < midX+reach; x++ {
			d := int(p.Image.Y[p.Image.YOffset(x, y)]) - int(s.Image.Y[s.Image.YOffset(x, y)])
			all++
			if d >= -4 && d <= 4 {
				same++
			}
		}
	}
	return same*10 >= all*9
}
