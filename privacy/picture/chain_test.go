package picture_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"paravent/media/codec"
	"paravent/media/codec/vpx"
	"paravent/media/frame"
	"paravent/privacy/filter"
	"paravent/privacy/picture"
)

// threadTime is the processor time of the calling thread.
func threadTime(tb testing.TB) time.Duration {
	tb.Helper()
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		tb.Skip(err)
	}
	return time.Duration(t.Nano())
}

// A loop is a film that runs forth and back, so that it never jumps.
type loop struct{ pictures []*frame.Picture }

// newLoop renders 20 pictures of a scene from the time `from` on.
func newLoop(tb testing.TB, name string, w, h int, from time.Duration) loop {
	tb.Helper()
	s := named(tb, w, h, name)
	first := int(from.Seconds() * s.FPS)
	var l loop
	for i := range 20 {
		p := frame.NewPool(w, h).Get(0)
		s.Draw(first+i, p)
		l.pictures = append(l.pictures, p)
	}
	return l
}

func (l loop) at(i int) *frame.Picture {
	n := len(l.pictures) - 1
	k := i % (2 * n)
	return l.pictures[min(k, 2*n-k)]
}

// nothing is a filter that lets all through, for what comes behind filters.
type nothing struct{}

func (nothing) Name() string               { return "nothing" }
func (nothing) Apply(*frame.Picture) error { return nil }

// times are how long pictures took.
type times []float64

func (t times) report(b *testing.B, what string) {
	slices.Sort(t)
	at := func(share float64) float64 { return t[int(share*float64(len(t)-1))] }
	b.ReportMetric(at(.5), what+"-p50-ms")
	b.ReportMetric(at(.99), what+"-p99-ms")
}

// BenchmarkChain is what a picture costs in a call with a blurred background,
// in time of the thread that the filters run on; faces are looked for beside it.
// The VP8 encoder's time for what comes out, on one thread, is its peer. The
// first 90 pictures are not counted.
func BenchmarkChain(b *testing.B) {
	for _, height := range []int{360, 720, 1080} {
		for _, c := range []struct {
			name, scene string
			from        time.Duration
		}{{"alone", "webcam", 0}, {"bystander", "J one comes and stays beside", 3 * time.Second}} {
			b.Run(fmt.Sprintf("%dp/%s", height, c.name), func(b *testing.B) { chain(b, newLoop(b, c.scene, height*16/9, height, c.from), c.name == "bystander") })
		}
	}
}

func chain(b *testing.B, film loop, others bool) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	o := options()
	o.Look, o.InStep = picture.Blur(), false
	f := open(b, o)
	size := film.pictures[0].Size()
	out := frame.NewPool(size.X, size.Y).Get(0)
	seen := 0
	apply := func(i int) time.Duration {
		out.CopyFrom(film.at(i))
		out.At = time.Duration(i) * time.Second / 30
		began := threadTime(b)
		if err := f.Apply(out); err != nil {
			b.Fatal(err)
		}
		if f.Notes().Has(filter.SecondPerson) {
			seen++
		}
		return threadTime(b) - began
	}
	enc, err := vpx.VP8().NewEncoder(codec.VideoSettings{Width: size.X, Height: size.Y, FPS: 30, Bitrate: size.X * size.Y * 2, Threads: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer enc.Close()
	behind, err := filter.NewVideoChain(filter.VideoOptions{Cover: frame.Black()}, nothing{})
	if err != nil {
		b.Fatal(err)
	}
	defer behind.Close()
	pool := frame.NewPool(size.X, size.Y)
	encode := func() time.Duration {
		p := pool.Get(out.At)
		p.CopyFrom(out)
		p.At = out.At
		cleared, err := behind.Clear(p)
		if err != nil {
			b.Fatal(err)
		}
		defer cleared.Release()
		began := threadTime(b)
		if _, err := enc.Encode(cleared); err != nil {
			b.Fatal(err)
		}
		return threadTime(b) - began
	}
	i := 0
	for ; i < 90; i++ {
		apply(i)
		if i%4 == 0 {
			encode()
		}
	}
	seen = 0
	filters, encoder := make(times, 0, 4096), make(times, 0, 4096)
	n := 0
	for b.Loop() {
		filters = append(filters, float64(apply(i))/1e6)
		encoder = append(encoder, float64(encode())/1e6)
		i++
		n++
	}
	if others && seen < n/2 || !others && seen > n/2 {
		b.Fatalf("somebody else is held back in %d of %d pictures", seen, n)
	}
	b.ReportMetric(0, "ns/op")
	filters.report(b, "filters")
	encoder.report(b, "vp8")
}
