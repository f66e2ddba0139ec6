package say

import (
	"errors"
	"fmt"

	"paravent/media/sfu"
	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
)

// ruled returns the words for an error of a policy that was written down.
func ruled(err error) (Problem, bool) {
	var (
		broken *written.BrokenError
		weaker *policy.WeakerError
		off    *policy.OffError
	)
	switch {
	case errors.As(err, &broken):
		return brokenPolicy(broken), true
	case errors.As(err, &weaker):
		return Problem{"policy-weaker", clean(weaker.Error()), "leave that out; paravent policy show says what holds, and by whose word"}, true
	case errors.As(err, &off):
		return Problem{"policy-off", clean(off.Error()), "paravent policy show says by whose word"}, true
	}
	return Problem{}, false
}

func brokenPolicy(e *written.BrokenError) Problem {
	p := Problem{Code: "policy-broken", Text: "the policy cannot be followed", Hint: "nothing is sent until that is mended; paravent policy check says all that is wrong; tell whoever looks after this machine"}
	if len(e.Problems) > 0 {
		p.Text = "your organisation's policy cannot be followed: " + clean(e.Problems[0].String())
	}
	if more := len(e.Problems) - 1; more > 0 {
		p.Text += fmt.Sprintf("; and %d more", more)
	}
	return p
}

// PutAside says that something that a person said does not hold: in a setting, by a
// flag of the same name, or else as a rule.
func PutAside(o policy.Overruled, setting string) string {
	what := fmt.Sprintf("%s = %s of your settings file", o.Key.Name, o.Key.Write(o.Wanted))
	switch {
	case o.By == policy.Flag:
		what = "--" + setting
	case o.Said.Line == 0:
		what = "the setting " + setting + " of your settings file"
	}
	return clean(fmt.Sprintf("%s does not hold: %s", what, o.Rule))
}

// The words of paravent policy.
const (
	NoPolicy   = "your organisation has set no policy on this machine"
	GoodPolicy = "no mistake was found"
)

// RuleLine is a rule on one line, after its name and its value: by whose word it
// holds, and what this version makes of it.
func RuleLine(r policy.Rule) string {
	by := map[policy.Origin]string{
		policy.Program: "the program", policy.Mandatory: "your organisation, mandatory", policy.OfDefault: "your organisation, as a default",
		policy.File: "your settings file", policy.Flag: "a flag",
	}[r.Origin]
	if r.At.Path != "" {
		by += " (" + clean(r.At.String()) + ")"
	}
	if r.Origin != policy.Program && r.Key.Unused {
		by += "; this version has nothing that it applies to"
	}
	value := r.Key.Write(r.Value)
	if value == "" {
		value = "-"
	}
	return fmt.Sprintf("%-22s %-10s %s", r.Key.Name, clean(value), by)
}

// Mistake is one problem of a policy on one line.
func Mistake(p written.Problem) string { return sfu.Foreign(p.String()).Clean() }
