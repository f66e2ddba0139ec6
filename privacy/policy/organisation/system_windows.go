package organisation

import (
	"errors"
	"strings"

	"golang.org/x/sys/windows/registry"

	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
)

// below is where group policies of the machine put their values. Users cannot write
// there; HKCU\Software\Policies is not read.
const below = `Software\Policies\Paravent`

// System is where this system's administrators put their rules.
func System() Source { return groupPolicy{} }

type groupPolicy struct{}

func (groupPolicy) String() string { return `HKLM\` + below }

func (g groupPolicy) Read() ([]policy.Layer, error) {
	root, err := read(below, 0)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, written.Broken(policy.Place{Path: g.String()}, "cannot be read: %v", err)
	}
	return written.OfRegistry(g.String(), root)
}

// deepest is how many keys may lie below each other: a section, and a list in it.
const deepest = 2

// read reads a key and all that lies below it. It asks for the 64-bit view, which is
// where group policies write.
func read(path string, depth int) (r written.Registry, err error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.READ|registry.WOW64_64KEY)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	r = written.Registry{Values: make(map[string]any), Keys: make(map[string]written.Registry)}
	names, err := k.ReadValueNames(-1)
	if err != nil {
		return r, err
	}
	for _, name := range names {
		if name == "" || strings.HasPrefix(name, "**") {
			continue // the key's own value, and what group policy itself notes down
		}
		if r.Values[name], err = value(k, name); err != nil {
			return r, err
		}
	}
	if depth == deepest {
		return r, nil
	}
	keys, err := k.ReadSubKeyNames(-1)
	if err != nil {
		return r, err
	}
	for _, name := range keys {
		if r.Keys[name], err = read(path+`\`+name, depth+1); err != nil {
			return r, err
		}
	}
	return r, nil
}

// value is one value; nil is of a kind that no rule has.
func value(k registry.Key, name string) (any, error) {
	_, kind, err := k.GetValue(name, nil)
	if err != nil {
		return nil, err
	}
	switch kind {
	case registry.DWORD, registry.QWORD:
		v, _, err := k.GetIntegerValue(name)
		return v, err
	case registry.SZ:
		v, _, err := k.GetStringValue(name)
		return v, err
	case registry.MULTI_SZ:
		v, _, err := k.GetStringsValue(name)
		return v, err
	}
	return nil, nil
}
