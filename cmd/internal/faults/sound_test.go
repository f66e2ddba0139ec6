package faults

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/privacy/filter"
)

// A thousand faults strike the filters of a microphone in a real call, and every block is judged twice: as it leaves the filters, and as
// the receiver hears it.
//
//	test microphone ─► filters ─► ear ─► Opus ─► LiveKit ─► Opus ─► mixer ─► ear
//	      ▲               ▲
//	      └── injector ───┘
func TestAThousandFaultsSendNoRawSound(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real server and two minutes, which -short leaves out")
	}
	links := openRoom(t, openly, sender, receiver)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	m := newMarker()
	mixer := present.NewMixer()
	var hear atomic.Pointer[func(*frame.Block)]
	hear.Store(new(func(*frame.Block) {}))
	go loudspeaker(ctx, mixer, func(b *frame.Block) { (*hear.Load())(b) })
	nobody := &cameras{}
	enterWith(t, links[receiver], call.Equipment{
		Cameras: nobody, Screens: nobody, Microphones: noMachine{}, Codecs: soundCodecs(nil), Play: mixer.Add,
	})
	threshold := learnSound(ctx, t, links[openly], m, &hear)

	in := newSoundInjector(soundPlan(), m)
	far, near := &ear{marker: m}, &ear{marker: m}
	hear.Store(new(func(b *frame.Block) { in.arrived(far.hear(b) > threshold) }))
	c := enterWith(t, links[sender], call.Equipment{
		Cameras: nobody, Screens: nobody, Microphones: &microphones{m, in}, Play: mixer.Add,
		Codecs: soundCodecs(func(b *frame.Block) { in.left(b, near.hear(b) > threshold) }),
		SoundChain: func() (*filter.AudioChain, error) {
			model, withGate := in.model()
			return newSoundChain(model, withGate, in.touch)
		},
	})
	began := time.Now()
	runSound(ctx, t, c, in)
	farSilent, farLoud, farVoiced := far.counts()
	nearSilent, nearLoud, nearVoiced := near.counts()
	t.Logf("%d faults in %s; the receiver heard %d blocks of silence and %d others, %d of them the voice; %d, %d and %d left the filters\n%s",
		total, time.Since(began).Round(time.Second), farSilent, farLoud, farVoiced, nearSilent, nearLoud, nearVoiced, table(in.results()))
	injected := 0
	for f, n := range in.results() {
		injected += n.injected
		if n.raw > 0 || n.cleared > 0 {
			t.Errorf("%s, %s: %d raw blocks were heard, %d left the filters", f.at, f.what, n.raw, n.cleared)
		}
	}
	if injected != total {
		t.Errorf("%d faults were injected, want %d", injected, total)
	}
	if farVoiced < nearVoiced/2 { // or nothing was proved
		t.Errorf("the receiver heard only %d blocks of the voice, of %d", farVoiced, nearVoiced)
	}
	scores := far.all()
	t.Logf("raw is what scores %.2f; the highest score of what was heard is %.3f, the median %.3f", threshold, scores[len(scores)-1], scores[len(scores)/2])
}

// learnSound returns the score from which on a block is raw: five sixths of what nearly every block of an open chain has, and more than any
// voice has.
func learnSound(ctx context.Context, t *testing.T, link string, m *marker, hear *atomic.Pointer[func(*frame.Block)]) float64 {
	t.Helper()
	var mu sync.Mutex // guards hush
	open := &ear{marker: m}
	hear.Store(new(func(b *frame.Block) { open.hear(b) }))
	nobody := &cameras{}
	c := enterWith(t, link, call.Equipment{
		Cameras: nobody, Screens: nobody, Microphones: &microphones{marker: m}, Codecs: soundCodecs(func(*frame.Block) {}),
		Play: present.NewMixer().Add, SoundChain: openSoundChain,
	})
	if err := c.SetMicrophone(ctx, true); err != nil {
		t.Fatal(err)
	}
	await(t, "sound of an open chain", 20*time.Second, func() bool { return len(open.all()) >= 300 })
	if err := c.SetMicrophone(ctx, false); err != nil {
		t.Fatal(err)
	}
	hush := 0 // blocks of silence in a row: what was on its way has been heard
	hear.Store(new(func(b *frame.Block) {
		mu.Lock()
		defer mu.Unlock()
		if hush++; *b != (frame.Block{}) {
			hush = 0
		}
	}))
	await(t, "silence after an open chain", 20*time.Second, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return hush > 50
	})
	scores := open.all()
	usual := scores[len(scores)/20]
	t.Logf("with the filters off 95 %% of %d blocks score %.2f or more, the least %.2f", len(scores), usual, scores[0])
	if usual < 0.8 {
		t.Fatalf("the raw room scores only %.2f", usual)
	}
	return usual * 5 / 6
}

// runSound keeps the microphone open until the last fault is over and the person is heard again.
func runSound(ctx context.Context, t *testing.T, c *call.Call, in *soundInjector) {
	t.Helper()
	for began, before := time.Now(), -1; ; {
		left, heard, last := in.leftOver()
		if left == 0 && heard >= heardAtLeast {
			return
		}
		if left != before {
			began, before = time.Now(), left
		}
		if time.Since(began) > 2*flowAgain {
			t.Fatalf("nothing is heard after: %s, %s; %d faults are left", last.at, last.what, left)
		}
		if in.wantsReopening() {
			if err := c.SetMicrophone(ctx, false); err != nil {
				t.Fatal(err)
			}
			if err := c.SetMicrophone(ctx, true); err == nil {
				t.Error("the microphone went on without its gate")
			}
		}
		if c.State().Own.Microphone.Phase == call.Off {
			if err := c.SetMicrophone(ctx, true); err != nil {
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
