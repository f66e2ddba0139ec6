package consent_test

import (
	"context"
	"testing"
	"testing/synctest"

	"paravent/privacy/consent"
)

func TestOnlyAnExplicitYesIsAYes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask := func(do func(b *consent.Box, cancel func())) bool {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			b := consent.NewBox(func() {})
			answer := make(chan bool)
			go func() {
				yes, _ := b.Ask(ctx, consent.Question{Topic: consent.Recording})
				answer <- yes
			}()
			synctest.Wait()
			if b.Open() == nil {
				t.Error("the question is not shown")
			}
			do(b, cancel)
			yes := <-answer
			if b.Open() != nil {
				t.Error("the question stays open")
			}
			return yes
		}
		if !ask(func(b *consent.Box, _ func()) { b.Answer(true); b.Answer(false) }) {
			t.Error("a yes was lost")
		}
		if ask(func(b *consent.Box, _ func()) { b.Answer(false); b.Answer(true) }) {
			t.Error("a no became a yes")
		}
		if ask(func(_ *consent.Box, cancel func()) { cancel() }) {
			t.Error("the end of the call became a yes")
		}
		if yes, err := (consent.Refuse{}).Ask(t.Context(), consent.Question{}); yes || err != nil {
			t.Errorf("Refuse answers %v, %v", yes, err)
		}
	})
}

func TestAnAnswerBelongsToTheQuestionThatIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := consent.NewBox(func() {})
		b.Answer(true) // to nothing
		answers := make(chan bool, 2)
		for range 2 {
			go func() {
				yes, _ := b.Ask(t.Context(), consent.Question{})
				answers <- yes
			}()
		}
		synctest.Wait()
		b.Answer(true)
		synctest.Wait()
		if len(answers) != 1 || b.Open() == nil {
			t.Fatalf("%d questions were answered at once", len(answers))
		}
		b.Answer(false)
		first, second := <-answers, <-answers
		if first == second {
			t.Error("both questions got one answer")
		}
	})
}
