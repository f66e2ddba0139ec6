//go:build interop

package interop

import (
	"testing"
	"time"

	"paravent/cmd/internal/interop/rig"
)

// The server fills the first second after a mute of the microphone with blank packets of its own making, all alike (livekit-server,
// downtrack.go: RTPBlankFramesMuteSeconds). Between two browsers 81 bytes each were counted, and no picture at all: whatever is larger
// or differs in size was ours.
const (
	blankBytes = 81
	blankTime  = 2 * time.Second // after that the server is silent as well
)

func TestNothingFollowsAMute(t *testing.T) {
	for _, c := range []struct {
		command string
		sources []string
		still   string // what must go on, or the silence proves nothing
		within  time.Duration
	}{
		{"mic off", []string{"microphone"}, "camera", 500 * time.Millisecond},
		{"camera off", []string{"camera"}, "microphone", 500 * time.Millisecond},
		{"panic", []string{"camera", "microphone"}, "", 200 * time.Millisecond},
	} {
		t.Run(c.command, func(t *testing.T) {
			m, _ := meet(t, setting{browser: &rig.BrowserOptions{Listen: true, Every: 50 * time.Millisecond}, client: live(t)})
			flowing := func(l rig.BrowserLine) bool {
				return l.Event == "figures" && rig.Find(l.Received, ours, "camera").Frames > 30 && rig.Find(l.Received, ours, "microphone").Packets > 50
			}
			if _, _, err := m.browser.Await(m.ctx, 0, flowing); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if err := m.client.Colon(c.command); err != nil {
				t.Fatal(err)
			}
			soon, err := m.browser.Figures(m.ctx, begun.Add(c.within))
			if err != nil {
				t.Fatal(err)
			}
			blank, err := m.browser.Figures(m.ctx, begun.Add(blankTime))
			if err != nil {
				t.Fatal(err)
			}
			late, err := m.browser.Figures(m.ctx, begun.Add(blankTime+3*time.Second))
			if err != nil {
				t.Fatal(err)
			}
			for _, source := range c.sources {
				a, b, z := rig.Find(soon.Received, ours, source), rig.Find(blank.Received, ours, source), rig.Find(late.Received, ours, source)
				if z.Packets == 0 {
					continue // the track is gone, and its counters with it
				}
				packets, bytes := b.Packets-a.Packets, b.Bytes-a.Bytes
				t.Logf("%s: %d packets with %d bytes between %s and %s, %d after", source, packets, bytes, c.within, blankTime, z.Packets-b.Packets)
				if blank := source == "microphone" && packets > 0 && bytes%packets == 0 && bytes/packets <= blankBytes; packets > 0 && !blank {
					t.Errorf("%s: %d packets of %.1f bytes on average came more than %s after %q", source, packets, float64(bytes)/float64(packets), c.within, c.command)
				}
				if z.Packets != b.Packets {
					t.Errorf("%s: %d packets came more than %s after %q", source, z.Packets-b.Packets, blankTime, c.command)
				}
			}
			if c.still != "" && rig.Find(late.Received, ours, c.still).Packets <= rig.Find(blank.Received, ours, c.still).Packets {
				t.Errorf("the %s fell silent as well", c.still)
			}
		})
	}
}
