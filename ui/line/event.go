package line

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/privacy/seal"
	"paravent/ui/command"
	"paravent/ui/say"
	"paravent/ui/view"
)

// An Event is one line. Name and Code are stable, for scripts; Text is for
// people.
type Event struct {
	Name string `json:"event"`
	Text string `json:"text"`

	Code   string            `json:"code,omitempty"`
	Hint   string            `json:"hint,omitempty"`
	Member string            `json:"member,omitempty"`
	Source string            `json:"source,omitempty"`
	Codec  string            `json:"codec,omitempty"`
	State  map[string]string `json:"state,omitempty"`

	// Encryption is on state: plain, passphrase, held, unchecked or verified; EndToEnd on chat and on
	// tracks, whether they are encrypted from end to end.
	Encryption string `json:"encryption,omitempty"`
	EndToEnd   *bool  `json:"end_to_end,omitempty"`

	Meter *Meter `json:"meter,omitempty"`
}

// A Meter is what a rehearsal measured in the last second.
type Meter struct {
	Second  int     `json:"second"`
	Rate    float64 `json:"pictures_per_second"`
	Decoded float64 `json:"decoded_per_second"`
	Filter  float64 `json:"filter_ms"`
	Camera  int     `json:"camera_bits_per_second"`
	Sound   int     `json:"sound_bits_per_second"`
	Level   float64 `json:"sound_level_db"`
	Peak    float64 `json:"sound_peak_db"`

	// Room is how much of the room can be made out, in percent; nil while that is
	// not known.
	Room *float64 `json:"room_made_out_percent,omitempty"`
}

func problem(p say.Problem) Event {
	return Event{Name: "error", Text: p.Text, Code: p.Code, Hint: p.Hint}
}

// Events returns what a person must be told of the way from old to now. It is
// pure.
func Events(old, now call.State) []Event {
	var out []Event
	add := func(e Event) { out = append(out, e) }
	if old.Self == "" {
		add(joined(now))
	}
	members(old, now, add)
	tracks(old, now, add)
	hosts(old, now, add)
	if was, is := view.Badges(old), view.Badges(now); old.Self == "" || !slices.Equal(was, is) {
		// The whole line once, then only what has changed.
		e := stateEvent(now)
		if old.Self != "" {
			e.Text = changed(was, is)
		}
		add(e)
	}
	advice(old, now, add)
	take(old.Take, now, add)
	if m := now.Meters; m.Second != old.Meters.Second {
		if line := view.Meters(now); len(line) > 0 {
			add(Event{Name: "meter", Text: badges(line), Meter: meter(m)})
		}
	}
	if q := view.Question(now); q != "" && q != view.Question(old) {
		add(Event{Name: "question", Text: q, Code: string(now.Question.Topic)})
	}
	for _, c := range newer(old.Chat, now.Chat, func(c call.ChatLine) int { return c.Seq }) {
		add(Event{Name: "chat", Member: c.From, Text: view.ChatText(c, now), EndToEnd: &c.Sealed})
	}
	for _, n := range newer(old.Notices, now.Notices, func(n call.Notice) int { return n.Seq }) {
		p := view.Notice(n)
		if n.Err != nil {
			add(problem(p))
			continue
		}
		add(Event{Name: "notice", Text: p.Text, Code: p.Code})
	}
	if now.Ended != nil && old.Ended == nil {
		p := view.Ending(now)
		add(Event{Name: "ended", Text: p.Text, Code: p.Code, Hint: p.Hint})
	}
	return out
}

func meter(m call.Meters) *Meter {
	out := &Meter{
		Second: m.Second, Rate: rounded(m.PictureRate), Decoded: rounded(m.Decoded), Filter: rounded(float64(m.PictureFor) / float64(time.Millisecond)),
		Camera: m.PictureUp, Sound: m.SoundUp, Level: rounded(m.Level), Peak: rounded(m.Peak),
	}
	if m.Gauged {
		percent := rounded(100 * m.Revealed)
		out.Room = &percent
	}
	return out
}

func rounded(v float64) float64 { return math.Round(v*100) / 100 }

func joined(s call.State) Event {
	if s.Rehearsal {
		return Event{Name: "joined", Text: say.English().Rehearsal}
	}
	return Event{Name: "joined", Text: fmt.Sprintf("in the room %s on %s", s.Room, s.Server)}
}

// newer returns the part of now that comes after the last of old.
func newer[T any](old, now []T, seq func(T) int) []T {
	if len(old) == 0 {
		return now
	}
	told := seq(old[len(old)-1])
	i := slices.IndexFunc(now, func(t T) bool { return seq(t) > told })
	if i < 0 {
		return nil
	}
	return now[i:]
}

// stateEvent says how everything is.
func stateEvent(s call.State) Event {
	e := Event{Name: "state", State: make(map[string]string), Encryption: string(seal.Plain)}
	if s.Encryption.On() {
		e.Encryption = string(s.Encryption.Grade)
	}
	line := view.StateLine(s)
	for _, b := range line {
		e.State[b.Name] = b.Text
	}
	e.Text = badges(line)
	return e
}

// changed is what is new of the line, or where nothing is, what is gone.
func changed(was, is []view.Badge) string {
	without := func(all []view.Badge, known func(view.Badge) bool) string {
		return badges(slices.DeleteFunc(all, known))
	}
	fresh := without(slices.Clone(is), func(b view.Badge) bool { return slices.Contains(was, b) })
	if fresh != "" {
		return fresh
	}
	named := func(b view.Badge) bool {
		return slices.ContainsFunc(is, func(n view.Badge) bool { return n.Name == b.Name })
	}
	return say.English().AdviceOver(without(slices.Clone(was), named))
}

func badges(line []view.Badge) string {
	var words []string
	for _, b := range line {
		words = append(words, b.Text)
	}
	return strings.Join(words, ", ")
}

func members(old, now call.State, add func(Event)) {
	before := make(map[sfu.MemberID]view.Row)
	for _, r := range view.Roster(old) {
		before[r.ID] = r
	}
	for _, r := range view.Roster(now) {
		was, known := before[r.ID]
		delete(before, r.ID)
		switch {
		case r.Own:
		case !known:
			add(Event{Name: "member-joined", Member: r.Name, Text: r.Name + " is here" + marks(r.Nature)})
		case was.Name != r.Name:
			add(Event{Name: "member-renamed", Member: r.Name, Text: was.Name + " is now called " + r.Name})
		}
		if known && !r.Own {
			hand(was, r, add)
		}
		if v := now.Volume(r.ID); v != old.Volume(r.ID) {
			add(Event{Name: "volume", Member: r.Name, Text: r.Name + ": " + say.English().Volume(v.Percent, v.Muted)})
		}
	}
	for _, r := range view.Roster(old) {
		if _, gone := before[r.ID]; gone {
			add(Event{Name: "member-left", Member: r.Name, Text: r.Name + " has left"})
		}
	}
}

func hand(was, is view.Row, add func(Event)) {
	word := say.English().HandUp
	switch up := slices.Contains(is.Marks, word); {
	case up == slices.Contains(was.Marks, word):
	case up:
		add(Event{Name: "hand-up", Member: is.Name, Text: is.Name + " raises a hand"})
	default:
		add(Event{Name: "hand-down", Member: is.Name, Text: is.Name + " lowers the hand"})
	}
}

func marks(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

func tracks(old, now call.State, add func(Event)) {
	for _, t := range now.Tracks {
		was, known := old.Track(t.ID)
		e := Event{Member: now.Name(t.Member), Source: string(t.Source), Codec: t.Codec}
		open := known && !was.Muted
		switch {
		case !t.Muted && !open:
			e.Name, e.Text = "track-on", e.Member+": "+e.Source+" on"
		case t.Muted && open:
			e.Name, e.Text = "track-off", e.Member+": "+e.Source+" off"
		default:
			continue
		}
		if t.Withheld != 0 {
			e.Text += " (" + say.English().Why(t.Withheld, now.Encryption.Grade) + ")"
		}
		e.EndToEnd = &t.Encrypted
		add(e)
	}
	for _, t := range old.Tracks {
		if _, still := now.Track(t.ID); !still && !t.Muted {
			name := old.Name(t.Member)
			add(Event{Name: "track-off", Member: name, Source: string(t.Source), Text: name + ": " + string(t.Source) + " off"})
		}
	}
}

func hosts(old, now call.State, add func(Event)) {
	for _, h := range now.Hosts {
		if slices.Contains(old.Hosts, h) {
			continue
		}
		text := "the server sends pictures and sound through " + h.Name
		if !h.Allowed {
			text = "the server named " + h.Name + " for pictures and sound, which is not spoken to"
		}
		add(Event{Name: "host", Text: text})
	}
}

// advice tells what the person should know of their picture and of their sound.
func advice(old, now call.State, add func(Event)) {
	for _, d := range []struct {
		name    string
		was, is []view.Badge
	}{
		{"picture", view.AdviceOf(old.Own.Camera), view.AdviceOf(now.Own.Camera)},
		{"sound", view.AdviceOf(old.Own.Microphone), view.AdviceOf(now.Own.Microphone)},
	} {
		for _, b := range d.is {
			if !slices.Contains(d.was, b) {
				add(Event{Name: d.name, Code: b.Name, Text: b.Text})
			}
		}
		for _, b := range d.was {
			if !slices.Contains(d.is, b) {
				add(Event{Name: d.name + "-over", Code: b.Name, Text: say.English().AdviceOver(b.Text)})
			}
		}
	}
}

// take tells when a recording in a rehearsal begins, is played and is over.
func take(old call.Take, now call.State, add func(Event)) {
	if old.Phase == now.Take.Phase {
		return
	}
	for _, b := range view.Take(now) {
		add(Event{Name: b.Name, Code: string(now.Take.Phase), Text: b.Text})
	}
	if now.Take.Phase == call.NoTake {
		add(Event{Name: "take-over", Text: say.English().TakeOver()})
	}
}

func who(s call.State) []Event {
	var out []Event
	for _, r := range view.Roster(s) {
		out = append(out, Event{Name: "member", Member: r.Name, Text: r.Name + marks(r.Marks)})
	}
	return out
}

func help() []Event {
	var out []Event
	for _, v := range command.Verbs() {
		out = append(out, Event{Name: "help", Text: strings.TrimSpace(v.Name+" "+v.Args) + ": " + v.Short})
	}
	return append(out,
		Event{Name: "help", Text: "state: say how everything is"},
		Event{Name: "help", Text: "who: say who is here"},
		Event{Name: "help", Text: "help: say this"})
}
