package sframe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"hash"
)

// A Suite says how frames are encrypted (RFC 9605, section 4.5; the numbers are
// those of its registry).
type Suite uint16

// The suites. The short tags of the first three save bytes of sound and let a
// forger guess sooner: one of 2³² tries passes with the third. A group of
// Paravents uses AES256GCM alone.
const (
	AES128CTR80 Suite = 1 // AES_128_CTR_HMAC_SHA256_80
	AES128CTR64 Suite = 2 // AES_128_CTR_HMAC_SHA256_64
	AES128CTR32 Suite = 3 // AES_128_CTR_HMAC_SHA256_32
	AES128GCM   Suite = 4 // AES_128_GCM_SHA256_128
	AES256GCM   Suite = 5 // AES_256_GCM_SHA512_128
)

// ErrSuite is returned for a suite that is not among those above.
var ErrSuite = errors.New("unknown way of sealing frames")

const nonceLen = 12

// aead is made of one key, and belongs to one goroutine at a time: what it
// needs for a frame is in it, so that no frame allocates.
type aead interface {
	seal(dst, nonce, plain, additional []byte) []byte
	open(dst, nonce, sealed, additional []byte) ([]byte, error)
	overhead() int
}

// derive is the key schedule of RFC 9605, section 4.4.2.
func (s Suite) derive(kid uint64, base []byte) (aead, [nonceLen]byte, error) {
	var salt [nonceLen]byte
	var err error
	newHash, keyLen := sha256.New, 0
	switch s {
	case AES128CTR80, AES128CTR64, AES128CTR32:
		keyLen = 16 + sha256.Size
	case AES128GCM:
		keyLen = 16
	case AES256GCM:
		newHash, keyLen = sha512.New, 32
	default:
		return nil, salt, ErrSuite
	}
	label := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(nil, kid), uint16(s))
	secret, err := hkdf.Extract(newHash, base, nil)
	if err != nil {
		return nil, salt, err
	}
	defer clear(secret)
	key, err := hkdf.Expand(newHash, secret, "SFrame 1.0 Secret key "+string(label), keyLen)
	if err != nil {
		return nil, salt, err
	}
	defer clear(key)
	nonce, err := hkdf.Expand(newHash, secret, "SFrame 1.0 Secret salt "+string(label), nonceLen)
	if err != nil {
		return nil, salt, err
	}
	copy(salt[:], nonce)
	a, err := s.cipher(key)
	return a, salt, err
}

func (s Suite) cipher(key []byte) (aead, error) {
	switch s {
	case AES128CTR80:
		return newCTR(key, 10)
	case AES128CTR64:
		return newCTR(key, 8)
	case AES128CTR32:
		return newCTR(key, 4)
	case AES128GCM, AES256GCM:
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		a, err := cipher.NewGCM(block)
		return gcm{a}, err
	}
	return nil, ErrSuite
}

type gcm struct{ cipher.AEAD }

func (g gcm) seal(dst, nonce, plain, additional []byte) []byte {
	return g.Seal(dst, nonce, plain, additional)
}

func (g gcm) open(dst, nonce, sealed, additional []byte) ([]byte, error) {
	return g.Open(dst, nonce, sealed, additional)
}
func (g gcm) overhead() int { return g.Overhead() }

// ctr is AES in counter mode and an HMAC over what it made, cut short (RFC
// 9605, section 4.5.1). The counter is advanced here, since the stream of
// crypto/cipher allocates.
type ctr struct {
	block   cipher.Block
	mac     hash.Hash
	tagLen  int
	counter [aes.BlockSize]byte
	stream  [aes.BlockSize]byte
	lengths [24]byte
	sum     [sha256.Size]byte
}

func newCTR(key []byte, tagLen int) (*ctr, error) {
	block, err := aes.NewCipher(key[:len(key)-sha256.Size])
	if err != nil {
		return nil, err
	}
	return &ctr{block: block, mac: hmac.New(sha256.New, key[len(key)-sha256.Size:]), tagLen: tagLen}, nil
}

func (c *ctr) overhead() int { return c.tagLen }

// crypt writes the other form of src to dst, which may be src itself.
func (c *ctr) crypt(dst, src, nonce []byte) {
	clear(c.counter[:])
	copy(c.counter[:], nonce)
	for n := uint32(0); len(src) > 0; n++ {
		binary.BigEndian.PutUint32(c.counter[nonceLen:], n)
		c.block.Encrypt(c.stream[:], c.counter[:])
		m := subtle.XORBytes(dst, src, c.stream[:min(len(src), aes.BlockSize)])
		dst, src = dst[m:], src[m:]
	}
}

// tag is good until the next call.
func (c *ctr) tag(nonce, sealed, additional []byte) []byte {
	binary.BigEndian.PutUint64(c.lengths[:], uint64(len(additional)))
	binary.BigEndian.PutUint64(c.lengths[8:], uint64(len(sealed)))
	binary.BigEndian.PutUint64(c.lengths[16:], uint64(c.tagLen))
	c.mac.Reset()
	for _, part := range [][]byte{c.lengths[:], nonce, additional, sealed} {
		c.mac.Write(part)
	}
	return c.mac.Sum(c.sum[:0])[:c.tagLen]
}

func (c *ctr) seal(dst, nonce, plain, additional []byte) []byte {
	at := len(dst)
	dst = append(dst, plain...)
	c.crypt(dst[at:], dst[at:], nonce)
	return append(dst, c.tag(nonce, dst[at:], additional)...)
}

func (c *ctr) open(dst, nonce, sealed, additional []byte) ([]byte, error) {
	n := len(sealed) - c.tagLen
	if n < 0 || subtle.ConstantTimeCompare(c.tag(nonce, sealed[:n], additional), sealed[n:]) != 1 {
		return nil, ErrForged
	}
	at := len(dst)
	dst = append(dst, sealed[:n]...)
	c.crypt(dst[at:], dst[at:], nonce)
	return dst, nil
}
