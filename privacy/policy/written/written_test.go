package written_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
)

// good is a file that says every key, in both sections where it may stand in both.
func good() string {
	var b strings.Builder
	for _, section := range []string{written.Mandatory, written.Defaults} {
		fmt.Fprintf(&b, "[%s]\n", section)
		var tables strings.Builder
		for _, k := range policy.Schema() {
			if section == written.Defaults && k.OrganisationOnly {
				continue
			}
			switch v := k.Example.(type) {
			case []policy.Operator:
				fmt.Fprintf(&tables, "[[%s.%s]]\nhosts = [\"meet.city.example\", \".rooms.city.example\"]\nname = \"City of Example\"\njurisdiction = \"Germany\"\nnotice = \"https://city.example/privacy\"\n", section, k.Name)
			case []policy.Host:
				fmt.Fprintf(&tables, "[[%s.%s]]\nhost = \"turn.city.example\"\npurpose = \"media\"\n", section, k.Name)
			case []string:
				fmt.Fprintf(&b, "%s = [%q]\n", k.Name, v[0])
			case bool, int64:
				fmt.Fprintf(&b, "%s = %v\n", k.Name, v)
			default:
				fmt.Fprintf(&b, "%s = %q\n", k.Name, k.Write(v))
			}
		}
		b.WriteString(tables.String())
	}
	return b.String()
}

func TestAFileThatSaysEveryKeyIsReadWithThePlaceOfEach(t *testing.T) {
	text := good()
	layers, err := written.Organisation("p.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(text, "\n")
	seen := 0
	for _, l := range layers {
		for _, s := range l.Said {
			seen++
			k, _ := policy.Find(s.Key)
			if !cmp.Equal(s.Value, k.Example) {
				t.Errorf("%s is %v, want %v", s.Key, s.Value, k.Example)
			}
			here := lines[s.At.Line-1][s.At.Column-1:]
			for _, section := range []string{written.Mandatory, written.Defaults} {
				here = strings.TrimPrefix(here, section+".")
			}
			if s.At.Path != "p.toml" || !strings.HasPrefix(here, s.Key) {
				t.Errorf("%s is said to stand in %v", s.Key, s.At)
			}
		}
	}
	if want := 2*len(policy.Schema()) - 2; seen != want {
		t.Errorf("%d keys were read, want %d", seen, want)
	}
}

func TestEveryMistakeIsToldWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"[mandatory]\nno_camra = true\n":                                              `p.toml, line 2, column 1: there is no rule "no_camra"; is no_camera meant?`,
		"[mandatory]\nno_camera = \"yes\"\n":                                          `p.toml, line 2, column 1: no_camera: must be true or false, not the text "yes"`,
		"[mandatory]\n  ask_before_recording = false\n":                               `p.toml, line 2, column 3: ask_before_recording cannot be false: the program asks for it in any case`,
		"[defaults]\nask_before_recording = false\n":                                  `line 2, column 1: ask_before_recording cannot be false`,
		"[defaults]\nnotice = \"x\"\n":                                                `line 2, column 1: notice is for the organisation to set, under [mandatory]`,
		"no_camera = true\n":                                                          `line 1, column 1: there is no section "no_camera"`,
		"\n[rules]\nno_camera = true\n":                                               `line 2, column 2: there is no section "rules"`,
		"mandatory = 3\n":                                                             `line 1, column 1: must be a section: [mandatory]`,
		"[mandatory]\nno_camera = true\nno_camera = false\n":                          `line 3`,
		"[mandatory]\nno_camera = \n":                                                 `line 2`,
		"[mandatory]\nnotice = \"a\x00b\"\n":                                          `line 2, column 1: has a zero byte`,
		"[mandatory]\nnotice = \"\xff\"\n":                                            `line 2`,
		"[mandatory]\nlisted_servers_only = true\n":                                   `line 2, column 1: listed_servers_only allows no server at all`,
		"[mandatory]\nreceipts_days = 1979-05-27\n":                                   `line 2, column 1: receipts_days: must be a whole number, not a date`,
		"[[mandatory.operators]]\nhosts=[\"a\"]\n[[mandatory.operators]]\nname=\"b\"": `operators: table 2: hosts is missing`,
		"[mandatory]\n\"no\\u0007camera\" = true\n":                                   `line 2, column 1: there is no rule "no?camera"`,
	} {
		_, err := written.Organisation("p.toml", []byte(text))
		var broken *written.BrokenError
		if !errors.As(err, &broken) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}

func TestAllMistakesAreToldAtOnceInTheOrderOfTheLines(t *testing.T) {
	_, err := written.Organisation("p.toml", []byte("[defaults]\nz = 1\nno_chat = 2\n[mandatory]\na = 1\nudp_ports = \"80\"\n[other]\n"))
	var broken *written.BrokenError
	if !errors.As(err, &broken) {
		t.Fatal(err)
	}
	var lines []int
	for _, p := range broken.Problems {
		lines = append(lines, p.At.Line)
	}
	if !slices.Equal(lines, []int{2, 3, 5, 6, 7}) {
		t.Errorf("%v", err)
	}
}

func TestAPersonsFileSaysRulesBesideOtherSettings(t *testing.T) {
	l, err := written.Person("c.toml", []byte("name = \"Ada\"\n[rules]\nrelay_only = true\n"))
	if err != nil || l.Origin != policy.File || len(l.Said) != 1 || l.Said[0].At.Line != 3 {
		t.Errorf("%+v, %v", l, err)
	}
	for _, text := range []string{"[rules]\nauthorities_file = \"/x\"\n", "[rules]\nnotice = \"x\"\n", "[rules]\nask_before_recording = false\n", "rules = 1\n"} {
		if _, err := written.Person("c.toml", []byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestGroupPoliciesAreReadAsAFileIs(t *testing.T) {
	root := written.Registry{Keys: map[string]written.Registry{
		"Mandatory": {
			Values: map[string]any{
				"No_Camera": uint64(1), "no_chat": uint64(0), "receipts_days": uint64(30), "upload_at_most": "64k", "sign_in_classes": []string{"b", "a"},
				"operators": []string{"meet.example .city.example | City | Germany | https://city.example"},
			},
			Keys: map[string]written.Registry{"picture_filters": {Values: map[string]any{"2": "image", "1": "blur"}}},
		},
		"DEFAULTS": {Values: map[string]any{"relay_only": uint64(1)}},
	}}
	layers, err := written.OfRegistry(`HKLM\P`, root)
	if err != nil {
		t.Fatal(err)
	}
	e := policy.Resolve(layers...)
	p := e.Policy
	if !p.NoCamera || p.NoChat || p.ReceiptDays != 30 || p.MostUp != 64000 || !slices.Equal(p.ACR, []string{"a", "b"}) || !p.RelayOnly ||
		!slices.Equal(p.PictureFilters, []string{"blur", "image"}) || len(p.Operators) != 1 || p.Operators[0].Jurisdiction != "Germany" {
		t.Errorf("%+v", p)
	}
	if at := e.Rule("no_camera").At.String(); at != `HKLM\P\Mandatory\no_camera` {
		t.Errorf("it is said to stand in %s", at)
	}
	for name, bad := range map[string]written.Registry{
		"a value outside":   {Values: map[string]any{"no_camera": uint64(1)}},
		"an unknown key":    {Keys: map[string]written.Registry{"Optional": {}}},
		"an unknown rule":   {Keys: map[string]written.Registry{"Mandatory": {Values: map[string]any{"no_fun": uint64(1)}}}},
		"no switch":         {Keys: map[string]written.Registry{"Mandatory": {Values: map[string]any{"no_camera": uint64(2)}}}},
		"another kind":      {Keys: map[string]written.Registry{"Mandatory": {Values: map[string]any{"no_camera": nil}}}},
		"no list of texts":  {Keys: map[string]written.Registry{"Mandatory": {Keys: map[string]written.Registry{"sign_in_classes": {Values: map[string]any{"1": uint64(1)}}}}}},
		"a switch as a key": {Keys: map[string]written.Registry{"Mandatory": {Keys: map[string]written.Registry{"no_camera": {}}}}},
	} {
		if layers, err := written.OfRegistry(`HKLM\P`, bad); err == nil || !strings.Contains(err.Error(), `HKLM\P\`) {
			t.Errorf("%s: %+v, %v", name, layers, err)
		}
	}
}

func TestManagedPreferencesAreReadAsAFileIs(t *testing.T) {
	layers, err := written.Preferences("p.plist", map[string]any{
		"mandatory": map[string]any{"no_camera": true, "operators": []any{map[string]any{"hosts": []any{"a.example"}}}},
		"defaults":  map[string]any{"receipts_days": int64(9)},
	})
	if e := policy.Resolve(layers...); err != nil || !e.Policy.NoCamera || e.Policy.ReceiptDays != 9 || e.Rule("no_camera").At.Path != "p.plist: mandatory: no_camera" {
		t.Errorf("%+v, %v", e.Policy, err)
	}
	for _, bad := range []map[string]any{{"other": map[string]any{}}, {"mandatory": true}, {"mandatory": map[string]any{"no_camera": "yes"}}} {
		if _, err := written.Preferences("p.plist", bad); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}
