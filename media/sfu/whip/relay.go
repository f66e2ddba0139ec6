package whip

import (
	"net/url"
	"strings"

	"paravent/media/rtc"
)

// maxRelays bounds the relays that a server may name.
const maxRelays = 16

// relays reads the STUN and TURN servers in Link headers (RFC 9725, section
// 4.6, and RFC 8288). What is malformed, and what has another relation, is left
// out.
func relays(headers []string) (all []rtc.Relay) {
	for _, h := range headers {
		for rest := h; len(all) < maxRelays; {
			var r rtc.Relay
			var ok, more bool
			if r, ok, rest, more = link(rest); ok {
				all = append(all, r)
			}
			if !more {
				break
			}
		}
	}
	return all
}

// link reads the first of several links. more is false at the end of them.
func link(s string) (r rtc.Relay, ok bool, rest string, more bool) {
	_, s, found := strings.Cut(s, "<")
	if !found {
		return r, false, "", false
	}
	target, s, found := strings.Cut(s, ">")
	if !found {
		return r, false, "", false
	}
	params := make(map[string]string)
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] == ',' {
			break
		}
		if s[0] != ';' { // not a link: look for the next
			s = s[strings.IndexByte(s+",", ','):]
			params = nil
			break
		}
		var key, value string
		key, value, s = parameter(s[1:])
		if _, twice := params[key]; key != "" && !twice && params != nil { // RFC 8288, section 3.3: the first counts
			params[key] = value
		}
	}
	r, ok = relay(target, params)
	if s == "" {
		return r, ok, "", false
	}
	return r, ok, s[1:], true
}

// parameter reads `key=value`, `key="value"` or `key` up to the next semicolon
// or comma.
func parameter(s string) (key, value, rest string) {
	i := strings.IndexAny(s, "=;,")
	if i < 0 {
		return strings.ToLower(strings.TrimSpace(s)), "", ""
	}
	key, rest = strings.ToLower(strings.TrimSpace(s[:i])), s[i:]
	if rest[0] != '=' {
		return key, "", rest
	}
	rest = strings.TrimLeft(rest[1:], " \t")
	if !strings.HasPrefix(rest, `"`) {
		j := strings.IndexAny(rest+";", ";,")
		return key, strings.TrimSpace(rest[:j]), rest[j:]
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\' && i+1 < len(rest):
			i++
			b.WriteByte(rest[i])
		case c == '"':
			return key, b.String(), rest[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return key, "", "" // never closed: worth nothing
}

// relay returns the server that a link names.
func relay(target string, params map[string]string) (rtc.Relay, bool) {
	isRelay := false
	for rel := range strings.FieldsSeq(params["rel"]) {
		isRelay = isRelay || strings.EqualFold(rel, "ice-server")
	}
	if plain, err := url.PathUnescape(target); err == nil { // some escape the question mark
		target = plain
	}
	scheme, _, ok := strings.Cut(target, ":")
	r := rtc.Relay{URLs: []string{target}}
	switch {
	case !isRelay || !ok || len(target) > 512:
		return rtc.Relay{}, false
	case scheme == "stun":
		return r, true
	case scheme != "turn" && scheme != "turns":
		return rtc.Relay{}, false
	}
	r.User, r.Password = params["username"], params["credential"]
	if t := params["credential-type"]; t != "" && t != "password" || r.User == "" || r.Password == "" {
		return rtc.Relay{}, false
	}
	return r, true
}
