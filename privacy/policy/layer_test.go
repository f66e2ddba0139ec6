package policy_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"paravent/privacy/policy"
)

// layer is what one origin says, as pairs of a key and a value.
func layer(o policy.Origin, said ...any) policy.Layer {
	l := policy.Layer{Origin: o}
	for i := 0; i < len(said); i += 2 {
		l.Said = append(l.Said, policy.Said{Key: said[i].(string), Value: said[i+1], At: policy.Place{Path: string(o)}})
	}
	return l
}

func TestTheFirstWhoSaysAKeyChoosesAndNobodyWeakensWhatIsMandatory(t *testing.T) {
	for name, c := range map[string]struct {
		layers    []policy.Layer
		key       string
		want      any
		origin    policy.Origin
		overruled bool
	}{
		"nobody says it": {nil, "no_chat", false, policy.Program, false},
		"the program asks for it by itself": {
			[]policy.Layer{layer(policy.File, "ask_before_recording", false)}, "ask_before_recording", true, policy.Program, true,
		},
		"a default": {[]policy.Layer{layer(policy.OfDefault, "no_chat", true)}, "no_chat", true, policy.OfDefault, false},
		"a person lifts a default": {
			[]policy.Layer{layer(policy.OfDefault, "no_chat", true), layer(policy.File, "no_chat", false)}, "no_chat", false, policy.File, false,
		},
		"a flag goes before the file": {
			[]policy.Layer{layer(policy.File, "background_image", "/a.png"), layer(policy.Flag, "background_image", "")}, "background_image", "", policy.Flag, false,
		},
		"a person cannot lift what is mandatory": {
			[]policy.Layer{layer(policy.Mandatory, "no_chat", true), layer(policy.File, "no_chat", false)}, "no_chat", true, policy.Mandatory, true,
		},
		"nor can a default": {
			[]policy.Layer{layer(policy.Mandatory, "no_chat", true), layer(policy.OfDefault, "no_chat", false)}, "no_chat", true, policy.Mandatory, false,
		},
		"a person may be stricter": {
			[]policy.Layer{layer(policy.Mandatory, "upload_at_most", int64(9000)), layer(policy.Flag, "upload_at_most", int64(5000))}, "upload_at_most", int64(5000), policy.Flag, false,
		},
		"what both want is the organisation's": {
			[]policy.Layer{layer(policy.Mandatory, "no_chat", true), layer(policy.Flag, "no_chat", true)}, "no_chat", true, policy.Mandatory, false,
		},
		"of two lists what is on both": {
			[]policy.Layer{layer(policy.Mandatory, "sign_in_classes", []string{"a", "b"}), layer(policy.File, "sign_in_classes", []string{"b", "c"})}, "sign_in_classes", []string{"b"}, policy.Mandatory, true,
		},
		"a list of servers closes that of further hosts": {
			[]policy.Layer{layer(policy.Mandatory, "listed_servers_only", true), layer(policy.File, "extra_hosts", []policy.Host{{Name: "h", Purpose: "media"}})}, "extra_hosts", []policy.Host{}, policy.Mandatory, true,
		},
		"nobody but the organisation gives leave": {
			[]policy.Layer{layer(policy.File, "authorities_file", "/mine.pem")}, "authorities_file", "", policy.Program, false,
		},
	} {
		e := policy.Resolve(c.layers...)
		r := e.Rule(c.key)
		if !cmp.Equal(r.Value, c.want) || r.Origin != c.origin || len(e.Overruled) > 0 != c.overruled {
			t.Errorf("%s: %v of %s, overruled %v; want %v of %s, %v", name, r.Value, r.Origin, e.Overruled, c.want, c.origin, c.overruled)
		}
		if r.Origin != policy.Program && r.At.Path != string(r.Origin) {
			t.Errorf("%s: it is said in %v", name, r.At)
		}
	}
}

func TestAPersonsListDoesNotAddToTheOrganisations(t *testing.T) {
	mine := []policy.Operator{{Hosts: []string{"mine.example"}}}
	theirs := []policy.Operator{{Hosts: []string{"office.example"}, Name: "Office"}}
	e := policy.Resolve(layer(policy.Mandatory, "listed_servers_only", true, "operators", theirs), layer(policy.File, "operators", mine))
	if e.Policy.MayReach("mine.example") == nil || e.Policy.MayReach("office.example") != nil {
		t.Error("the person has changed the list")
	}
	if _, known := e.Policy.Operator("mine.example"); !known {
		t.Error("what the person knows of an operator is lost")
	}
	e = policy.Resolve(layer(policy.OfDefault, "listed_servers_only", true), layer(policy.Mandatory, "operators", theirs), layer(policy.File, "operators", mine))
	if e.Policy.MayReach("mine.example") != nil || e.Policy.MayReach("office.example") != nil || e.Policy.MayReach("other.example") == nil {
		t.Error("a list that is only a default does not hold both")
	}
}

func TestADigestTellsWhatIsSaidAndNotWhere(t *testing.T) {
	of := func(layers ...policy.Layer) string {
		sum, err := policy.Digest(layers...)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	a := layer(policy.Mandatory, "no_chat", true, "udp_ports", policy.Ports{First: 2000, Last: 3000})
	b := layer(policy.Mandatory, "udp_ports", policy.Ports{First: 2000, Last: 3000}, "no_chat", true)
	b.Said[0].At = policy.Place{Path: "elsewhere", Line: 9}
	c := layer(policy.OfDefault, a.Said[0].Key, true)
	if of() != "" || of(a) != of(b) || of(a) == of(c) || of(a, c) != of(c, b) || len(of(a)) != 64 {
		t.Errorf("%q %q %q", of(a), of(b), of(c))
	}
}

// drawLayer draws a layer that says some keys.
func drawLayer(t *rapid.T, o policy.Origin) policy.Layer {
	l := policy.Layer{Origin: o}
	for _, k := range policy.Schema() {
		if rapid.IntRange(0, 3).Draw(t, "said "+k.Name) == 0 {
			l.Said = append(l.Said, policy.Said{Key: k.Name, Value: drawValue(t, k)})
		}
	}
	return l
}

func TestWhatHoldsIsNeverWeakerThanWhatIsMandatory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		must := drawLayer(t, policy.Mandatory)
		e := policy.Resolve(drawLayer(t, policy.OfDefault), must, drawLayer(t, policy.File), drawLayer(t, policy.Flag))
		for _, s := range must.Said {
			k, _ := policy.Find(s.Key)
			if k.Weaker(k.Get(e.Policy), s.Value) {
				t.Fatalf("%s is %v, which is weaker than %v", s.Key, k.Get(e.Policy), s.Value)
			}
		}
		if !e.Policy.AskRecording {
			t.Fatal("nobody is asked before a recording")
		}
		for _, r := range e.Rules {
			if !reflect.DeepEqual(r.Value, r.Key.Get(e.Policy)) {
				t.Fatalf("%s is told as %v and is %v", r.Key.Name, r.Value, r.Key.Get(e.Policy))
			}
		}
	})
}
