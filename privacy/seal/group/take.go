package group

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"crypto/rand"
	"encoding/binary"
	"slices"

	"paravent/privacy/seal/identity"
)

func (n *step) received(from Seat, b []byte) {
	m, err := parse(b)
	if err != nil {
		n.forged(from)
		return
	}
	switch m := m.(type) {
	case hello:
		n.hello(from, m)
	case pair:
		n.pair(from, m)
	case keys:
		n.keys(from, m, b)
	case status:
		n.status(from, m)
	case bye:
		if p, ok := n.sender(from, m.from); ok && n.signed(p, "group bye 1", m.sig, m.body()) {
			n.gone[m.from] = true
			for _, v := range p.keys {
				v.retire()
			}
			n.remove(p)
			if c, ok := n.roster[from]; ok {
				c.since = n.now
				n.roster[from] = c
			}
		}
	case ask:
		n.answer(from)
	}
}

// forged notes a bad message, if there is somebody to note it of.
func (n *step) forged(seat Seat) {
	if _, ok := n.roster[seat]; ok {
		n.note(Forged, seat)
	}
}

// sender returns the member that a message is from. One that is not known, or that
// the server says sits elsewhere, is none; it is asked for all again by and by.
func (n *step) sender(from Seat, ref Ref) (peer, bool) {
	p, ok := n.peers[ref]
	if ok && p.hello.seat != from {
		n.forged(from)
		return peer{}, false
	}
	return p, ok
}

func (n *step) signed(p peer, purpose string, sig [sigLen]byte, body []byte) bool {
	if p.hello.id.Verify(sig, purpose, n.self.call[:], body) {
		return true
	}
	n.forged(p.hello.seat)
	return false
}

func (n *step) hello(from Seat, h hello) {
	h.ref = n.self.ref(h)
	if h.ref == n.self.hello.ref || n.gone[h.ref] || n.empty[h.seat] || len(n.absent) >= 2*MaxMembers {
		return
	}
	if from != h.seat || !h.id.Verify(h.sig, "group hello 1", n.self.call[:], h.body()) {
		n.forged(from)
		return
	}
	if _, err := hpke.MLKEM768X25519().NewPublicKey(h.prekey); err != nil {
		n.forged(from)
		return
	}
	if h.seat == n.c.Seat {
		n.note(Posing, h.seat)
		return
	}
	if p, ok := n.at(h.seat); ok {
		if p.hello.ref != h.ref {
			n.note(Swapped, h.seat)
		}
		return
	}
	if a, ok := n.absent[h.seat]; ok {
		if a.hello.ref != h.ref {
			n.note(Swapped, h.seat)
		}
		return
	}
	h.prekey = slices.Clone(h.prekey)
	n.absent[h.seat] = announced{hello: h, since: n.now}
	n.admit(h.seat)
}

// admit makes a member of who is announced and in the roster, and whom the book or
// the person does not mind.
func (n *step) admit(seat Seat) {
	a, announced := n.absent[seat]
	if _, seated := n.roster[seat]; !announced || !seated || len(n.peers) >= MaxMembers-1 {
		return
	}
	h := a.hello
	verdict := n.c.Book.Judge(h.name, h.id)
	if verdict == identity.Changed && !n.yes[h.id] {
		return
	}
	p := n.past[h.ref]
	delete(n.past, h.ref)
	p.hello, p.verdict, p.acked, p.out = h, verdict, 0, new([keyLen]byte)
	_, _ = rand.Read(p.out[:]) // never fails
	to, err := hpke.MLKEM768X25519().NewPublicKey(h.prekey)
	if err != nil {
		return // checked before
	}
	m := pair{from: n.self.hello.ref, to: h.ref, number: n.epoch}
	m.sealed, err = hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), n.self.info(m), p.out[:])
	if err != nil {
		return // it stays absent
	}
	m.sig = n.c.Identity.Sign("group pair 1", n.self.call[:], m.body())
	p.pairMsg = append(m.body(), m.sig[:]...)
	p.resend.later(n.now, n.c.Resend)
	p.behind = n.now
	delete(n.absent, seat)
	n.peers[h.ref] = p
	n.send(seat, p.pairMsg)
	n.due = true
	n.look()
}

// info binds what is sealed in a pair message to it.
func (m *self) info(p pair) []byte {
	b := append([]byte("paravent pair 1"), m.call[:]...)
	b = append(append(b, p.from[:]...), p.to[:]...)
	return binary.BigEndian.AppendUint32(b, p.number)
}

func (n *step) pair(from Seat, m pair) {
	p, ok := n.sender(from, m.from)
	if !ok || m.to != n.self.hello.ref || p.in != nil && m.number <= p.pairNumber || !n.signed(p, "group pair 1", m.sig, m.body()) {
		return
	}
	key, err := hpke.Open(n.self.prekey, hpke.HKDFSHA256(), hpke.AES256GCM(), n.self.info(m), m.sealed)
	if err != nil || len(key) != keyLen {
		n.forged(from)
		return
	}
	p.in, p.pairNumber = (*[keyLen]byte)(key), m.number
	early := p.early
	p.early = nil
	n.peers[m.from] = p
	if early != nil {
		n.received(from, early)
	}
}

func (n *step) keys(from Seat, m keys, raw []byte) {
	p, ok := n.sender(from, m.from)
	if !ok || !n.signed(p, "group keys 1", m.sig, m.body()) {
		return
	}
	p.sees(m.view, m.epoch)
	if m.epoch > p.epoch && p.in == nil {
		p.early = slices.Clone(raw)
	}
	n.peers[m.from] = p
	if m.epoch <= p.epoch {
		n.confirm(from) // it does not know that we hold it
		return
	}
	if p.in == nil {
		return
	}
	i := slices.IndexFunc(m.boxes, func(b box) bool { return b.to == n.self.hello.ref.tag() })
	if i < 0 {
		return // it does not know us yet, or any more, which its view tells
	}
	key, err := wrap(p.in).Open(nil, nonce(m.epoch), m.boxes[i].sealed[:], n.self.about(m, n.self.hello.ref))
	if err != nil {
		n.forged(from)
		return
	}
	held := []*vault{newVault(m.epoch, (*[keyLen]byte)(key))}
	for _, v := range p.keys {
		if v.epoch == m.still {
			held = append(held, v)
		} else {
			v.retire()
		}
	}
	p.keys, p.epoch = held, m.epoch
	n.peers[m.from] = p
	n.dirty = true
}

// about is what a wrapped key is bound to.
func (m *self) about(k keys, to Ref) []byte {
	b := append([]byte("paravent key 1"), m.call[:]...)
	b = append(append(b, k.from[:]...), to[:]...)
	b = binary.BigEndian.AppendUint32(b, k.epoch)
	b = binary.BigEndian.AppendUint32(b, k.still)
	return append(b, k.view[:]...)
}

func wrap(key *[keyLen]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // keys of 32 bytes are right
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // so are blocks of AES
	}
	return gcm
}

// nonce is the epoch: under one wrapping key there is one message for each.
func nonce(epoch uint32) []byte { return binary.BigEndian.AppendUint32(make([]byte, 8), epoch) }

func (n *step) status(from Seat, m status) {
	p, ok := n.sender(from, m.from)
	if !ok || m.number <= p.number || !n.signed(p, "group status 1", m.sig, m.body()) {
		return
	}
	p.number, p.promised, p.promise, p.share = m.number, m.view, m.promise, m.share
	p.sees(m.view, m.epoch)
	for _, h := range m.held {
		if h.of == n.self.hello.ref.tag() && h.epoch <= n.epoch {
			p.acked = max(p.acked, h.epoch)
		}
	}
	n.peers[m.from] = p
}
