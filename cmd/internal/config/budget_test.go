package config_test

import (
	"errors"
	"testing"

	"paravent/cmd/internal/config"
	"paravent/media/budget"
)

func TestABudgetIsTwoRates(t *testing.T) {
	for text, want := range map[string]budget.Limit{
		"": {}, "none": {}, "64k/128k": {Up: 64_000, Down: 128_000}, "16000/2M": {Up: 16_000, Down: 2_000_000}, "1000M/16k": {Up: 1_000_000_000, Down: 16_000},
	} {
		if got, err := config.ParseBudget(text); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestWhatIsNoBudgetIsRefusedWithWhatOneLooksLike(t *testing.T) {
	for _, text := range []string{"64k", "64k/", "/64k", "64k/128k/1", "-64k/64k", "64 k/64k", "64K/64k", "6.4k/64k", "1001M/64k", "9k/64k", "64k/0", "99999999999999999999/64k", "none/none"} {
		var no *config.BudgetError
		if _, err := config.ParseBudget(text); !errors.As(err, &no) {
			t.Errorf("%q: %v", text, err)
		}
		j := config.Defaults()
		if j.Budget = text; !errors.As(j.Choices(), &no) {
			t.Errorf("%q is no mistake among the settings", text)
		}
	}
}

func FuzzParseBudget(f *testing.F) {
	f.Add("64k/128k")
	f.Fuzz(func(t *testing.T, s string) {
		if l, err := config.ParseBudget(s); err == nil && !l.None() && (l.Up < 16_000 || l.Down < 16_000) {
			t.Errorf("%q is %+v", s, l)
		}
	})
}
