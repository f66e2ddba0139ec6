package rtc

import (
	"net"
	"slices"
	"strings"

	"github.com/pion/webrtc/v4"

	"paravent/privacy/egress"
)

// A Relay is a STUN or TURN server.
type Relay struct {
	URLs           []string
	User, Password string
}

// relays leaves out what may not be spoken to, one address at a time.
func (p *Peer) relays(rs []Relay) []webrtc.ICEServer {
	if p.loopback {
		return nil // this machine itself needs no relay
	}
	turn := make(map[string]bool) // hosts that are relays
	var out []webrtc.ICEServer
	take := func(fits func(scheme, host string) bool, why egress.Purpose) {
		for _, r := range rs {
			urls := slices.DeleteFunc(slices.Clone(r.URLs), func(u string) bool {
				scheme, host := relayAt(u)
				return host == "" || !fits(scheme, host) || !p.on.Host(why, host)
			})
			if len(urls) > 0 {
				out = append(out, webrtc.ICEServer{URLs: urls, Username: r.User, Credential: r.Password})
			}
			for _, u := range urls {
				_, host := relayAt(u)
				turn[host] = true
			}
		}
	}
	take(func(scheme, _ string) bool { return scheme == "turn" || scheme == "turns" }, egress.Relay)
	// Who is asked only what our address is from outside is no part of the way: so
	// only the server itself is, or a relay that will know anyway.
	take(func(scheme, host string) bool {
		if scheme != "stun" {
			return false
		}
		known := turn[host] || p.lane != nil && p.lane.Owns(host)
		return known || p.on.Host(egress.STUN, host) // which the guard refuses, and writes down
	}, egress.Media)
	return out
}

// relayAt reads "turn:HOST:PORT?transport=udp" (RFC 7064, RFC 7065). host is empty
// if it makes no sense.
func relayAt(url string) (scheme, host string) {
	scheme, rest, ok := strings.Cut(url, ":")
	if !ok {
		return "", ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	if h, _, err := net.SplitHostPort(rest); err == nil {
		rest = h
	}
	return scheme, strings.Trim(rest, "[]")
}
