package written

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"paravent/privacy/policy"
)

// A Registry is a key of the Windows registry with all that lies below it. Names are
// compared without regard to case, as Windows does.
type Registry struct {
	Values map[string]any // uint64, string or []string; anything else is a problem
	Keys   map[string]Registry
}

// OfRegistry reads what group policies have set below a key of the registry: its
// keys Mandatory and Defaults. A switch is a DWORD of 0 or 1, a number a DWORD, a list
// a MULTI_SZ, or a key of its own with a value for each item. The columns of
// operators and further hosts are parted by "|". The error is a *BrokenError.
func OfRegistry(path string, root Registry) ([]policy.Layer, error) {
	d := &named{path: path, sep: `\`, keys: schema()}
	layers := []policy.Layer{{Origin: policy.Mandatory}, {Origin: policy.OfDefault}}
	sections := []string{Mandatory, Defaults}
	for _, name := range sorted(root.Values) {
		d.problem(policy.Place{Path: path + `\` + name}, "there is no such value: rules stand in the keys Mandatory and Defaults")
	}
	for _, name := range sorted(root.Keys) {
		i := slices.Index(sections, strings.ToLower(name))
		if i < 0 {
			d.problem(policy.Place{Path: path + `\` + name}, "there is no such key: rules stand in the keys Mandatory and Defaults")
			continue
		}
		d.layer(&layers[i], name, root.Keys[name].plain(d.keys))
	}
	return layers, d.broken()
}

// plain are the values of a section as those of a file.
func (r Registry) plain(all keys) map[string]any {
	out := make(map[string]any)
	for name, v := range r.Values {
		name = strings.ToLower(name)
		switch v := v.(type) {
		case uint64:
			out[name] = int64(min(v, 1<<62)) //nolint:gosec // bounded
			if all[name].Form == policy.YesNo && v <= 1 {
				out[name] = v == 1
			}
		default:
			out[name] = v
		}
	}
	for name, key := range r.Keys {
		items := make([]string, 0, len(key.Values))
		for _, n := range inOrder(key.Values) {
			s, ok := key.Values[n].(string)
			if !ok {
				s = "\x00" // which no form takes
			}
			items = append(items, s)
		}
		out[strings.ToLower(name)] = items
	}
	return out
}

// inOrder are the names of a list's values: numbers as numbers.
func inOrder(m map[string]any) []string {
	names := sorted(m)
	slices.SortStableFunc(names, func(a, b string) int {
		x, err1 := strconv.Atoi(a)
		y, err2 := strconv.Atoi(b)
		if err1 != nil || err2 != nil {
			return 0
		}
		return x - y
	})
	return names
}

// Preferences reads a list of managed preferences: its dictionaries mandatory and
// defaults, with the keys and values of a file. The error is a *BrokenError.
func Preferences(path string, root map[string]any) ([]policy.Layer, error) {
	d := &named{path: path, sep: ": ", keys: schema()}
	layers := []policy.Layer{{Origin: policy.Mandatory}, {Origin: policy.OfDefault}}
	sections := []string{Mandatory, Defaults}
	for _, name := range sorted(root) {
		i := slices.Index(sections, name)
		table, ok := root[name].(map[string]any)
		if i < 0 || !ok {
			d.problem(policy.Place{Path: path + d.sep + clean(name)}, "there is no such entry: rules stand in the dictionaries mandatory and defaults")
			continue
		}
		d.layer(&layers[i], name, table)
	}
	return layers, d.broken()
}

// named reads values that have a name and no line.
type named struct {
	path, sep string
	keys      keys
	problems  []Problem
}

func (d *named) problem(at policy.Place, format string, args ...any) {
	d.problems = append(d.problems, Problem{at, fmt.Sprintf(format, args...)})
}

func (d *named) layer(l *policy.Layer, section string, values map[string]any) {
	place := func(name string) policy.Place {
		return policy.Place{Path: d.path + d.sep + section + d.sep + clean(name)}
	}
	for _, name := range sorted(values) {
		s, why := d.keys.read(l.Origin, name, values[name])
		if why != "" {
			d.problem(place(name), "%s", why)
			continue
		}
		s.At = place(name)
		l.Said = append(l.Said, s)
	}
	for _, why := range lonely(*l) {
		d.problem(place(why.key), "%s", why.text)
	}
}

func (d *named) broken() error {
	if len(d.problems) == 0 {
		return nil
	}
	return &BrokenError{d.problems}
}
