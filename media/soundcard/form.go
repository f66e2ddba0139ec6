package soundcard

import (
	"strings"

	"paravent/media/capture"
)

// FormOf says what a speaker is, by what its ID and its label are called in
// English and German: the systems do not tell miniaudio more. A headset's words
// weigh more than a loudspeaker's. What is built in counts as a loudspeaker,
// although headphones may be plugged into it without the name saying so; a name
// that says nothing stays unknown.
func FormOf(id, label string) capture.Form {
	name := strings.ToLower(id + " " + label)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(name, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("speakerphone", "freisprech", "conference", "konferenz"):
		return capture.Loudspeaker // some are called headset all the same
	case has("headset", "headphone", "head phone", "earphone", "earbud", "earpiece", "earpod", "airpod", "in-ear", "hearing aid", "hands-free",
		"handsfree", "kopfhörer", "ohrhörer", "hörgerät", "sprechgarnitur"):
		return capture.Headset
	case has("speaker", "lautsprecher", "hdmi", "displayport", "monitor", "television", "fernseh", "soundbar", "built-in", "internal", "eingebaut", "intern"):
		return capture.Loudspeaker
	}
	return capture.UnknownForm
}
