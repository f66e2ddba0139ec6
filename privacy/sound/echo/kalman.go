package echo

import "paravent/privacy/sound/spectrum"

// The figures of the adaptive filter, with blocks of 10 ms.
const (
	parts    = 28     // partitions of one block: a tail of 280 ms
	fade     = 0.9998 // A, how much of the path is the same one block later
	forget   = 1 - fade*fade
	expect   = 1.0  // power gain that a path may have at its beginning
	decays   = 0.2  // and by what share that falls from partition to partition
	turns    = 3    // every so many blocks a partition is kept causal
	steadies = 1.25 // times the expected power of the error: lest it oscillates
	learns   = 0.35 // share of a correction by which the filter is surer; .5 in theory, which is too sure
	believes = 0.5  // of the expected power of the error that is no noise
	shrinks  = 0.95 // of a path that only adds to the sound
	hiss     = 1e-9 // keeps divisions finite
)

// A line is one spectrum of 20 ms.
type line [bins]complex64

// A power is one power per bin.
type power [bins]float32

// A kalman is the filter that knows the way from loudspeaker to microphone: the
// partitioned-block frequency-domain adaptive Kalman filter of Enzner and Vary
// (2006) and Kuech, Mabande and Enzner (2014), with a diagonal covariance.
type kalman struct {
	tr *spectrum.Transform

	w     [parts]line  // the path, by partition
	p     [parts]power // how uncertain each is: the state's covariance
	noise power        // what the microphone hears besides, per bin

	y    line  // of the echo that is expected
	e    line  // of what is left
	left power // the power that the filter itself thinks is left of the echo

	turn int
	time [points]float32
}

func newKalman(tr *spectrum.Transform) *kalman {
	f := &kalman{tr: tr}
	f.reset()
	return f
}

// reset forgets the path.
func (f *kalman) reset() {
	f.w, f.noise = [parts]line{}, power{}
	v := float32(expect)
	for i := range f.p {
		for k := range f.p[i] {
			f.p[i][k] = v
		}
		v *= 1 - decays
	}
}

// whole reports whether everything that was learned is a number.
func (f *kalman) whole() bool {
	sum := float32(0)
	for i := range f.w {
		for k, v := range f.w[i] {
			sum += 0*real(v) + 0*imag(v) + 0*f.p[i][k]
		}
	}
	for _, v := range f.noise {
		sum += 0 * v
	}
	return sum == 0 // 0 times what is endless is no number
}

// shrink makes all of the path a little less.
func (f *kalman) shrink() {
	for i := range f.w {
		w := &f.w[i]
		for k, v := range w {
			w[k] = complex(real(v)*shrinks, imag(v)*shrinks)
		}
	}
}

// sooner moves the path one block towards its beginning.
func (f *kalman) sooner() {
	copy(f.w[:], f.w[1:])
	f.w[parts-1] = line{}
}

// cancel takes from near the echo of far, the spectra of the loudspeaker's last
// blocks, the newest first at far[at] and on in a ring. It writes what is left to
// out, and the echo it took to echo.
func (f *kalman) cancel(far []line, at int, near, echo, out *[block]float32) {
	f.y, f.left = line{}, power{}
	for i := range parts {
		gather(&f.y, &f.left, &far[(at+i)%len(far)], &f.w[i], &f.p[i])
	}
	f.tr.Inverse(f.time[:], f.y[:])
	copy(echo[:], f.time[block:])
	clear(f.time[:block])
	for i, v := range near {
		v -= echo[i]
		out[i] = v
		f.time[block+i] = v
	}
	f.tr.Forward(f.e[:], f.time[:])
}

// learn corrects the path by what was left at the last cancel.
func (f *kalman) learn(far []line, at int) {
	// The correction is the error over its expected power. A little more than that
	// steadies it, since only some partitions are kept causal at a time.
	var step line
	for k, e := range f.e {
		ee := real(e)*real(e) + imag(e)*imag(e)
		f.noise[k] += (max(0, ee-believes*f.left[k]) - f.noise[k]) / 5
		g := 1 / (steadies*f.left[k] + f.noise[k] + hiss)
		step[k] = complex(real(e)*g, imag(e)*g)
		f.time[k] = g * learns
	}
	gain := (*power)(f.time[:bins])
	for i := range parts {
		correct(&f.w[i], &f.p[i], &far[(at+i)%len(far)], &step, gain)
	}
	f.turn = (f.turn + 1) % turns
	for i := f.turn; i < parts; i += turns {
		f.causal(&f.w[i])
	}
}

// causal cuts off what a partition would do beyond its block.
func (f *kalman) causal(w *line) {
	f.tr.Inverse(f.time[:], w[:])
	clear(f.time[block:])
	f.tr.Forward(w[:], f.time[:])
}

// gather adds x·w to y, and |x|²·p to left.
func gather(y *line, left *power, x, w *line, p *power) {
	for k, a := range x {
		b := w[k]
		ar, ai, br, bi := real(a), imag(a), real(b), imag(b)
		y[k] += complex(ar*br-ai*bi, ar*bi+ai*br)
		left[k] += (ar*ar + ai*ai) * p[k]
	}
}

// correct moves w along conj(x)·step by its share of the uncertainty p, and p
// with it.
func correct(w *line, p *power, x, step *line, gain *power) {
	for k, a := range x {
		s, v, q := step[k], w[k], p[k]
		ar, ai := real(a)*q, imag(a)*q
		vr := (real(v) + ar*real(s) + ai*imag(s)) * fade
		vi := (imag(v) + ar*imag(s) - ai*real(s)) * fade
		w[k] = complex(vr, vi)
		grow := forget * (vr*vr + vi*vi + 1e-8)
		p[k] = fade*fade*(q-q*gain[k]*(ar*real(a)+ai*imag(a))) + grow
	}
}
