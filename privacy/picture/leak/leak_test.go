package leak

import "testing"

func TestAFilterThatHidesEverythingScoresNothing(t *testing.T) {
	const most = 0.002
	s := newStage(t)
	for _, look := range looks() {
		for _, sc := range []scene{{}, {noisy: true}, {sheet: true, noisy: true}} {
			sc.look = look
			r := s.play(t, sc)
			if r.figures.Area >= most {
				t.Errorf("%+v: area %.4f", sc, r.figures.Area)
			}
			if r.exposed.Half >= most {
				t.Errorf("%+v: %.4f visible", sc, r.exposed.Half)
			}
		}
	}
}

func TestRawPicturesRevealTheRoom(t *testing.T) {
	const least = 0.9
	s := newStage(t)
	for _, noisy := range []bool{false, true} {
		r := s.play(t, scene{look: "raw", noisy: noisy})
		if r.figures.Area <= least || r.figures.SSIM < .8 {
			t.Errorf("noisy %v: %+v", noisy, r.figures)
		}
		if r.exposed.Half <= least {
			t.Errorf("noisy %v: only %.3f visible", noisy, r.exposed.Half)
		}
	}
}

func TestTheScoreGrowsWithTheFringeAroundThePerson(t *testing.T) {
	s := newStage(t)
	for _, look := range looks() {
		last := result{}
		for _, fringe := range []int{0, 3, 6, 12} {
			r := s.play(t, scene{look: look, fringe: fringe, noisy: true})
			if fringe > 0 && r.figures.Area < last.figures.Area+.01 {
				t.Errorf("%s, fringe %d: area %.4f after %.4f", look, fringe, r.figures.Area, last.figures.Area)
			}
			if fringe > 0 && r.exposed.Half < last.exposed.Half+.01 {
				t.Errorf("%s, fringe %d: %.4f visible after %.4f", look, fringe, r.exposed.Half, last.exposed.Half)
			}
			last = r
		}
	}
}

func TestASheetShownBesideThePersonCounts(t *testing.T) {
	s := newStage(t)
	for _, look := range looks() {
		for _, shown := range []int{1, 4, 10} {
			r := s.play(t, scene{look: look, sheet: true, shown: shown, noisy: true})
			if r.figures.Area < .1 {
				t.Errorf("%s, shown %d of 10: area %.4f", look, shown, r.figures.Area)
			}
			if r.exposed.Half < .1 {
				t.Errorf("%s, shown %d of 10: %.4f visible", look, shown, r.exposed.Half)
			}
		}
	}
}
