package faults

import (
	"image"
	"testing"

	"paravent/media/frame"
)

func TestTheJudgeFindsTheRoomInPicturesOfEverySize(t *testing.T) {
	cams := &cameras{}
	for _, size := range []image.Point{{width, height}, {160, 90}, {256, 144}, {480, 270}, {640, 360}, {321, 181}, {319, 179}, {97, 55}, {177, 321}} {
		stills, err := cams.of(size)
		if err != nil {
			t.Fatal(err)
		}
		j := &judge{}
		if s := j.score(stills[0]); s < 0.5 {
			t.Errorf("%v: the raw picture scores %.2f", size, s)
		}
		covered := own(stills[0].Image, 0)
		covered.Fill(cover())
		if s := j.score(covered); s > 0.01 {
			t.Errorf("%v: a plain colour scores %.2f", size, s)
		}
	}
}

// A hole in the mask is as bad as no mask.
func TestTheJudgeFindsASmallPieceOfTheRoom(t *testing.T) {
	stills, err := (&cameras{}).of(image.Pt(width, height))
	if err != nil {
		t.Fatal(err)
	}
	p := frame.NewPool(width, height).Get(0)
	p.Fill(cover())
	raw := stills[0].Image
	for y := 100; y < 100+tile/2; y++ {
		copy(p.Image.Y[p.Image.YOffset(8, y):p.Image.YOffset(8+tile, y)], raw.Y[raw.YOffset(8, y):])
	}
	if s := (&judge{}).score(p); s < 0.25 {
		t.Errorf("a piece of %d×%d pixels scores %.2f", tile, tile/2, s)
	}
}

func TestThePlanHasAThousandFaultsOfEachStageAndKind(t *testing.T) {
	all := plan()
	if len(all) != total {
		t.Errorf("%d faults are planned, want %d", len(all), total)
	}
	counts := make(map[fault]int)
	for _, f := range all {
		counts[f]++
	}
	for _, s := range stages() {
		want := []kind{failure, panics, late}
		if masked(s) {
			want = append(want, maskFull, maskEmpty, maskRandom, maskBits)
		}
		for _, k := range want {
			if counts[fault{s, k}] == 0 {
				t.Errorf("%s, %s: not planned", s, k)
			}
		}
	}
}
