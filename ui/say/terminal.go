package say

import "fmt"

// Terminal are the words that only the terminal face needs.
type Terminal struct {
	Members, Chat, Pictures string // headings
	NoPictures, NoChat      string
	Leaving                 string
	Keys                    string // the line of keys, when nothing is typed
	TalkKey, RecordKey      string // before Keys, with push to talk and in a rehearsal
	MemberKeys              string // in place of Keys, when the keys go to the members
	SayPrompt, RunPrompt    string
	PlainPrompt             string // in place of SayPrompt, where the operator can read it
	HelpTitle, HelpClose    string
	HelpMore                string      // after how much of the help lies below
	HelpKeys                [][2]string // key, what it does; beside those of the verbs
}

// EnglishTerminal returns the English words of the terminal face.
func EnglishTerminal() Terminal {
	return Terminal{
		Members: "Members", Chat: "Chat", Pictures: "Pictures",
		NoPictures: "nobody shows a picture",
		NoChat:     "no messages yet",
		Leaving:    "leaving; once more ends at once",
		Keys:       "m mic  c camera  s screen  h hand  i write  ! stop  : command  ? help  q leave",
		TalkKey:    "Space held: talk  ",
		RecordKey:  "r record  ",
		MemberKeys: "up, down: choose somebody  + - volume  0 do not hear, hear again  Tab go on",
		SayPrompt:  "say: ", PlainPrompt: "say (the operator can read this): ",
		RunPrompt: ":",
		HelpTitle: "What you can do",
		HelpClose: "any other key closes this",
		HelpMore:  ", PgDn",
		HelpKeys: [][2]string{
			{"i, Enter, Esc", "write a chat message; stop writing"},
			{":", "type a command; Tab completes it, the arrows bring back earlier ones"},
			{"Tab", "go on to the pictures, the members, the chat"},
			{"+, -, 0", "at the members: louder, quieter, do not hear"},
			{"PgUp, PgDn", "scroll where you are"},
			{"v", "one large picture, or all in the same size"},
			{"Ctrl+C", "leave the call"},
			{"?", "this help"},
		},
	}
}

// Scrolled says how many rows lie below what is seen.
func (Terminal) Scrolled(n int) string { return fmt.Sprintf("%d more below", n) }

// NotShown says how many pictures have no room.
func (Terminal) NotShown(n int) string { return fmt.Sprintf("%d more not shown", n) }
