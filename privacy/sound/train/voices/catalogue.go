package main

import (
	"cmp"
	"fmt"
	"slices"
)

// A Source is a speaker, a track, or a collection of noises.
type Source struct {
	Name    string
	Split   string
	Kind    string
	Person  string // who speaks, where one person has several names
	Lang    string
	Package string
	Files   string // expression for the files of the package
	Not     string // and for those to leave out
	Say     Say
	Most    float64 // seconds
	Each    int     // a file for each of so many, instead of one for all
	Raise   float64 // frequencies times this: a smaller head
	Music   string  // expression for the music of the same package that plays below
}

func splits() []string { return []string{"train", "val", "test"} }
func kinds() []string  { return []string{"voice", "child", "music", "noise", "keys", "tv"} }

func (s Source) speaks() bool   { return s.Kind == "voice" || s.Kind == "child" }
func (s Source) person() string { return cmp.Or(s.Person, s.Name) }
func (s Source) seconds() float64 {
	return cmp.Or(s.Most, map[bool]float64{true: 240, false: 60}[s.speaks()])
}

// check returns an error if a name stands twice, or a person in two splits.
func check(all []Source) error {
	names, people := map[string]bool{}, map[string]string{}
	for _, s := range all {
		if !slices.Contains(splits(), s.Split) || !slices.Contains(kinds(), s.Kind) {
			return fmt.Errorf("%s: no split %q or kind %q", s.Name, s.Split, s.Kind)
		}
		if names[s.Name] {
			return fmt.Errorf("%s stands twice", s.Name)
		}
		names[s.Name] = true
		if was, ok := people[s.person()]; ok && was != s.Split {
			return fmt.Errorf("%s speaks in %s and in %s", s.person(), was, s.Split)
		}
		people[s.person()] = s.Split
	}
	return nil
}
