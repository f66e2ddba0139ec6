package sfu_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"paravent/media/sfu"
)

func TestErrorsAreWordsAndKeepTheirCause(t *testing.T) {
	cause := errors.New("cause")
	err := fmt.Errorf("join: %w", &sfu.JoinError{Why: sfu.RoomFull, Detail: "no\x1b[2Jroom", Err: cause})
	if !errors.Is(err, cause) || strings.Contains(err.Error(), "\x1b") || !strings.Contains(err.Error(), string(sfu.RoomFull)) {
		t.Errorf("%v", err)
	}
	if got := (&sfu.LinkError{Kind: "livekit", Why: "it is too long"}).Error(); got != "livekit link: it is too long" {
		t.Errorf("%q", got)
	}
}
