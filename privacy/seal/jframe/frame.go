package jframe

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"

	"paravent/media/codec"
	"paravent/privacy/seal"
)

// carries reports whether frames of a codec can be sealed. AV1 cannot: the browsers'
// side refuses it, because its packets are cut by what is in them.
func carries(name codec.Name) bool {
	switch name {
	case codec.VP8, codec.VP9, codec.H264, codec.Opus:
		return true
	case codec.AV1:
	}
	return false
}

// clearLen is how many bytes of a frame stay clear, or −1 if it has too few.
func clearLen(name codec.Name, data []byte) int {
	n := 0
	switch name {
	case codec.Opus:
		n = 1
	case codec.VP8: // RFC 6386, section 9.1: the first bit is 0 in a keyframe
		if n = 3; len(data) > 0 && data[0]&1 == 0 {
			n = 10
		}
	case codec.H264:
		if n = sliceAt(data); n < 0 {
			return -1
		}
		n += 2
	case codec.VP9, codec.AV1:
	}
	if n > len(data) {
		return -1
	}
	return n
}

// ivs gives the initialization vectors of one stream: eight bytes by chance and a
// counter. Among all who have one key the eight bytes are unlike enough: with a
// thousand streams the chance that two are the same is below 1 in 10¹³.
type ivs struct {
	iv    [ivSize]byte
	count uint32
}

// next returns one that is good until the next call.
func (v *ivs) next() []byte {
	if v.count == 0 {
		_, _ = rand.Read(v.iv[:8]) // never fails
	}
	binary.BigEndian.PutUint32(v.iv[8:], v.count)
	v.count++
	return v.iv[:]
}

// remembered is how many of the last vectors of a stream are known again.
const remembered = 1 << 11

// A memory knows vectors that it has seen lately. One may push out another.
type memory struct{ all [remembered][ivSize]byte }

func place(iv [ivSize]byte) uint32 {
	h := uint32(2166136261) // FNV-1a
	for _, b := range iv {
		h = (h ^ uint32(b)) * 16777619
	}
	return h % remembered
}

// has never knows a vector of zeros, which nobody makes.
func (m *memory) has(iv [ivSize]byte) bool { return m.all[place(iv)] == iv && iv != [ivSize]byte{} }
func (m *memory) add(iv [ivSize]byte)      { m.all[place(iv)] = iv }

// A sealer seals the frames of one track.
type sealer struct {
	keys *Keys
	ring *ring
	ivs  ivs
	body []byte // of H.264, before it is escaped
}

// Seal implements seal.Sealer.
func (s *sealer) Seal(dst []byte, p codec.Packet) ([]byte, error) {
	k, index := s.keys.current(s.ring)
	if k == nil {
		return dst, seal.ErrNoKey
	}
	n, base := clearLen(p.Codec, p.Data), len(dst)
	if n < 0 || len(p.Data) == 0 {
		return dst, seal.ErrTruncated
	}
	iv := s.ivs.next()
	if p.Codec != codec.H264 {
		dst = append(dst, p.Data[:n]...)
		dst = k.aead.Seal(dst, iv, p.Data[n:], p.Data[:n])
		dst = append(dst, iv...)
		return append(dst, ivSize, index), nil
	}
	dst = appendHeader(dst, p.Data[:n])
	s.body = k.aead.Seal(s.body[:0], iv, p.Data[n:], dst[base:])
	s.body = append(append(s.body, iv...), ivSize, index)
	return appendEscaped(dst, s.body), nil
}

// An opener opens the frames of one track.
type opener struct {
	form Form
	ring *ring
	seen *memory
	body []byte // of H.264, after it was unescaped

	// What is being opened, for try.
	try                 func(cipher.AEAD) bool // o.unlock, made once
	dst, header, sealed []byte
	iv                  [ivSize]byte
}

// Open implements seal.Opener.
func (o *opener) Open(dst []byte, p codec.Packet) ([]byte, error) {
	n := clearLen(p.Codec, p.Data)
	if n < 0 {
		return dst, seal.ErrTruncated
	}
	body := p.Data[n:]
	if p.Codec == codec.H264 {
		o.body = appendUnescaped(o.body[:0], body)
		body = o.body
	}
	end := len(body) - 2
	switch {
	case end < 0:
		return dst, seal.ErrTruncated
	case body[end] != ivSize:
		return dst, seal.ErrNotSealed
	case end < tagSize+ivSize:
		return dst, seal.ErrTruncated
	}
	o.iv = [ivSize]byte(body[end-ivSize : end])
	if o.seen.has(o.iv) {
		return dst, seal.ErrReplayed
	}
	base := len(dst)
	o.header, o.sealed = p.Data[:n], body[:end-ivSize]
	o.dst = append(dst, o.header...)
	err := o.form.open(o.ring, int(body[end+1]), o.try)
	out := o.dst
	o.dst, o.header, o.sealed = nil, nil, nil
	if err != nil {
		return out[:base], err
	}
	o.seen.add(o.iv)
	return out, nil
}

// unlock tries one key.
func (o *opener) unlock(a cipher.AEAD) bool {
	out, err := a.Open(o.dst, o.iv[:], o.sealed, o.header)
	if err == nil {
		o.dst = out
	}
	return err == nil
}
