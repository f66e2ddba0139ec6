package say_test

import (
	"strings"
	"testing"

	"paravent/privacy/policy"
	"paravent/ui/say"
)

func TestARuleIsToldWithItsValueAndByWhoseWord(t *testing.T) {
	at := policy.Place{Path: "/etc/p.toml", Line: 3, Column: 1}
	for _, c := range []struct {
		key    string
		value  any
		origin policy.Origin
		want   string
	}{
		{"no_chat", false, policy.Program, "no_chat                false      the program"},
		{"no_chat", true, policy.Mandatory, "no_chat                true       your organisation, mandatory (/etc/p.toml, line 3, column 1)"},
		{"no_chat", true, policy.OfDefault, "no_chat                true       your organisation, as a default (/etc/p.toml, line 3, column 1)"},
		{"background_image", "", policy.File, "background_image       -          your settings file (/etc/p.toml, line 3, column 1)"},
		{"upload_at_most", int64(64000), policy.Mandatory, "upload_at_most         64k        your organisation, mandatory (/etc/p.toml, line 3, column 1)"},
		{"verified_members_only", true, policy.Mandatory, "verified_members_only  true       your organisation, mandatory (/etc/p.toml, line 3, column 1)"},
		{"receipts_days", int64(9), policy.Mandatory, "receipts_days          9          your organisation, mandatory (/etc/p.toml, line 3, column 1); this version has nothing that it applies to"},
	} {
		k, ok := policy.Find(c.key)
		r := policy.Rule{Key: k, Value: c.value, Origin: c.origin}
		if c.origin != policy.Program {
			r.At = at
		}
		k.Unused = strings.Contains(c.want, "nothing that")
		r.Key = k
		if got := say.RuleLine(r); !ok || got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
