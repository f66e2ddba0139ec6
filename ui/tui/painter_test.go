package tui

import (
	"fmt"
	"image"
	"io"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"paravent/media/frame"
	"paravent/media/sfu"
	"paravent/ui/term"
)

func TestTextThatOverwritesPicturesIsNoticed(t *testing.T) {
	for text, want := range map[string]bool{
		"plain \x1b[1;31mtext\x1b[m\x1b[3;4H\x1b[K\x1b[4X": false,
		"\x1b[2J": true, "\x1b[H\x1b[J": true, "\x1b[3L": true, "\x1b[2P": true, "\x1b[1;20r": true,
		"\x1bM": true, "\x1b[?1049h": true, "a" + filler: true, "\x1b[": false, "": false,
	} {
		if got := harmful([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestPicturesStayOffThePersonsOwnScreen(t *testing.T) {
	var out screen
	o := &output{w: &out, spoilt: func() {}}
	for _, step := range []string{"\x1b[?1049h", "", "bye\x1b[?1049l", ""} {
		if step == "" {
			_ = o.picture([]byte("P"))
			continue
		}
		_, _ = o.Write([]byte(step))
	}
	if got := out.String(); got != "\x1b[?1049hPbye\x1b[?1049l" {
		t.Errorf("wrote %q", got)
	}
}

// stageOf returns a stage with n pictures on 240×67 cells, and their painter.
func stageOf(n int, mode term.Mode, w io.Writer) (*stage, *painter) {
	s := meeting()
	s.Tracks = nil
	for i := range n {
		s = s.After(sfu.TrackAdded{Track: sfu.Track{ID: sfu.TrackID(fmt.Sprint(i)), Member: "bob", Source: sfu.Camera}})
	}
	st := newStage(newDouble(s), term.Abilities{Mode: mode, Cell: image.Pt(10, 20)})
	var places []place
	for i, at := range grid(image.Rect(0, 0, 240, 64), n, image.Pt(10, 20)) {
		at.Max.Y--
		places = append(places, place{seat{track: sfu.TrackID(fmt.Sprint(i))}, at})
	}
	st.arrange(places)
	return st, newPainter(st, &output{w: w, spoilt: st.spoil, open: true})
}

func TestPaintingWaitsWhileTheTerminalLagsBehindAndGoesOn(t *testing.T) {
	var out screen
	st, p := stageOf(1, term.Blocks, &out)
	now := at()
	p.clock = func() time.Time { return now }
	picture := frame.NewPool(320, 180).Get(0)
	step := func(luma byte) bool {
		picture.Fill(frame.Colour{Y: luma, Cb: 128, Cr: 128})
		for _, sh := range st.shown {
			sh.canvas.Show(picture)
		}
		if !p.free(now) {
			return false
		}
		if err := p.paint(); err != nil {
			t.Fatal(err)
		}
		return true
	}
	step(20)
	if strings.Contains(out.String(), term.Fence()) {
		t.Error("a fence for a terminal that never answered one")
	}
	p.answered()
	step(90)
	if !strings.Contains(out.String(), term.Fence()) {
		t.Fatal("no fence")
	}
	now = now.Add(fenceGap)
	if step(120) {
		t.Error("it paints although the terminal lags behind")
	}
	before := p.between()
	now = now.Add(fenceGap)
	p.answered()
	if p.between() <= before {
		t.Error("it does not slow down")
	}
	if !step(150) {
		t.Error("it does not go on")
	}
	for range 60 {
		step(byte(20 + now.UnixMilli()/10%200))
		now = now.Add(swift / 2)
		p.answered()
		now = now.Add(fenceGap)
	}
	if p.between() != beat {
		t.Errorf("it does not get fast again: %v", p.between())
	}
	now = now.Add(2 * fencePat)
	step(33)
	if !step(66) {
		t.Error("a lost answer stops the pictures for ever")
	}
}

// BenchmarkPictures shows and paints 24 moving pictures of 180p on 240×67 cells.
func BenchmarkPictures(b *testing.B) {
	for _, mode := range []term.Mode{term.Kitty, term.Sixel, term.Blocks, term.Cube, term.Shades} {
		b.Run(string(mode), func(b *testing.B) {
			st, p := stageOf(24, mode, io.Discard)
			pictures := moving()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				n := i
				for _, sh := range st.shown {
					sh.canvas.Show(pictures[n%len(pictures)])
					n++
				}
				if err := p.paint(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func moving() []*frame.Picture {
	pictures := make([]*frame.Picture, 6)
	for i := range pictures {
		p := frame.NewPool(320, 180).Get(0)
		for j := range p.Image.Y {
			p.Image.Y[j] = byte(16 + (j%320+j/320+i*40)%220)
		}
		for j := range p.Image.Cb {
			p.Image.Cb[j], p.Image.Cr[j] = byte(j+i*16), byte(255-j%160)
		}
		pictures[i] = p
	}
	return pictures
}

// A wall is a model whose text is pictures.
type wall struct {
	frames []string
	n      int
}

type next struct{}

func (w *wall) Init() tea.Cmd { return nil }
func (w *wall) Update(m tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := m.(next); ok {
		w.n++
	}
	return w, nil
}

func (w *wall) View() tea.View {
	return tea.View{AltScreen: true, Content: w.frames[w.n%len(w.frames)]}
}

// signalling tells when something was written.
type signalling struct{ wrote chan int }

func (s signalling) Write(b []byte) (int, error) {
	select {
	case s.wrote <- len(b):
	default:
	}
	return len(b), nil
}

// BenchmarkPicturesAsText is what half blocks on 240×64 cells cost in the text
// renderer, from the finished text on.
func BenchmarkPicturesAsText(b *testing.B) {
	w := &wall{}
	for i := range 3 {
		var text strings.Builder
		for y := range 64 {
			for x := range 240 {
				fmt.Fprintf(&text, "\x1b[38;2;%d;%d;%dm\x1b[48;2;%d;%d;%dm▀", (x+i*9)&255, (y*3+i)&255, (x+y)&255, (x+i*7)&255, (2*y+i)&255, 90)
			}
			text.WriteString("\x1b[0m\n")
		}
		w.frames = append(w.frames, strings.TrimSuffix(text.String(), "\n"))
	}
	out := signalling{make(chan int)}
	in, keys := io.Pipe()
	defer keys.Close()
	p := tea.NewProgram(w, tea.WithInput(in), tea.WithOutput(out), tea.WithWindowSize(240, 67), tea.WithFPS(120),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor", "TTY_FORCE=1"}), tea.WithoutSignalHandler())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = p.Run()
	}()
	p.Send(next{})
	until(b, "it is drawn", func() bool { return <-out.wrote > 100_000 })
	bytes := 0
	for b.Loop() {
		p.Send(next{})
		bytes = <-out.wrote
	}
	b.ReportMetric(float64(bytes)/1000, "kB/refresh")
	p.Kill()
	<-ended
}
