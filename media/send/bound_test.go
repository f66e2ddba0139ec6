package send_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/sfu"
)

// three are sizes as they are really sent.
func three() []sfu.Layer {
	return []sfu.Layer{
		{Width: 160, Height: 90, FPS: 20, Bitrate: 100_000},
		{Width: 320, Height: 180, FPS: 20, Bitrate: 200_000},
		{Width: 640, Height: 360, FPS: 20, Bitrate: 400_000},
	}
}

// layersOf returns which layers the next pictures are sent in, over two seconds, and
// how many of the smallest there are.
func layersOf(b *bench) (layers []int, smallest int) {
	b.out.got = nil
	for range 60 {
		b.picture(640, 360)
	}
	for _, l := range b.out.layers() {
		if l == 0 {
			smallest++
		}
		if !slices.Contains(layers, l) {
			layers = append(layers, l)
		}
	}
	slices.Sort(layers)
	return layers, smallest
}

func TestALimitLeavesOutTheLargestSizesFirstAndThenPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, three())
		all := 0
		for _, c := range []struct {
			limit int
			want  []int
			rates []int
			slow  bool
		}{
			{1_000_000, []int{0, 1, 2}, []int{100_000, 200_000, 400_000}, false},
			{500_000, []int{0, 1, 2}, []int{100_000, 200_000, 200_000}, false},
			{310_000, []int{0, 1}, []int{100_000, 200_000}, false},
			{150_000, []int{0}, []int{100_000}, false},
			{30_000, []int{0}, []int{30_000}, true},
			{0, nil, nil, false},
			{250_000, []int{0, 1}, []int{100_000, 150_000}, false},
		} {
			b.Limit(c.limit)
			got, smallest := layersOf(b)
			if !slices.Equal(got, c.want) {
				t.Errorf("limit %d: sizes %v, want %v", c.limit, got, c.want)
			}
			for i, rate := range c.rates {
				if b.coders[i].rate != rate {
					t.Errorf("limit %d: size %d gets %d, want %d", c.limit, i, b.coders[i].rate, rate)
				}
			}
			if all = max(all, smallest); c.slow && (smallest > all/2 || smallest < 6) {
				t.Errorf("limit %d: %d pictures in two seconds, of %d", c.limit, smallest, all)
			}
		}
	})
}

func TestUnderALimitASmallerSizeStandsForTheOnlyOneThatIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, no := begin(t, three()), false
		b.picture(640, 360)
		for i := range 2 {
			b.out.asks <- sfu.Ask{Layer: i, Wanted: &no}
		}
		if got, _ := layersOf(b); !slices.Equal(got, []int{2}) {
			t.Errorf("without a limit: %v", got)
		}
		b.Limit(60_000)
		if got, _ := layersOf(b); !slices.Equal(got, []int{0}) {
			t.Errorf("sizes %v", got)
		}
		b.out.asks <- sfu.Ask{Layer: 2, Wanted: &no}
		if got, _ := layersOf(b); got != nil {
			t.Errorf("nobody looks: %v", got)
		}
	})
}

func TestAScreenKeepsItsDetailAndIsSentSeldomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, []sfu.Layer{{Width: 640, Height: 360, FPS: 10, Bitrate: 400_000}})
		b.Screen = true
		b.Limit(40_000)
		b.out.got = nil
		for range 300 { // ten seconds
			b.picture(640, 360)
		}
		if n := len(b.out.got); n < 9 || n > 13 || len(b.coders) != 1 {
			t.Errorf("%d pictures, by %d encoders", n, len(b.coders))
		}
	})
}

func TestWhatIsLetBackBeginsWithAKeyframe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := begin(t, three()[:1])
		b.picture(640, 360)
		b.Limit(0)
		b.picture(640, 360)
		b.Limit(50_000)
		b.out.got = nil
		for range 10 {
			b.picture(640, 360)
		}
		if len(b.out.got) == 0 || !b.out.got[0].Keyframe {
			t.Error("no keyframe")
		}
		if at := b.out.got[0].At; at < time.Hour {
			t.Error(at)
		}
	})
}
