package policy

import (
	"fmt"
	"slices"
)

// An Origin is whose word a rule is.
type Origin string

// The origins. What the program and the organisation's mandatory section ask for
// holds in any case. Of the others the first that says a key is the choice: a flag,
// the person's file, the organisation's defaults. No environment variable says a
// rule.
const (
	Program   Origin = "program"
	Mandatory Origin = "mandatory" // of the organisation
	OfDefault Origin = "default"   // likewise
	File      Origin = "file"      // the person's
	Flag      Origin = "flag"
)

// choosers are the origins that a choice may come from, the first that says
// something first.
func choosers() []Origin { return []Origin{Flag, File, OfDefault} }

// A Place is where something is said: in a file, with its line and column counted
// from 1, or without them, by its name.
type Place struct {
	Path   string `json:"path"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"` // in bytes
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.Path
	}
	return fmt.Sprintf("%s, line %d, column %d", p.Path, p.Line, p.Column)
}

// A Said is one key that a layer says. Value is of the key's form.
type Said struct {
	Key   string
	Value any
	At    Place
}

// A Layer is what one origin says.
type Layer struct {
	Origin Origin
	Said   []Said
}

func (l Layer) find(key string) (Said, bool) {
	i := slices.IndexFunc(l.Said, func(s Said) bool { return s.Key == key })
	if i < 0 {
		return Said{}, false
	}
	return l.Said[i], true
}

// A Rule is what holds for a key, and by whose word. At is zero for the program's.
type Rule struct {
	Key    Key
	Value  any
	Origin Origin
	At     Place
}

// Overruled is what somebody said that does not hold, and the rule that does.
type Overruled struct {
	Rule
	Wanted any
	By     Origin
	Said   Place
}

// Effective is what holds of several layers.
type Effective struct {
	Policy    Policy
	Rules     []Rule      // one for each key, in the order of Schema
	Overruled []Overruled // what a person said by a flag or in the file; what an organisation says against itself is not told
}

// Resolve returns what holds. A person, or a default, cannot weaken what is
// mandatory.
func Resolve(layers ...Layer) Effective {
	var must, choice Policy
	chosen := make(map[string]Said)
	by := make(map[string]Origin)
	for _, k := range Schema() {
		if s, ok := find(layers, Mandatory, k.Name); ok {
			k.Put(&must, s.Value)
		}
		for _, o := range choosers() {
			s, ok := find(layers, o, k.Name)
			if !ok || k.OrganisationOnly {
				continue
			}
			if _, first := chosen[k.Name]; !first {
				chosen[k.Name], by[k.Name] = s, o
				k.Put(&choice, s.Value)
			} else if k.Adds {
				k.Put(&choice, k.both(choice, s.Value))
			}
		}
	}
	// A list that is chosen knows the servers that the organisation knows.
	choice.Operators = added(must.Operators, choice.Operators)
	e := Effective{Policy: Merge(Default(), must, choice)}
	for _, k := range Schema() {
		r := Rule{Key: k, Value: k.Get(e.Policy), Origin: Program}
		fixed, isFixed := find(layers, Mandatory, k.Name)
		want, isChosen := chosen[k.Name]
		holds := isChosen && (k.Adds || k.same(r.Value, want.Value))
		switch {
		case isFixed && (k.same(r.Value, fixed.Value) || k.Adds || !holds):
			r.Origin, r.At = Mandatory, fixed.At
		case holds:
			r.Origin, r.At = by[k.Name], want.At
		case isChosen && !k.same(r.Value, k.Default()):
			r.Origin, r.At = ruling(layers) // by another key
		}
		e.Rules = append(e.Rules, r)
		if isChosen && !holds && by[k.Name] != OfDefault {
			e.Overruled = append(e.Overruled, Overruled{Rule: r, Wanted: want.Value, By: by[k.Name], Said: want.At})
		}
	}
	return e
}

// both is what a key that adds says in p, and value beside it.
func (k Key) both(p Policy, value any) any {
	var more Policy
	k.Put(&more, value)
	return k.Get(Merge(p, more))
}

// ruling is who says that only listed servers are allowed, which also closes the
// list of further hosts.
func ruling(layers []Layer) (Origin, Place) {
	for _, o := range append([]Origin{Mandatory}, choosers()...) {
		if s, ok := find(layers, o, "listed_servers_only"); ok {
			return o, s.At
		}
	}
	return Program, Place{}
}

func find(layers []Layer, o Origin, key string) (Said, bool) {
	for _, l := range layers {
		if s, ok := l.find(key); ok && l.Origin == o {
			return s, true
		}
	}
	return Said{}, false
}

// Rule returns what holds for the key of a name.
func (e Effective) Rule(name string) Rule {
	for _, r := range e.Rules {
		if r.Key.Name == name {
			return r
		}
	}
	return Rule{}
}

// A WeakerError says that somebody asked for less than a rule that holds.
type WeakerError struct {
	Setting string // as the person said it
	Overruled
}

func (e *WeakerError) Error() string {
	return fmt.Sprintf("%s is not allowed: %s", e.Setting, e.Rule)
}

// String says what holds, and who says so.
func (r Rule) String() string {
	value := r.Key.Write(r.Value)
	if value == "" {
		value = "nothing"
	}
	by := map[Origin]string{
		Program: "the program sets", Mandatory: "your organisation has set", OfDefault: "your organisation's default is",
		File: "your settings file says", Flag: "you said",
	}[r.Origin]
	if r.At.Path == "" || r.Origin == Flag {
		return fmt.Sprintf("%s %s = %s", by, r.Key.Name, value)
	}
	return fmt.Sprintf("%s %s = %s (%s)", by, r.Key.Name, value, r.At)
}
