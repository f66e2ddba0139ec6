package sframe

// windowLen is how far behind the newest frame one may come and still be taken:
// ten seconds of sound in packets of 10 ms.
const windowLen = 1024

// A window remembers which of the last frames were opened (after RFC 3711,
// section 3.3.2, to which RFC 9605 points). The zero value has seen none.
type window struct {
	top  uint64 // one more than the highest number that was opened
	bits [windowLen / 64]uint64
}

func (w *window) has(n uint64) bool {
	if n >= w.top {
		return n == ^uint64(0) // there is no number after it
	}
	return w.top-n > windowLen || w.bits[n/64%uint64(len(w.bits))]>>(n%64)&1 == 1
}

func (w *window) add(n uint64) {
	if n >= w.top {
		if n-w.top >= windowLen {
			w.bits = [len(w.bits)]uint64{}
		} else {
			for i := w.top; i <= n; i++ {
				w.bits[i/64%uint64(len(w.bits))] &^= 1 << (i % 64)
			}
		}
		w.top = n + 1
	}
	w.bits[n/64%uint64(len(w.bits))] |= 1 << (n % 64)
}
