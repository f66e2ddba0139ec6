//go:build interop

package interop

import (
	"testing"
	"time"

	"paravent/cmd/internal/interop/rig"
)

// silence is how long a stream is looked at that must not flow.
const silence = 3 * time.Second

func TestNothingIsSentOfARecordedRoomUntilThePersonAgrees(t *testing.T) {
	m, _ := meet(t, setting{browser: &rig.BrowserOptions{Listen: true, Every: 50 * time.Millisecond}, client: live(t)})
	sent := func(l rig.BrowserLine, source string) uint64 {
		return rig.Find(l.Received, ours, source).Packets
	}
	more := func(than rig.BrowserLine) func(rig.BrowserLine) bool {
		return func(l rig.BrowserLine) bool {
			return l.Event == "figures" && sent(l, "camera") > sent(than, "camera")+30 && sent(l, "microphone") > sent(than, "microphone")+50
		}
	}
	if _, _, err := m.browser.Await(m.ctx, 0, more(rig.BrowserLine{})); err != nil {
		t.Fatal(err)
	}
	if err := m.room.Ask(m.ctx, "recording on"); err != nil {
		t.Fatal(err)
	}
	asked, err := m.client.Event(m.ctx, "question")
	if err != nil {
		t.Fatal(err)
	}
	soon, err := m.browser.Figures(m.ctx, asked.Arrived.Add(200*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	late, err := m.browser.Figures(m.ctx, asked.Arrived.Add(silence))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"camera", "microphone"} {
		if n := sent(late, source) - sent(soon, source); n != 0 {
			t.Errorf("%s: %d packets came more than 200 ms after the recording began", source, n)
		}
	}
	if err := m.client.Colon("yes"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.browser.Await(m.ctx, 0, more(late)); err != nil {
		t.Errorf("after the yes: %v", err)
	}
}
