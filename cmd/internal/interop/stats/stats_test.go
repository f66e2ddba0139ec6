package stats

import (
	"errors"
	"strings"
	"testing"
)

const two = `{"at":"2026-11-22T06:00:00Z","seconds":1,"sent":{"camera":{"frames":30,"packets":60,"bytes":9000}},"received":[]}
{"at":"2026-11-22T06:00:01Z","seconds":2,"sent":{"camera":{"frames":60,"packets":120,"bytes":18000}},"received":[{"track":"t","member":"Colleague","source":"camera","codec":"vp8","packets":9,"bytes":10,"lost":1,"frames":55,"shown":54,"width":640,"height":360}],"rtt_ms":1.5}
`

func TestReadTakesEveryWholeLine(t *testing.T) {
	all, err := Read(strings.NewReader(two + `{"at":"2026-11-22T06:00:02Z","sec`))
	if err != nil || len(all) != 2 {
		t.Fatalf("%d lines, %v", len(all), err)
	}
	got, ok := all[1].From("Colleague", "camera")
	if !ok || got.Frames != 55 || got.Width != 640 || all[1].Sent["camera"].Packets != 120 {
		t.Errorf("read %+v", all[1])
	}
	if _, ok := all[1].From("Colleague", "microphone"); ok {
		t.Error("found a microphone that is not there")
	}
}

func TestReadSaysWhenThereIsNothing(t *testing.T) {
	if _, err := Read(strings.NewReader("\n")); !errors.Is(err, ErrEmpty) {
		t.Errorf("error %v", err)
	}
	if _, err := Read(strings.NewReader("{]}\n")); err == nil || errors.Is(err, ErrEmpty) {
		t.Errorf("error %v", err)
	}
}
