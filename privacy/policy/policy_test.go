package policy_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"paravent/privacy/policy"
)

func draw(t *rapid.T, label string) policy.Policy {
	return policy.Policy{
		Background:     rapid.SampledFrom([]string{"", "wall.png", "logo.jpg"}).Draw(t, label+" background"),
		PictureFilters: rapid.SliceOf(rapid.SampledFrom([]string{"blur", "crop", "mask"})).Draw(t, label),
		NoRawPicture:   rapid.Bool().Draw(t, label+" picture"),
		NoRawSound:     rapid.Bool().Draw(t, label+" sound"),
		NoScreen:       rapid.Bool().Draw(t, label+" screen"),
		AskRecording:   rapid.Bool().Draw(t, label+" recording"),
		RelayOnly:      rapid.Bool().Draw(t, label+" relay"),
	}
}

func TestMergeIsNeverWeakerThanALayer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		m := policy.Merge(a, b)
		for _, l := range []policy.Policy{a, b} {
			for _, f := range l.PictureFilters {
				if !slices.Contains(m.PictureFilters, f) {
					t.Fatalf("%v lost %q", m, f)
				}
			}
			if l.Background != "" && m.Background == "" {
				t.Fatalf("%+v leaves the room to the person, %+v does not", m, l)
			}
			if l.NoRawPicture && !m.NoRawPicture || l.NoRawSound && !m.NoRawSound || l.NoScreen && !m.NoScreen ||
				l.AskRecording && !m.AskRecording || l.RelayOnly && !m.RelayOnly {
				t.Fatalf("%+v is weaker than %+v", m, l)
			}
			_, alone := l.RawPicture()
			_, merged := m.RawPicture()
			if alone != nil && merged == nil {
				t.Fatalf("%+v sends raw pictures although %+v forbids it", m, l)
			}
		}
	})
}

func TestTheFirstBackgroundStandsAndForbidsARawPicture(t *testing.T) {
	m := policy.Merge(policy.Default(), policy.Policy{Background: "wall.png"}, policy.Policy{Background: "mine.png"})
	if m.Background != "wall.png" {
		t.Errorf("the background is %q", m.Background)
	}
	if _, err := m.RawPicture(); !errors.Is(err, policy.ErrRaw) {
		t.Errorf("error = %v, want ErrRaw", err)
	}
}

func TestLeaveIsGivenOnlyByAPolicyThatAllowsIt(t *testing.T) {
	if (policy.Leave{}).Given() {
		t.Error("the zero Leave is given")
	}
	if _, err := (policy.Policy{NoRawSound: true}).RawSound(); !errors.Is(err, policy.ErrRaw) {
		t.Errorf("error = %v, want ErrRaw", err)
	}
	if l, err := policy.Default().RawPicture(); err != nil || !l.Given() {
		t.Errorf("RawPicture = %v, %v", l, err)
	}
}
