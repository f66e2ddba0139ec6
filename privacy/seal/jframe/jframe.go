// Package jframe encrypts frames in the layout that the browsers' side of LiveKit
// and of Jitsi Meet share:
//
//	clear header │ AES-128-GCM of the rest, with its tag │ IV (12) │ 12 │ key index
//
// The clear header is authenticated but not encrypted, so that a server can still
// tell pictures apart: one byte of Opus, 10 or 3 of VP8, none of VP9, and of H.264 all
// up to two bytes into the first slice. What follows in H.264 is escaped, so that no
// start code appears in it.
//
// The layout protects neither against members, who have the same key, nor against
// something being sent again; an Opener drops what it has itself seen before.
//
// Facts from the sources of livekit-client 2.23.0 (Apache-2.0).
package jframe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"paravent/media/codec"
	"paravent/privacy/seal"
	"paravent/privacy/secret"
)

const (
	// RingSize is how many keys a sender may have at once.
	RingSize = 16
	// RatchetWindow is how often a sender may have ratcheted its key unseen.
	RatchetWindow = 8

	keySize = 16 // bytes: AES-128
	ivSize  = 12
	tagSize = 16
	rounds  = 100_000 // of PBKDF2
)

// A Form is what makers of the layout differ in.
type Form struct {
	keySalt, ratchetSalt, info []byte
}

// LiveKit is the form of LiveKit's clients.
func LiveKit() Form {
	salt := []byte("LKFrameEncryptionKey")
	return Form{keySalt: salt, ratchetSalt: salt, info: make([]byte, 128)}
}

// Keys are the keys of one call. It implements seal.Keys.
type Keys struct {
	form   Form
	shared *ring  // of all members; nil if each has its own
	self   string // whose ring seals, if each has its own
	use    atomic.Int32

	mu     sync.Mutex // guards everything that follows
	rings  map[string]*ring
	seen   memory
	ivs    ivs
	closed bool
}

var _ seal.Keys = (*Keys)(nil)

// A ring holds the keys of one sender by their index.
type ring struct {
	ratchets bool
	keys     [RingSize]atomic.Pointer[key]
}

// A key is one step of a sender's key.
type key struct {
	aead     cipher.AEAD
	material []byte              // what the next step is made from; empty if there is none
	next     atomic.Pointer[key] // made when it is first asked for
}

// ErrEmpty reports a passphrase, or a key, that is empty.
var ErrEmpty = errors.New("the passphrase is empty")

// NewShared returns keys that all members make from one passphrase. It takes as long
// as guessing once should take: some hundredths of a second.
func NewShared(f Form, passphrase secret.Secret) (*Keys, error) {
	k := &Keys{form: f, shared: new(ring)}
	return k, k.SetPassphrase(0, passphrase)
}

// NewOwn returns keys of which each member has its own, which SetKey tells. Those of
// self seal.
func NewOwn(f Form, self string) *Keys {
	return &Keys{form: f, self: self, rings: make(map[string]*ring)}
}

// SetPassphrase makes the shared key of the given index, 0 to 15, from a passphrase.
func (k *Keys) SetPassphrase(index int, passphrase secret.Secret) error {
	switch {
	case k.shared == nil:
		return errors.New("each member has a key of its own here")
	case passphrase.Empty():
		return ErrEmpty
	}
	b, err := pbkdf2.Key(sha256.New, passphrase.Reveal(), k.form.keySalt, rounds, keySize)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	defer clear(b)
	return k.put(k.shared, index, b, nil)
}

// SetKey makes a member's key of the given index from raw bytes, which it copies.
func (k *Keys) SetKey(member string, index int, raw []byte) error {
	if len(raw) == 0 {
		return ErrEmpty
	}
	b, err := k.form.derive(raw)
	if err != nil {
		return err
	}
	defer clear(b)
	return k.put(k.ring(member), index, b, append([]byte(nil), raw...))
}

// Use says which of the keys seals from now on.
func (k *Keys) Use(index int) error {
	if index < 0 || index >= RingSize || k.ring(k.self).keys[index].Load() == nil {
		return seal.ErrNoKey
	}
	k.use.Store(int32(index))
	return nil
}

func (k *Keys) put(r *ring, index int, b, material []byte) error {
	if index < 0 || index >= RingSize {
		return fmt.Errorf("a key has an index of 0 to %d, not %d", RingSize-1, index)
	}
	made, err := newKey(b, material)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		r.keys[index].Store(made)
	}
	return nil
}

func newKey(b, material []byte) (*key, error) {
	block, err := aes.NewCipher(b)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return &key{aead: aead, material: material}, nil
}

// ring returns the keys of a member; shared ones are everybody's.
func (k *Keys) ring(member string) *ring {
	if k.shared != nil {
		return k.shared
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.rings[member]
	if r == nil {
		r = &ring{ratchets: true}
		k.rings[member] = r
	}
	return r
}

// derive makes a key of raw bytes; RFC 5869.
func (f Form) derive(raw []byte) ([]byte, error) {
	b, err := hkdf.Key(sha256.New, raw, f.keySalt, string(f.info), keySize)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return b, nil
}

// after returns the key that a sender has after k, or nil. It is made once.
func (f Form) after(k *key) *key {
	if n := k.next.Load(); n != nil || len(k.material) == 0 {
		return n
	}
	material, err := hkdf.Key(sha256.New, k.material, f.ratchetSalt, string(f.info), 32)
	if err != nil {
		return nil
	}
	b, err := f.derive(material)
	if err != nil {
		return nil
	}
	defer clear(b)
	n, err := newKey(b, material)
	if err != nil {
		return nil
	}
	k.next.CompareAndSwap(nil, n)
	return k.next.Load()
}

// open calls try with the sender's key of the given index, and with those that may
// follow it, until one fits.
func (f Form) open(r *ring, index int, try func(cipher.AEAD) bool) error {
	if index >= RingSize {
		return seal.ErrNoKey
	}
	first := r.keys[index].Load()
	if first == nil {
		return seal.ErrNoKey
	}
	k := first
	for step := 0; k != nil && step <= RatchetWindow; step++ {
		if try(k.aead) {
			if k != first {
				r.keys[index].CompareAndSwap(first, k)
			}
			return nil
		}
		if !r.ratchets {
			break
		}
		k = f.after(k)
	}
	return seal.ErrWrongKey
}

// Grade returns seal.Passphrase: a key that was told is worth no more than that.
func (k *Keys) Grade() seal.Grade { return seal.Passphrase }

// current returns the key that seals, or nil.
func (k *Keys) current(r *ring) (*key, byte) {
	index := k.use.Load()
	return r.keys[index].Load(), byte(index)
}

// Sealer returns what seals one outgoing track.
func (k *Keys) Sealer(_ string, name codec.Name) (seal.Sealer, error) {
	if !carries(name) {
		return nil, seal.ErrBadCodec
	}
	return &sealer{keys: k, ring: k.ring(k.self)}, nil
}

// Opener returns what opens one incoming track of a member.
func (k *Keys) Opener(member, _ string, name codec.Name) (seal.Opener, error) {
	if !carries(name) {
		return nil, seal.ErrBadCodec
	}
	o := &opener{form: k.form, ring: k.ring(member), seen: new(memory)}
	o.try = o.unlock
	return o, nil
}

// Close forgets every key.
func (k *Keys) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	all := []*ring{}
	if k.shared != nil {
		all = append(all, k.shared)
	}
	for _, r := range k.rings {
		all = append(all, r)
	}
	for _, r := range all {
		for i := range r.keys {
			for n := r.keys[i].Swap(nil); n != nil; n = n.next.Load() {
				clear(n.material)
			}
		}
	}
}

// SealMessage encrypts a message for all.
func (k *Keys) SealMessage(plain []byte) (seal.Message, error) {
	use, index := k.current(k.ring(k.self))
	if use == nil {
		return seal.Message{}, seal.ErrNoKey
	}
	k.mu.Lock()
	iv := append([]byte(nil), k.ivs.next()...)
	k.mu.Unlock()
	return seal.Message{KeyIndex: int(index), IV: iv, Data: use.aead.Seal(nil, iv, plain, nil)}, nil
}

// OpenMessage decrypts a message of a member. One that came before is not opened.
func (k *Keys) OpenMessage(member string, m seal.Message) ([]byte, error) {
	switch {
	case m.KeyIndex < 0:
		return nil, seal.ErrNoKey
	case len(m.IV) != ivSize || len(m.Data) < tagSize:
		return nil, seal.ErrTruncated
	}
	iv := [ivSize]byte(m.IV)
	k.mu.Lock()
	again := k.seen.has(iv)
	k.mu.Unlock()
	if again {
		return nil, seal.ErrReplayed
	}
	var plain []byte
	err := k.form.open(k.ring(member), m.KeyIndex, func(a cipher.AEAD) bool {
		var err error
		plain, err = a.Open(nil, iv[:], m.Data, nil)
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.seen.has(iv) {
		return nil, seal.ErrReplayed
	}
	k.seen.add(iv)
	return plain, nil
}
