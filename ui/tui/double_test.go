package tui

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"

	"paravent/media/call"
	"paravent/media/frame"
	"paravent/media/present"
	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/ui/say"
	"paravent/ui/term"
)

var update = flag.Bool("update", false, "write the golden texts anew")

// The text renderer's reader stays behind when a key comes while it ends.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/charmbracelet/ultraviolet.(*TerminalReader).sendEvents"))
}

// A double is a call without a server.
type double struct {
	rang chan struct{}

	mu      sync.Mutex
	state   call.State
	did     []string
	sinks   map[sfu.TrackID]present.VideoSink
	views   map[sfu.TrackID]sfu.View
	self    map[sfu.Source]present.VideoSink
	fails   error
	panics  bool // verbs do
	stuck   chan struct{}
	paniced chan struct{}
}

func newDouble(s call.State) *double {
	return &double{
		rang: make(chan struct{}, 1), state: s, sinks: map[sfu.TrackID]present.VideoSink{}, views: map[sfu.TrackID]sfu.View{},
		self: map[sfu.Source]present.VideoSink{}, paniced: make(chan struct{}, 8),
	}
}

func (d *double) act(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did = append(d.did, what)
	if d.panics {
		panic("a fault in a verb")
	}
	return d.fails
}

func (d *double) done() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.did, ", ")
}

func (d *double) change(f func(*call.State)) {
	d.mu.Lock()
	f(&d.state)
	d.mu.Unlock()
	ring(d.rang)
}

func (d *double) SetCamera(_ context.Context, on bool) error {
	return d.act(fmt.Sprint("camera ", on))
}

func (d *double) SetMicrophone(_ context.Context, on bool) error {
	return d.act(fmt.Sprint("microphone ", on))
}

func (d *double) SetScreen(_ context.Context, on bool, name string) error {
	return d.act(fmt.Sprint("screen ", on, name))
}

func (d *double) SetHand(_ context.Context, up bool) error { return d.act(fmt.Sprint("hand ", up)) }
func (d *double) Say(_ context.Context, text string) error { return d.act("say " + text) }
func (d *double) ShowHeld(context.Context) error           { return d.act("show") }
func (d *double) Talk(on bool) error                       { return d.act(fmt.Sprint("talk ", on)) }
func (d *double) Record(context.Context) error             { return d.act("record") }
func (d *double) Remove(_ context.Context, id sfu.MemberID) error {
	return d.act("remove " + string(id))
}
func (d *double) Lock(_ context.Context, on bool) error { return d.act(fmt.Sprint("lock ", on)) }
func (d *double) TellWords(l string) error              { return d.act("words " + l) }
func (d *double) Verified() error                       { return d.act("verified") }
func (d *double) TellVolumes()                          { _ = d.act("volumes") }
func (d *double) SendFile(_ context.Context, path string, exact bool) error {
	return d.act(fmt.Sprintf("send %s %v", path, exact))
}
func (d *double) TellFiles() { _ = d.act("files") }
func (d *double) SetVolume(id sfu.MemberID, v call.Volume) {
	_ = d.act(fmt.Sprintf("volume of %s %d %v", id, v.Percent, v.Muted))
}
func (d *double) Answer(yes bool)    { _ = d.act(fmt.Sprint("answer ", yes)) }
func (d *double) On(sfu.Source) bool { return false }
func (d *double) HandUp() bool       { return false }

func (d *double) Panic() {
	_ = d.act("panic")
	d.paniced <- struct{}{}
}

func (d *double) Leave(context.Context) error {
	err := d.act("leave")
	d.mu.Lock()
	stuck := d.stuck
	d.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	d.change(func(s *call.State) { s.Ended = &sfu.Ended{Why: sfu.Left} })
	return err
}

func (d *double) State() call.State {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}
func (d *double) Changed() <-chan struct{} { return d.rang }
func (d *double) Stats() call.Stats        { return call.Stats{} }

func (d *double) Watch(id sfu.TrackID, v sfu.View, sink present.VideoSink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v == (sfu.View{}) {
		delete(d.views, id)
		delete(d.sinks, id)
		return
	}
	d.views[id], d.sinks[id] = v, sink
}

func (d *double) WatchSelf(src sfu.Source, sink present.VideoSink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.self[src] = sink; sink == nil {
		delete(d.self, src)
	}
}

func (d *double) watched() map[sfu.TrackID]sfu.View {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[sfu.TrackID]sfu.View{}
	for id, v := range d.views {
		all[id] = v
	}
	return all
}

// show gives a picture to everything that is watched.
func (d *double) show(p *frame.Picture) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.sinks {
		s.Show(p)
	}
	for _, s := range d.self {
		s.Show(p)
	}
}

// at is when everything in the tests happens.
func at() time.Time { return time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC) }

// meeting is a call with everything in it.
func meeting() call.State {
	s := call.State{Server: "meet.example.org", Room: "Monday", Self: "me", Own: call.Own{Background: "cover", Gate: "near"}}
	for _, e := range []sfu.Event{
		sfu.MemberJoined{Member: sfu.Member{ID: "me", Name: "Jo", Role: sfu.Person}},
		sfu.MemberJoined{Member: sfu.Member{ID: "anna", Name: "Anna", Role: sfu.Person, Hand: true}},
		sfu.MemberJoined{Member: sfu.Member{ID: "bob", Name: "Bob", Role: sfu.Person}},
		sfu.MemberJoined{Member: sfu.Member{ID: "rec", Name: "Archive", Role: sfu.Recorder, Hidden: true}},
		sfu.TrackAdded{Track: sfu.Track{ID: "a-cam", Member: "anna", Source: sfu.Camera, Width: 1280, Height: 720}},
		sfu.TrackAdded{Track: sfu.Track{ID: "a-mic", Member: "anna", Source: sfu.Microphone}},
		sfu.TrackAdded{Track: sfu.Track{ID: "b-cam", Member: "bob", Source: sfu.Camera, Width: 1280, Height: 720}},
		sfu.Speaking{Members: []sfu.MemberID{"bob"}},
		sfu.ChatArrived{From: "anna", Text: "Good morning! The numbers of last week are in the shared folder.", At: at()},
		sfu.ChatArrived{From: "bob", Text: "Thank you.", At: at().Add(time.Minute)},
		sfu.RecordingChanged{On: true},
	} {
		s = s.After(e)
	}
	s.Own.Camera = call.Sending{Phase: call.On, Device: "Camera 1"}
	s.Own.Paused = true
	s.Question = &consent.Question{Topic: consent.Recording, About: "the server"}
	return s
}

// newTestModel returns a model of a screen, whose verbs run at once.
func newTestModel(d *double, w, h int) *model {
	m := &model{
		call: d, stage: newStage(d, term.Abilities{Mode: term.Blocks}), ears: &ears{}, talker: &talker{talk: d.Talk}, now: at, words: say.EnglishTerminal(), theme: newTheme(true),
		do: func(f func(context.Context) error) tea.Cmd {
			return func() tea.Msg { return done{f(context.Background())} }
		},
	}
	m.after = func(time.Duration) tea.Cmd { return nil }
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	m.Update(changed{d.State()})
	return m
}

// press sends keys, each as one message, and runs what they start.
func press(m *model, keys ...string) {
	for _, k := range keys {
		msg := tea.KeyPressMsg{}
		switch k {
		case "enter":
			msg.Code = tea.KeyEnter
		case "esc":
			msg.Code = tea.KeyEscape
		case "tab":
			msg.Code = tea.KeyTab
		case "up":
			msg.Code = tea.KeyUp
		case "down":
			msg.Code = tea.KeyDown
		case "space":
			msg.Code, msg.Text = tea.KeySpace, " "
		case "backspace":
			msg.Code = tea.KeyBackspace
		case "pgup":
			msg.Code = tea.KeyPgUp
		case "pgdown":
			msg.Code = tea.KeyPgDown
		case "ctrl+c":
			msg.Code, msg.Mod = 'c', tea.ModCtrl
		default:
			msg.Code, msg.Text = []rune(k)[0], k
		}
		_, cmd := m.Update(msg)
		perform(m, cmd)
	}
}

func perform(m *model, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			perform(m, c)
		}
	case done:
		_, then := m.Update(msg)
		perform(m, then)
	}
}

func typeLine(m *model, text string) {
	for _, r := range text {
		press(m, string(r))
	}
}

// seen returns the screen as plain text, pictures as dots.
func seen(m *model) string {
	text := strings.ReplaceAll(ansi.Strip(m.View().Content), filler, "·")
	var b strings.Builder
	for row := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(row, " \n") + "\n")
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", name, got)
	}
}

// until waits for ok.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	limit := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-ticker.C:
		case <-limit:
			t.Fatalf("it never happened: %s", what)
		}
	}
}

var errTest = errors.New("the camera is on fire")

func size(w, h int) image.Point { return image.Pt(w, h) }
