package written

import (
	"sort"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// positions are where the keys of a document stand, by their dotted names.
type positions map[string]position

// A position is a line and a column in bytes, both counted from 1.
type position struct{ line, column int }

// A ruler tells the position of an offset.
type ruler []int // where each line begins

func newRuler(text []byte) ruler {
	r := ruler{0}
	for i, b := range text {
		if b == '\n' {
			r = append(r, i+1)
		}
	}
	return r
}

func (r ruler) at(offset int) position {
	line := sort.SearchInts(r, offset+1)
	return position{line, offset - r[line-1] + 1}
}

// positionsOf reads text, which was decoded already.
func positionsOf(text []byte) positions {
	all := make(positions)
	p := unstable.Parser{}
	p.Reset(text)
	lines := newRuler(text)
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		name, offset := dotted(e)
		first := lines.at(offset)
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

// dotted is the name of an expression that has one, and the offset of its beginning.
func dotted(e *unstable.Node) (name string, offset int) {
	if e.Kind != unstable.Table && e.Kind != unstable.ArrayTable && e.Kind != unstable.KeyValue {
		return "", 0
	}
	var parts []string
	for k := e.Key(); k.Next(); {
		if parts == nil {
			offset = int(k.Node().Raw.Offset)
		}
		parts = append(parts, string(k.Node().Data))
	}
	return strings.Join(parts, "."), offset
}

// note keeps where a key was first named, and all that it lies in.
func (all positions) note(name string, at position) {
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
func (all positions) of(name string) position {
	for {
		if at, ok := all[name]; ok {
			return at
		}
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return position{1, 1}
		}
		name = name[:i]
	}
}
