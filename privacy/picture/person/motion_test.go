package person

import (
	"math"
	"testing"
)

// waves is a texture without a period that is seen.
func waves(x, y float32) byte {
	u, v := float64(x), float64(y)
	return byte(128 + 40*math.Sin(u*.31+.7*math.Sin(v*.2)) + 40*math.Sin(v*.37+u*.11))
}

func TestAMotionIsFoundFromTwoPictures(t *testing.T) {
	var was, now, where [n]byte
	for name, want := range map[string]motion{
		"none": shift(0, 0), "shift": shift(1.3, -.7), "turn": {complex(.9988, .05), complex(1.5, -3)}, "growth": {1.03, complex(-2, -1)},
	} {
		for i := range was {
			x, y := float32(i%W), float32(i/W)
			u, v := want.back().of(x, y)
			was[i], now[i], where[i] = waves(x, y), waves(u, v), 0
			if x > 40 && x < 80 && y > 15 && y < 55 {
				where[i] = 255
			} else {
				now[i] = byte(i * 7) // what is around does not count
			}
		}
		got := refine(shift(0, 0), &was, &now, &where, 20, 50)
		for _, p := range [][2]float32{{50, 25}, {70, 45}} {
			ax, ay := got.of(p[0], p[1])
			bx, by := want.of(p[0], p[1])
			if abs(ax-bx)+abs(ay-by) > .2 {
				t.Errorf("%s: (%v, %v) goes to (%.2f, %.2f), not to (%.2f, %.2f)", name, p[0], p[1], ax, ay, bx, by)
			}
		}
	}
}

func TestWhatStandsStillBesideAHeadThatMovesIsTakenBack(t *testing.T) {
	for name, moves := range map[string]bool{"a tower": false, "an ear": true} {
		k, s := new(Keeper), new(sight)
		var keep [n]byte
		shown := 0
		for p := range 150 {
			s.room(1)
			f := userFace().moved(2*float32(math.Sin(float64(p)/6)), 0)
			s.stand(f, 60, 140, 110)
			at := 70
			if moves {
				at += round(f.X - userFace().X)
			}
			for y := 22; y < 30; y++ { // the mask takes it for person from the first picture on
				for x := at - 4; x < at+4; x++ {
					if i := y*W + x; s.person[i] == 0 {
						s.person[i], s.y[i] = 255, waves(2*float32(x-at), 2*float32(y))
					}
				}
			}
			if p%6 == 0 {
				k.Faces([]Face{f}, 0)
			}
			k.Divide(s.view(), 1./30, &keep)
			if p >= 140 && keep[25*W+at+2] != 0 {
				shown++
			}
		}
		if moves && shown < 10 || !moves && shown > 0 {
			t.Errorf("%s is shown in %d of the last 10 pictures", name, shown)
		}
	}
}
