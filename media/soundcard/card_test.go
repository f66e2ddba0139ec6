package soundcard

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/capture"
	"paravent/media/frame"
	"paravent/media/soundcard/wav"
)

// untouched fails the test if anybody asks for the sound system.
func untouched(t *testing.T) func() (system, error) {
	return func() (system, error) {
		t.Error("the sound system was started")
		return nil, capture.ErrNoDevice
	}
}

func writeWAV(t *testing.T, rate int, samples []float32) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.wav")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, rate)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(samples), w.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesNeedNoSoundSystemAndKeepTime(t *testing.T) {
	in := make([]float32, 700) // not a whole number of blocks
	for i := range in {
		in[i] = float32(i) / 1024
	}
	mic, out := writeWAV(t, frame.Rate, in), filepath.Join(t.TempDir(), "out.wav")
	synctest.Test(t, func(t *testing.T) {
		play := &noise{}
		c, err := open(t.Context(), Wish{Speaker: "file:" + out, Microphone: "file:" + mic}, play, untouched(t))
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.OpenMicrophone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if u := c.InUse(); u.Speaker.ID != "file:"+out || u.Microphone.ID != "file:"+mic {
			t.Error(u)
		}
		begin, at := time.Now(), 0
		var s frame.Sound
		for n := range 1000 {
			if err := m.Next(t.Context(), &s); err != nil {
				t.Fatal(err)
			}
			if s.At != time.Duration(n)*frame.BlockFor {
				t.Fatalf("block %d is of %v", n, s.At)
			}
			for _, v := range s.Near {
				if v != in[at%len(in)] {
					t.Fatalf("block %d: %v, not %v", n, v, in[at%len(in)])
				}
				at++
			}
		}
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("ten seconds took %v", took)
		}
		synctest.Wait()
		got := readWAV(t, out)
		if len(got) < 9*frame.Rate {
			t.Errorf("before Close the file has %d samples", len(got))
		}
		if err := errors.Join(m.Close(), m.Close(), c.Close(), c.Close()); err != nil {
			t.Fatal(err)
		}
		if err := m.Next(t.Context(), &s); !errors.Is(err, ErrClosed) {
			t.Errorf("Next after Close: %v", err)
		}
		if _, err := c.OpenMicrophone(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("OpenMicrophone after Close: %v", err)
		}
		if c.InUse() != (Use{}) {
			t.Error(c.InUse())
		}
		var b frame.Block
		fresh := &noise{}
		for i, v := range readWAV(t, out) {
			if i%frame.BlockLen == 0 {
				fresh.Pull(&b)
			}
			if d := v - b[i%frame.BlockLen]; d > 1.0/32768 || d < -1.0/32768 {
				t.Fatalf("sample %d of what was heard is %v, not %v", i, v, b[i%frame.BlockLen])
			}
		}
	})
}

func TestAFileOfAnotherRateIsHeardAtItsOwnSpeed(t *testing.T) {
	in := make([]float32, 16000) // a second, of which the first half is loud
	for i := range in[:8000] {
		in[i] = .5
	}
	mic := writeWAV(t, 16000, in)
	synctest.Test(t, func(t *testing.T) {
		c, err := open(t.Context(), Wish{Speaker: Off, Microphone: "file:" + mic}, &noise{}, untouched(t))
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.OpenMicrophone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var s frame.Sound
		for n := range 350 {
			if err := m.Next(t.Context(), &s); err != nil {
				t.Fatal(err)
			}
			want := float32(.5)
			if n%100 >= 50 {
				want = 0
			}
			if got := s.Near[frame.BlockLen/2]; n%50 > 0 && n%50 < 49 && (got < want-1e-3 || got > want+1e-3) {
				t.Fatalf("block %d: %v, not %v", n, got, want)
			}
		}
		if err := errors.Join(m.Close(), c.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

func readWAV(t *testing.T, path string) []float32 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, _, err := wav.Read(f, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAFileInTheWrongFormatIsSaidInWords(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.wav")
	if err := os.WriteFile(text, []byte("this is no sound at all, but text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		writeWAV(t, 4000, make([]float32, 500)): "it is 4000 Hz mono, 16-bit PCM, and wanted are 8000 to 192000 Hz",
		writeWAV(t, 48000, nil):                 "there is no sound in it",
		text:                                    "does not begin as a WAV file does",
	} {
		_, err := open(t.Context(), Wish{Speaker: Off, Microphone: "file:" + path}, &noise{}, untouched(t))
		if fe := (*capture.FileError)(nil); !errors.As(err, &fe) || fe.Path != path || !errors.Is(err, capture.ErrFormat) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v", err)
		}
	}
	_, err := open(t.Context(), Wish{Speaker: Off, Microphone: "file:/nowhere/x.wav"}, &noise{}, untouched(t))
	if fe := (*capture.FileError)(nil); !errors.As(err, &fe) || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestAMachineWithoutSoundSaysSo(t *testing.T) {
	none := func() (system, error) { return nil, errors.New("none") }
	_, err := open(t.Context(), Wish{Microphone: Off}, &noise{}, none)
	if de := (*capture.DeviceError)(nil); !errors.As(err, &de) || !errors.Is(err, capture.ErrNoDevice) || !errors.Is(err, ErrNoSystem) {
		t.Error(err)
	}
	if _, err := (Finder{start: none}).Devices(t.Context()); !errors.Is(err, capture.ErrNoDevice) {
		t.Error(err)
	}
	c, err := open(t.Context(), Wish{Speaker: Off, Microphone: Off}, &noise{}, none)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.OpenMicrophone(t.Context()); !errors.Is(err, capture.ErrNoDevice) {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestThisMachineAnswersWithoutADaemon(t *testing.T) {
	t.Setenv("PULSE_SERVER", "unix:/nowhere/native")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if len(backends()) > 1 {
		t.Skip("this machine has a sound card of its own")
	}
	_, err := Open(t.Context(), Wish{Microphone: Off}, &noise{})
	if !errors.Is(err, ErrNoSystem) {
		t.Error(err)
	}
	t.Log(err)
}

func TestADeviceIsChosenByWhatAPersonTypes(t *testing.T) {
	mic := func(id, label string, def bool) found {
		return found{Device: capture.Device{ID: id, Kind: capture.MicrophoneKind, Label: label, Default: def}, monitor: isMonitor(id, label)}
	}
	list := []found{
		mic("out.monitor", "Monitor von Kopfhörer", true),
		mic("usb1", "Headset One", false),
		mic("usb2", "Headset Two", false),
		mic("loop0", "Loopback", false),
		mic("loop1", "Loopback", false),
	}
	for wish, want := range map[string]string{
		"": "usb1", "usb2": "usb2", "headset two": "usb2", "HEADSET T": "usb2", "out.monitor": "out.monitor", "monitor v": "out.monitor",
		"Headset": "", "Loopback": "", "loop1": "loop1", "USB": "",
	} {
		d, err := choose(list, capture.MicrophoneKind, wish)
		if d.ID != want || (want == "") != errors.Is(err, capture.ErrNoDevice) {
			t.Errorf("%q: %q, %v", wish, d.ID, err)
		}
	}
	if _, err := choose(list[:1], capture.MicrophoneKind, ""); !errors.Is(err, capture.ErrNoDevice) {
		t.Errorf("a monitor was taken for the default microphone: %v", err)
	}
}

func TestALateReaderMissesTheOldestAndNothingIsAllocated(t *testing.T) {
	r := newRing()
	l := &listener{ring: r, tap: tapReader{tap: new(tap)}}
	p := &player{play: &noise{}, tap: l.tap.tap}
	in, out := make([]byte, 500*sampleLen), make([]byte, 500*sampleLen)
	for i := range len(in) / sampleLen {
		binary.NativeEndian.PutUint32(in[i*sampleLen:], math.Float32bits(0.5))
	}
	for range 100 {
		l.data(nil, in[:480*sampleLen], 480)
	}
	var s frame.Sound
	if err := r.next(t.Context(), &s); err != nil || s.At != 84*frame.BlockFor || s.Near[0] != 0.5 || r.dropped.Load() != 84 {
		t.Error(err, s.At, r.dropped.Load())
	}
	if n := testing.AllocsPerRun(200, func() {
		p.data(out, nil, 500)
		l.data(nil, in, 500)
		r.next(context.Background(), &s)
	}); n != 0 {
		t.Errorf("%v allocations a block", n)
	}
	r.end(ErrClosed)
	if err := r.next(t.Context(), &s); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestTheFarEndKeepsItsDistance(t *testing.T) {
	tp := new(tap)
	r := tapReader{tap: tp}
	var b, got frame.Block
	written, gaps, distances := 0, 0, map[int]int{}
	for n := range 3000 {
		// The speaker takes two blocks at a time, is late by one now and then,
		// and quicker by one block in a thousand.
		due := n + n/1000
		if n%37 == 5 {
			due -= 2
		}
		for written+2 <= due {
			for range 2 {
				written++
				b[0] = float32(written)
				tp.write(&b)
			}
		}
		r.read(&got)
		if got[0] == 0 {
			gaps++
			continue
		}
		distances[n-int(got[0])]++
	}
	t.Logf("%d gaps, distances %v, placed %d times", gaps, distances, r.shifts)
	if len(distances) > 6 || gaps > 300 || r.shifts > 6 {
		t.Error("the far end wanders")
	}
	for range 30 { // the speaker stops
		r.read(&got)
	}
	if got != (frame.Block{}) {
		t.Error("what was played is still there")
	}
}

// Two devices with clocks of their own drift apart, by 50 millionths between two good ones and 200 between bad ones.
func TestTwoClocksThatDriftAreKeptTogetherWithFewShifts(t *testing.T) {
	const blocks = 60000 // ten minutes
	for _, ppm := range []int{-200, -50, 50, 200} {
		tp := new(tap)
		r := tapReader{tap: tp}
		var b, got frame.Block
		written, gaps, nearest, furthest := 0, 0, math.MaxInt, math.MinInt
		for n := range blocks {
			for due := n + 1 + n*ppm/1_000_000; written+2 <= due; written += 2 { // the speaker takes two blocks at a time
				for k := range 2 {
					b[0] = float32(written + k + 1)
					tp.write(&b)
				}
			}
			r.read(&got)
			if got[0] == 0 {
				gaps++
				continue
			}
			apart := n + n*ppm/1_000_000 - int(got[0]) // of what the speaker played now, and what it is taken for
			nearest, furthest = min(nearest, apart), max(furthest, apart)
		}
		drift := blocks * max(ppm, -ppm) / 1_000_000
		t.Logf("%+d ppm, %d blocks in ten minutes: %d shifts, %d gaps, %d to %d blocks apart", ppm, drift, r.shifts, gaps, nearest, furthest)
		if int(r.shifts) > drift+1 || gaps > driftLooks*drift || nearest < -1 || furthest > 4 {
			t.Errorf("%+d ppm: %d shifts, %d gaps, %d to %d blocks apart", ppm, r.shifts, gaps, nearest, furthest)
		}
	}
}

// machine is a sound system whose devices come and go as the test likes.
type machine struct {
	mu    sync.Mutex // guards everything that follows
	devs  []found
	err   error
	busy  bool
	using map[string]func(out, in []byte, n int)
}

func (m *machine) list() ([]found, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.devs, m.err
}

// is changes what the machine has.
func (m *machine) is(devs []found, err error, busy bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.devs, m.err, m.busy = devs, err, busy
}

func (m *machine) inUse() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.using)
}

func (m *machine) open(d found, data func(out, in []byte, n int), _ func()) (stream, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy {
		return nil, capture.ErrBusy
	}
	m.using[d.ID] = data
	return closer(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.using, d.ID)
	}), nil
}
func (*machine) close() {}

type closer func()

func (c closer) close() { c() }

func speakerOf(id string, def bool) found {
	return found{Device: capture.Device{ID: id, Kind: capture.SpeakerKind, Label: id, Default: def}}
}

// seconds lets time pass in which the open devices work.
func (m *machine) seconds(n int) {
	for range 2 * n {
		m.mu.Lock()
		for _, data := range m.using {
			data(nil, nil, 0)
		}
		m.mu.Unlock()
		<-time.After(time.Second / 2)
	}
	synctest.Wait()
}

func TestHotPlug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{devs: []found{speakerOf("loud", true), speakerOf("headset", false)}, using: map[string]func([]byte, []byte, int){}}
		c, err := open(t.Context(), Wish{Speaker: "headset", Microphone: Off}, &noise{}, func() (system, error) { return m, nil })
		if err != nil {
			t.Fatal(err)
		}
		said := func(lost bool, id string) {
			t.Helper()
			select {
			case ch := <-c.Changes():
				if ch.Lost != lost || ch.Device.ID != id || lost != errors.Is(ch.Err, capture.ErrUnplugged) {
					t.Errorf("%+v", ch)
				}
			default:
				t.Error("nothing was said")
			}
		}
		m.seconds(5)
		all := m.devs
		m.is(all[:1], nil, false) // unplugged
		m.seconds(2)
		said(true, "headset")
		if n := m.inUse(); n != 0 {
			t.Errorf("%d are in use", n)
		}
		m.is(all, nil, true) // back, but not ready
		m.seconds(3)
		m.is(all, nil, false)
		m.seconds(2)
		said(false, "headset")
		m.is(all, errors.New("gone"), false) // the sound system ends
		m.seconds(2)
		said(true, "headset")
		m.is(all, nil, false)
		m.seconds(2)
		said(false, "headset")
		<-time.After(7 * time.Second) // the device stands still
		synctest.Wait()
		said(true, "headset")
		said(false, "headset")
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		for ch := range c.Changes() {
			t.Logf("also: %+v", ch)
		}
		if n := m.inUse(); n != 0 {
			t.Errorf("%d are still open", n)
		}
	})
}
