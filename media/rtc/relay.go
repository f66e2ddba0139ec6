package rtc

import (
	"net"
	"slices"
	"strconv"
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
	take := func(fits func(relayURL) bool, why egress.Purpose) {
		for _, r := range rs {
			urls := slices.DeleteFunc(slices.Clone(r.URLs), func(u string) bool {
				at := readRelay(u)
				return at.host == "" || !fits(at) || !p.on.Host(why, at.host, at.port)
			})
			if len(urls) > 0 {
				out = append(out, webrtc.ICEServer{URLs: urls, Username: r.User, Credential: r.Password})
			}
			for _, u := range urls {
				turn[readRelay(u).host] = true
			}
		}
	}
	take(func(at relayURL) bool { return at.scheme == "turn" || at.scheme == "turns" }, egress.Relay)
	// Who is asked only what our address is from outside is no part of the way: so
	// only the server itself is, or a relay that will know anyway.
	take(func(at relayURL) bool {
		if at.scheme != "stun" {
			return false
		}
		known := turn[at.host] || p.lane != nil && p.lane.Owns(at.host)
		return known || p.on.Host(egress.STUN, at.host, at.port) // which the guard refuses, and writes down
	}, egress.Media)
	return out
}

// A relayURL is "turn:HOST:PORT?transport=udp" (RFC 7064, RFC 7065). Its host is
// empty if it makes no sense.
type relayURL struct {
	scheme, host string
	port         egress.Port
}

func readRelay(url string) relayURL {
	scheme, rest, ok := strings.Cut(url, ":")
	if !ok {
		return relayURL{}
	}
	host, query, _ := strings.Cut(rest, "?")
	r := relayURL{scheme: scheme, port: egress.Port{Protocol: "udp", Number: 3478}}
	if scheme == "turns" {
		r.port = egress.Port{Protocol: "tcp", Number: 5349}
	}
	if _, transport, ok := strings.Cut(query, "transport="); ok {
		r.port.Protocol = transport
	}
	if h, number, err := net.SplitHostPort(host); err == nil {
		n, _ := strconv.ParseUint(number, 10, 16) // 0 is none
		host, r.port.Number = h, uint16(n)
	}
	r.host = strings.Trim(host, "[]")
	return r
}
