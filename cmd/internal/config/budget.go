package config

import (
	"strconv"
	"strings"

	"paravent/media/budget"
)

// noBudget says that nothing is bounded, whatever the file says.
const noBudget = "none"

// leastBudget is what one direction needs for speech, in bits per second.
const leastBudget = 16_000

// ParseBudget reads UP/DOWN, two rates such as "64k/128k" or "500k/2M" in bits per
// second on the wire, headers included. Nothing, and "none", is no bound.
func ParseBudget(s string) (budget.Limit, error) {
	if s == "" || s == noBudget {
		return budget.Limit{}, nil
	}
	up, down, ok := strings.Cut(s, "/")
	var l budget.Limit
	if ok {
		l.Up, ok = readRate(up)
	}
	if ok {
		l.Down, ok = readRate(down)
	}
	if !ok {
		return budget.Limit{}, &BudgetError{s, "it looks like 64k/128k: bits a second up and down, from 16k to 1000M, or none"}
	}
	if min(l.Up, l.Down) < leastBudget {
		return budget.Limit{}, &BudgetError{s, "speech needs 16k in each direction"}
	}
	return l, nil
}

// readRate reads a whole number of bits, kilobits or megabits a second, up to a
// thousand million.
func readRate(s string) (int, bool) {
	digits, unit := s, uint64(1)
	if d, ok := strings.CutSuffix(s, "k"); ok {
		digits, unit = d, 1_000
	} else if d, ok := strings.CutSuffix(s, "M"); ok {
		digits, unit = d, 1_000_000
	}
	n, err := strconv.ParseUint(digits, 10, 30)
	if err != nil || n*unit > 1_000_000_000 {
		return 0, false
	}
	return int(n * unit), true
}

// A BudgetError says that a budget is none.
type BudgetError struct{ Value, Why string }

func (e *BudgetError) Error() string {
	return "--budget cannot be " + strconv.Quote(e.Value) + ": " + e.Why
}
