package person

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A sight is a View with its own cells.
type sight struct{ person, y, cb, cr [n]byte }

func (s *sight) view() View { return View{&s.person, &s.y, &s.cb, &s.cr} }

// room fills s with a textured room without anybody.
func (s *sight) room(seed uint32) {
	s.person = [n]byte{}
	for i := range s.y {
		seed = seed*1664525 + 1013904223
		s.y[i], s.cb[i], s.cr[i] = byte(90+i%W/4+int(seed>>28)), 120, 130
	}
}

// stand puts somebody with that face into s: an oval and a trunk, of one colour.
func (s *sight) stand(f Face, y, cb, cr byte) {
	cx, cy := f.centre()
	for i := range s.person {
		u, v := (float32(i%W)+.5-cx)/f.W, (float32(i/W)+.5-cy)/f.W
		if u*u/.42+v*v/.7 < 1 || v > .6 && max(u, -u) < 1.2 {
			s.person[i], s.y[i], s.cb[i], s.cr[i] = 255, y+byte(i%5)*4, cb, cr
		}
	}
}

func userFace() Face { return Face{52, 20, 16, 16} }

// settled is a Keeper that knows the user, who moves a little.
func settled(pictures int) (*Keeper, *sight) {
	k, s := new(Keeper), new(sight)
	var keep [n]byte
	for i := range pictures {
		s.room(1)
		f := userFace().moved(float32(math.Sin(float64(i)/4)), 0)
		s.stand(f, 60, 140, 110)
		if i%6 == 0 {
			k.Faces([]Face{f}, 0)
		}
		k.Divide(s.view(), 1./30, &keep)
	}
	return k, s
}

func count(m *[n]byte) int {
	c := 0
	for _, v := range m {
		if v != 0 {
			c++
		}
	}
	return c
}

// cells draws a plane: noise, a plain one, or some boxes.
func cells(t *rapid.T, name string, levels *rapid.Generator[byte]) (m [n]byte) {
	switch rapid.IntRange(0, 2).Draw(t, name+" kind") {
	case 0:
		seed := rapid.Uint32().Draw(t, name+" seed")
		for i := range m {
			seed = seed*1664525 + 1013904223
			m[i] = byte(seed >> 24)
		}
	case 1:
		v := levels.Draw(t, name)
		for i := range m {
			m[i] = v
		}
	default:
		for range rapid.IntRange(1, 5).Draw(t, name+" boxes") {
			x, y := rapid.IntRange(0, W-1).Draw(t, "x"), rapid.IntRange(0, H-1).Draw(t, "y")
			w, h := rapid.IntRange(1, W).Draw(t, "w"), rapid.IntRange(1, H).Draw(t, "h")
			v := levels.Draw(t, name)
			for i := range m {
				if i%W >= x && i%W < x+w && i/W >= y && i/W < y+h {
					m[i] = v
				}
			}
		}
	}
	return m
}

func faces(t *rapid.T) []Face {
	side := rapid.OneOf(rapid.Float32Range(1, 80), rapid.Float32Range(0, 1), rapid.Float32Range(80, 5000))
	at := rapid.OneOf(rapid.Float32Range(-20, W+20), rapid.Float32Range(-1e6, 1e6), rapid.Float32Range(-1e30, 1e30))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Face {
		return Face{at.Draw(t, "X"), at.Draw(t, "Y"), side.Draw(t, "W"), side.Draw(t, "H")}
	}), 0, 12).Draw(t, "faces")
}

// hangsTogether reports whether all that is kept reaches the box of the head.
func (k *Keeper) hangsTogether() bool {
	f := k.head.at
	var seen [n]bool
	var queue []int
	for i, v := range k.mine {
		x, y := float32(i%W), float32(i/W)
		if v != 0 && x > f.X-1 && x < f.X+f.W+1 && y > f.Y-1 && y < f.Y+f.H+1 {
			seen[i] = true
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for _, j := range around(i, i%W, i/W) {
			if j >= 0 && k.mine[j] != 0 && !seen[j] {
				seen[j] = true
				queue = append(queue, j)
			}
		}
	}
	for i, v := range k.mine {
		if v != 0 && !seen[i] {
			return false
		}
	}
	return true
}

// besideMine reports whether what is shown lies within two cells.
func (k *Keeper) besideMine(i int) bool {
	x, y := i%W, i/W
	for v := max(y-2, 0); v <= min(y+2, H-1); v++ {
		for u := max(x-2, 0); u <= min(x+2, W-1); u++ {
			if k.mine[v*W+u] != 0 {
				return true
			}
		}
	}
	return false
}

func TestNothingIsKeptThatIsNoPersonOrLooseWhateverIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := new(Keeper)
		if rapid.Bool().Draw(t, "settled") {
			k, _ = settled(20)
		}
		levels := rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{0, 25, 26, 127, 128, 255}))
		s, have := new(sight), k.head.have
		var keep [n]byte
		for range rapid.IntRange(1, 6).Draw(t, "pictures") {
			switch rapid.IntRange(0, 9).Draw(t, "event") {
			case 0:
				k.Reset()
				have = false
			case 1:
				k.Reveal(rapid.Bool().Draw(t, "reveal"))
			case 2, 3, 4:
				found := faces(t)
				k.Faces(found, rapid.Float32Range(-1, 20).Draw(t, "late"))
				have = have || len(found) > 0
			}
			s.person, s.y = cells(t, "person", levels), cells(t, "luma", levels)
			s.cb, s.cr = cells(t, "cb", levels), cells(t, "cr", levels)
			f := k.Divide(s.view(), rapid.Float32Range(-1, 30).Draw(t, "gap"), &keep)
			if c := count(&keep); c > 0 && (!have || !f.Present) {
				t.Fatalf("%d cells are kept, present %v, a face was seen %v", c, f.Present, have)
			}
			for i, v := range k.mine {
				switch {
				case v != 0 && s.person[i] < isPerson:
					t.Fatalf("cell %d is kept and no person: %d", i, s.person[i])
				case keep[i] != 0 && !k.besideMine(i):
					t.Fatalf("cell %d is shown, and nothing beside it is kept", i)
				case keep[i] != 0 && s.person[i] >= isPerson && v == 0:
					t.Fatalf("cell %d is shown as a fringe, and is person that was held back", i)
				}
			}
			if !k.hangsTogether() {
				t.Fatal("what is kept does not hang together with the head")
			}
		}
	})
}

func TestAfterAResetNothingIsKeptUntilThereIsAFace(t *testing.T) {
	k, s := settled(30)
	var keep [n]byte
	if k.Divide(s.view(), 1./30, &keep); count(&keep) < 500 {
		t.Fatalf("only %d cells are kept before", count(&keep))
	}
	k.Reset()
	for range 60 {
		if f := k.Divide(s.view(), 1./30, &keep); f.Present || count(&keep) > 0 {
			t.Fatalf("%d cells are kept", count(&keep))
		}
	}
	k.Faces(nil, 0)
	if k.Divide(s.view(), 1./30, &keep); count(&keep) > 0 {
		t.Fatalf("%d cells are kept though no face was found", count(&keep))
	}
	k.Faces([]Face{userFace()}, 0)
	if f := k.Divide(s.view(), 1./30, &keep); !f.Present || count(&keep) < 500 {
		t.Errorf("with a face only %d cells are kept", count(&keep))
	}
}

func TestNothingIsKeptOfAUserOfWhomNextToNothingIsLeft(t *testing.T) {
	k, s := settled(30)
	f := userFace()
	for i := range s.person { // a hat on a hook
		if cx, cy := f.centre(); abs(float32(i%W)-cx) > 6 || abs(float32(i/W)-cy) > 6 {
			s.person[i] = 0
		}
	}
	var keep [n]byte
	for p := range 60 {
		found := k.Divide(s.view(), 1./30, &keep)
		if at := float32(p+1) / 30; at > awayAfter+.1 && (found.Present || count(&keep) > 0) {
			t.Fatalf("after %.2f s %d cells are kept, present %v", at, count(&keep), found.Present)
		}
		if p == 0 && count(&keep) == 0 {
			t.Fatal("nothing is left at once: the test tells nothing")
		}
	}
}

func TestALoosePieceIsNeverKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, s := settled(20)
		x, y := rapid.IntRange(0, 24).Draw(t, "x"), rapid.IntRange(0, H-2).Draw(t, "y")
		if rapid.Bool().Draw(t, "right") {
			x = W - 1 - x
		}
		w, h := rapid.IntRange(1, 12).Draw(t, "w"), rapid.IntRange(1, H).Draw(t, "h")
		luma := rapid.Byte().Draw(t, "luma")
		k.Reveal(rapid.Bool().Draw(t, "reveal"))
		var keep [n]byte
		for p := range 40 {
			s.room(1)
			s.stand(userFace(), 60, 140, 110)
			loose := func(i int) bool {
				return i%W >= x && i%W < x+w && i/W >= y && i/W < y+h && (i%W < 36 || i%W > 92)
			}
			for i := range s.person {
				if loose(i) {
					s.person[i], s.y[i] = 255, luma
				}
			}
			if p%6 == 0 {
				k.Faces([]Face{userFace()}, 0)
			}
			k.Divide(s.view(), 1./30, &keep)
			for i, v := range keep {
				if v != 0 && loose(i) {
					t.Fatalf("picture %d: cell %d,%d is kept", p, i%W, i/W)
				}
			}
			if count(&keep) < 500 {
				t.Fatalf("picture %d: only %d cells are kept", p, count(&keep))
			}
		}
	})
}

func BenchmarkDivide(b *testing.B) {
	for name, other := range map[string]bool{"calm": false, "somebody else": true} {
		b.Run(name, func(b *testing.B) {
			k, _ := settled(60)
			views := make([]sight, 16)
			for i := range views {
				views[i].room(uint32(i))
				if other {
					views[i].stand(Face{90 + float32(i%3), 18, 14, 14}, 160, 100, 150)
				}
				views[i].stand(userFace().moved(float32(math.Sin(float64(i)*math.Pi/8)), 0), 60, 140, 110)
			}
			found := []Face{userFace()}
			if other {
				found = append(found, Face{90, 18, 14, 14})
			}
			var keep [n]byte
			i, others := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				if i%6 == 0 {
					k.Faces(found, 0)
				}
				if k.Divide(views[i%len(views)].view(), 1./30, &keep).Others {
					others++
				}
				i++
			}
			if other != (others > 0) || count(&keep) < 300 {
				b.Fatalf("%d of %d pictures have somebody else, %d cells are kept", others, i, count(&keep))
			}
		})
	}
}

func TestDivideDoesNotAllocate(t *testing.T) {
	k, s := settled(30)
	var keep [n]byte
	found := []Face{userFace(), {90, 18, 14, 14}}
	for _, other := range []bool{false, true} {
		if other {
			s.stand(found[1], 160, 100, 150)
		}
		if a := testing.AllocsPerRun(30, func() {
			if other {
				k.Faces(found, .1)
			}
			k.Divide(s.view(), 1./30, &keep)
		}); a != 0 {
			t.Errorf("%v allocations, somebody else %v", a, other)
		}
	}
}
