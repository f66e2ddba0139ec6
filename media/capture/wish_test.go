package capture

import (
	"math"
	"testing"
)

func TestAWishIsCompletedAndNotChanged(t *testing.T) {
	usual := VideoWish{640, 360, 30}
	for wish, want := range map[VideoWish]VideoWish{
		{}:               usual,
		{1280, 720, 15}:  {1280, 720, 15},
		{1280, 0, 15}:    {640, 360, 15},
		{-1, 720, -1}:    usual,
		{320, 180, 0}:    {320, 180, 30},
		{0, 0, 1e300}:    {640, 360, 1e300},
		{1, 1, 0.000001}: {1, 1, 0.000001},
	} {
		if got := wish.Or(usual); got != want {
			t.Errorf("%v became %v, want %v", wish, got, want)
		}
	}
	if got := (VideoWish{1, 1, math.NaN()}).Or(usual); got.FPS != 30 {
		t.Errorf("not a number became %v", got.FPS)
	}
}
