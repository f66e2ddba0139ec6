package janus

import (
	"strings"

	"paravent/media/sfu"
)

// Restart does what a shaky network brings about: both sides look for a new way.
func Restart(x sfu.Session) { trouble(x, func(d *side) { d.restart = true }) }

// Renew does what a dead network brings about: both sides make a new connection.
func Renew(x sfu.Session) { trouble(x, func(d *side) { d.renew = true }) }

func trouble(x sfu.Session, what func(*side)) {
	s := x.(*session)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range []*side{&s.sender.side, &s.receiver.side} {
		what(d)
		d.suffer()
	}
}

// Credentials are those of ICE that both sides have now.
func Credentials(x sfu.Session) (all []string) {
	s := x.(*session)
	s.mu.Lock()
	up, down := s.sender.peer, s.receiver.peer
	s.mu.Unlock()
	for _, p := range []interface{ Descriptions() (string, string) }{up, down} {
		ours, theirs := p.Descriptions()
		all = append(all, user(ours), user(theirs))
	}
	return all
}

func user(sdp string) string {
	for line := range strings.Lines(sdp) {
		if name, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}
