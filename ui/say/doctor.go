package say

import (
	"fmt"
	"strings"
	"time"

	"paravent/media/capture"
	"paravent/privacy/policy"
)

// A Grade says how grave what doctor found is.
type Grade string

// The grades.
const (
	Fine Grade = "fine"
	Odd  Grade = "odd" // it can be lived with
	Bad  Grade = "bad" // something will not work
)

// A Finding is what doctor found of one thing.
type Finding struct {
	Check string // stable: "settings", "camera", …
	Grade Grade
	Problem
}

// Line is f in one line, and its hint in another.
func (f Finding) Line() string {
	out := fmt.Sprintf("%-4s  %-10s  %s", f.Grade, f.Check, f.Text)
	if f.Hint != "" {
		out += fmt.Sprintf("\n%18s%s", "", f.Hint)
	}
	return out
}

func finding(check string, g Grade, code, hint, format string, args ...any) Finding {
	return Finding{check, g, Problem{code, fmt.Sprintf(format, args...), hint}}
}

// Failed is a finding of an error.
func Failed(check string, g Grade, err error) Finding { return Finding{check, g, Of(err)} }

// DoctorSettings is of the settings file that was read without an error.
func DoctorSettings(path string, there bool) Finding {
	if !there {
		return finding("settings", Fine, "no-settings", "", "there is no settings file, so the most private settings hold")
	}
	return finding("settings", Fine, "settings", "", "%s can be read", clean(path))
}

// DoctorPolicy is of the organisation's policy, or of why it cannot be followed.
func DoctorPolicy(e policy.Effective, broken error) Finding {
	if broken != nil {
		return Failed("policy", Bad, broken)
	}
	n := 0
	for _, r := range e.Rules {
		if r.Origin == policy.Mandatory || r.Origin == policy.OfDefault {
			n++
		}
	}
	if n == 0 {
		return finding("policy", Fine, "no-policy", "", "your organisation has set nothing on this machine")
	}
	return finding("policy", Fine, "policy", "", "your organisation has set %d rules; paravent policy show lists them", n)
}

// DoctorDevices is of the devices of one kind that could be opened; none was.
func DoctorDevices(kind capture.Kind, found []capture.Device) Finding {
	check := string(kind)
	if len(found) > 0 {
		names := make([]string, 0, len(found))
		for _, d := range found {
			names = append(names, Device(d))
		}
		return finding(check, Fine, "devices", "", "%s", strings.Join(names, "; "))
	}
	hint := map[capture.Kind]string{
		capture.CameraKind:     "plug one in; on Linux the user must be in the group video",
		capture.MicrophoneKind: "plug one in; is the sound server running?",
		capture.SpeakerKind:    "plug one in; is the sound server running?",
	}[kind]
	return finding(check, Odd, "no-device", hint, "there is none")
}

// DoctorPictures is of the picture filter: what it takes of a processor for nine of ten
// pictures of a size, at a rate, and how long that was while other programs ran.
func DoctorPictures(width, height int, rate float64, took, wall time.Duration) Finding {
	share := took.Seconds() * rate
	text := fmt.Sprintf("hiding the room takes %s for a picture of %dx%d, %.0f %% of a core at %.0f pictures a second", took.Round(100*time.Microsecond), width, height, share*100, rate)
	switch {
	case share > 1:
		return finding("processor", Bad, "processor-slow", "the others will see a smaller picture, or a colour: leave the camera off where that is too little", "%s", text)
	case share > .5:
		return finding("processor", Odd, "processor-low", "the others may see a smaller picture", "%s", text)
	case wall.Seconds()*rate > 1:
		return finding("processor", Odd, "processor-busy", "close other programs before a call", "%s, and %s passed meanwhile: this machine is busy", text, wall.Round(time.Millisecond))
	}
	return finding("processor", Fine, "processor", "", "%s", text)
}

// DoctorProxy is of the environment variables that name a proxy.
func DoctorProxy(variables []string) Finding {
	if len(variables) == 0 {
		return finding("proxy", Fine, "no-proxy", "", "the environment names none")
	}
	return finding("proxy", Odd, "proxy-unused", "this version speaks to servers directly; where only the proxy leads out, a call cannot be joined", "%s name a proxy", strings.Join(variables, ", "))
}

// mostSkew is how wrong a clock may be: passes are often good for minutes only.
const mostSkew = 30 * time.Second

// DoctorClock is of how far this machine's clock is ahead of the server's, which tells
// whole seconds.
func DoctorClock(ahead time.Duration) Finding {
	switch {
	case ahead > mostSkew:
		return finding("clock", Bad, "clock-ahead", "set the clock: passes look expired, and certificates may", "this machine's clock is %s ahead of the server's", ahead.Round(time.Second))
	case ahead < -mostSkew:
		return finding("clock", Bad, "clock-behind", "set the clock: passes look as if they held later only, and certificates may", "this machine's clock is %s behind the server's", -ahead.Round(time.Second))
	}
	return finding("clock", Fine, "clock", "", "it agrees with the server's")
}

// DoctorServer is of the server's card.
func DoctorServer(c Card) []Finding {
	out := []Finding{finding("server", Fine, "server", "", "%s answers as %s", clean(c.Server), c.Found.Title)}
	if c.Transport != nil {
		out = append(out, finding("encryption", Fine, "tls", "", "%s", c.connection()))
	}
	if !c.Joinable {
		out[0].Grade = Bad
	}
	return out
}

// DoctorNoLink is of the network when there was nobody to ask.
func DoctorNoLink() Finding {
	return finding("network", Fine, "not-asked", "", "nobody was asked; give doctor the link of a meeting and its server is")
}

// DoctorReceipts is of the book of receipts.
func DoctorReceipts(calls int, good bool) Finding {
	if !good {
		return finding("receipts", Bad, "receipts", "paravent receipt verify says which", "a receipt is not as it was written")
	}
	return finding("receipts", Fine, "receipts", "", "%d are kept, all as they were written", calls)
}
