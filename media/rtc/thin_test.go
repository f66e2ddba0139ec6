package rtc

import (
	"strings"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/privacy/egress"
)

// bounded is a lane of a guard with bounds.
func bounded(b egress.Bounds) *egress.Lane {
	g := egress.NewGuard()
	g.Bound(b)
	return g.Lane(egress.Media)
}

func TestAThinWayHasNoReportsOnEveryPacket(t *testing.T) {
	for name, c := range map[string]struct {
		bounds egress.Bounds
		thin   bool
	}{
		"no bound": {}, "thin up": {egress.Bounds{Up: 64_000}, true}, "thin down": {egress.Bounds{Down: 64_000}, true}, "wide": {egress.Bounds{Up: 5_000_000, Down: 5_000_000}, false},
	} {
		e := newLab(t).newEnd(t, 0, Settings{Lane: bounded(c.bounds)})
		if _, err := e.Publish(Offer{ID: "voice", Stream: "a", Codec: codec.Opus}, NewAsks()); err != nil {
			t.Fatal(err)
		}
		offer, err := e.Offer(false)
		if err != nil {
			t.Fatal(err)
		}
		if thin := !strings.Contains(offer, "transport-wide-cc") && !strings.Contains(offer, absSendTimeURI); thin != c.thin {
			t.Errorf("%s: thin: %t", name, thin)
		}
		if e.Header() != 0 {
			t.Errorf("%s: a way that is not open has headers", name)
		}
	}
}

// aPicture is one of so many bytes.
func aPicture(n int) codec.Packet {
	return codec.Packet{Data: append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0}, make([]byte, n)...), Codec: codec.VP8, Keyframe: true}
}

// thinCall is a connected way with a picture and a voice to go.
func thinCall(t *testing.T, b egress.Bounds) (e *end, camera, voice *Outlet) {
	t.Helper()
	l := newLab(t)
	e, other := l.newEnd(t, 0, Settings{Lane: bounded(b)}), l.newEnd(t, 1, Settings{})
	var err error
	if camera, err = e.Publish(Offer{ID: "camera", Stream: "a", Codec: codec.VP8, Most: []int{30_000}}, NewAsks()); err != nil {
		t.Fatal(err)
	}
	if voice, err = e.Publish(Offer{ID: "voice", Stream: "a", Codec: codec.Opus}, NewAsks()); err != nil {
		t.Fatal(err)
	}
	settle(t, e, other, false)
	e.awaitConnected(t)
	return e, camera, voice
}

func TestAPictureGoesNoQuickerThanItsShareOfTheWay(t *testing.T) {
	e, camera, _ := thinCall(t, egress.Bounds{Up: 400_000, Patient: 200_000})
	began := time.Now()
	if err := camera.Send(aPicture(10_000)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 300*time.Millisecond { // 80 kbit, all but the last packet
		t.Errorf("80 kbit within %v", took)
	}
	if e.Header() == 0 || camera.Sent().Frames != 1 {
		t.Error("nothing went")
	}
}

func TestWhileAPictureWaitsSpeechGoesOnAndMutingEndsIt(t *testing.T) {
	_, camera, voice := thinCall(t, egress.Bounds{Up: 64_000, Patient: 1_000})
	ended := make(chan error)
	go func() { ended <- camera.Send(aPicture(20_000)) }() // for minutes
	for camera.Sent().Packets == 0 {
		<-time.After(time.Millisecond)
	}
	for range 10 {
		if err := voice.Send(codec.Packet{Data: make([]byte, 60), Codec: codec.Opus}); err != nil {
			t.Fatal(err)
		}
	}
	if n := voice.Sent().Packets; n != 10 {
		t.Errorf("%d packets of speech", n)
	}
	camera.Mute(true)
	if err := get(t, ended); err != nil {
		t.Error(err)
	}
	if n := camera.Sent().Packets; n > 2 {
		t.Errorf("%d packets of a picture that waits", n)
	}
}

func TestTheEncoderIsToldHowMuchOfTheSpeechIsLost(t *testing.T) {
	l := newLab(t)
	e, other := l.newEnd(t, 0, Settings{}), l.newEnd(t, 1, Settings{})
	asks := NewAsks()
	voice, err := e.Publish(Offer{ID: "voice", Stream: "a", Codec: codec.Opus}, asks)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, e, other, false)
	e.awaitConnected(t)
	every, late := time.NewTicker(5*time.Millisecond), time.After(10*time.Second)
	defer every.Stop()
	for n := 0; ; n++ {
		select {
		case a := <-asks.C():
			if a.Lost != nil && *a.Lost >= 20 && *a.Lost <= 80 {
				return
			}
		case <-every.C:
			if n == 50 {
				l.lose.Store(50)
			}
			if err := voice.Send(codec.Packet{Data: make([]byte, 60), Codec: codec.Opus, At: time.Duration(n) * 20 * time.Millisecond}); err != nil {
				t.Fatal(err)
			}
		case <-late:
			t.Fatal("nobody says that half is lost")
		}
	}
}
