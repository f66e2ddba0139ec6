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
		ListedOnly:     rapid.Bool().Draw(t, label+" listed"),
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
				l.AskRecording && !m.AskRecording || l.RelayOnly && !m.RelayOnly || l.MayReach("h") != nil && m.MayReach("h") == nil {
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

func TestAServerIsReachedOnlyIfEveryListThatAllowsNothingElseHasIt(t *testing.T) {
	of := func(only bool, hosts ...string) policy.Policy {
		return policy.Policy{ListedOnly: only, Operators: []policy.Operator{{Hosts: hosts, Name: hosts[0]}}}
	}
	office, person, room := of(true, "meet.example", ".city.example"), of(false, "other.example"), of(true, "meet.example")
	for name, c := range map[string]struct {
		p    policy.Policy
		host string
		want bool
	}{
		"no list":                     {policy.Default(), "any.example", true},
		"on the list":                 {office, "Meet.Example.", true},
		"below a host of it":          {office, "a.city.example", true},
		"the dot is part of it":       {office, "city.example", false},
		"another ending":              {office, "evilcity.example", false},
		"nobody adds to it":           {policy.Merge(policy.Default(), office, person), "other.example", false},
		"both lists have it":          {policy.Merge(office, room), "meet.example", true},
		"one list has it":             {policy.Merge(office, room), "a.city.example", false},
		"one list has it, later":      {policy.Merge(policy.Merge(room, person), office), "a.city.example", false},
		"an empty list allows nobody": {policy.Policy{ListedOnly: true}, "meet.example", false},
		"a list alone forbids nobody": {person, "any.example", true},
	} {
		if err := c.p.MayReach(c.host); (err == nil) != c.want || err != nil && !errors.Is(err, policy.ErrNotListed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if o, ok := policy.Merge(policy.Default(), office, person).Operator("other.example"); !ok || o.Name != "other.example" {
		t.Errorf("the operator is %+v, %v", o, ok)
	}
}
