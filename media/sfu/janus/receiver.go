package janus

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"paravent/media/rtc"
	"paravent/media/sfu"
)

// A receiver negotiates what we receive: which tracks have an inlet against which
// ones the server sends. The session's lock guards what is in it.
type receiver struct {
	side

	handle  uint64                 // at the server; 0 is none
	have    map[string]sfu.TrackID // what the server sends, by section
	told    map[string]rate        // and how, as asked for last
	remotes map[string]*rtc.Remote // and where it arrives
	offers  chan message           // that the server makes by itself
}

// maxOffers bounds the offers that wait for an answer: the server makes one at a
// time.
const maxOffers = 8

func newReceiver(s *session) *receiver {
	return &receiver{
		side: side{s: s, bell: make(chan struct{}, 1), changed: make(chan struct{})},
		have: make(map[string]sfu.TrackID), told: make(map[string]rate), remotes: make(map[string]*rtc.Remote),
		offers: make(chan message, maxOffers),
	}
}

// offered takes what the server says on the receiver's handle by itself. It must be
// called with the session's lock held.
func (d *receiver) offered(m message) {
	if m.JSEP.Type != "offer" {
		return
	}
	select {
	case d.offers <- m:
	default: // a server that does not wait for answers
		d.renew = true
	}
	ring(d.bell)
}

// connect joins what arrives to the inlets. It must be called with the session's lock
// held.
func (d *receiver) connect() {
	for mid, id := range d.have {
		in, r := d.s.inlets[id], d.remotes[mid]
		if in != nil && r != nil && !r.Over() && in.from != r {
			in.from = r
			in.media.Attach(r)
		}
	}
}

// run does what there is to do until the session is over.
func (d *receiver) run() {
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
func (d *receiver) step() bool {
	d.turn.Lock()
	defer d.turn.Unlock()
	s := d.s
	s.mu.Lock()
	l, handle, renew := s.line, d.handle, d.renew
	restart, begins := d.restart && d.peer != nil, d.peer != nil && !d.up
	s.mu.Unlock()
	if l == nil || !s.kit.Online() {
		return false
	}
	if renew {
		d.forget(l, handle)
		return true
	}
	if begins { // streams that change before the way is there get lost in pion
		s.debug("candidate", d.tell(l, handle))
		return false
	}
	select {
	case m := <-d.offers:
		return d.done(d.answer(l, m))
	default:
	}
	if restart {
		s.mu.Lock()
		d.restart = false
		s.mu.Unlock()
		return d.done(d.ask(l, configuring{Request: "configure", Restart: true}))
	}
	add, drop := d.difference()
	if len(add)+len(drop) > 0 && d.rest() {
		add, drop = d.difference()
	}
	switch {
	case len(add)+len(drop) == 0:
		if handle == 0 {
			s.mu.Lock()
			if d.trouble {
				d.well() // nothing is missed
			}
			s.mu.Unlock()
			return false
		}
		if err := d.rates(l, handle); err != nil {
			return d.done(err)
		}
		s.debug("candidate", d.tell(l, handle))
		return false
	case handle == 0 && len(add) == 0:
		return false
	}
	return d.done(d.change(l, handle, add, drop))
}

// restTime is how long a change waits for more: who comes in with a picture and a
// sound, comes in one negotiation. Two at once are also too much for pion, which reads
// a stream that is described only a moment later as one that nobody described.
const restTime = 60 * time.Millisecond

// rest lets that time pass; false if the session ends.
func (d *receiver) rest() bool {
	t := time.NewTimer(restTime)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-d.s.done:
		return false
	}
}

// A wanted is a track that shall come.
type wanted struct {
	id sfu.TrackID
	selection
}

// difference is what shall come and does not, and the sections of what comes and
// shall not.
func (d *receiver) difference() (add []wanted, drop []string) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	comes := make(map[sfu.TrackID]bool)
	for mid, id := range d.have {
		if d.s.inlets[id] == nil {
			drop = append(drop, mid)
		}
		comes[id] = true
	}
	for id, in := range d.s.inlets {
		if !comes[id] {
			add = append(add, wanted{id, selection{Feed: in.feed, Mid: in.mid}})
		}
	}
	slices.SortFunc(add, func(a, b wanted) int { return cmp.Compare(a.id, b.id) })
	slices.Sort(drop)
	return add, drop
}

// change asks for what is missing, and no more for what is not wanted. If the server
// does not give all of it, it is asked for one by one.
func (d *receiver) change(l *line, handle uint64, add []wanted, drop []string) error {
	if handle == 0 {
		handle, err := d.s.attach(d.s.life, l)
		if err != nil {
			return err
		}
		d.s.mu.Lock()
		d.handle = handle
		d.s.mu.Unlock()
		err = d.first(l, add)
		if err != nil {
			d.s.mu.Lock()
			d.handle = 0
			d.s.mu.Unlock()
			d.detach(l, handle)
		}
		return err
	}
	u := updating{Request: "update"}
	for _, w := range add {
		u.Subscribe = append(u.Subscribe, w.selection)
	}
	for _, mid := range drop {
		u.Unsubscribe = append(u.Unsubscribe, selection{Sub: mid})
	}
	err := d.ask(l, u)
	var no *fault
	switch {
	case !errors.As(err, &no) || len(add) == 0 || no.code == codeHandleGone || no.code == codeSessionGone:
		return err
	case len(add) == 1:
		d.refuse(add[0].id, no)
		return nil
	}
	for _, w := range add {
		if err := d.change(l, handle, []wanted{w}, nil); err != nil {
			return err
		}
	}
	return nil
}

// first asks for tracks on the handle, which is new: the first that the server gives.
func (d *receiver) first(l *line, add []wanted) error {
	s := d.s
	s.mu.Lock()
	room, private := s.room, s.privateID
	s.mu.Unlock()
	j := s.joining("subscriber", room)
	j.PrivateID = private
	for _, w := range add {
		j.Streams = append(j.Streams, w.selection)
	}
	err := d.ask(l, j)
	var no *fault
	switch {
	case !errors.As(err, &no) || no.code == codeHandleGone || no.code == codeSessionGone:
		return err
	case len(add) == 1:
		d.refuse(add[0].id, no)
		return errAgain
	}
	for _, w := range add { // the rest is added to the first that comes
		err := d.first(l, []wanted{w})
		if !errors.Is(err, errAgain) {
			return err
		}
	}
	return errAgain
}

// errAgain reports that the server gave nothing of what was asked for, which is not
// asked for any more.
var errAgain = errors.New("the server does not give it")

// refuse ends the inlet of a track that will not come.
func (d *receiver) refuse(id sfu.TrackID, no *fault) {
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	if in := d.s.inlets[id]; in != nil {
		delete(d.s.inlets, id)
		if no.code == codeNoSuchFeed { // its sender is going
			in.media.End(nil)
			return
		}
		in.media.End(no)
	}
}

// offerTime bounds the wait for an offer that the server has promised.
const offerTime = 2 * time.Second

// ask asks for a change of what is received, and answers the offer that follows.
func (d *receiver) ask(l *line, b any) error {
	s := d.s
	s.mu.Lock()
	handle := d.handle
	s.mu.Unlock()
	m, err := l.ask(s.life, s.request("message", handle, b, nil), true)
	if err != nil {
		return err
	}
	if m.JSEP.Type == "offer" {
		return d.answer(l, m)
	}
	if m.Plugin.Data.VideoRoom == "updated" { // nothing was to be changed
		return d.settled(m.Plugin.Data.Streams)
	}
	// The server waits for an answer of ours: to an offer that is on its way, or to
	// one that was lost with a connection.
	t := time.NewTimer(offerTime)
	defer t.Stop()
	select {
	case m := <-d.offers:
		return d.answer(l, m)
	case <-t.C:
		s.mu.Lock()
		d.renew = true
		s.mu.Unlock()
		return nil
	case <-l.dead:
		return errCut
	case <-s.done:
		return sfu.ErrEnded
	}
}

// settled takes that the server has nothing to change, although we had: then one of
// us is wrong, and all is made anew. It is not asked for the same again and again.
func (d *receiver) settled([]stream) error {
	add, drop := d.difference()
	d.s.mu.Lock()
	defer d.s.mu.Unlock()
	for _, mid := range drop { // gone there already
		delete(d.have, mid)
		delete(d.told, mid)
	}
	for _, w := range add { // nothing of it can be had
		if in := d.s.inlets[w.id]; in != nil {
			delete(d.s.inlets, w.id)
			in.media.End(nil)
		}
	}
	return nil
}

// answer takes an offer of the server.
func (d *receiver) answer(l *line, m message) error {
	s := d.s
	s.mu.Lock()
	handle := d.handle
	if d.peer == nil {
		d.generation++
		p, err := s.newPeer(d.handlers(d.arrives))
		if err != nil {
			s.mu.Unlock()
			return errors.Join(errBroken, err)
		}
		d.peer = p
	}
	peer := d.peer
	d.learn(m.Plugin.Data.Streams)
	s.mu.Unlock()
	sdp, err := peer.Answer(m.JSEP.SDP)
	if err != nil {
		return errors.Join(errBroken, err)
	}
	trickle := true
	_, err = l.ask(s.life, s.request("message", handle, asking{Request: "start"}, &description{Type: "answer", SDP: sdp, Trickle: &trickle}), true)
	if err != nil {
		return err
	}
	s.mu.Lock()
	d.asked = !d.restart
	d.connect()
	s.mu.Unlock()
	return nil
}

// maxStreams bounds the streams of one subscription.
const maxStreams = 500

// learn takes what the server sends from now on. It must be called with the session's
// lock held.
func (d *receiver) learn(streams []stream) {
	if streams == nil { // says nothing of them
		return
	}
	old := d.have
	d.have = make(map[string]sfu.TrackID)
	for _, x := range streams[:min(len(streams), maxStreams)] {
		if !x.Active || x.Mid == "" || len(x.Mid) > maxMid || x.Feed == "" || x.FeedMid == "" {
			continue
		}
		id := d.s.places[place{sfu.MemberID(x.Feed.text()), x.FeedMid}] // none is one that is gone
		d.have[x.Mid] = id
		if old[x.Mid] != id {
			delete(d.told, x.Mid)
		}
	}
	maps.DeleteFunc(d.told, func(mid string, _ rate) bool { return d.have[mid] == "" })
}

// arrives takes a stream that the server begins to send. It must be called with the
// session's lock held.
func (d *receiver) arrives(r *rtc.Remote) {
	if r.Mid == "" || len(d.remotes) >= maxStreams && d.remotes[r.Mid] == nil {
		return
	}
	d.remotes[r.Mid] = r
	d.connect()
}

// rates asks for sizes as the inlets want them.
func (d *receiver) rates(l *line, handle uint64) error {
	s := d.s
	news := make(map[string]rate)
	var settings []setting
	s.mu.Lock()
	for _, mid := range slices.Sorted(maps.Keys(d.have)) {
		in := s.inlets[d.have[mid]]
		if in == nil {
			continue
		}
		now, ok := d.told[mid]
		if !ok {
			now = most()
		}
		want := rateFor(in.view, in.sound)
		if want == now {
			continue
		}
		news[mid] = want
		x := setting{Mid: mid, Send: want.send}
		if !in.sound {
			x.Substream, x.Temporal = &want.size, &want.temporal
		}
		settings = append(settings, x)
	}
	s.mu.Unlock()
	if len(settings) == 0 {
		return nil
	}
	if _, err := l.ask(s.life, s.request("message", handle, configuring{Request: "configure", Streams: settings}, nil), true); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for mid, r := range news {
		was, ok := d.told[mid]
		d.told[mid] = r
		if in := s.inlets[d.have[mid]]; in != nil && ok && !was.send && r.send {
			s.debug("ask for a keyframe", in.media.AskKeyframe())
		}
	}
	return nil
}

// done takes how something ended. It returns true if there may be more to do.
func (d *receiver) done(err error) bool {
	s := d.s
	var no *fault
	switch {
	case err == nil:
		return true
	case errors.Is(err, errAgain):
		return true
	case errors.Is(err, errBroken):
		s.broken(err)
	case errors.Is(err, sfu.ErrNoAnswer):
		s.forget(true)
	case !errors.As(err, &no): // cut: asked again on the next connection
		s.debug("receive", err)
	case no.code == codeSessionGone:
		s.forget(false)
	default:
		s.debug("receive", err)
		s.mu.Lock()
		d.renew = true
		d.suffer()
		s.mu.Unlock()
	}
	return false
}

// forget makes an end of the handle, so that another can be made.
func (d *receiver) forget(l *line, handle uint64) {
	if handle != 0 {
		d.detach(l, handle)
	}
	d.s.mu.Lock()
	old := d.discard()
	d.s.mu.Unlock()
	d.s.closePeer(old)
}

func (d *receiver) detach(l *line, handle uint64) {
	ctx, cancel := context.WithTimeout(d.s.life, time.Second)
	defer cancel()
	_, err := l.ask(ctx, d.s.request("detach", handle, nil, nil), false)
	d.s.debug("detach", err)
}

// discard takes the media connection away. It must be called with the session's lock
// held.
func (d *receiver) discard() *rtc.Peer {
	old := d.drop()
	d.handle = 0
	clear(d.have)
	clear(d.told)
	clear(d.remotes)
	for {
		select {
		case <-d.offers:
			continue
		default:
		}
		return old
	}
}
