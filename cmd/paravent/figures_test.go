package main

import (
	"encoding/json"
	"testing"
	"time"

	"paravent/privacy/filter"
)

func TestASpreadIsRightToWithinAHundredth(t *testing.T) {
	var s spread
	for i := range 1000 {
		s.add(time.Duration(i+1) * 100 * time.Microsecond)
	}
	for share, want := range map[float64]time.Duration{.5: 50 * time.Millisecond, .95: 95 * time.Millisecond, .99: 99 * time.Millisecond, 1: 100 * time.Millisecond} {
		if got := s.at(share); got < want || float64(got) > 1.011*float64(want) {
			t.Errorf("%v of all are at most %v, want %v", share, got, want)
		}
	}
	if s.mean() != 50050*time.Microsecond || s.most != 100*time.Millisecond {
		t.Errorf("mean %v, most %v", s.mean(), s.most)
	}
	s.add(time.Hour)
	s.add(0)
	if s.at(1) != time.Hour {
		t.Errorf("most is %v", s.at(1))
	}
	if empty := (&spread{}); empty.at(.5) != 0 || empty.mean() != 0 {
		t.Error("nothing took time")
	}
}

func TestFiguresNameStagesAndNotes(t *testing.T) {
	var f filmFigures
	for range 3 {
		f.add(filter.Work{Wall: 4 * time.Millisecond, Stages: []filter.StageTime{{Name: "segment", Took: 3 * time.Millisecond}}},
			filter.Away|filter.Backlight, nil)
	}
	f.add(filter.Work{}, 0, filter.ErrLate)
	b, err := json.Marshal(&f)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Frames, Held int
		Stages       []struct {
			Name string
			Ms   map[string]float64
		}
		Notes map[string]int
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Frames != 4 || got.Held != 1 || len(got.Stages) != 1 || got.Stages[0].Name != "segment" || got.Stages[0].Ms["p95"] != 3 ||
		got.Notes["away"] != 3 || got.Notes["backlight"] != 3 {
		t.Errorf("%s", b)
	}
}
