package say

import (
	"fmt"

	"paravent/media/sfu"
	"paravent/privacy/consent"
)

// Words are the words of one language.
type Words struct {
	Microphone, Camera, Screen string

	TransportOnly string
	Paused        string
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
		Paused:         "NOTHING IS SENT",
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

// Background says what becomes of the room behind the person.
func (Words) Background(filter string) string {
	switch filter {
	case "off":
		return "background RAW: your room is visible"
	case "cover":
		return "background: whole picture covered"
	}
	return "background: " + filter + ", on trial"
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
	case sfu.Person:
		return "person"
	}
	return "of an unknown kind"
}

// Quality says how a member's connection is.
func (Words) Quality(q sfu.Quality) string { return string(q) + " connection" }

// ScreenOf names the screen that a member shares.
func (Words) ScreenOf(name string) string { return "screen of " + name }

// Notice says a notice that is no error.
func (Words) Notice(what, arg string) string {
	switch what {
	case "muted by room":
		return fmt.Sprintf("somebody with the right to do so has closed your %s", arg)
	case "device changed":
		return "now used: " + arg
	case "panic":
		return "everything is off: camera, microphone and screen are closed"
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
	}
	return string(q.Topic)
}
