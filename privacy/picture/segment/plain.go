package segment

// planePlain scales one plane to dst, Width by Height, as s.cols and s.rows say.
func (s *sampler) planePlain(dst []float32, src []byte, stride int) {
	x0 := int(s.cols[0].start)
	x1 := int(s.cols[Width-1].start + s.cols[Width-1].n)
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
		to := dst[y*Width:][:Width]
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
func (s *sampler) colourPlain(dst []float32) {
	for i := range s.y {
		y := 1.1643836 * (s.y[i] - 16)
		cb, cr := s.cb[i]-128, s.cr[i]-128
		dst[3*i] = share(y + 1.5960267*cr)
		dst[3*i+1] = share(y - .3917623*cb - .8129676*cr)
		dst[3*i+2] = share(y + 2.0172321*cb)
	}
}

func share(v float32) float32 { return min(max(v*(1./255), 0), 1) }
