package policy_test

import (
	"reflect"
	"regexp"
	"slices"
	"testing"

	"paravent/privacy/policy"
)

func TestEveryFieldOfAPolicyHasOneKeyAndEveryKeyAField(t *testing.T) {
	of := make(map[string]string)
	for _, k := range policy.Schema() {
		if of[k.Field] != "" {
			t.Errorf("%s and %s are both of %s", of[k.Field], k.Name, k.Field)
		}
		of[k.Field] = k.Name
	}
	all := reflect.TypeFor[policy.Policy]()
	for f := range all.Fields() {
		if f.IsExported() && of[f.Name] == "" {
			t.Errorf("%s has no key", f.Name)
		}
		delete(of, f.Name)
	}
	if len(of) > 0 {
		t.Errorf("no field: %v", of)
	}
}

func TestAKeySetsItsOwnFieldAndNoOther(t *testing.T) {
	for _, k := range policy.Schema() {
		var p policy.Policy
		k.Put(&p, k.Example)
		v := reflect.ValueOf(p)
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if changed := !v.Field(i).IsZero(); changed != (name == k.Field) {
				t.Errorf("%s: %s is changed: %v", k.Name, name, changed)
			}
		}
		if got := k.Get(p); !reflect.DeepEqual(got, k.Example) {
			t.Errorf("%s: %v came back as %v", k.Name, k.Example, got)
		}
	}
}

func TestEveryKeyIsExplainedInBothLanguagesAndHasAStricterExample(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := make(map[string]bool)
	for _, k := range policy.Schema() {
		if !name.MatchString(k.Name) || seen[k.Name] {
			t.Errorf("%q is no name for a key, or not the only one", k.Name)
		}
		seen[k.Name] = true
		for _, w := range []policy.Words{k.Title, k.Does, k.Strict, k.Group.Title()} {
			if w.English == "" || w.German == "" || w.English == w.German {
				t.Errorf("%s is not explained in both languages: %q", k.Name, w)
			}
		}
		if !slices.Contains(policy.Groups(), k.Group) {
			t.Errorf("%s has no heading", k.Name)
		}
		if !k.Adds && !k.Weaker(k.Zero(), k.Example) {
			t.Errorf("%s: %v is not stricter than %v", k.Name, k.Example, k.Zero())
		}
		if k.Weaker(k.Example, k.Zero()) || k.Weaker(k.Example, k.Example) {
			t.Errorf("%s: %v is weaker than nothing, or than itself", k.Name, k.Example)
		}
	}
}

func TestAValueOfAnotherFormIsRefusedInWords(t *testing.T) {
	good := map[policy.Form][]any{
		policy.YesNo: {true, false}, policy.Number: {int64(30)}, policy.Rate: {int64(64000), "64k", "2M", "64000"},
		policy.Path: {"/a/b.png", `C:\a.png`, `\\server\a.png`}, policy.Text: {"Hello", "two\nlines"}, policy.PortRange: {"50000-50100", "50000"},
		policy.OperatorList: {
			[]any{map[string]any{"hosts": []any{"a.example", ".b.example"}, "name": "A"}},
			[]string{"a.example .b.example | A | Germany | https://a.example"},
			[]any{},
		},
		policy.HostList: {[]any{map[string]any{"host": "a.example", "purpose": "media"}}, []string{"a.example | media"}},
	}
	bad := []any{
		nil, 1.5, int64(-1), int64(1) << 62, "", "\x1b[2J", "/a\x00b", "64kk", "-1k", "a\u202eb", "50100-50000", "80", "50000-99999", "not/whole",
		[]any{"x", int64(1)},
		[]any{map[string]any{}},
		[]any{map[string]any{"hosts": []any{}}},
		[]any{map[string]any{"hosts": []any{"A B"}}},
		[]any{map[string]any{"hosts": []any{"a"}, "colour": "red"}},
		[]any{map[string]any{"host": "a", "purpose": "fun"}},
		[]any{map[string]any{"host": ".a", "purpose": "media"}},
		[]string{"a\x07| b | c | d | e"},
		[]string{"\x00"},
		map[string]any{"a": "b"},
	}
	for _, k := range policy.Schema() {
		for _, raw := range good[k.Form] {
			if _, err := k.Read(raw); err != nil {
				t.Errorf("%s: %v: %v", k.Name, raw, err)
			}
		}
		for _, raw := range bad {
			if v, err := k.Read(raw); err == nil && k.Form != policy.Text {
				if s, ok := raw.(string); !ok || k.Form != policy.Choice || slices.Contains(k.Options, s) {
					t.Errorf("%s takes %#v as %v", k.Name, raw, v)
				}
			}
		}
	}
}

func TestWhatAKeyWritesItReadsAgain(t *testing.T) {
	for _, k := range policy.Schema() {
		var raw any = k.Write(k.Example)
		switch k.Form {
		case policy.YesNo:
			raw = k.Example
		case policy.Number:
			raw = k.Example
		case policy.Names:
			raw = k.Example
		case policy.OperatorList, policy.HostList:
			raw = []string{k.Write(k.Example)}
		case policy.Rate, policy.Path, policy.Text, policy.Choice, policy.PortRange:
		}
		if v, err := k.Read(raw); err != nil || !reflect.DeepEqual(v, k.Example) {
			t.Errorf("%s: %v is read as %v, %v", k.Name, raw, v, err)
		}
	}
}
