package group

import (
	"crypto/rand"
	"slices"
	"time"

	"paravent/privacy/seal/identity"
)

// An Event is something that happened to a member.
//
//sumtype:decl
type Event interface{ event() }

// The events.
type (
	// Joined and Left are what the server's roster says.
	Joined struct{ Seat Seat }
	Left   struct{ Seat Seat }

	// Received is a message, and who sent it by the server's word.
	Received struct {
		From Seat
		Body []byte
	}

	// Tick lets time pass. It should come every 100 ms or so: what waits for more
	// to come together is done then.
	Tick struct{}

	// SawPlain says that a member sent something that was not sealed.
	SawPlain struct{ Seat Seat }

	// Accept is the person's yes to an identity that is Changed.
	Accept struct{ Identity identity.Public }

	// Knows says that the book is another one now, as when the person has compared
	// the words. It holds for who is there as well.
	Knows struct{ Book identity.Book }

	// AllowPlain is the person's yes to sending plain while not all are Paravents.
	// It has no effect where encryption is required.
	AllowPlain struct{ On bool }

	// Leave ends it: a bye goes to all, and the keys are overwritten.
	Leave struct{}
)

func (Joined) event()     {}
func (Left) event()       {}
func (Received) event()   {}
func (Tick) event()       {}
func (SawPlain) event()   {}
func (Accept) event()     {}
func (Knows) event()      {}
func (AllowPlain) event() {}
func (Leave) event()      {}

// After returns the state after an event, what to send, and what became wrong with
// it. A now that is before the last one counts as that one.
func (s State) After(now time.Time, e Event) (State, []Message, []Alarm) {
	if s.left {
		return s, nil, nil
	}
	n := &step{State: s.clone()}
	if now.After(n.now) {
		n.now = now
	}
	switch e := e.(type) {
	case Joined:
		n.joined(e.Seat)
	case Left:
		n.leave(e.Seat)
	case Received:
		n.received(e.From, e.Body)
	case Tick:
		n.tick()
	case SawPlain:
		if _, ok := n.roster[e.Seat]; ok {
			n.note(NotSealed, e.Seat)
		}
	case Accept:
		n.yes[e.Identity] = true
		for seat := range n.absent {
			n.admit(seat)
		}
	case Knows:
		n.learn(e.Book)
	case AllowPlain:
		n.plain = e.On
	case Leave:
		n.close()
	}
	n.settle()
	return n.State, n.out, n.alarms
}

// learn judges everybody anew. Who is a member stays one.
func (n *step) learn(b identity.Book) {
	n.c.Book = b
	for ref, p := range n.peers {
		p.verdict = b.Judge(p.hello.name, p.hello.id)
		n.peers[ref] = p
	}
	for seat := range n.absent {
		n.admit(seat)
	}
}

// A step is a state in the making.
type step struct {
	State
	out    []Message
	alarms []Alarm
}

func (n *step) send(to Seat, body []byte) { n.out = append(n.out, Message{To: to, Body: body}) }

// note takes down a trouble that stays until the seat is empty.
func (n *step) note(k Kind, seat Seat) { n.noted[Trouble{k, seat}] = true }

func (n *step) joined(seat Seat) {
	if seat == "" || len(seat) > maxSeat || seat == n.c.Seat {
		return
	}
	if _, ok := n.roster[seat]; ok || len(n.roster) > 2*MaxMembers {
		return
	}
	c := chair{since: n.now}
	c.asked.later(n.now, n.c.Resend)
	n.roster[seat] = c
	delete(n.empty, seat)
	n.send(seat, n.self.msg)
	n.admit(seat)
}

func (n *step) leave(seat Seat) {
	if _, ok := n.roster[seat]; ok {
		if len(n.empty) >= 10*MaxMembers {
			clear(n.empty)
		}
		n.empty[seat] = true
	}
	delete(n.roster, seat)
	delete(n.absent, seat)
	for t := range n.noted {
		if t.Seat == seat {
			delete(n.noted, t)
		}
	}
	if p, ok := n.at(seat); ok {
		if len(n.past) < 10*MaxMembers {
			n.past[p.hello.ref] = p
		} else {
			n.gone[p.hello.ref] = true
		}
		n.remove(p)
	}
}

// remove takes a member out. The keys that it has seal nothing from here on.
func (n *step) remove(p peer) {
	delete(n.peers, p.hello.ref)
	n.active.retire()
	n.next.retire()
	n.active, n.next = nil, nil
	n.look()
	n.rekey()
}

// rekey makes a new key and sends it to all members.
func (n *step) rekey() {
	n.epoch++
	n.due = false
	key := new([keyLen]byte)
	_, _ = rand.Read(key[:]) // never fails
	n.next.retire()
	n.next = newVault(n.epoch, key)
	n.next.open, n.next.given = n.self.open, map[Ref]bool{}
	m := keys{from: n.self.hello.ref, epoch: n.epoch, still: n.epoch, view: n.view}
	if n.active != nil {
		m.still = n.active.epoch
	}
	for _, p := range n.sorted() {
		x := box{to: p.hello.ref.tag()}
		copy(x.sealed[:], wrap(p.out).Seal(nil, nonce(n.epoch), key[:], n.self.about(m, p.hello.ref)))
		m.boxes = append(m.boxes, x)
		if p.acked == n.epoch-1 {
			p.behind = n.now
		}
		p.resend.later(n.now, n.c.Resend)
		n.peers[p.hello.ref] = p
		n.next.given[p.hello.ref] = true
	}
	m.sig = n.c.Identity.Sign("group keys 1", n.self.call[:], m.body())
	n.keysMsg = append(m.body(), m.sig[:]...)
	if len(m.boxes) > 0 {
		n.send("", n.keysMsg)
	}
}

// activate begins to seal with the next key, when those who hear us have it.
func (n *step) activate() {
	if n.next == nil {
		return
	}
	if n.active != nil {
		waiting := false
		for ref := range n.active.given {
			p, ok := n.peers[ref]
			waiting = waiting || ok && p.acked < n.next.epoch && n.now.Sub(p.behind) < n.c.Grace
		}
		if waiting {
			return
		}
		n.active.retire()
	}
	n.active, n.next = n.next, nil
}

func (n *step) tick() {
	if n.due {
		n.rekey()
	}
	for ref, p := range n.peers {
		if p.acked < n.epoch && p.resend.due(n.now, n.c.Resend) {
			n.send(p.hello.seat, n.self.msg)
			n.send(p.hello.seat, p.pairMsg)
			n.send(p.hello.seat, n.keysMsg)
			n.peers[ref] = p
		}
	}
	for seat, c := range n.roster {
		p, ok := n.at(seat)
		if _, shared := n.rounds[n.view].shares[p.hello.ref]; ok && len(p.keys) > 0 && shared && p.view == n.view {
			continue
		}
		if c.asked.due(n.now, n.c.Resend) {
			n.send(seat, []byte{version, kindAsk})
			if !ok {
				n.send(seat, n.self.msg)
			}
			n.roster[seat] = c
		}
	}
	if n.dirty && len(n.peers) > 0 {
		n.send("", n.report())
		n.dirty = false
	}
}

// report makes a status.
func (n *step) report() []byte {
	n.number++
	r := n.rounds[n.view]
	m := status{from: n.self.hello.ref, number: n.number, epoch: n.epoch, view: n.view, promise: promise(n.self.hello.ref, n.view, r.share)}
	if r.told {
		m.share = r.share
	}
	for _, p := range n.sorted() {
		if p.epoch > 0 {
			m.held = append(m.held, held{of: p.hello.ref.tag(), epoch: p.epoch})
		}
	}
	m.sig = n.c.Identity.Sign("group status 1", n.self.call[:], m.body())
	return append(m.body(), m.sig[:]...)
}

// polite reports whether a seat may be answered again already.
func (n *step) polite(seat Seat) bool {
	c, ok := n.roster[seat]
	if !ok || !c.answered.IsZero() && n.now.Sub(c.answered) < n.c.Resend/2 {
		return false
	}
	c.answered = n.now
	n.roster[seat] = c
	return true
}

// confirm says again what we hold.
func (n *step) confirm(seat Seat) {
	if !n.due && n.polite(seat) {
		n.send(seat, n.report())
	}
}

// answer sends all that a seat may be missing.
func (n *step) answer(seat Seat) {
	if !n.polite(seat) {
		return
	}
	n.send(seat, n.self.msg)
	if p, ok := n.at(seat); ok {
		n.send(seat, p.pairMsg)
		n.send(seat, n.keysMsg)
		if !n.due { // else the view is newer than the epoch
			n.send(seat, n.report())
		}
	}
}

// sees takes down a view, and the epoch it goes with: each change makes a new one.
func (p *peer) sees(view [32]byte, epoch uint32) {
	if epoch >= p.viewed {
		p.view, p.viewed = view, epoch
	}
}

// settle does what follows from any event: a new key comes into use, and troubles
// are compared with those before.
func (n *step) settle() {
	if n.left {
		return
	}
	n.activate()
	n.exchange()
	for ref, p := range n.peers {
		switch {
		case p.viewed == 0 || p.view == n.view:
			p.split = time.Time{}
		case p.split.IsZero():
			p.split = n.now
		}
		switch {
		case p.epoch > 0 && p.viewed <= p.epoch:
			p.deaf = time.Time{}
		case p.deaf.IsZero():
			p.deaf = n.now
		}
		n.peers[ref] = p
	}
	was := n.troubles
	n.troubles = n.find()
	for _, t := range n.troubles {
		if !slices.Contains(was, t) {
			n.alarms = append(n.alarms, t)
		}
	}
	n.self.open.Store(n.Mode() == Sealed)
}

func (n *step) close() {
	m := bye{from: n.self.hello.ref}
	m.sig = n.c.Identity.Sign("group bye 1", n.self.call[:], m.body())
	n.send("", append(m.body(), m.sig[:]...))
	n.self.open.Store(false)
	n.active.retire()
	n.next.retire()
	for _, all := range []map[Ref]peer{n.peers, n.past} {
		for _, p := range all {
			clear(p.out[:])
			if p.in != nil {
				clear(p.in[:])
			}
			for _, v := range p.keys {
				v.retire()
			}
		}
	}
	n.left, n.active, n.next = true, nil, nil
	n.peers, n.past, n.roster, n.absent, n.rounds, n.troubles = nil, nil, nil, nil, nil, nil
}
