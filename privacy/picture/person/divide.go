package person

// divide splits what is person between the main one and the others, by the
// shorter way from what is surely either's.
func (k *Keeper) divide(v View, main int16) {
	for i := range k.dist[0] {
		k.dist[0][i], k.dist[1][i] = unsure, unsure
		m := v.Person[i]
		if m < isPerson {
			continue
		}
		in, out := k.model.inside[i], k.model.beside[i]
		switch {
		case in >= 3 && !k.stands(v, i) || k.inHead(i):
			k.dist[0][i] = 0
		case k.theirs[i] != 0 && out >= 2 || k.label[i] != 0 && k.label[i] != main || out >= 4 || k.stands(v, i):
			k.dist[1][i] = 0
		}
	}
	for _, f := range k.others {
		k.seedOther(v.Person, f)
	}
	k.spreadOver(v, 0)
	k.spreadOver(v, 1)
	margin, tear := 1+int(3*k.head.went+.5), 25+50*k.head.went
	for i, m := range v.Person {
		k.keep[i] = 0
		a, b := k.dist[0][i], k.dist[1][i]
		k.disputed[i] = 0
		if m >= isPerson && (a >= unsure || b < 3*a+4) {
			k.disputed[i] = 1
		}
		if m < isPerson || a >= unsure || a > b || b >= unsure && k.model.inside[i] == 0 && (int(k.model.beside[i]) >= margin || a > tear) {
			if m >= isPerson && b < unsure && k.model.beside[i] >= 3 {
				k.theirs[i] = max(k.theirs[i], 3)
			}
			continue
		}
		k.keep[i] = 255
	}
	k.attached(v.Person)
}

// hold keeps hidden what was hidden in the last picture and looks as it did, at the
// border of the silhouette: the person did not move there, so it is not them.
func (k *Keeper) hold(v View) {
	for i, was := range k.held {
		if was != 0 && k.keep[i] != 0 && k.model.inside[i] < 8 && !k.inHead(i) && k.hid.like(v, i) {
			k.keep[i] = 0
		}
	}
	k.attached(v.Person)
	for i, m := range v.Person {
		k.held[i] = 0
		if k.keep[i] == 0 && m >= isPerson {
			k.held[i], k.hid.y[i], k.hid.cb[i], k.hid.cr[i] = 1, v.Y[i], v.Cb[i], v.Cr[i]
		}
	}
}

// inHead is the oval of the main face.
func (k *Keeper) inHead(i int) bool {
	f := k.head.at
	cx, cy := f.centre()
	u, v := (float32(i%W)+.5-cx)/(.42*f.W), (float32(i/W)+.5-cy)/(.55*f.H)
	return u*u+v*v < 1
}

// seedOther marks head and body of another face, where the main person is not.
func (k *Keeper) seedOther(person *[n]byte, f Face) {
	cx, cy := f.centre()
	for y := max(int(cy-f.H), 0); y < H; y++ {
		for x := max(int(cx-f.W), 0); x < min(int(cx+f.W)+1, W); x++ {
			i := y*W + x
			if person[i] < isPerson || k.model.inside[i] > 0 || k.inHead(i) {
				continue
			}
			u, v := (float32(x)+.5-cx)/f.W, (float32(y)+.5-cy)/f.H
			in := u*u/.36+(v+.12)*(v+.12)/.56 < 1
			if v > 0 {
				in = in || abs(u) < .35 || v > 1.1 && abs(u) < .8
			}
			if in {
				k.dist[1][i], k.dist[0][i] = 0, unsure
			}
		}
	}
}

// spreadOver lets the distances of one side grow over the cells that are person:
// two sweeps there and back.
func (k *Keeper) spreadOver(v View, side int) {
	d := &k.dist[side]
	ground := &k.model.beside
	if side == 1 {
		ground = &k.model.inside
	}
	for range 2 {
		for y := range H {
			for x := range W {
				k.step(v, d, ground, y*W+x, -1, x > 0, y > 0, x < W-1)
			}
			for x := W - 2; x >= 0; x-- {
				i := y*W + x
				k.reach(v, d, ground, i, i+1, 1)
			}
		}
		for y := H - 1; y >= 0; y-- {
			for x := W - 1; x >= 0; x-- {
				k.step(v, d, ground, y*W+x, 1, x < W-1, y < H-1, x > 0)
			}
			for x := 1; x < W; x++ {
				i := y*W + x
				k.reach(v, d, ground, i, i-1, 1)
			}
		}
	}
}

// step looks at the neighbours behind (way −1) or ahead (way 1).
func (k *Keeper) step(v View, d *[n]float32, ground *[n]byte, i, way int, side, row, other bool) {
	if v.Person[i] < isPerson {
		return
	}
	if side {
		k.reach(v, d, ground, i, i+way, 1)
	}
	if row {
		k.reach(v, d, ground, i, i+way*W, 1)
		if side {
			k.reach(v, d, ground, i, i+way*(W+1), 1.414)
		}
		if other {
			k.reach(v, d, ground, i, i+way*(W-1), 1.414)
		}
	}
}

// reach is the way from j to i: as long as the colours differ, and longer on
// ground that is not one's own.
func (k *Keeper) reach(v View, d *[n]float32, ground *[n]byte, i, j int, length float32) {
	if d[j] >= d[i] || v.Person[i] < isPerson {
		return
	}
	colour := apart(v.Y[i], v.Y[j]) + apart(v.Cb[i], v.Cb[j]) + apart(v.Cr[i], v.Cr[j])
	c := d[j] + length*(1+.15*float32(colour))*(1+4*float32(min(ground[i], 3)))
	if c < d[i] {
		d[i] = c
	}
}
