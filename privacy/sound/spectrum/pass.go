package spectrum

// The passes read x and write y, both of all points. Products are written out,
// since the language multiplies complex64 in double precision.

func mul(a, w complex64) complex64 {
	return complex(real(a)*real(w)-imag(a)*imag(w), real(a)*imag(w)+imag(a)*real(w))
}

func (p *pass) by2(x, y []complex64) {
	m, s := p.len/2, p.stride
	for k := range m {
		w := p.turn[k]
		a, b := x[s*k:][:s], x[s*(k+m):][:s]
		u, v := y[s*2*k:][:s], y[s*(2*k+1):][:s]
		for q, aq := range a {
			bq := b[q]
			u[q] = aq + bq
			v[q] = mul(aq-bq, w)
		}
	}
}

func (p *pass) by3(x, y []complex64) {
	const half3 = 0.86602540378443864676 // √3/2
	m, s := p.len/3, p.stride
	for k := range m {
		w1, w2 := p.turn[2*k], p.turn[2*k+1]
		a, b, c := x[s*k:][:s], x[s*(k+m):][:s], x[s*(k+2*m):][:s]
		u, v, w := y[s*3*k:][:s], y[s*(3*k+1):][:s], y[s*(3*k+2):][:s]
		for q, aq := range a {
			sum, dif := b[q]+c[q], b[q]-c[q]
			u[q] = aq + sum
			tr, ti := real(aq)-real(sum)/2, imag(aq)-imag(sum)/2
			dr, di := half3*imag(dif), -half3*real(dif) // −i√3/2·dif
			v[q] = mul(complex(tr+dr, ti+di), w1)
			w[q] = mul(complex(tr-dr, ti-di), w2)
		}
	}
}

func (p *pass) by4(x, y []complex64) {
	m, s := p.len/4, p.stride
	for k := range m {
		w1, w2, w3 := p.turn[3*k], p.turn[3*k+1], p.turn[3*k+2]
		a, b, c, d := x[s*k:][:s], x[s*(k+m):][:s], x[s*(k+2*m):][:s], x[s*(k+3*m):][:s]
		u, v, w, z := y[s*4*k:][:s], y[s*(4*k+1):][:s], y[s*(4*k+2):][:s], y[s*(4*k+3):][:s]
		for q, aq := range a {
			ac, ca := aq+c[q], aq-c[q]
			bd, db := b[q]+d[q], b[q]-d[q]
			db = complex(imag(db), -real(db)) // −i·db
			u[q] = ac + bd
			v[q] = mul(ca+db, w1)
			w[q] = mul(ac-bd, w2)
			z[q] = mul(ca-db, w3)
		}
	}
}

func (p *pass) by5(x, y []complex64) {
	const ( // cosines and sines of 72° and 144°
		c1, s1 = 0.30901699437494742410, 0.95105651629515357212
		c2, s2 = -0.80901699437494742410, 0.58778525229247312917
	)
	m, s := p.len/5, p.stride
	for k := range m {
		turn := p.turn[4*k:][:4]
		a, b, c, d, e := x[s*k:][:s], x[s*(k+m):][:s], x[s*(k+2*m):][:s], x[s*(k+3*m):][:s], x[s*(k+4*m):][:s]
		o := y[s*5*k:][:5*s]
		for q, aq := range a {
			be, eb := b[q]+e[q], b[q]-e[q]
			cd, dc := c[q]+d[q], c[q]-d[q]
			t1r, t1i := real(aq)+c1*real(be)+c2*real(cd), imag(aq)+c1*imag(be)+c2*imag(cd)
			t2r, t2i := real(aq)+c2*real(be)+c1*real(cd), imag(aq)+c2*imag(be)+c1*imag(cd)
			d1r, d1i := s1*imag(eb)+s2*imag(dc), -s1*real(eb)-s2*real(dc)
			d2r, d2i := s2*imag(eb)-s1*imag(dc), -s2*real(eb)+s1*real(dc)
			o[q] = aq + be + cd
			o[q+s] = mul(complex(t1r+d1r, t1i+d1i), turn[0])
			o[q+2*s] = mul(complex(t2r+d2r, t2i+d2i), turn[1])
			o[q+3*s] = mul(complex(t2r-d2r, t2i-d2i), turn[2])
			o[q+4*s] = mul(complex(t1r-d1r, t1i-d1i), turn[3])
		}
	}
}
