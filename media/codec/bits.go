package codec

// bits reads a header bit by bit. Past the end it reads zeros and remembers it.
type bits struct {
	data     []byte
	pos      int  // in bits
	unescape bool // leave out the emulation prevention bytes of H.264, section 7.4.1
	zeros    int  // bytes of zero just read, for unescape
	failed   bool
}

// get returns the next n bits, n at most 32, most significant first.
func (b *bits) get(n int) uint32 {
	var v uint32
	for range n {
		v = v<<1 | b.bit()
	}
	return v
}

func (b *bits) flag() bool { return b.bit() == 1 }

func (b *bits) bit() uint32 {
	i := b.pos >> 3
	if b.unescape && b.pos&7 == 0 && i < len(b.data) {
		if b.zeros >= 2 && b.data[i] == 3 {
			b.zeros = 0
			b.pos += 8
			i++
		}
		if i < len(b.data) && b.data[i] == 0 {
			b.zeros++
		} else {
			b.zeros = 0
		}
	}
	if i >= len(b.data) {
		b.failed = true
		return 0
	}
	v := uint32(b.data[i]>>(7-b.pos&7)) & 1
	b.pos++
	return v
}

// skip passes over n bits.
func (b *bits) skip(n int) {
	for range n {
		b.bit()
	}
}

// ue reads an unsigned Exp-Golomb code of at most 32 bits: ue(v) of H.264,
// section 9.1, and uvlc() of AV1, section 4.10.3.
func (b *bits) ue() uint32 {
	n := 0
	for !b.failed && n < 32 && b.bit() == 0 {
		n++
	}
	if b.failed || n == 32 {
		b.failed = true
		return 0
	}
	return 1<<n - 1 + b.get(n)
}

// se reads a signed Exp-Golomb code: se(v) of H.264, section 9.1.1.
func (b *bits) se() int32 {
	v := b.ue()
	if v&1 == 1 {
		return int32(v/2) + 1
	}
	return -int32(v / 2)
}
