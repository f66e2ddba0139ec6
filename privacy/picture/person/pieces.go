package person

// pieces labels what hangs together as person, and returns the label of the piece
// that the main person is, or 0.
func (k *Keeper) pieces(v View) int16 {
	clear(k.label[:])
	next, best, main := int16(0), 0, int16(0)
	for i, m := range v.Person {
		if m < isCore || k.label[i] != 0 || next == 1<<14 {
			continue
		}
		next++
		if s := k.fill(v.Person, i, next); s > best {
			best, main = s, next
		}
	}
	return main
}

// fill labels one piece and returns how much of the head, and of what was shown
// last, is in it.
func (k *Keeper) fill(person *[n]byte, from int, label int16) int {
	score := 0
	f := k.head.at
	k.label[from], k.queue[0] = label, int32(from)
	for read, write := 0, 1; read < write; read++ {
		i := int(k.queue[read])
		x, y := i%W, i/W
		fx, fy := float32(x)+.5, float32(y)+.5
		if fx > f.X && fx < f.X+f.W && fy > f.Y && fy < f.Y+f.H {
			score += 4
		}
		if k.model.inside[i] >= 2 {
			score++
		}
		for _, j := range around(i, x, y) {
			if j >= 0 && person[j] >= isCore && k.label[j] == 0 {
				k.label[j], k.queue[write] = label, int32(j)
				write++
			}
		}
	}
	return score
}

// around returns the four neighbours; −1 is outside.
func around(i, x, y int) [4]int {
	a := [4]int{i - 1, i + 1, i - W, i + W}
	if x == 0 {
		a[0] = -1
	}
	if x == W-1 {
		a[1] = -1
	}
	if y == 0 {
		a[2] = -1
	}
	if y == H-1 {
		a[3] = -1
	}
	return a
}

// signs reports whether there is somebody else, and marks which cells are surely
// theirs.
func (k *Keeper) signs(v View, main int16, gap float32) bool {
	found := len(k.others) > 0
	loose := 0
	stay := byte(min(.2/gap, 20)) + 1
	for i := range k.theirs {
		if k.theirs[i] > 0 {
			k.theirs[i]--
		}
		if l := k.label[i]; l != 0 && l != main && k.model.inside[i] < 3 {
			k.theirs[i] = stay
			if k.room.known[i] == 0 || k.room.differs(v, i) {
				loose++
			}
		}
	}
	return found || loose > 12 || k.novelty(v, main, gap)
}

// novelty looks at what is person, hangs together with the main one and lies
// beyond what was theirs. It counts for how long each cell has been new, and
// reports what cannot have grown out of the silhouette.
func (k *Keeper) novelty(v View, main int16, gap float32) (strange bool) {
	k.beyond()
	clear(k.blob[:])
	total := 0
	for i := range k.near {
		if k.isNew(main, i) {
			total++
		}
	}
	grows := total*10 > k.grown*11+10 // by more than a tenth in a tenth of a second: whatever it is, it is still coming
	k.grown = max(total, k.grown-max(k.grown*int(gap*1000)/800, 1))
	k.growing = total > 20
	hold := byte(min(holdFor/gap+.99, 250))
	face := k.head.at.W * k.head.at.H
	for i := range k.blob {
		if !k.isNew(main, i) {
			k.fresh[i] = 0
			continue
		}
		if k.blob[i] != 0 {
			continue
		}
		b := k.gather(v, main, i)
		switch {
		case k.reveal:
		case b.same > 2*b.differ && 4*b.same > b.cells: // it is what stood there before
			k.forget(b)
			continue
		case b.far <= 3: // a strip along the silhouette: it moved
		case b.edge || float32(b.cells) > 3*face:
			strange = true
			k.claim(b, byte(min(.2/gap, 20))+1)
			continue
		case 2*b.differ < b.cells:
			k.forget(b)
			continue
		}
		if b.far > 3 && grows && !k.reveal {
			k.forget(b)
			continue
		}
		k.age(b, hold)
	}
	return strange
}

// A growth is one piece that is new.
type growth struct {
	cells, far   int
	differ, same int  // from the room that was seen there before, as far as one was
	edge         bool // touches a side or the top
}

// beyond measures how far each cell is from what was shown, where that is now:
// the last picture's, and the silhouette.
func (k *Keeper) beyond() {
	for i := range k.near {
		k.near[i] = deep
		if k.mine[i] != 0 || k.model.at[i] >= 160 || k.since < hairFor && k.aroundHead(i) {
			k.near[i] = 0
		}
	}
	spread(&k.near)
}

// aroundHead is where the main person's hair may be, as long as little is known of it.
func (k *Keeper) aroundHead(i int) bool {
	f := k.head.at
	cx, cy := f.centre()
	u, v := (float32(i%W)+.5-cx)/f.W, (float32(i/W)+.5-cy)/f.W
	return u*u/(.9*.9)+(v+.2)*(v+.2)/(1.1*1.1) < 1
}

func (k *Keeper) isNew(main int16, i int) bool {
	return k.label[i] == main && main != 0 && k.near[i] > 1
}

// gather collects one growth into the queue.
func (k *Keeper) gather(v View, main int16, from int) growth {
	var b growth
	k.blob[from], k.queue[0] = 1, int32(from)
	write := 1
	for read := 0; read < write; read++ {
		i := int(k.queue[read])
		x, y := i%W, i/W
		b.far = max(b.far, int(k.near[i]))
		b.edge = b.edge || x == 0 || x == W-1 || y == 0
		switch {
		case k.room.differs(v, i):
			b.differ++
		case k.room.alike(v, i, float32(y) < k.head.at.Y+1.3*k.head.at.H):
			b.same++
		}
		for _, j := range around(i, x, y) {
			if j >= 0 && k.blob[j] == 0 && k.isNew(main, j) {
				k.blob[j], k.queue[write] = 1, int32(j)
				write++
			}
		}
	}
	b.cells = write
	return b
}

func (k *Keeper) claim(b growth, stay byte) {
	for _, i := range k.queue[:b.cells] {
		k.theirs[i], k.fresh[i] = stay, 0
	}
}

func (k *Keeper) forget(b growth) {
	for _, i := range k.queue[:b.cells] {
		k.fresh[i] = 0
	}
}

// age lets a growth be one picture older; it is admitted as one.
func (k *Keeper) age(b growth, hold byte) {
	oldest := byte(0)
	for _, i := range k.queue[:b.cells] {
		oldest = max(oldest, k.fresh[i])
	}
	oldest = min(oldest+1, hold)
	for _, i := range k.queue[:b.cells] {
		k.fresh[i] = oldest
		if oldest == hold || b.far <= 3 || k.reveal {
			k.fresh[i] = 255
		}
	}
}

// calm shows the main piece, but what is new and not yet admitted.
func (k *Keeper) calm(v View) {
	for i, m := range v.Person {
		k.keep[i] = 0
		if m < isPerson || k.theirs[i] != 0 && k.model.inside[i] < 3 {
			continue
		}
		crept := k.model.inside[i] == 0 && k.near[i] == 1 && k.room.same(v, i)
		if k.near[i] <= 1 && !k.stands(v, i) && !crept || k.fresh[i] == 255 {
			k.keep[i] = 255
		}
	}
	k.attached(v.Person)
}

// stands reports whether cell i, at the border of the silhouette and beside the
// head, has stood still while the head moved.
func (k *Keeper) stands(v View, i int) bool {
	return k.room.quiet[i] >= farEnough && k.room.same(v, i) && k.model.inside[i] < 8
}

// attached fills holes, and hides again what does not hang together with the head.
func (k *Keeper) attached(person *[n]byte) {
	k.fillHoles(person)
	clear(k.blob[:])
	write := 0
	f := k.head.at
	for y := max(int(f.Y), 0); y < min(int(f.Y+f.H)+1, H); y++ {
		for x := max(int(f.X), 0); x < min(int(f.X+f.W)+1, W); x++ {
			if i := y*W + x; k.keep[i] != 0 {
				k.blob[i], k.queue[write] = 1, int32(i)
				write++
			}
		}
	}
	for read := 0; read < write; read++ {
		i := int(k.queue[read])
		for _, j := range around(i, i%W, i/W) {
			if j >= 0 && k.blob[j] == 0 && k.keep[j] != 0 {
				k.blob[j], k.queue[write] = 1, int32(j)
				write++
			}
		}
	}
	for i := range k.keep {
		if k.blob[i] == 0 {
			k.keep[i] = 0
		}
	}
}

// fillHoles shows what is person and lies within what is shown on all sides.
func (k *Keeper) fillHoles(person *[n]byte) {
	clear(k.blob[:])
	write := 0
	reach := func(i int) {
		if k.blob[i] == 0 && k.keep[i] == 0 {
			k.blob[i], k.queue[write] = 1, int32(i)
			write++
		}
	}
	for x := range W { // from the top and the sides; below, a person goes on
		reach(x)
	}
	for y := range H {
		reach(y * W)
		reach(y*W + W - 1)
	}
	for read := 0; read < write; read++ {
		i := int(k.queue[read])
		for _, j := range around(i, i%W, i/W) {
			if j >= 0 {
				reach(j)
			}
		}
	}
	for i := range k.keep {
		if k.keep[i] == 0 && k.blob[i] == 0 && person[i] >= isCore && k.theirs[i] == 0 {
			k.keep[i] = 255
		}
	}
}
