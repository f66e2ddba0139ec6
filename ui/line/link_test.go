package line_test

import (
	"strings"
	"testing"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/ui/line"
)

// Every kind of server tells of a cut alike, so that all are put in the same words;
// and no line is empty, which a screen reader would read as nothing.
func TestACutAndItsEndAreSaidInWords(t *testing.T) {
	up := call.State{Self: "a", Link: sfu.LinkUp}
	cut := up.After(sfu.LinkChanged{Link: sfu.LinkResuming})
	back := cut.After(sfu.LinkChanged{Link: sfu.LinkUp})
	for name, c := range map[string]struct {
		old, now call.State
		want     []string
	}{
		"cut":  {up, cut, []string{"connection lost, reconnecting", "the connection to the server is cut and is being mended"}},
		"back": {cut, back, []string{"no longer: connection lost, reconnecting", "the connection to the server is back"}},
	} {
		var text strings.Builder
		for _, e := range line.Events(c.old, c.now) {
			if e.Text == "" {
				t.Errorf("%s: %q says nothing", name, e.Name)
			}
			text.WriteString(e.Text + "\n")
		}
		for _, w := range c.want {
			if !strings.Contains(text.String(), w) {
				t.Errorf("%s: there is no %q in %q", name, w, text.String())
			}
		}
	}
}
