// Package sframe seals frames as of RFC 9605 (SFrame), so that the server that
// passes them on can neither read nor change them.
//
//	clear bytes ┐ metadata: authenticated, readable for the server
//	header      ┘ number of the key, number of the frame
//	ciphertext    and tag
//
// A key is one sender's and one track's: two of them never share a counter. Who
// has which key is not known here; see package group.
package sframe

import (
	"encoding/binary"
	"errors"
	"sync"
)

// The errors of sealing and opening. None of them says more, as the bytes come
// from outside.
var (
	// ErrForged is returned for a frame that the holder of the key did not make.
	ErrForged = errors.New("the frame was changed on its way, or is somebody else's")

	// ErrReplay is returned for a frame that was opened before, or that is too old
	// to tell.
	ErrReplay = errors.New("the frame was sent again")

	// ErrKey is returned for a frame under another key.
	ErrKey = errors.New("no key for the frame")

	// ErrSpent is returned when a key has sealed as many frames as it may, or was
	// put out of use.
	ErrSpent = errors.New("the key is spent")
)

// maxFrames bounds the frames under one key. The counter is the nonce, so it must
// not repeat. 2³² frames of 16 KiB are 2⁴² blocks of AES: still less than 2⁻⁴⁴
// to tell them from noise (the square of the blocks over 2¹²⁹), and years of a call.
const maxFrames = 1 << 32

// A Sealer seals the frames of one track under one key. It may be called by
// several goroutines: sizes of one picture share the key.
type Sealer struct {
	mu    sync.Mutex // guards everything that follows
	aead  aead       // nil once it is put out of use
	salt  [nonceLen]byte
	next  Header
	nonce [nonceLen]byte
	added []byte
}

// NewSealer returns the sealer of the key with the number kid. There must not be
// another one of the same suite, kid and base: they would count alike. It borrows
// base until it returns.
func NewSealer(s Suite, kid uint64, base []byte) (*Sealer, error) {
	a, salt, err := s.derive(kid, base)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: a, salt: salt, next: Header{KID: kid}}, nil
}

// Seal appends header, ciphertext and tag of plain to dst. What is in metadata
// is authenticated and not in the frame. dst must not overlap plain or metadata.
// Real-time: it does not allocate if dst has room for Overhead more than plain,
// once it has seen metadata of that length.
func (s *Sealer) Seal(dst, metadata, plain []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aead == nil || s.next.CTR >= maxFrames {
		return dst, ErrSpent
	}
	at := len(dst)
	dst = s.next.Append(dst)
	s.added = append(append(s.added[:0], dst[at:]...), metadata...)
	setNonce(&s.nonce, s.salt, s.next.CTR)
	s.next.CTR++
	return s.aead.seal(dst, s.nonce[:], plain, s.added), nil
}

// Retire puts the key out of use: every later Seal is ErrSpent. It returns when
// no frame is being sealed.
func (s *Sealer) Retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aead, s.salt = nil, [nonceLen]byte{}
}

// Overhead is by how much a frame may be longer than what is in it, in bytes.
const Overhead = maxHeader + 16

// An Opener opens the frames of one track under one key, each once. It may be
// called by several goroutines.
type Opener struct {
	mu    sync.Mutex // guards everything that follows
	kid   uint64
	aead  aead
	salt  [nonceLen]byte
	nonce [nonceLen]byte
	added []byte
	seen  window
}

// NewOpener returns the opener of the key with the number kid. It borrows base
// until it returns.
func NewOpener(s Suite, kid uint64, base []byte) (*Opener, error) {
	a, salt, err := s.derive(kid, base)
	if err != nil {
		return nil, err
	}
	return &Opener{kid: kid, aead: a, salt: salt}, nil
}

// Open appends to dst what is in frame. It returns ErrFrame, ErrKey, ErrForged
// or ErrReplay, and then dst as it was. dst must not overlap
// frame, other than by beginning where its ciphertext does. Real-time: it does not allocate if dst has room for as much as frame is long, once it has
// seen metadata of that length.
func (o *Opener) Open(dst, metadata, frame []byte) ([]byte, error) {
	h, n, err := ReadHeader(frame)
	if err != nil {
		return dst, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case h.KID != o.kid:
		return dst, ErrKey
	case len(frame)-n < o.aead.overhead():
		return dst, ErrFrame
	case o.seen.has(h.CTR):
		return dst, ErrReplay
	}
	o.added = append(append(o.added[:0], frame[:n]...), metadata...)
	setNonce(&o.nonce, o.salt, h.CTR)
	plain, err := o.aead.open(dst, o.nonce[:], frame[n:], o.added)
	if err != nil {
		return dst, ErrForged
	}
	o.seen.add(h.CTR)
	return plain, nil
}

// setNonce writes the salt with the counter XORed into its end.
func setNonce(nonce *[nonceLen]byte, salt [nonceLen]byte, ctr uint64) {
	*nonce = salt
	tail := nonce[nonceLen-8:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^ctr)
}
