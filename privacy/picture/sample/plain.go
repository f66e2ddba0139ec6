package sample

// planePlain scales one plane to dst, row after row, as s.cols and s.rows say.
func (s *Sampler) planePlain(dst []float32, src []byte, stride int) {
	x0 := int(s.cols[0].start)
	x1 := int(s.cols[len(s.cols)-1].start + s.cols[len(s.cols)-1].n)
	for y := range s.rows {
		r := &s.rows[y]
		line := s.line[:x1-x0]
		clear(line)
		for k := range r.n {
			weight := r.weight(k)
			from := src[int(r.start+k)*stride+x0:][:len(line)]
			for x, v := range from {
				line[x] += weight * float32(v)
			}
		}
		to := dst[y*len(s.cols):][:len(s.cols)]
		for x := range to {
			c := &s.cols[x]
			sum := float32(0)
			for k, v := range line[int(c.start)-x0:][:c.n] {
				sum += c.weight(int32(k)) * v
			}
			to[x] = sum
		}
	}
}

// weight returns what pixel k of the span counts.
func (s *span) weight(k int32) float32 {
	switch k {
	case 0:
		return s.first * s.scale
	case s.n - 1:
		return s.last * s.scale
	}
	return s.scale
}

// colourPlain turns the three scaled planes into red, green and blue.
func (s *Sampler) colourPlain(dst []float32, t Target) {
	for row := range t.H {
		to := dst[row*t.Stride:][:3*t.W]
		for x := range t.W {
			i := row*t.W + x
			y := 1.1643836 * (s.y[i] - 16)
			cb, cr := s.cb[i]-128, s.cr[i]-128
			to[3*x] = t.value(y + 1.5960267*cr)
			to[3*x+1] = t.value(y - .3917623*cb - .8129676*cr)
			to[3*x+2] = t.value(y + 2.0172321*cb)
		}
	}
}

// value turns a colour of 0 to 255, and what lies beyond, into the target's.
func (t Target) value(v float32) float32 {
	return min(max(t.Black+(t.White-t.Black)*(1./255)*v, t.Black), t.White)
}
