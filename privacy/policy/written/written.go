// Package written reads layers of rules that somebody wrote down: as TOML, or as
// named values of a registry or a list of preferences. Nothing that it does not
// know is passed over, and all mistakes are told at once, each with its place.
package written

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"paravent/privacy/policy"
)

// The sections of an organisation's file, and the one of a person's.
const (
	Mandatory = "mandatory"
	Defaults  = "defaults"
	Rules     = "rules"
)

// A Problem is one mistake.
type Problem struct {
	At   policy.Place
	Text string
}

func (p Problem) String() string { return p.At.String() + ": " + p.Text }

// Where is p without the file's name.
func (p Problem) Where() string {
	if p.At.Line == 0 {
		return p.Text
	}
	return fmt.Sprintf("line %d, column %d: %s", p.At.Line, p.At.Column, p.Text)
}

// A BrokenError says that what somebody wrote down cannot be followed. Who finds one
// must not go on as if nothing had been written.
type BrokenError struct{ Problems []Problem }

func (e *BrokenError) Error() string {
	all := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		all = append(all, p.String())
	}
	return strings.Join(all, "; ")
}

// Broken is a BrokenError with one problem.
func Broken(at policy.Place, format string, args ...any) error {
	return &BrokenError{[]Problem{{at, fmt.Sprintf(format, args...)}}}
}

// Organisation reads an organisation's file. path is only named. The error is a
// *BrokenError.
func Organisation(path string, text []byte) ([]policy.Layer, error) {
	d, err := parse(path, text)
	if err != nil {
		return nil, err
	}
	for _, name := range sorted(d.root) {
		if name != Mandatory && name != Defaults {
			d.problem(name, "there is no section %q: rules stand under [%s] or [%s]", name, Mandatory, Defaults)
		}
	}
	layers := []policy.Layer{d.layer(Mandatory, policy.Mandatory), d.layer(Defaults, policy.OfDefault)}
	return layers, d.broken()
}

// Person reads the section [rules] of a person's file, which may hold other things
// besides. The error is a *BrokenError.
func Person(path string, text []byte) (policy.Layer, error) {
	d, err := parse(path, text)
	if err != nil {
		return policy.Layer{}, err
	}
	return d.layer(Rules, policy.File), d.broken()
}

// A document is TOML that was read, and where everything stands.
type document struct {
	path     string
	root     map[string]any
	at       positions
	keys     keys
	problems []Problem
}

func parse(path string, text []byte) (*document, error) {
	d := &document{path: path, root: make(map[string]any), keys: schema()}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, Broken(policy.Place{Path: path, Line: 1 + bytes.Count(text[:bytes.IndexByte(text, 0)], []byte("\n")), Column: 1}, "has a zero byte in it: this is no text")
	}
	err := toml.Unmarshal(text, &d.root)
	if err == nil {
		d.at = positionsOf(text)
		return d, nil
	}
	at := policy.Place{Path: path, Line: 1, Column: 1}
	if where := (*toml.DecodeError)(nil); errors.As(err, &where) {
		at.Line, at.Column = where.Position()
	}
	return nil, Broken(at, "%s", clean(strings.TrimPrefix(err.Error(), "toml: ")))
}

// clean is text of the decoder, which may repeat what is in the file, for a screen.
func clean(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0xfffd {
			return '?'
		}
		return r
	}, s)
}

func (d *document) place(key string) policy.Place {
	at := d.at.of(key)
	return policy.Place{Path: d.path, Line: at.line, Column: at.column}
}

func (d *document) problem(key, format string, args ...any) {
	d.problems = append(d.problems, Problem{d.place(key), fmt.Sprintf(format, args...)})
}

// layer reads a section.
func (d *document) layer(section string, origin policy.Origin) policy.Layer {
	l := policy.Layer{Origin: origin}
	raw, ok := d.root[section]
	if !ok {
		return l
	}
	table, ok := raw.(map[string]any)
	if !ok {
		d.problem(section, "must be a section: [%s]", section)
		return l
	}
	for _, name := range sorted(table) {
		s, why := d.keys.read(origin, name, table[name])
		if why != "" {
			d.problem(section+"."+name, "%s", why)
			continue
		}
		s.At = d.place(section + "." + name)
		l.Said = append(l.Said, s)
	}
	for _, why := range lonely(l) {
		d.problem(section+"."+why.key, "%s", why.text)
	}
	return l
}

// broken is nil if there is no problem; else they come in the order of the lines.
func (d *document) broken() error {
	if len(d.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		if a.At.Line != b.At.Line {
			return a.At.Line - b.At.Line
		}
		return a.At.Column - b.At.Column
	})
	return &BrokenError{d.problems}
}

// keys are those of the schema by their names.
type keys map[string]policy.Key

func schema() keys {
	all := make(keys)
	for _, k := range policy.Schema() {
		all[k.Name] = k
	}
	return all
}

// read reads one value of a layer, or says in words why it cannot be.
func (all keys) read(origin policy.Origin, name string, raw any) (policy.Said, string) {
	k, ok := all[name]
	switch {
	case !ok:
		return policy.Said{}, fmt.Sprintf("there is no rule %q%s", clean(name), all.meant(name))
	case k.OrganisationOnly && origin != policy.Mandatory:
		return policy.Said{}, fmt.Sprintf("%s is for the organisation to set, under [%s]", name, Mandatory)
	}
	v, err := k.Read(raw)
	switch {
	case err != nil:
		return policy.Said{}, fmt.Sprintf("%s: %v", name, err)
	case k.Floor && k.Weaker(v, k.Default()):
		return policy.Said{}, fmt.Sprintf("%s cannot be %s: the program asks for it in any case", name, k.Write(v))
	}
	return policy.Said{Key: name, Value: v}, ""
}

// A lonelyKey makes no sense without another one.
type lonelyKey struct{ key, text string }

// lonely finds what an organisation cannot have meant: a list that allows nothing
// else, and is empty.
func lonely(l policy.Layer) []lonelyKey {
	var only, listed bool
	for _, s := range l.Said {
		only = only || s.Key == "listed_servers_only" && s.Value == true
		listed = listed || s.Key == "operators"
	}
	if only && !listed && l.Origin == policy.Mandatory {
		return []lonelyKey{{"listed_servers_only", "listed_servers_only allows no server at all without operators in the same section"}}
	}
	return nil
}

// meant names the key that somebody may have meant by name, if there is one.
func (all keys) meant(name string) string {
	const near = 3
	best, least := "", near
	for _, own := range sorted(all) {
		if n := distance(own, strings.ToLower(name), near); n < least {
			best, least = own, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; is %s meant?", best)
}

// distance is how many letters must be changed, added or taken away (Levenshtein);
// most, if it is more.
func distance(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, before+1, row[j]+1)
		}
	}
	return row[len(b)]
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
