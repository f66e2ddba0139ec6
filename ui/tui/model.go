package tui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/ui/command"
	"paravent/ui/say"
	"paravent/ui/view"
)

// Parts of the screen that Tab goes through.
type part int8

const (
	chatPart part = iota
	picturesPart
	membersPart
)

// panicKey is acted on by the ears already.
const panicKey = "!"

// noticeFor is how long a notice stays on the screen.
const noticeFor = 12 * time.Second

// thinkFor is how long a question must have been there before a key means yes:
// what was typed before it came is no answer.
const thinkFor = 700 * time.Millisecond

// Messages to the model.
type (
	changed struct{ state call.State }
	done    struct{ err error }        // a verb has ended
	crashed struct{ cause CrashError } // a goroutine has
	redraw  struct{}                   // the pictures' places may be others
	expired struct{}                   // a notice may go
)

// A model is the text of the screen and what keys do to it.
type model struct {
	call   view.Call
	stage  *stage
	ears   *ears
	talker *talker
	theme  theme
	words  say.Terminal
	now    func() time.Time

	// do runs a verb off the update loop.
	do func(func(context.Context) error) tea.Cmd

	// after brings expired, unless the face ends before.
	after func(time.Duration) tea.Cmd

	state         call.State
	width, height int
	part          part
	entry         entry
	help          bool
	helpDown      int          // rows that the help is scrolled down
	podium        bool         // one tile is large
	seats         []seat       // of the tiles that are shown, where they are
	first         int          // of the tiles, the first that is shown
	chatUp        int          // rows that the chat is scrolled up
	membersDown   int          // rows that the members are scrolled down
	chosen        sfu.MemberID // whom the keys of the members mean
	asked         time.Time    // when the question came
	notice        string
	noticeEnd     time.Time
	noticed       time.Time // of the newest notice of the call
	leaving       bool
	hurried       bool // left without waiting for the server
}

// Init sets up nothing: Run sends what is there.
func (m *model) Init() tea.Cmd { return nil }

// Update changes the model. It returns at once.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.stage.spoil()
	case changed:
		cmd = m.follow(msg.state)
	case done:
		if msg.err != nil {
			cmd = m.tell(inWords(say.Of(msg.err)))
		}
	case expired:
		if !m.now().Before(m.noticeEnd) {
			m.notice = ""
		}
	case crashed:
		panic(&msg.cause)
	case tea.PasteMsg:
		if m.entry.purpose != nothing {
			m.entry.insert(msg.Content)
		}
	case tea.KeyPressMsg:
		cmd = m.key(msg)
	}
	m.ears.typing.Store(m.entry.purpose != nothing)
	m.arrange()
	return m, cmd
}

// follow takes over a new state of the call.
func (m *model) follow(s call.State) tea.Cmd {
	if m.chatUp > 0 { // what is read stays where it is
		m.chatUp += len(m.chatRows(s, m.layout().chat.Dx())) - len(m.chatRows(m.state, m.layout().chat.Dx()))
	}
	if s.Question != nil && m.state.Question != s.Question {
		m.asked = m.now()
	}
	m.state = s
	if s.Ended != nil {
		return tea.Quit
	}
	if len(s.Notices) == 0 {
		return nil
	}
	last := s.Notices[len(s.Notices)-1]
	if !last.At.After(m.noticed) {
		return nil
	}
	m.noticed = last.At
	return m.tell(inWords(view.Notice(last)))
}

func inWords(p say.Problem) string {
	if p.Hint == "" {
		return p.Text
	}
	return p.Text + " (" + p.Hint + ")"
}

// tell shows a notice for a while.
func (m *model) tell(text string) tea.Cmd {
	m.notice, m.noticeEnd = clean(text), m.now().Add(noticeFor)
	return m.after(noticeFor)
}

// run does a verb.
func (m *model) run(v command.Verb) tea.Cmd {
	if v.Name == "leave" {
		return m.leave()
	}
	return m.do(func(ctx context.Context) error { return v.Run(ctx, m.call, nil) })
}

// leave leaves the call; the second time without waiting for the server.
func (m *model) leave() tea.Cmd {
	if m.leaving {
		m.hurried = true
		return tea.Quit
	}
	m.leaving = true
	return tea.Batch(m.tell(m.words.Leaving), m.do(m.call.Leave))
}

// tiles returns the tiles in the order of their places: who is on the screen
// stays where it is.
func (m *model) tiles() (seen []view.Tile, all int) {
	tiles := view.Tiles(m.state)
	all = len(tiles)
	m.first = min(m.first, max(all-1, 0))
	area := m.layout().tiles
	seen = tiles[m.first:]
	seen = seen[:min(len(m.tileRects(area, len(seen))), len(seen))]
	if m.podium || m.shares(tiles) {
		return seen, all // the order says which is the large one
	}
	slices.SortStableFunc(seen, func(a, b view.Tile) int { return m.seatAt(a) - m.seatAt(b) })
	return seen, all
}

func (m *model) seatAt(t view.Tile) int {
	if i := slices.Index(m.seats, seatOf(t)); i >= 0 {
		return i
	}
	return len(m.seats)
}

// arrange tells the stage where pictures are.
func (m *model) arrange() {
	tiles, _ := m.tiles()
	rects := m.tileRects(m.layout().tiles, len(tiles))
	places := make([]place, 0, len(tiles))
	m.seats = m.seats[:0]
	for i, t := range tiles {
		at := rects[i]
		at.Max.Y-- // the label
		places = append(places, place{seatOf(t), at})
		m.seats = append(m.seats, seatOf(t))
	}
	m.stage.arrange(places)
	m.stage.cover(m.help, m.entry.purpose != nothing)
}
