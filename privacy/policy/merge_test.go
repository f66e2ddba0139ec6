package policy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"paravent/privacy/policy"
)

// drawValue draws a value of a key, as a file could say it.
func drawValue(t *rapid.T, k policy.Key) any {
	some := func(of []string) []string {
		return append([]string{}, rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID[string]).Draw(t, k.Name)...)
	}
	switch k.Form {
	case policy.YesNo:
		return rapid.Bool().Draw(t, k.Name)
	case policy.Number, policy.Rate:
		return rapid.Int64Range(k.Least, k.Least+3).Draw(t, k.Name)
	case policy.Path, policy.Text:
		return rapid.SampledFrom([]string{"", "/a", "/b"}).Draw(t, k.Name)
	case policy.Choice:
		return rapid.SampledFrom(k.Options).Draw(t, k.Name)
	case policy.PortRange:
		a := rapid.Uint16Range(5000, 5010).Draw(t, k.Name)
		return policy.Ports{First: a, Last: a + rapid.Uint16Range(0, 5).Draw(t, k.Name)}
	case policy.Names:
		of := k.Options
		if of == nil {
			of = []string{"a", "b", "c"}
		}
		list := some(of)
		v, err := k.Read(list)
		if err != nil {
			return list // names that are no issuers: what matters is whether they are on the list
		}
		return v
	case policy.OperatorList:
		all := []policy.Operator{}
		for _, h := range some([]string{"a", ".b", "c"}) {
			all = append(all, policy.Operator{Hosts: []string{h}, Name: h})
		}
		return all
	case policy.HostList:
		all := []policy.Host{}
		for _, h := range some([]string{"a", "b", "c"}) {
			all = append(all, policy.Host{Name: h, Purpose: "media"})
		}
		return all
	}
	t.Fatalf("%s has a form that is not drawn", k.Name)
	return nil
}

func drawPolicy(t *rapid.T) policy.Policy {
	var p policy.Policy
	for _, k := range policy.Schema() {
		if rapid.Bool().Draw(t, "said "+k.Name) {
			k.Put(&p, drawValue(t, k))
		}
	}
	return p
}

// reach is what a policy says of servers.
func reach(p policy.Policy) (may [4]bool) {
	for i, h := range []string{"a", "x.b", "c", "d"} {
		may[i] = p.MayReach(h) == nil
	}
	return may
}

// differ tells two policies apart by all that they say.
func differ(a, b policy.Policy, but ...string) string {
	return cmp.Diff(a, b, cmpopts.IgnoreUnexported(policy.Policy{}), cmpopts.IgnoreFields(policy.Policy{}, append(but, "Operators")...)) +
		cmp.Diff(reach(a), reach(b))
}

// ordered are the fields where the first stands, because neither is stricter.
func ordered() []string { return []string{"Background", "Authorities", "Notice"} }

func TestMergingAgainChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := policy.Merge(drawPolicy(t), drawPolicy(t))
		for _, again := range []policy.Policy{policy.Merge(m), policy.Merge(m, m), policy.Merge(m, policy.Policy{}), policy.Merge(policy.Policy{}, m)} {
			if d := differ(m, again) + cmp.Diff(m.Operators, again.Operators, cmpopts.EquateEmpty()); d != "" {
				t.Fatal(d)
			}
		}
	})
}

func TestTheOrderOfLayersMattersOnlyWhereNeitherIsStricter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawPolicy(t), drawPolicy(t), drawPolicy(t)
		if d := differ(policy.Merge(a, b), policy.Merge(b, a), ordered()...); d != "" {
			t.Fatal(d)
		}
		if d := differ(policy.Merge(a, b, c), policy.Merge(a, policy.Merge(b, c))); d != "" {
			t.Fatal(d)
		}
		if d := differ(policy.Merge(a, b, c), policy.Merge(policy.Merge(a, b), c)); d != "" {
			t.Fatal(d)
		}
	})
}

func TestAMergedPolicyIsNeverWeakerThanALayerInAnyKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layers := []policy.Policy{drawPolicy(t), drawPolicy(t)}
		m := policy.Merge(layers...)
		for i, l := range layers {
			for _, k := range policy.Schema() {
				if i > 0 && slices.Contains(ordered(), k.Field) {
					continue // the first has said it
				}
				if k.Weaker(k.Get(m), k.Get(l)) {
					t.Fatalf("%s: %v is weaker than %v", k.Name, k.Get(m), k.Get(l))
				}
			}
			for i, may := range reach(m) {
				if may && !reach(l)[i] {
					t.Fatalf("server %d may be reached", i)
				}
			}
			for _, u := range []policy.Use{policy.Camera, policy.Microphone, policy.Screen, policy.Chat, policy.Files} {
				if l.MayUse(u) != nil && m.MayUse(u) == nil {
					t.Fatalf("%s may be used", u)
				}
			}
			for _, h := range m.Extra("media") {
				if l.ExtraHosts != nil && !slices.Contains(l.Extra("media"), h) {
					t.Fatalf("%s may be spoken to", h)
				}
			}
		}
	})
}

func TestAUseThatIsNotKnownIsRefused(t *testing.T) {
	if (policy.Policy{}).MayUse("telepathy") == nil {
		t.Error("it may be used")
	}
}
