package soundcard_test

import (
	"testing"

	"paravent/media/capture"
	"paravent/media/soundcard"
)

func TestTheFormOfASpeakerIsReadFromItsName(t *testing.T) {
	for label, want := range map[string]capture.Form{
		"Logitech H390 Headset Analog Stereo":                          capture.Headset,
		"Alder Lake PCH-P High Definition Audio Controller Headphones": capture.Headset,
		"Kopfhörer (Realtek(R) Audio)":                                 capture.Headset,
		"Jo's AirPods Pro":                                             capture.Headset,
		"WH-1000XM4 Hands-Free AG Audio":                               capture.Headset,
		"Speakers (Realtek(R) Audio)":                                  capture.Loudspeaker,
		"Lautsprecher (2- USB Audio Device)":                           capture.Loudspeaker,
		"Built-in Audio Analog Stereo":                                 capture.Loudspeaker,
		"MacBook Pro Speakers":                                         capture.Loudspeaker,
		"GK107 HDMI Audio Controller Digital Stereo (HDMI 2)":          capture.Loudspeaker,
		"Jabra SPEAK 510 Speakerphone":                                 capture.Loudspeaker,
		"Echo Cancelling Speakerphone (headset profile)":               capture.Loudspeaker,
		"USB Audio Device Analog Stereo":                               capture.UnknownForm,
		"":                                                             capture.UnknownForm,
	} {
		if got := soundcard.FormOf("", label); got != want {
			t.Errorf("%q is %q, want %q", label, got, want)
		}
	}
	if soundcard.FormOf("bluez_output.headset-head-unit", "Blue Thing") != capture.Headset {
		t.Error("the ID does not count")
	}
}
