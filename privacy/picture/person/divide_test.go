package person

import "testing"

func TestWhatTheSilhouetteGainedIsTakenBackAndNothingElse(t *testing.T) {
	k, v := new(Keeper), new(sight)
	v.room(1)
	v.stand(userFace(), 60, 140, 110)
	k.Faces([]Face{userFace()}, 0)
	var keep [n]byte
	for range 60 {
		k.Divide(v.view(), 1./30, &keep)
	}
	s := &k.model
	depth := s.inside
	f := k.head.at
	gained, lost := int(f.Y-6)*W+int(f.X), int(f.Y+f.H/2)*W+int(f.X+f.W/2)
	if s.at[gained] >= 128 || s.at[lost] < 128 {
		t.Fatal("the two cells are not where they should be")
	}
	s.ref = s.at
	s.ref[gained], s.ref[lost] = 255, 0
	s.face, s.then = k.head.at, k.head.been
	s.follow(&k.head)
	s.recall(&k.head)
	if s.at[gained] >= 128 {
		t.Error("what was gained is still there")
	}
	if s.at[lost] >= 128 {
		t.Error("what was lost has come back")
	}
	for i, m := range s.at {
		if depth[i] > 3 && i != lost && m < 128 {
			t.Fatalf("(%d, %d), deep inside, is gone", i%W, i/W)
		}
	}
}

func TestWhatIsHiddenStaysHiddenWhileItLooksTheSame(t *testing.T) {
	k, s := settled(60)
	at := -1 // a cell that is shown, at the border
	for i, v := range k.mine {
		if v != 0 && k.model.inside[i] == 2 && i/W > int(k.head.at.Y+2*k.head.at.H) && i%W < W/2 {
			at = i
			break
		}
	}
	if at < 0 {
		t.Fatal("nothing is shown at the border of the trunk")
	}
	all := k.mine
	k.keep = all
	k.keep[at-1], k.keep[at] = 0, 0 // at the outer side, so it is no hole
	k.hold(s.view())
	k.keep = all
	k.hold(s.view())
	if k.keep[at] != 0 {
		t.Error("what looks as it did is shown")
	}
	s.y[at], s.y[at-1] = s.y[at]+60, s.y[at-1]+60
	k.keep = all
	k.hold(s.view())
	if k.keep[at] == 0 {
		t.Error("what looks otherwise is still hidden")
	}
}
