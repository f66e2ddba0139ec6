//go:build nowindow

package window

import (
	"errors"
	"testing"

	"paravent/ui/say"
)

func TestABuildWithoutTheWindowSaysSo(t *testing.T) {
	err := Run(t.Context(), nil, Options{})
	if !errors.Is(err, ErrNoWindow) {
		t.Fatalf("Run returns %v", err)
	}
	if p := say.Of(err); p.Code != "no-window" || p.Hint == "" {
		t.Fatalf("in words: %+v", p)
	}
}
