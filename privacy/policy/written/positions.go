package written

import (
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// positions are where the keys of a document stand, by their dotted names.
type positions map[string]unstable.Position

// positionsOf reads text, which was decoded already.
func positionsOf(text []byte) positions {
	all := make(positions)
	p := unstable.Parser{}
	p.Reset(text)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		name, first := dotted(&p, e)
		if e.Kind == unstable.Table || e.Kind == unstable.ArrayTable {
			table = name
			all.note(name, first)
			continue
		}
		if e.Kind == unstable.KeyValue {
			if table != "" {
				name = table + "." + name
			}
			all.note(name, first)
		}
	}
	return all
}

// dotted is the name of an expression that has one, and where it begins.
func dotted(p *unstable.Parser, e *unstable.Node) (string, unstable.Position) {
	var first unstable.Position
	if e.Kind != unstable.Table && e.Kind != unstable.ArrayTable && e.Kind != unstable.KeyValue {
		return "", first
	}
	var parts []string
	for k := e.Key(); k.Next(); {
		if n := k.Node(); first.Line == 0 {
			first = p.Shape(n.Raw).Start
			parts = append(parts, string(n.Data))
		} else {
			parts = append(parts, string(n.Data))
		}
	}
	return strings.Join(parts, "."), first
}

// note keeps where a key was first named, and all that it lies in.
func (all positions) note(name string, at unstable.Position) {
	for {
		if _, known := all[name]; !known {
			all[name] = at
		}
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return
		}
		name = name[:i]
	}
}

// of is where a key stands, or what it lies in; the beginning, if nothing is known.
func (all positions) of(name string) unstable.Position {
	for {
		if at, ok := all[name]; ok {
			return at
		}
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return unstable.Position{Line: 1, Column: 1}
		}
		name = name[:i]
	}
}
