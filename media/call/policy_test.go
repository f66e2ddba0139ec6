package call_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/call"
	"paravent/media/sfu"
	"paravent/privacy/policy"
)

func TestChatThatAPolicyHasTakenAwayIsNeitherSentNorShown(t *testing.T) {
	for _, off := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := enter(t, func(set *call.Settings) { set.Policy.NoChat = off })
			err := s.Say(t.Context(), "hello")
			s.session.queue.Put(sfu.ChatArrived{From: "other", Text: "hello"})
			pass(time.Second)
			var gone *policy.OffError
			if errors.As(err, &gone) != off || (len(s.State().Chat) == 0) != off || s.State().Caps.Chat == off {
				t.Errorf("off %v: %v, %v, %v", off, err, s.State().Chat, s.State().Caps.Chat)
			}
			s.end(t)
		})
	}
}
