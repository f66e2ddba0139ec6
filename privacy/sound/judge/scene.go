package judge

import "paravent/privacy/sound/judge/room"

// A Range is from the first figure to the second; a seed chooses.
type Range [2]float64

// A Kind is what a bystander is.
type Kind int

// The kinds of bystanders.
const (
	Person Kind = iota
	Child
	Television // speech and some music
	Music
)

// A Bystander is somebody, or something, that must not be heard.
type Bystander struct {
	Kind   Kind
	Away   float64 // metres from the microphone
	To     float64 // metres at the end, for one who walks; 0 stays
	Louder Range   // dB, than a voice of 60 dB SPL at one metre
}

// What the user does after the first third of a scene, when it is not to sit there.
type what int

const (
	sits what = iota
	turnsAway
	standsUp
)

// A Scene is a situation, of which Make makes as many as there are seeds.
type Scene struct {
	Key, Name string

	Mic    func() room.Microphone
	Away   float64 // metres from the user's mouth to the microphone
	RT60   float64 // seconds
	Room   Range   // dB SPL of the noise of the room
	Louder Range   // dB, the user against the calibration
	Does   what

	Whispers     bool
	Uncalibrated bool
	Typing       bool
	Fan          Range // dB that a fan is below the user's voice at the microphone; 0 has none

	Others []Bystander
	Want   Want
}

// Want holds the figures that a scene must show. Zero wants nothing.
type Want struct {
	Lowered, Worst float64 // dB, of bystanders alone: the mean of all takes, and the worst take
	Audible        float64 // share of the windows of bystanders alone, at most
	Loss           float64 // of STOI while only the user speaks, at most
	Cut            float64 // share of the user's frames that lose more than 10 dB, at most
	Onsets         float64 // share of the words whose beginning is kept
	NoneBelow      bool    // while both speak, STOI is never below the microphone's
	Gain           float64 // dB of SI-SDR while both speak
	Keys, Noise    float64 // dB that keystrokes and steady noise are lowered
}

// Scenes returns the scenes that a chain is judged by, A to E first.
func Scenes() []Scene {
	quiet := Range{20, 27}
	want := func(lowered, worst, audible, loss, cut float64) Want {
		return Want{Lowered: lowered, Worst: worst, Audible: audible, Loss: loss, Cut: cut, Onsets: .98, NoneBelow: true}
	}
	partner := []Bystander{{Away: 2.5, Louder: Range{-2, 2}}}
	a := Scene{
		Key: "A", Name: "laptop .5 m, partner 2.5 m, RT60 .4", Mic: room.Laptop, Away: .5, RT60: .4, Room: quiet,
		Others: partner, Want: want(45, 20, .05, .01, .01),
	}
	a.Want.Gain = 3
	e := Scene{
		Key: "E", Name: "laptop .5 m, television or music 3 m, louder", Mic: room.Laptop, Away: .5, RT60: .4, Room: quiet,
		Others: []Bystander{{Kind: Television, Away: 3, Louder: Range{3, 6}}}, Want: want(35, 20, .15, .01, .01),
	}
	e.Want.Gain = 3

	like := func(key, name string, change func(*Scene)) Scene {
		s := a
		s.Key, s.Name, s.Want = key, name, Want{}
		change(&s)
		return s
	}
	return []Scene{
		a,
		{
			Key: "B", Name: "laptop .6 m, louder partner 1.5 m, RT60 .6", Mic: room.Laptop, Away: .6, RT60: .6, Room: quiet, Louder: Range{-2, -2},
			Others: []Bystander{{Away: 1.5, Louder: Range{3, 6}}}, Want: want(25, 12, .25, .03, .03),
		},
		{
			Key: "C", Name: "USB microphone .25 m, partner 2 m", Mic: room.USB, Away: .25, RT60: .4, Room: quiet,
			Others: []Bystander{{Away: 2, Louder: Range{-2, 2}}}, Want: want(60, 30, .02, .01, .01),
		},
		{
			Key: "D", Name: "headset 4 cm, partner 1.5 m", Mic: room.Headset, Away: .04, RT60: .4, Room: quiet,
			Others: []Bystander{{Away: 1.5, Louder: Range{-2, 2}}}, Want: want(60, 30, .01, .01, .01),
		},
		e,
		like("keys", "A, typing instead of a partner", func(s *Scene) { s.Typing, s.Others, s.Want = true, nil, Want{Keys: 20} }),
		like("fan", "A, a fan instead of a partner", func(s *Scene) { s.Fan, s.Others, s.Want = Range{12, 20}, nil, Want{Noise: 15, Loss: .0005} }),
		like("low", "A, the user 10 dB lower", func(s *Scene) { s.Louder = Range{-10, -10} }),
		like("whisper", "A, the user whispers", func(s *Scene) { s.Whispers, s.Louder = true, Range{-14, -10} }),
		like("turned", "A, the user turns away", func(s *Scene) { s.Does = turnsAway }),
		like("stands", "A, the user stands up", func(s *Scene) { s.Does = standsUp }),
		like("child", "A, a child 2 m instead of the partner", func(s *Scene) { s.Others = []Bystander{{Kind: Child, Away: 2, Louder: Range{-2, 4}}} }),
		like("two", "A, two bystanders", func(s *Scene) {
			s.Others = []Bystander{{Away: 2.5, Louder: Range{-2, 2}}, {Away: 1.8, Louder: Range{-2, 2}}}
		}),
		like("nears", "A, the partner walks from 3.5 m to 1.2 m", func(s *Scene) {
			s.Others = []Bystander{{Away: 3.5, To: 1.2, Louder: Range{-2, 2}}}
		}),
		like("music", "A, music 3 m instead of a partner", func(s *Scene) { s.Others = []Bystander{{Kind: Music, Away: 3, Louder: Range{0, 6}}} }),
		like("webcam", "A, a cheap webcam .7 m", func(s *Scene) { s.Mic, s.Away = room.Webcam, .7 }),
		like("new", "A, without a calibration", func(s *Scene) { s.Uncalibrated = true }),
	}
}
