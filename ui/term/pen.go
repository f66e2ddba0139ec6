package term

// A pen writes escape sequences without allocating. It holds every byte's
// decimal digits.
type pen struct {
	digits [256][3]byte
	length [256]uint8
}

func newPen() *pen {
	p := &pen{}
	for i := range p.digits {
		n := 0
		if i >= 100 {
			p.digits[i][n] = byte('0' + i/100)
			n++
		}
		if i >= 10 {
			p.digits[i][n] = byte('0' + i/10%10)
			n++
		}
		p.digits[i][n] = byte('0' + i%10)
		p.length[i] = uint8(n + 1)
	}
	return p
}

func (p *pen) byte(dst []byte, v byte) []byte {
	d := &p.digits[v]
	switch p.length[v] {
	case 1:
		return append(dst, d[0])
	case 2:
		return append(dst, d[0], d[1])
	}
	return append(dst, d[0], d[1], d[2])
}

// number writes n, which is not negative.
func (p *pen) number(dst []byte, n int) []byte {
	if n < len(p.digits) {
		return p.byte(dst, byte(n))
	}
	dst = p.number(dst, n/10)
	return append(dst, byte('0'+n%10))
}

// move puts the cursor on a cell, counted from 0.
func (p *pen) move(dst []byte, x, y int) []byte {
	dst = append(dst, "\x1b["...)
	dst = p.number(dst, y+1)
	dst = append(dst, ';')
	dst = p.number(dst, x+1)
	return append(dst, 'H')
}

// forward moves the cursor n cells to the right.
func (p *pen) forward(dst []byte, n int) []byte {
	dst = append(dst, "\x1b["...)
	dst = p.number(dst, n)
	return append(dst, 'C')
}

func (p *pen) triple(dst []byte, lead string, c colour) []byte {
	dst = append(dst, lead...)
	dst = p.byte(dst, byte(c>>16))
	dst = append(dst, ';')
	dst = p.byte(dst, byte(c>>8))
	dst = append(dst, ';')
	return p.byte(dst, byte(c))
}
