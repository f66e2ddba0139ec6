package egress

import "testing"

func TestAWayOutIsToldFromOtherWords(t *testing.T) {
	route := func(kind byte, bits byte) []byte {
		b := make([]byte, 28)
		b[0], b[4], b[16], b[17] = 28, kind, 2, bits
		return b
	}
	const address, newRoute, delRoute = 20, 24, 25
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{
		"an address":            {route(address, 0), false},
		"a network":             {route(newRoute, 24), false},
		"a way out":             {route(newRoute, 0), true},
		"a way out that goes":   {route(delRoute, 0), true},
		"after something else":  {append(route(address, 0), route(newRoute, 0)...), true},
		"cut short":             {route(newRoute, 0)[:17], false},
		"less than a beginning": {[]byte{28, 0, 0}, false},
		"a length of nothing":   {make([]byte, 64), false},
		"nothing":               {nil, false},
	} {
		if got := meansWayOut(c.b); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
