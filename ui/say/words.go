package say

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/privacy/consent"
	"paravent/privacy/filter"
)

// Words are the words of one language.
type Words struct {
	Microphone, Camera, Screen string

	TransportOnly string
	OperatorReads string // of a chat, or of one message
	Withheld      string // a member's mark
	Rehearsal     string
	Paused        string
	Waiting       string
	Resuming      string

	You, Hidden, HandUp, Speaks        string
	MicrophoneOpen, CameraOpen, Shares string
	OwnPicture, OwnScreen              string
}

// English returns the English words.
func English() Words {
	return Words{
		Microphone: "microphone", Camera: "camera", Screen: "screen",
		TransportOnly:  "encrypted to the server",
		OperatorReads:  "the operator of the server can read this",
		Withheld:       "NOT SHOWN",
		Rehearsal:      "rehearsal: nothing leaves this machine",
		Paused:         "NOTHING IS SENT",
		Waiting:        "WAITING to be let in: nothing is sent, no device is open",
		Resuming:       "connection lost, reconnecting",
		You:            "you",
		Hidden:         "hidden from others",
		HandUp:         "hand up",
		Speaks:         "speaks",
		MicrophoneOpen: "microphone open",
		CameraOpen:     "camera on",
		Shares:         "shares the screen",
		OwnPicture:     "what the others see of you",
		OwnScreen:      "what you share",
	}
}

// Sending says how far an own device is, and which is really used: "microphone
// ON: Headset".
func (Words) Sending(device, phase, label string) string {
	if phase == "on" {
		if label == "" {
			return device + " ON"
		}
		return device + " ON: " + shortened(label)
	}
	if phase == "" {
		phase = "off"
	}
	return device + " " + phase
}

// labelLen is how much of a device's label fits into the state line, in runes.
const labelLen = 24

func shortened(label string) string {
	if r := []rune(label); len(r) > labelLen {
		return string(r[:labelLen-1]) + "…"
	}
	return label
}

// HeldBack says that a filter fails, so that the others get nothing of device.
func (Words) HeldBack(device, filter string) string {
	return fmt.Sprintf("%s HELD BACK: %s does not work", device, filter)
}

// Advice says what a note of the filters means for the person, in a sentence.
func (Words) Advice(n filter.Notes) string {
	return map[filter.Notes]string{
		filter.NoFace:       "no face is to be seen: look at the camera",
		filter.Away:         "nobody is in the picture: the others see a colour",
		filter.OffCentre:    "move to the middle of the picture",
		filter.SecondPerson: "somebody else is in the picture and is not shown",
		filter.Readable:     "text or a screen behind you could be read: turn the camera",
		filter.Backlight:    "the light comes from behind you: turn to the light",
		filter.Close:        "you are too near, or cut by the edge: move back",
		filter.SlowMask:     "this machine is slow: the mask is not made anew for every picture",
		filter.SmallPicture: "this machine is slow: your picture is made smaller",
		filter.TooSlow:      "this machine is too slow for the filter: the others see a colour",
		filter.HeldBack:     "somebody else is heard and is held back",
		filter.Echo:         "the others may hear themselves: turn the loudspeaker down, or use a headset",
		filter.Clipping:     "the microphone distorts: turn it down",
		filter.TooLive:      "this room rings too much to tell near from far: use a headset, or come closer to the microphone",
		filter.Uncalibrated: "the room gate does not know your voice's level here: paravent calibrate",
	}[n]
}

// PictureMeter says how the pictures of the last second were: their rate, their
// time in the filters, and their bits per second.
func (Words) PictureMeter(rate float64, each time.Duration, bits int) string {
	return fmt.Sprintf("%.0f pictures a second, %.1f ms in the filter, %d kbit/s", rate, float64(each)/float64(time.Millisecond), bits/1000)
}

// RoomMeter says how much of the room can be made out from the pictures so far, as a
// share of 0 to 1.
func (Words) RoomMeter(share float64) string {
	return fmt.Sprintf("%.0f %% of your room can be made out", 100*share)
}

// SoundMeter says how loud the sound of the last second was behind the room gate,
// and its loudest moment, in dB of full scale, and its bits per second.
func (Words) SoundMeter(level, peak float64, silent bool, bits int) string {
	if silent {
		return fmt.Sprintf("sound: silence, %d kbit/s", bits/1000)
	}
	return fmt.Sprintf("sound %.0f dB, peak %.0f dB, %d kbit/s", level, peak, bits/1000)
}

// Talk says, with push to talk, whether the others hear the person.
func (Words) Talk(heard, opening bool) string {
	switch {
	case heard:
		return "YOU ARE HEARD"
	case opening:
		return "push to talk: the microphone opens"
	}
	return "push to talk: you are not heard"
}

// Take says how far a recording in a rehearsal is.
func (Words) Take(playing bool, left int) string {
	if playing {
		return fmt.Sprintf("PLAYING what the others would hear: %d seconds left", left)
	}
	return fmt.Sprintf("RECORDING, say something: %d seconds left", left)
}

// TakeOver says that a recording in a rehearsal is over.
func (Words) TakeOver() string { return "the recording is deleted" }

// Volume says how loud a member is heard here.
func (Words) Volume(percent int, muted bool) string {
	if muted || percent == 0 {
		return "not heard by you"
	}
	return fmt.Sprintf("volume %d %%", percent)
}

// AdviceOver says that a note no longer holds.
func (w Words) AdviceOver(n string) string { return "no longer: " + n }

// Background says what becomes of the room behind the person.
func (Words) Background(filter string) string {
	switch filter {
	case "off":
		return "background RAW: your room is visible"
	case "cover":
		return "background: whole picture covered"
	}
	return "background: " + filter
}

// Gate says what becomes of the sound of the room.
func (Words) Gate(filter string) string {
	if filter == "off" {
		return "room gate OFF: your room is audible"
	}
	return "room gate: " + filter
}

// Recording says whether the call is recorded.
func (Words) Recording(server, recorder bool) string {
	switch {
	case server:
		return "RECORDED by the server"
	case recorder:
		return "RECORDER in the room"
	}
	return "not recorded"
}

// Role says what kind of member somebody is.
func (Words) Role(r sfu.Role) string {
	switch r {
	case sfu.Recorder:
		return "RECORDER"
	case sfu.Bot:
		return "program"
	case sfu.Phone:
		return "by telephone"
	case sfu.Audience:
		return "you only send: nobody is told who watches"
	case sfu.Broadcast:
		return "you only watch: nobody is told who sends"
	case sfu.Person:
		return "person"
	}
	return "of an unknown kind"
}

// Quality says how a member's connection is.
func (Words) Quality(q sfu.Quality) string { return string(q) + " connection" }

// ScreenOf names the screen that a member shares.
func (Words) ScreenOf(name string) string { return "screen of " + name }

// Limited says how the link is limited, and what that costs.
func (Words) Limited(t call.Thin) string {
	var sides []string
	for _, s := range []struct {
		bits int
		way  string
	}{{t.Limit.Up, "up"}, {t.Limit.Down, "down"}} {
		if s.bits > 0 {
			sides = append(sides, rate(s.bits)+" "+s.way)
		}
	}
	text := "link limited (" + strings.Join(sides, ", ") + ")"
	switch {
	case t.Short:
		return text + ": TOO LITTLE even for speech"
	case t.Own && t.Others:
		return text + ": sound only"
	case t.Own:
		return text + ": your pictures are off"
	case t.Others:
		return text + ": some pictures of the others are off"
	}
	return text
}

// rate writes bits a second as the command line takes them.
func rate(bits int) string {
	switch {
	case bits%1_000_000 == 0:
		return fmt.Sprintf("%dM", bits/1_000_000)
	case bits%1000 == 0:
		return fmt.Sprintf("%dk", bits/1000)
	}
	return strconv.Itoa(bits)
}

// Notice says a notice that is no error.
func (Words) Notice(what, arg string) string {
	switch what {
	case "muted by room":
		return fmt.Sprintf("somebody with the right to do so has closed your %s", arg)
	case "device changed":
		return "now used: " + arg
	case "panic":
		return "everything is off: camera, microphone and screen are closed"
	case "muted away":
		return "you went away, so your microphone was closed; it stays closed until you open it"
	case "showing":
		return "for 10 seconds the others see what you hold up"
	case "use headset":
		return "the others in your room hear the meeting: use a headset"
	case "recording dropped":
		return "what was recorded is deleted and was not played to its end"
	case "link cut":
		return "the connection to the server is cut and is being mended; until it is back, the others may not see and hear you"
	case "link back":
		return "the connection to the server is back; the call goes on"
	case "shared key":
		return strings.ReplaceAll(SharedKey(), "\n", " ")
	case "no files":
		return "no files were received"
	case "plain chat":
		return "the chat is not encrypted end to end: the operator of the server can read it"
	case "pictures off":
		return "pictures are off: your link is limited, and speech comes first"
	case "pictures back":
		return "pictures are on again"
	case "link too thin":
		return "your link is limited to less than speech needs: the others may not hear you well"
	case "organisation":
		return "your organisation says: " + arg
	case string(sfu.RoomLocked):
		return "the room is locked: nobody else is let in"
	case string(sfu.RoomOpened):
		return "the room is open again"
	case string(sfu.RoomSays):
		return "message of the room: " + arg
	case string(sfu.RoomWarns):
		return "the room warns: " + arg
	case string(sfu.RoomFails):
		return "the room reports an error: " + arg
	case string(sfu.FileOffered):
		return "a file is offered, which this program does not take: " + arg
	case "safety words":
		return "safety words: " + arg + ". Let each of the others read them to you, best by another way such as the telephone. If all have the same, say verified"
	case "members verified":
		return "verified, in this call and later ones: " + arg
	case "volumes":
		if arg == "" {
			return "nobody else is here"
		}
		return "you hear: " + arg
	}
	return what
}

// Question puts q to the person.
func (Words) Question(q consent.Question) string {
	switch q.Topic {
	case consent.Recording:
		return q.About + " records this call. Nothing is sent until you agree. Go on sending? yes or no"
	case consent.UnmuteMe:
		return fmt.Sprintf("somebody asks you to open your %s. Open it? yes or no", q.About)
	case consent.NewIdentity:
		return q.About + " has another identity than before; somebody may stand between you. Nothing is sent until you agree. Go on? yes or no (no if in doubt; words asks again)"
	}
	return string(q.Topic)
}
