package sfu

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"paravent/privacy/secret"
)

// ReadToken reads into claims what a JSON web token says of itself (RFC 7519),
// without verifying it: only the server can tell whether it is true. It returns
// false for any other kind of token.
func ReadToken(token string, claims any) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[2] == "" {
		return false
	}
	for _, p := range parts {
		if strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return false
		}
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	return err == nil && json.Unmarshal(body, claims) == nil
}

// HasExpired reports whether a token says that its time is over. Tokens that say
// nothing of it have not.
func HasExpired(token secret.Secret, now time.Time) bool {
	var c struct {
		Expires float64 `json:"exp"` // seconds since 1970
	}
	return ReadToken(token.Reveal(), &c) && c.Expires > 0 && float64(now.Unix()) >= c.Expires
}

// leastHidden is how long a part of a secret must be to be taken out of a text
// by itself, in bytes: shorter ones are in words by chance.
const leastHidden = 8

// Hide takes a secret, and its parts between dots, out of what a server says: a
// refusal may repeat the pass.
func Hide(words string, secrets ...secret.Secret) Foreign {
	for _, s := range secrets {
		if v := s.Reveal(); v != "" {
			words = strings.ReplaceAll(words, v, "…")
		}
		for part := range strings.SplitSeq(s.Reveal(), ".") {
			if len(part) >= leastHidden {
				words = strings.ReplaceAll(words, part, "…")
			}
		}
	}
	// A text that was cut may end in the beginning of one.
	for _, s := range secrets {
		v := s.Reveal()
		for n := min(len(v)-1, len(words)); n >= leastHidden; n-- {
			if strings.HasSuffix(words, v[:n]) {
				words = words[:len(words)-n] + "…"
				break
			}
		}
	}
	return Foreign(strings.TrimSpace(words))
}
