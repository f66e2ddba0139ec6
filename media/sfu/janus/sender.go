package janus

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"paravent/media/rtc"
	"paravent/media/sfu"
)

// A side is one of the two media connections, and what is wrong with it. The
// session's lock guards what changes.
type side struct {
	s          *session
	turn       sync.Mutex    // held while one thing is done; before the session's
	bell       chan struct{} // rung when there may be something to do
	peer       *rtc.Peer     // nil while there is none
	generation int           // grows by one with each
	found      []rtc.Candidate
	up         bool          // it was, once
	trouble    bool          // it was up, or was to be, and is not
	healing    bool          // and that is being looked after
	changed    chan struct{} // closed, and made anew, when trouble ends
	restart    bool          // look for a new way
	asked      bool          // the server has been asked for one
	renew      bool          // make a new connection
}

// maxFound bounds the places we may be reached at that are not told yet.
const maxFound = 64

// handlers are what a media connection tells its side. What one tells that has been
// replaced is no news.
func (d *side) handlers(remote func(*rtc.Remote)) rtc.Handlers {
	generation := d.generation
	now := func(f func()) {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		if d.generation == generation && !d.s.ended {
			f()
		}
	}
	return rtc.Handlers{
		Candidate: func(c rtc.Candidate) {
			now(func() {
				if len(d.found) < maxFound {
					d.found = append(d.found, c)
				}
				ring(d.bell)
			})
		},
		State:  func(st rtc.State) { now(func() { d.state(st) }) },
		Remote: func(r *rtc.Remote) { now(func() { remote(r) }) },
		Open:   func(string) {},
		Data:   func(string, []byte) {},
		Host:   d.s.hosts.Ask,
	}
}

// state takes how the way is. It must be called with the session's lock held.
func (d *side) state(st rtc.State) {
	switch st {
	case rtc.Connected:
		d.well()
	case rtc.Shaky: // the network may be another one now
		d.restart = true
		d.suffer()
	case rtc.Failed, rtc.Closed:
		d.renew = true
		d.suffer()
	case rtc.Connecting:
	}
}

// hungUp takes that the server has ended the connection. It must be called with the
// session's lock held.
func (d *side) hungUp() {
	if d.peer != nil {
		d.renew = true
		d.suffer()
	}
}

// suffer must be called with the session's lock held.
func (d *side) suffer() {
	d.trouble, d.asked = true, false
	d.s.tellLink()
	if d.s.line != nil {
		d.s.line.doubt(doubtTime)
	}
	ring(d.bell)
	if !d.healing && !d.s.ended {
		d.healing = true
		d.s.working.Go(d.heal)
	}
}

// well must be called with the session's lock held.
func (d *side) well() {
	d.trouble, d.restart, d.up = false, false, d.peer != nil
	close(d.changed)
	d.changed = make(chan struct{})
	ring(d.bell)
	d.s.tellLink()
}

// healTime is how long a new way is waited for, before a new connection is made.
const healTime = 2500 * time.Millisecond

// errDark reports that media does not get through.
var errDark = errors.New("media does not get through")

// heal waits until the side is well again, asks for more than was asked for when it
// is not, and in the end gives the session up.
func (d *side) heal() {
	dark := false // a new way was asked and waited for in vain
	err := sfu.Mend(d.s.life, d.s.kit.Network, func(ctx context.Context) error {
		d.s.mu.Lock()
		if dark && d.trouble {
			d.renew = true
			ring(d.bell)
		}
		d.s.mu.Unlock()
		wait, cancel := context.WithTimeout(ctx, healTime)
		defer cancel()
		for {
			d.s.mu.Lock()
			changed, trouble := d.changed, d.trouble
			d.s.mu.Unlock()
			if !trouble {
				return nil
			}
			select {
			case <-changed:
			case <-wait.Done():
				d.s.mu.Lock()
				dark = d.asked && ctx.Err() == nil // and not on another network now
				d.s.mu.Unlock()
				return errDark
			}
		}
	})
	d.s.mu.Lock()
	d.healing = false
	d.s.mu.Unlock()
	if err != nil {
		d.s.end(sfu.EndOf(err))
	}
}

// drop takes the media connection away and returns it. It must be called with the
// session's lock held.
func (d *side) drop() *rtc.Peer {
	old := d.peer
	d.s.retire(old)
	d.generation++
	d.peer, d.found, d.up, d.restart, d.asked, d.renew = nil, nil, false, false, false, false
	return old
}

// tell gives the server the places where we may be reached.
func (d *side) tell(l *line, handle uint64) error {
	d.s.mu.Lock()
	found := d.found
	d.found = nil
	d.s.mu.Unlock()
	for _, c := range found {
		info := &candidateInfo{Completed: true}
		if c.Line != "" {
			info = &candidateInfo{Candidate: c.Line, Mid: c.Mid, Part: &c.Part}
		}
		r := d.s.request("trickle", handle, nil, nil)
		r.Candidate = info
		if err := l.write(d.s.life, r); err != nil {
			return err
		}
	}
	return nil
}

// A sender negotiates what we send: what the outlets want against what the server
// has. The session's lock guards what is in it.
type sender struct {
	side

	outlets []*outlet
	closing []*rtc.Outlet     // that are to be taken back
	told    map[string]string // what the server shows beside our tracks, by section
	pending bool              // an offer waits for its answer
	fresh   []*outlet         // that it brings
	fails   int               // offers in a row that could not be made
	hung    chan struct{}     // the server has ended a connection
}

// maxFails bounds the connections that are made in vain, one after the other.
const maxFails = 3

func newSender(s *session) *sender {
	return &sender{
		side: side{s: s, bell: make(chan struct{}, 1), changed: make(chan struct{})},
		told: make(map[string]string), hung: make(chan struct{}, 1),
	}
}

// hungUp takes that the server has ended the connection. It must be called with the
// session's lock held.
func (d *sender) hungUp() {
	ring(d.hung)
	d.side.hungUp()
}

// moderated must be called with the session's lock held.
func (d *sender) moderated(mid string, on bool) {
	for _, o := range d.outlets {
		m := o.way()
		if m == nil || m.Mid() != mid {
			continue
		}
		o.mu.Lock()
		was := o.moderated
		o.moderated = on
		o.mu.Unlock()
		switch {
		case was == on:
		case on:
			o.hush(true)
			d.s.events.Put(sfu.MutedByRoom{Source: o.offer.Source})
		default:
			d.s.events.Put(sfu.UnmuteAsked{Source: o.offer.Source})
		}
		ring(d.bell)
	}
}

// run does what there is to do until the session is over.
func (d *sender) run() {
	for {
		select {
		case <-d.s.done:
			return
		case <-d.bell:
		}
		for again := true; again && !d.s.over(); {
			again = d.step()
		}
	}
}

// step does one thing. It returns true if there may be more to do.
func (d *sender) step() bool {
	d.turn.Lock()
	defer d.turn.Unlock()
	s := d.s
	s.mu.Lock()
	l, handle, renew, peer := s.line, s.handle, d.renew, d.peer
	idle := len(d.outlets) == 0
	s.mu.Unlock()
	switch {
	case l == nil, !s.kit.Online():
		return false
	case renew:
		d.forget(l, handle, peer)
		return true
	case peer == nil && idle:
		s.mu.Lock()
		d.closing = nil
		if d.trouble {
			d.well() // nothing is missed
		}
		s.mu.Unlock()
		return false
	}
	changed, err := d.prepare()
	if err != nil {
		s.broken(err)
		return false
	}
	if changed {
		if err := d.negotiate(l, handle); err != nil {
			return d.failed(err)
		}
		return true
	}
	if err := d.label(l, handle); err != nil {
		return d.failed(err)
	}
	s.debug("candidate", d.tell(l, handle))
	return false
}

// endTime is how long the end of a connection that was up is waited for: on a busy
// machine that is more than a second.
const endTime = 4 * time.Second

// forget makes the server forget the media connection, so that another can be made.
func (d *sender) forget(l *line, handle uint64, peer *rtc.Peer) {
	s := d.s
	s.mu.Lock()
	up := d.up
	s.mu.Unlock()
	if peer != nil {
		select {
		case <-d.hung:
		default:
		}
		_, err := l.ask(s.life, s.request("message", handle, asking{Request: "unpublish"}, nil), true)
		if err == nil { // the connection ends a moment later
			// The server may die of an offer that comes before that end.
			patience := time.Second
			if up {
				patience = endTime
			}
			t := time.NewTimer(patience)
			select {
			case <-d.hung:
			case <-t.C:
			case <-s.done:
			}
			t.Stop()
		}
	}
	s.mu.Lock()
	old := d.discard()
	s.mu.Unlock()
	s.closePeer(old)
}

// discard takes the media connection away, and every outlet's way. It must be called
// with the session's lock held.
func (d *sender) discard() *rtc.Peer {
	old := d.drop()
	for _, o := range d.outlets {
		o.attach(nil)
	}
	d.closing, d.fresh, d.pending = nil, nil, false
	clear(d.told)
	return old
}

// prepare puts what the outlets want into the media connection. It returns true if
// that, or something else, has to be negotiated.
func (d *sender) prepare() (bool, error) {
	s := d.s
	s.mu.Lock()
	if d.peer == nil {
		d.generation++
		p, err := s.newPeer(d.handlers(func(*rtc.Remote) {}))
		if err != nil {
			s.mu.Unlock()
			return false, err
		}
		d.peer = p
	}
	if d.pending { // as it was: an offer cannot be taken back
		s.mu.Unlock()
		return true, nil
	}
	peer, closing := d.peer, d.closing
	outlets := slices.Clone(d.outlets)
	changed := d.restart || len(closing) > 0
	d.closing = nil
	s.mu.Unlock()
	for _, m := range closing {
		s.debug("take back", m.Close())
	}
	for _, o := range outlets {
		if o.way() != nil {
			continue
		}
		names, most := o.layers()
		m, err := peer.Publish(rtc.Offer{ID: rand.Text(), Stream: "paravent", Codec: o.offer.Codec, Maybe: true, RIDs: names, Most: most}, o.asks)
		if err != nil {
			d.reject(o, err)
			continue
		}
		open := o.attach(m)
		s.mu.Lock()
		if open {
			d.fresh = append(d.fresh, o)
		} else { // was closed meanwhile
			d.closing = append(d.closing, m)
		}
		s.mu.Unlock()
		changed = true
	}
	return changed, nil
}

// reject tells who published that it did not come about.
func (d *sender) reject(o *outlet, err error) {
	o.settle(err)
	_ = o.Close() // says nothing
}

// labels are the words beside our tracks.
func (d *sender) labels() (all []label) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	for _, o := range d.outlets {
		if m := o.way(); m != nil && m.Mid() != "" {
			all = append(all, label{m.Mid(), o.words()})
		}
	}
	return all
}

// negotiate offers what there is, and takes the answer.
func (d *sender) negotiate(l *line, handle uint64) error {
	s := d.s
	s.mu.Lock()
	peer, restart := d.peer, d.restart
	s.mu.Unlock()
	sdp := peer.Pending()
	if sdp == "" {
		var err error
		if sdp, err = peer.Offer(restart); err != nil { // no fault of the server's
			s.debug("offer", err)
			s.mu.Lock()
			defer s.mu.Unlock()
			if d.fails++; d.fails > maxFails {
				return errors.Join(errBroken, err)
			}
			d.renew = true
			return nil
		}
		s.mu.Lock()
		d.restart = false
		s.mu.Unlock()
	}
	s.mu.Lock()
	d.pending = true
	s.mu.Unlock()
	labels := d.labels()
	trickle := true
	m, err := l.ask(s.life, s.request("message", handle,
		configuring{Request: "configure", Descriptions: labels},
		&description{Type: "offer", SDP: sdp, RIDOrder: "lmh", Trickle: &trickle}), true)
	if err != nil {
		return err
	}
	if m.JSEP.Type != "answer" || m.JSEP.SDP == "" {
		return errBroken
	}
	if err := peer.Accept(m.JSEP.SDP); err != nil {
		return errors.Join(errBroken, err)
	}
	s.mu.Lock()
	fresh := d.fresh
	d.fresh, d.pending, d.fails, d.asked = nil, false, 0, !d.restart
	for _, x := range labels {
		d.told[x.Mid] = x.Description
	}
	s.mu.Unlock()
	for _, o := range fresh {
		w := o.way()
		if w == nil {
			continue // was closed meanwhile
		}
		refused := slices.ContainsFunc(m.Plugin.Data.Streams, func(x stream) bool { return x.Mid == w.Mid() && x.Disabled })
		if name, ok := w.Codec(); refused || !ok || name != o.offer.Codec {
			d.reject(o, sfu.ErrUnsupported)
			continue
		}
		o.settle(nil)
	}
	return nil
}

// label brings the words beside our tracks up to date.
func (d *sender) label(l *line, handle uint64) error {
	news := slices.DeleteFunc(d.labels(), func(x label) bool {
		d.s.mu.Lock()
		defer d.s.mu.Unlock()
		return d.told[x.Mid] == x.Description
	})
	if len(news) == 0 {
		return nil
	}
	_, err := l.ask(d.s.life, d.s.request("message", handle, configuring{Request: "configure", Descriptions: news}, nil), true)
	if err != nil {
		return err
	}
	told := maps.Collect(func(yield func(string, string) bool) {
		for _, x := range news {
			if !yield(x.Mid, x.Description) {
				return
			}
		}
	})
	d.s.mu.Lock()
	maps.Copy(d.told, told)
	d.s.mu.Unlock()
	return nil
}

// failed takes that the server did not do what was asked. It returns true if there
// is something to do about it at once.
func (d *sender) failed(err error) bool {
	s := d.s
	var no *fault
	switch {
	case errors.Is(err, errBroken):
		s.broken(err)
		return false
	case errors.Is(err, sfu.ErrNoAnswer):
		s.forget(true)
		return false
	case !errors.As(err, &no): // cut: asked again on the next connection
		s.debug("send", err)
		return false
	case no.code == codeSessionGone || no.code == codeHandleGone:
		s.forget(false)
		return false
	}
	s.debug("send", err)
	s.mu.Lock()
	fresh := d.fresh
	d.fresh = nil
	d.renew = len(fresh) > 0 || d.pending
	renew := d.renew
	d.fails++
	patient := d.fails <= maxFails
	s.mu.Unlock()
	for _, o := range fresh {
		// What the server took before, it takes again: it may still be busy with the end of
		// the last connection.
		if !patient || !o.taken() {
			d.reject(o, publishRefusal(no))
		}
	}
	return renew
}

// publishRefusal puts a no to a track in the house's words.
func publishRefusal(no *fault) error {
	if no.code == codeMissing || no.code == codeInvalid {
		return sfu.ErrUnsupported
	}
	return refusal(no, true)
}
