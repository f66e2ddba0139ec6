package leak

import "paravent/media/frame"

// SSIM returns the mean structural similarity of the luma of two pictures of one
// size, -1 to 1, over all windows of 8×8 pixels, 4 apart, in which person, one
// byte a pixel or nil, is below 128 everywhere; 0 if there are none. It is that
// of Wang, Bovik, Sheikh, Simoncelli, "Image Quality Assessment: From Error
// Visibility to Structural Similarity" (2004), with plain 8×8 windows in place of
// the Gaussian ones, K1 = .01, K2 = .03 and L = 255.
func SSIM(a, b *frame.Picture, person []byte) float64 {
	const side, step, n = 8, 4, 64.
	const c1, c2 = .01 * 255 * .01 * 255, .03 * 255 * .03 * 255
	w, h := a.Size().X, a.Size().Y
	total, windows := 0., 0
	for y := 0; y+side <= h; y += step {
	next:
		for x := 0; x+side <= w; x += step {
			var sa, sb, saa, sbb, sab int
			for v := y; v < y+side; v++ {
				ra, rb := a.Image.Y[v*a.Image.YStride+x:][:side], b.Image.Y[v*b.Image.YStride+x:][:side]
				for u := range ra {
					if person != nil && person[v*w+x+u] >= 128 {
						continue next
					}
					p, q := int(ra[u]), int(rb[u])
					sa, sb, saa, sbb, sab = sa+p, sb+q, saa+p*p, sbb+q*q, sab+p*q
				}
			}
			ma, mb := float64(sa)/n, float64(sb)/n
			va, vb, cov := float64(saa)/n-ma*ma, float64(sbb)/n-mb*mb, float64(sab)/n-ma*mb
			total += (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
			windows++
		}
	}
	return total / float64(max(windows, 1))
}
