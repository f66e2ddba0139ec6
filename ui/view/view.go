// Package view turns a call.State into what every face shows: a state line,
// roster rows, tiles, chat rows and notices, in words. It is pure, so that the
// terminal, the window and the line face cannot come to differ.
package view

import (
	"image"
	"slices"

	"paravent/media/call"
	"paravent/media/present"
	"paravent/media/sfu"
	"paravent/privacy/filter"
	"paravent/privacy/seal"
	"paravent/ui/command"
	"paravent/ui/say"
)

// A Call is what a face needs of a call.
type Call interface {
	command.Desk

	// Changed rings when State would return something new. Several changes may
	// ring once.
	Changed() <-chan struct{}

	// Watch decodes a track and shows it in sink, at the size of v, until it is
	// called with the zero View. Tracks that nobody watches are not decoded and
	// not even sent to this machine.
	Watch(id sfu.TrackID, v sfu.View, sink present.VideoSink)

	// WatchSelf shows in sink what the others get of the person's own camera
	// or screen; nil stops it.
	WatchSelf(src sfu.Source, sink present.VideoSink)

	// Stats returns the call's counters of now.
	Stats() call.Stats
}

// A Badge is one word of the state line. Alert marks what the person must not
// overlook; faces show it by more than colour.
type Badge struct {
	Name  string // stable, for scripts: "microphone", "camera", …
	Text  string
	Alert bool
}

// StateLine is the line that is always on the screen: Badges, Take, Meters and
// Advice.
func StateLine(s call.State) []Badge { return slices.Concat(Badges(s), Take(s), Meters(s), Advice(s)) }

// Take is how far a recording in a rehearsal is; there is none otherwise.
func Take(s call.State) []Badge {
	if s.Take.Phase == call.NoTake {
		return nil
	}
	return []Badge{{Name: "take", Text: say.English().Take(s.Take.Phase == call.Playing, s.Take.Left), Alert: true}}
}

// Meters are what a rehearsal measures; there are none while nothing is on.
func Meters(s call.State) []Badge {
	w, m := say.English(), s.Meters
	var badges []Badge
	if m.Second == 0 {
		return nil
	}
	if s.Own.Camera.Phase == call.On {
		badges = append(badges, Badge{Name: "pictures", Text: w.PictureMeter(m.PictureRate, m.PictureFor, m.PictureUp)})
		if m.Gauged {
			badges = append(badges, Badge{Name: "room", Text: w.RoomMeter(m.Revealed), Alert: m.Revealed >= muchRevealed})
		}
	}
	if s.Own.Microphone.Phase == call.On {
		badges = append(badges, Badge{Name: "sound", Text: w.SoundMeter(m.Level, m.Peak, m.Level <= call.Silence, m.SoundUp)})
	}
	return badges
}

// muchRevealed is a share of the room that a filter which works does not let through:
// of films of somebody who moves briskly it is .04 at most (2026-11-25).
const muchRevealed = .1

// Advice is what the person should know of their own picture and sound, while it
// holds: the codes of filter.Notes with a sentence each.
func Advice(s call.State) []Badge {
	return slices.Concat(AdviceOf(s.Own.Camera), AdviceOf(s.Own.Microphone))
}

// AdviceOf is what the person should know of what one device gives.
func AdviceOf(d call.Sending) []Badge {
	w := say.English()
	var badges []Badge
	for _, n := range d.Notes.Each() {
		badges = append(badges, Badge{Name: n.String(), Text: w.Advice(n), Alert: urgent&n != 0})
	}
	return badges
}

// urgent is what must not be overlooked: the others do not see and hear what the
// person thinks they do, or more than that.
const urgent = filter.Away | filter.SecondPerson | filter.Readable | filter.TooSlow | filter.Echo | filter.Clipping

// Badges say how the devices, the filters, the room and the connection are.
func Badges(s call.State) []Badge {
	w := say.English()
	badges := []Badge{
		sending("microphone", w.Microphone, s.Own.Microphone),
		sending("camera", w.Camera, s.Own.Camera),
		sending("screen", w.Screen, s.Own.Screen),
		{Name: "background", Text: w.Background(s.Own.Background), Alert: s.Own.Background == "off"},
		{Name: "gate", Text: w.Gate(s.Own.Gate), Alert: s.Own.Gate == "off"},
		{Name: "recording", Text: w.Recording(s.Recording, s.RecorderPresent()), Alert: s.Recording || s.RecorderPresent()},
	}
	if s.Rehearsal {
		badges = append(badges, Badge{Name: "rehearsal", Text: w.Rehearsal})
	} else {
		badges = append(badges, encryption(s))
	}
	if s.Own.PushToTalk {
		talk := Badge{Name: "talk", Text: w.Talk(s.Own.Heard(), s.Own.Microphone.Phase == call.Opening), Alert: s.Own.Heard()}
		badges = slices.Insert(badges, 1, talk)
	}
	if !s.Thin.Limit.None() {
		off := s.Thin.Own || s.Thin.Others
		badges = append(badges, Badge{Name: "budget", Text: w.Limited(s.Thin), Alert: off || s.Thin.Short})
	}
	if s.Own.Paused {
		badges = append(badges, Badge{Name: "paused", Text: w.Paused, Alert: true})
	}
	if s.Waiting {
		badges = append(badges, Badge{Name: "waiting", Text: w.Waiting, Alert: true})
	}
	if s.Own.Hand {
		badges = append(badges, Badge{Name: "hand", Text: w.HandUp})
	}
	if s.Link == sfu.LinkResuming {
		badges = append(badges, Badge{Name: "link", Text: w.Resuming, Alert: true})
	}
	return badges
}

// encryption says who can read the call. Who sends plain where the own side is
// encrypted must not be overlooked.
func encryption(s call.State) Badge {
	w := say.English()
	mixed := s.Encryption.On() && !s.Encryption.Required && s.PlainOthers()
	b := Badge{Name: "encryption", Text: w.Encryption(s.Encryption.Grade, mixed), Alert: mixed || s.Encryption.Grade == seal.Held}
	for _, t := range s.Encryption.Troubles {
		switch {
		case b.Alert && t.Holds():
			b.Text = w.NothingSent(t)
			return b
		case !b.Alert && !t.Holds():
			b.Text, b.Alert = b.Text+": "+w.Trouble(t), true
			return b
		}
	}
	return b
}

func sending(name, label string, d call.Sending) Badge {
	w := say.English()
	b := Badge{Name: name, Text: w.Sending(label, string(d.Phase), d.Device), Alert: d.Phase == call.On}
	if d.Held != "" {
		b.Text, b.Alert = w.HeldBack(label, d.Held), true
	}
	return b
}

// A Row is one member in the roster.
type Row struct {
	ID       sfu.MemberID
	Name     string
	Nature   []string // what the member is, in words: "RECORDER", "hidden from others"
	Marks    []string // Nature, and what the member does: "speaks", "hand up", …
	Speaking bool
	Own      bool
}

// Roster returns the members' rows.
func Roster(s call.State) []Row {
	w := say.English()
	rows := make([]Row, 0, len(s.Roster))
	for _, m := range s.Roster {
		r := Row{ID: m.ID, Name: m.Name, Own: m.ID == s.Self, Speaking: s.IsSpeaking(m.ID)}
		mark := func(on bool, text string) {
			if on {
				r.Marks = append(r.Marks, text)
			}
		}
		mark(r.Own && r.Name != w.You, w.You)
		mark(m.Role != sfu.Person, w.Role(m.Role))
		mark(m.Hidden, w.Hidden)
		r.Nature = slices.Clone(r.Marks)
		mark(m.Hand || r.Own && s.Own.Hand, w.HandUp)
		mark(r.Speaking, w.Speaks)
		if r.Own {
			mark(s.Own.Microphone.Phase == call.On, w.MicrophoneOpen)
			mark(s.Own.Camera.Phase == call.On, w.CameraOpen)
			mark(s.Own.Screen.Phase == call.On, w.Shares)
		} else {
			mark(s.Sends(m.ID, sfu.Microphone), w.MicrophoneOpen)
			mark(s.Sends(m.ID, sfu.Camera), w.CameraOpen)
			mark(s.Sends(m.ID, sfu.Screen), w.Shares)
		}
		if v, ok := s.Volumes[m.ID]; ok {
			mark(true, w.Volume(v.Percent, v.Muted))
		}
		mark(withheld(s, m.ID), w.Withheld)
		mark(m.Quality == sfu.Poor || m.Quality == sfu.Lost, w.Quality(m.Quality))
		rows = append(rows, r)
	}
	return rows
}

// withheld reports whether something of a member is neither shown nor heard.
func withheld(s call.State, id sfu.MemberID) bool {
	return slices.ContainsFunc(s.Tracks, func(t call.Track) bool { return t.Member == id && !t.Muted && t.Withheld != 0 })
}

// A Tile is one picture that can be shown.
type Tile struct {
	Track    sfu.TrackID // empty for the person's own
	Source   sfu.Source
	Label    string
	Speaking bool
	Own      bool
	Size     image.Point // pixels of the largest layer; zero if unknown
}

// Tiles returns the pictures in the order in which they are shown: screens
// first, then who speaks, then the others, the person's own last.
func Tiles(s call.State) []Tile {
	w := say.English()
	var screens, speaking, others, own []Tile
	for _, t := range s.Tracks {
		if t.Source.IsSound() || t.Muted || t.Member == s.Self {
			continue
		}
		tile := Tile{
			Track: t.ID, Source: t.Source, Label: s.Name(t.Member),
			Speaking: s.IsSpeaking(t.Member), Size: image.Pt(t.Width, t.Height),
		}
		switch {
		case s.Rehearsal: // what was encoded and decoded again is what the others get
			tile.Label = w.OwnPicture
			if t.Source == sfu.Screen {
				tile.Label = w.OwnScreen
			}
			others = append(others, tile)
		case t.Source == sfu.Screen:
			tile.Label = w.ScreenOf(tile.Label)
			tile.Label = labelled(tile.Label, t, s)
			screens = append(screens, tile)
		case tile.Speaking:
			tile.Label = labelled(tile.Label, t, s)
			speaking = append(speaking, tile)
		default:
			tile.Label = labelled(tile.Label, t, s)
			others = append(others, tile)
		}
	}
	if s.Rehearsal {
		return others
	}
	if s.Own.Camera.Phase == call.On {
		own = append(own, Tile{Source: sfu.Camera, Label: w.OwnPicture, Own: true})
	}
	if s.Own.Screen.Phase == call.On {
		own = append(own, Tile{Source: sfu.Screen, Label: w.OwnScreen, Own: true})
	}
	tiles := append(screens, speaking...)
	tiles = append(tiles, others...)
	return append(tiles, own...)
}

// labelled adds why a picture is not shown.
func labelled(label string, t call.Track, s call.State) string {
	if t.Withheld == 0 {
		return label
	}
	return label + ": " + say.English().Why(t.Withheld, s.Encryption.Grade)
}

// ChatNote says who can read the chat; empty if only its members can.
func ChatNote(s call.State) string {
	if s.Encryption.On() || s.Rehearsal {
		return ""
	}
	return say.English().OperatorReads
}

// ChatWords is what one message says. A plain one in a call that is encrypted says
// that it is.
func ChatWords(c call.ChatLine, s call.State) string {
	if s.Encryption.On() && !c.Sealed {
		return c.Text + " (" + say.English().OperatorReads + ")"
	}
	return c.Text
}

// ChatText is ChatWords with who wrote it.
func ChatText(c call.ChatLine, s call.State) string { return c.From + ": " + ChatWords(c, s) }

// Notice puts a notice in words.
func Notice(n call.Notice) say.Problem {
	if n.Err != nil {
		return say.Of(n.Err)
	}
	if n.File != nil {
		return say.Problem{Code: string(n.What), Text: say.English().File(n.What, *n.File)}
	}
	return say.Problem{Code: string(n.What), Text: say.English().Notice(string(n.What), n.Arg)}
}

// Question puts the open question in words; "" if there is none.
func Question(s call.State) string {
	if s.Question == nil {
		return ""
	}
	return say.English().Question(*s.Question)
}

// Ending says why the call ended; the zero Problem while it goes on.
func Ending(s call.State) say.Problem {
	if s.Ended == nil {
		return say.Problem{}
	}
	return say.Ended(*s.Ended)
}

// Has reports whether a call has a verb at all.
func Has(v command.Verb, s call.State) bool {
	switch v.Name {
	case "talk":
		return s.Own.PushToTalk
	case "words", "verified":
		return s.Encryption.Grouped()
	case "record":
		return s.Rehearsal
	case "kick":
		return s.Caps.Remove
	case "lock":
		return s.Caps.Lock
	}
	return true
}
