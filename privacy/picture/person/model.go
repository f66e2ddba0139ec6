package person

// A silhouette is where the main person has been, as it lay when it was anchored
// and as it lies now.
type silhouette struct {
	ref    [n]byte // at the anchor
	at     [n]byte // now, 0 to 255
	face   Face    // at the anchor
	then   pose    // likewise
	old    [2]past // of the last seconds, the newer first
	aged   float32 // seconds since the newer was taken
	inside [n]byte // how deep a cell lies in it, in cells, up to deep
	beside [n]byte // how far a cell lies from it, likewise
}

// A past is an earlier silhouette.
type past struct {
	ref  [n]byte
	face Face
	then pose
}

const deep = 12

// start takes the outline that a sitting person with this face may have: an oval
// of hair, a neck, and shoulders that widen downwards. Lengths are in widths of
// the face box; they cover what was seen of large hair and of headsets.
func (s *silhouette) start(h *head) {
	s.face = h.at
	cx, cy := h.at.centre()
	for y := range H {
		for x := range W {
			u, v := (float32(x)+.5-cx)/h.at.W, (float32(y)+.5-cy)/h.at.W
			oval := u*u/(.95*.95) + (v+.25)*(v+.25)/(1.25*1.25)
			wide := .5 + 5*min(max(v-.45, 0), .6) + .6*max(v-1.05, 0)
			s.ref[y*W+x] = 0
			if oval < 1 || v > .3 && abs(u) < wide {
				s.ref[y*W+x] = 255
			}
		}
	}
	s.then = h.been
	s.at = s.ref
	s.measure()
}

// take makes the silhouette what is shown, as far as it is person.
func (s *silhouette) take(h *head, mine, person *[n]byte) {
	s.face, s.then = h.at, h.been
	for i, m := range mine {
		s.ref[i] = m & person[i]
	}
	s.old[0] = past{s.ref, s.face, s.then}
	s.old[1], s.aged = s.old[0], 0
	s.at = s.ref
	s.measure()
}

// follow moves the silhouette with head and chest.
func (s *silhouette) follow(h *head) {
	m := h.been.since(s.then)
	head, trunk := m.head.back(), m.trunk.back()
	_, fy := s.face.centre()
	chin, chest := fy+.6*s.face.H, fy+1.9*s.face.H
	for y := range H {
		for x := range W {
			u, v := head.of(float32(x), float32(y))
			// between head and trunk in proportion
			if t := min(max((v-chin)/(chest-chin), 0), 1); t > 0 {
				a, b := trunk.of(float32(x), float32(y))
				u, v = u+(a-u)*t, v+(b-v)*t
			}
			s.at[y*W+x] = sample(&s.ref, u, v)
		}
	}
	s.measure()
}

func sample(m *[n]byte, x, y float32) byte { return byte(between(m, x, y) + .5) }

// recall takes back what it was not yet a second or two ago: somebody may have crept
// into it.
func (s *silhouette) recall(h *head) {
	now, o := s.at, &s.old[1]
	s.ref, s.face, s.then = o.ref, o.face, o.then
	s.follow(h)
	for i, m := range now {
		s.at[i] = min(s.at[i], m)
	}
	s.ref, s.face, s.then = s.at, h.at, h.been
	s.measure()
}

// learn moves towards what was shown, but where that is disputed, and anchors
// there.
func (s *silhouette) learn(h *head, keep, person, disputed *[n]byte, gap float32) {
	s.face, s.then = h.at, h.been
	if s.aged += gap; s.aged > 1 {
		s.old[1] = s.old[0]
		s.old[0] = past{s.ref, s.face, s.then}
		s.aged = 0
	}
	rate := int32(min(gap*6, .5) * 256)
	for i, m := range s.at {
		if disputed != nil && disputed[i] != 0 {
			s.ref[i] = m
			continue
		}
		want := int32(0)
		if keep[i] != 0 {
			want = int32(person[i])
		}
		d := (want - int32(m)) * rate
		s.ref[i] = byte(int32(m) + (d+128)>>8)
	}
}

// measure fills inside and beside: city-block distances to the outline.
func (s *silhouette) measure() {
	for i, m := range s.at {
		s.inside[i], s.beside[i] = 0, deep
		if m >= 128 {
			s.inside[i], s.beside[i] = deep, 0
		}
	}
	spread(&s.inside)
	spread(&s.beside)
}

// spread turns a map of 0 and deep into distances from the zeros. Beyond the
// picture's edge a person goes on, so the edge is no outline.
func spread(d *[n]byte) {
	for y := range H {
		for x := range W {
			i := y*W + x
			v := d[i]
			if x > 0 {
				v = min(v, d[i-1]+1)
			}
			if y > 0 {
				v = min(v, d[i-W]+1)
			}
			d[i] = v
		}
	}
	for y := H - 1; y >= 0; y-- {
		for x := W - 1; x >= 0; x-- {
			i := y*W + x
			v := d[i]
			if x < W-1 {
				v = min(v, d[i+1]+1)
			}
			if y < H-1 {
				v = min(v, d[i+W]+1)
			}
			d[i] = v
		}
	}
}
