package galene

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"paravent/media/sfu"
)

type pings struct {
	heard, sent time.Time
	rtt         time.Duration
	waiting     bool // for a pong
}

const (
	// pingEvery is how often the server is asked for a sign of life, and patience
	// how long it may be silent.
	pingEvery = 5 * time.Second
	patience  = 15 * time.Second
	// doubtTime is how soon a server must answer from which no media comes.
	doubtTime = 3 * time.Second
	// lookEvery is how often it is seen how everything is.
	lookEvery = 500 * time.Millisecond
	// troubleTime is how long a way for media may be cut before the group is
	// entered anew.
	troubleTime = 8 * time.Second
	// staleTime is how long streams may take to come again after that.
	staleTime = 5 * time.Second
	// againTime is how long after a stream that did not begin all is requested again:
	// the server takes 200 ms to see what a stream carries.
	againTime = 500 * time.Millisecond
	// mostReturns bounds how often the group is entered anew in returnTime: who is
	// let in and cut off again and again gives up.
	mostReturns = 5
	returnTime  = time.Minute
)

// follow reads what the server says, and mends the connection when it is cut,
// until the session is over.
func (s *session) follow(ctx context.Context, l *line) {
	for {
		s.take(l)
		err := s.converse(ctx, l)
		l.close()
		s.lose(l)
		if s.over() {
			return
		}
		if errors.Is(err, errBroken) {
			s.end(sfu.Ended{Why: sfu.Broken})
			return
		}
		s.mu.Lock()
		farewell, told := s.farewell, s.told
		s.mu.Unlock()
		if told {
			s.end(farewell)
			return
		}
		if l = s.mend(ctx); l == nil {
			return
		}
	}
}

// take makes l the session's connection; lose takes it away.
func (s *session) take(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line = l
	s.pings = pings{heard: time.Now(), rtt: s.pings.rtt}
	s.say(sayAll())
	s.tellLink()
}

func (s *session) lose(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == l {
		s.line = nil
	}
	s.outbox = nil
	s.tellLink()
}

// converse reads and writes until the connection is cut.
func (s *session) converse(ctx context.Context, l *line) error {
	ctx, cancel := context.WithCancel(ctx)
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer cancel()
		s.write(ctx, l)
	}()
	defer func() { cancel(); <-written }()
	for {
		m, _, err := l.read(ctx)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.pings.heard = time.Now()
		s.mu.Unlock()
		if !s.desk.room(ctx) {
			return ctx.Err()
		}
		s.handle(m)
	}
}

// write sends what is in the outbox, and pings. It returns when ctx is done, or
// when the server is silent for too long.
func (s *session) write(ctx context.Context, l *line) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		s.mu.Lock()
		batch := s.outbox
		s.outbox = nil
		s.mu.Unlock()
		for _, m := range batch {
			if l.write(ctx, m) != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.bell:
		case now := <-tick.C:
			if !s.look(now) {
				return
			}
		}
	}
}

// look does what is done every now and then. It returns false when the connection is
// worth nothing any more.
func (s *session) look(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.pings.heard) > patience {
		return false
	}
	if now.Sub(s.pings.sent) >= pingEvery {
		s.pings.sent, s.pings.waiting = now, true
		s.say(says{"type": "ping"})
	}
	s.dropLate(now)
	if !s.again.IsZero() && now.After(s.again) {
		s.again = time.Time{}
		s.say(sayAll())
	}
	for _, w := range s.ways {
		if !w.trouble.IsZero() && now.Sub(w.trouble) > troubleTime {
			return false
		}
	}
	return true
}

// doubt is called when no media has come for some seconds, or the network is another
// one: the server must now give a sign of life soon, or signalling counts as cut as
// well. It must be called with mu held.
func (s *session) doubt(soon time.Duration) {
	if least := time.Now().Add(soon - patience); s.pings.heard.After(least) {
		s.pings.heard = least
	}
	s.pings.sent = time.Time{}
	s.ring()
}

// moved takes that this machine is connected in another way now.
func (s *session) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.ways {
		w.peer.Doubt(sfu.ProofTime)
	}
	s.doubt(sfu.ProofTime)
	if s.line != nil && s.link == sfu.LinkResuming && s.kit.Online() {
		s.line.close()
	}
}

// mend enters the group anew; nil if that ended the session.
func (s *session) mend(ctx context.Context) (l *line) {
	now := time.Now()
	s.mu.Lock()
	for len(s.returns) > 0 && now.Sub(s.returns[0]) > returnTime {
		s.returns = s.returns[1:]
	}
	s.returns = append(s.returns, now)
	often := len(s.returns) > mostReturns
	s.mu.Unlock()
	if often {
		s.end(sfu.Ended{Why: sfu.LinkLost})
		return nil
	}
	tries := 0
	if err := sfu.Mend(ctx, s.kit.Network, func(ctx context.Context) (err error) {
		tries++
		l, err = s.rejoin(ctx, tries > sameTries)
		return err
	}); err != nil {
		s.end(sfu.EndUnsaid(err))
		return nil
	}
	return l
}

// sameTries is how often our number is tried again before another one is taken: the
// server may miss us only a moment later, or after 45 seconds.
const sameTries = 2

// rejoin enters the group anew, as a rule under the same number. Outlets and
// inlets stay what they are and get new ways.
func (s *session) rejoin(ctx context.Context, other bool) (*line, error) {
	s.mu.Lock()
	number := s.number
	s.mu.Unlock()
	l, in, err := s.door.enter(ctx, number)
	if other && errors.Is(err, errNumber) { // the server has not missed us yet
		number = rand.Text()
		l, in, err = s.door.enter(ctx, number)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if number != s.number {
		s.ghosts[s.number] = true
		delete(s.ghosts, number)
		s.number = number
	}
	outlets := s.detach()
	s.mu.Unlock()
	s.handleAll(s.arrive(in))
	for _, o := range outlets {
		s.working.Go(func() { s.republish(o) })
	}
	return l, nil
}

// detach takes all ways away: they ended with the stay at the server. It must be
// called with mu held.
func (s *session) detach() []*outlet {
	for _, w := range s.ways {
		s.shut(w)
	}
	outlets := make([]*outlet, 0, len(s.outlets))
	for o := range s.outlets {
		o.detach()
		outlets = append(outlets, o)
	}
	for _, d := range s.downs {
		d.lost()
	}
	s.stale = time.Now().Add(staleTime)
	return outlets
}
