package budget_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"paravent/media/budget"
)

// total is what a plan takes on the wire at most; pictures have their packets' headers.
func total(p budget.Plan) int { return p.Speech + p.Kept + (p.Camera+p.Screen)*100/85 }

// any is one of the ways there are.
func anyNeed(r *rand.Rand) budget.Need {
	return budget.Need{
		Limit: 18_000 + r.IntN(2_000_000), Carried: r.IntN(2) * (18_000 + r.IntN(2_000_000)),
		Header: []int{0, budget.DirectIPv4, budget.DirectIPv6}[r.IntN(3)], Sealed: r.IntN(2) * 30,
		Camera: r.IntN(2) == 0, Screen: r.IntN(2) == 0,
	}
}

func TestAPlanFitsIntoTheLimitAndIntoWhatIsCarried(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		n := anyNeed(r)
		p := budget.Divide(n, budget.Plan{Camera: r.IntN(2) * 50_000, Screen: r.IntN(2) * 50_000})
		room := n.Limit
		if n.Carried > 0 {
			room = min(room, n.Carried)
		}
		if got := total(p); got > room && !p.Short {
			t.Fatalf("%+v of %d takes %d", p, room, got)
		}
		if p.Short && (p.Camera > 0 || p.Screen > 0) {
			t.Fatalf("there are pictures and no room for speech: %+v", p)
		}
		if p.Camera > 0 && !n.Camera || p.Screen > 0 && !n.Screen {
			t.Fatalf("%+v sends what is off", p)
		}
		if p.Sound.Bitrate < 6_000 || p.Sound.PacketFor > 120*time.Millisecond {
			t.Fatalf("speech of %+v", p.Sound)
		}
	}
}

func TestMoreRoomIsNeverWorseForSpeechNorForPictures(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5_000 {
		n := anyNeed(r)
		n.Carried = 0
		less := budget.Divide(n, budget.Plan{})
		n.Limit += r.IntN(200_000)
		more := budget.Divide(n, budget.Plan{})
		if more.Sound.Bitrate < less.Sound.Bitrate || more.Sound.PacketFor > less.Sound.PacketFor {
			t.Fatalf("speech: %+v, with more room %+v", less, more)
		}
		if less.Camera+less.Screen > 0 && more.Camera+more.Screen == 0 {
			t.Fatalf("pictures: %+v, with more room %+v", less, more)
		}
	}
}

func TestTwoWaySpeechFitsInto24KilobitsOnEveryWay(t *testing.T) {
	for name, n := range map[string]budget.Need{
		"IPv4":             {},
		"IPv6":             {Header: budget.DirectIPv6},
		"relayed":          {Header: budget.Relayed},
		"encrypted, IPv6":  {Header: budget.DirectIPv6, Sealed: 30},
		"with pictures on": {Camera: true, Screen: true},
	} {
		n.Limit = 24_000
		p := budget.Divide(n, budget.Plan{})
		if p.Short || total(p) > 24_000 || p.Sound.Bitrate < 8_000 || p.Camera+p.Screen > 0 {
			t.Errorf("%s: %+v takes %d", name, p, total(p))
		}
	}
}

func TestPacketsGetLongerBeforeSpeechGetsCoarser(t *testing.T) {
	for limit, want := range map[int]int{200_000: 20, 48_000: 40, 32_000: 60, 24_000: 60, 18_000: 120} {
		if p := budget.Divide(budget.Need{Limit: limit}, budget.Plan{}); int(p.Sound.PacketFor.Milliseconds()) != want {
			t.Errorf("%d: %+v", limit, p)
		}
	}
}

func TestPicturesThatWentOffComeBackOnlyWhenThereIsClearlyRoom(t *testing.T) {
	n := budget.Need{Camera: true}
	var on, off int
	for n.Limit = 24_000; n.Limit < 200_000; n.Limit += 500 {
		if off == 0 && budget.Divide(n, budget.Plan{Camera: 1}).Camera > 0 {
			off = n.Limit
		}
		if on == 0 && budget.Divide(n, budget.Plan{}).Camera > 0 {
			on = n.Limit
		}
	}
	if off == 0 || on < off+5_000 {
		t.Errorf("they stay down to %d and come back at %d", off, on)
	}
}

func TestAScreenComesBeforeACamera(t *testing.T) {
	for limit := 24_000; limit < 500_000; limit += 1000 {
		p := budget.Divide(budget.Need{Limit: limit, Camera: true, Screen: true}, budget.Plan{})
		if p.Camera > 0 && p.Screen < p.Camera {
			t.Fatalf("%d: %+v", limit, p)
		}
	}
}

func TestTheStricterLimitHolds(t *testing.T) {
	a, b := budget.Limit{Up: 64_000}, budget.Limit{Up: 128_000, Down: 5}
	if got := a.Stricter(b); got != b.Stricter(a) || got != (budget.Limit{Up: 64_000, Down: 5}) {
		t.Error(got)
	}
	if !(budget.Limit{}).Stricter(budget.Limit{}).None() {
		t.Error("no limit and no limit is a limit")
	}
}

func TestOthersPicturesAreAskedForOnlyWhereTheirVoicesLeaveRoom(t *testing.T) {
	if budget.Watched(24_000, 1) != 0 || budget.Watched(0, 9) != budget.Most {
		t.Error("24 kbit/s carry pictures, or no limit does not")
	}
	if one, five := budget.Watched(128_000, 1), budget.Watched(128_000, 5); one < 40_000 || five >= one {
		t.Error(one, five)
	}
}
