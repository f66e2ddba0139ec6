package rtc

import (
	"net"
	"net/netip"
	"slices"
	"testing"
)

func TestOnlyAddressesThatSayLittleOfThisMachineAreUsed(t *testing.T) {
	const (
		home  = "192.168.1.7/24"
		local = "fe80::1234:56ff:fe78:9abc/64"
		card  = "2001:db8::1234:56ff:fe78:9abc/64"
		other = "2001:db8::a1b2:c3d4:e5f6:789/64"
	)
	for _, c := range []struct{ have, want []string }{
		{[]string{home, local, card, other}, []string{home, other}},
		{[]string{home, card}, []string{home}},
		{[]string{card, local}, []string{card}}, // better than none
		{[]string{local, "169.254.1.1/16"}, nil},
		{[]string{"127.0.0.1/8", "::1/128"}, []string{"127.0.0.1/8", "::1/128"}},
	} {
		var have []net.Addr
		for _, a := range c.have {
			p := netip.MustParsePrefix(a)
			have = append(have, &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
		}
		var got []string
		for _, a := range discreet(have) {
			got = append(got, a.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("of %q: %q, want %q", c.have, got, c.want)
		}
	}
}
