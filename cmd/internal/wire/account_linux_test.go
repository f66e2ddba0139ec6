package wire_test

import (
	"fmt"
	"net/netip"
	"testing"
)

// A sum is what went one way.
type sum struct{ packets, bytes uint64 }

// compare holds the program's account against the capture, by host and purpose.
func compare(t *testing.T, flows []flow, packets []packet) {
	t.Helper()
	type key struct {
		addr, purpose string
		out           bool
	}
	seen, said := make(map[key]sum), make(map[key]sum)
	// What comes after the last packet that was sent finds nobody any more.
	last := 0
	for i, p := range packets {
		if p.out && p.protocol == "udp" {
			last = i
		}
	}
	for i, p := range packets {
		if i > last && p.protocol == "udp" {
			continue
		}
		purpose := map[string]string{"tcp443": "signalling", "udp53": "name lookup"}[fmt.Sprint(p.protocol, p.far.Port())]
		if purpose == "" && p.protocol == "udp" {
			purpose = "media"
		}
		if purpose == "" {
			if p.protocol != "1" { // ICMP is the kernel's
				t.Errorf("a packet of no purpose: %v", p)
			}
			continue
		}
		k := key{p.far.Addr().String(), purpose, p.out}
		seen[k] = sum{seen[k].packets + 1, seen[k].bytes + p.wire}
	}
	for _, f := range flows {
		up, down := key{f.Address, f.Purpose, true}, key{f.Address, f.Purpose, false}
		said[up] = sum{said[up].packets + f.PUp, said[up].bytes + f.WireUp}
		said[down] = sum{said[down].packets + f.PDown, said[down].bytes + f.WireDown}
		if f.Named != (f.Address == namedAddr) {
			t.Errorf("%+v: it is not so who named it", f)
		}
		if _, err := netip.ParseAddr(f.Host); err == nil && !f.Named && f.Purpose != "name lookup" {
			t.Errorf("%+v: it has a name", f)
		}
	}
	for k := range said {
		if _, ok := seen[k]; !ok && said[k].packets > 0 {
			t.Errorf("%+v: %+v was said, and none seen", k, said[k])
		}
	}
	hold := func(k key, got, want sum, most float64) {
		off := 100 * (float64(got.bytes) - float64(want.bytes)) / float64(want.bytes)
		t.Logf("%-12s %-11s out=%-5v captured %5d packets %8d bytes, said %5d packets %8d bytes: %+.3f %%", k.addr, k.purpose, k.out, want.packets, want.bytes, got.packets, got.bytes, off)
		if off > most || off < -most {
			t.Errorf("%+v: said %+v, captured %+v", k, got, want)
		}
	}
	hosts := make(map[key][2]sum)
	for k, want := range seen {
		got := said[k]
		most := 1.0
		if k.purpose == "signalling" {
			most = 3 // a few kilobytes of TCP, whose selective acknowledgements nobody counts
		}
		hold(k, got, want, most)
		k.purpose = "all"
		both := hosts[k]
		hosts[k] = [2]sum{{both[0].packets + got.packets, both[0].bytes + got.bytes}, {both[1].packets + want.packets, both[1].bytes + want.bytes}}
	}
	for k, both := range hosts {
		hold(k, both[0], both[1], 1)
	}
}
