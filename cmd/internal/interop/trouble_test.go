//go:build interop

package interop

import (
	"context"
	"strings"
	"testing"
	"time"

	"paravent/cmd/internal/interop/rig"
	"paravent/cmd/internal/interop/stats"
)

func TestACutSignalConnectionIsBackWithinASecond(t *testing.T) {
	m, wire := meet(t, setting{browser: &rig.BrowserOptions{Every: 100 * time.Millisecond}, wire: true, client: live(t)})
	if _, err := m.browser.Event(m.ctx, "first-picture", ours, "camera"); err != nil {
		t.Fatal(err)
	}
	before, err := m.browser.Figures(m.ctx, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cut := time.Now()
	wire.Cut()
	back, err := wire.Back(m.ctx, cut)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a new connection after %s", back.Sub(cut).Round(time.Millisecond))
	if err := m.client.Colon("say still here"); err != nil {
		t.Fatal(err)
	}
	said, err := m.browser.Event(m.ctx, "chat", ours, "")
	if err != nil {
		t.Fatal(err)
	}
	if took := said.Time().Sub(cut); back.Sub(cut) > time.Second || took > 2*time.Second {
		t.Errorf("back after %s, a message crossed after %s", back.Sub(cut), took)
	}
	// What only the signal connection carries shows that it is whole again.
	if err := m.client.Colon("hand up"); err != nil {
		t.Fatal(err)
	}
	hand, err := m.browser.Event(m.ctx, "attributes", ours, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a message crossed after %s, the hand after %s", said.Time().Sub(cut).Round(time.Millisecond), hand.Time().Sub(cut).Round(time.Millisecond))
	after, err := m.browser.Figures(m.ctx, cut.Add(4*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	seconds := after.Time().Sub(before.Time()).Seconds()
	if r := rate(rig.Find(before.Received, ours, "camera").Frames, rig.Find(after.Received, ours, "camera").Frames, seconds); r < 20 {
		t.Errorf("only %.1f pictures a second crossed meanwhile", r)
	}
	for _, l := range m.browser.Lines() {
		if l.Event == "member-left" && l.Name == ours {
			t.Error("the others saw us leave")
		}
	}
	for _, l := range m.client.Lines() {
		if l.Event == "ended" || l.Event == "member-left" {
			t.Errorf("the client says %q: %s", l.Event, l.Text)
		}
	}
}

func TestAStoppedServerIsToldInWords(t *testing.T) {
	for _, kindly := range []bool{true, false} {
		name := map[bool]string{true: "it says goodbye", false: "it is gone"}[kindly]
		t.Run(name, func(t *testing.T) {
			m, _ := meet(t, setting{client: live(t)})
			sending(t, m)
			stopped := time.Now()
			if err := m.room.Stop(kindly); err != nil {
				t.Fatal(err)
			}
			endsByServer(t, m, stopped)
		})
	}
}

func TestBeingRemovedAndAClosedRoomAreToldInWords(t *testing.T) {
	for _, command := range []string{"kick " + ours, "close"} {
		t.Run(command, func(t *testing.T) {
			m, _ := meet(t, setting{client: live(t)})
			sending(t, m)
			asked := time.Now()
			if err := m.room.Ask(m.ctx, command); err != nil {
				t.Fatal(err)
			}
			endsByServer(t, m, asked)
		})
	}
}

// sending waits until our picture and sound flow.
func sending(t *testing.T, m *meeting) {
	t.Helper()
	if _, err := m.client.FiguresThat(m.ctx, func(l stats.Line) bool {
		return l.Sent["camera"].Packets > 0 && l.Sent["microphone"].Packets > 0
	}); err != nil {
		t.Fatal(err)
	}
}

// endsByServer holds that the client ends with code 3 and a sentence within ten seconds.
func endsByServer(t *testing.T, m *meeting, since time.Time) {
	t.Helper()
	ctx, cancel := context.WithDeadline(m.ctx, since.Add(10*time.Second))
	defer cancel()
	code, err := m.client.End(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ended after %s: %s", time.Since(since).Round(time.Millisecond), m.client.Messages())
	if code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	told := strings.Contains(m.client.Messages(), "paravent: error: ")
	for _, l := range m.client.Lines() {
		if (l.Event == "error" || l.Event == "ended") && l.Text != "" && l.Code != "" {
			t.Logf("%s: %s: %s (%s)", l.Event, l.Code, l.Text, l.Hint)
			told = true
		}
	}
	if !told {
		t.Errorf("nothing was said: %v; %s", m.client.Lines(), m.client.Messages())
	}
}
