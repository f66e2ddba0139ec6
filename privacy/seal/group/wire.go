package group

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"paravent/privacy/seal/identity"
)

// The form of a message: a version, a kind, and then
//
//	hello   seat, name (a byte of length each), identity 32, prekey 1216,
//	        signature 64
//	pair    from 32, to 32, number 4, sealed 1168, signature 64
//	keys    from 32, epoch 4, still 4, view 32, count 1, count × (tag 8,
//	        sealed 48), signature 64
//	status  from 32, number 8, epoch 4, view 32, promise 32, share 32 (zeros: not
//	        told yet), count 1, count × (tag 8, epoch 4), signature 64
//	bye     from 32, signature 64
//	ask     nothing
//
// Numbers are big-endian. The signatures are over all that comes before them and
// the call's hash, which is not sent. A tag is the beginning of a Ref.
const version = 1

const (
	kindHello = iota + 1
	kindPair
	kindKeys
	kindStatus
	kindBye
	kindAsk
)

const (
	// MaxMembers is how many may be in a group, this one included.
	MaxMembers = 100

	// MaxMessage is the length of the longest message, in bytes.
	MaxMessage = 8 << 10

	maxSeat   = 128
	maxName   = 64
	prekeyLen = 1216               // of X25519 and ML-KEM-768
	pairLen   = 1120 + keyLen + 16 // both encapsulations, a key, a tag
	boxLen    = keyLen + 16
	keyLen    = 32
	tagLen    = 8
	sigLen    = 64
)

var errMessage = errors.New("not a message of a group")

// A Ref names one announcement: its hash, and so all that is in it.
type Ref [sha256.Size]byte

func (r Ref) tag() tag { return tag(r[:tagLen]) }

type tag [tagLen]byte

// hello announces a member. It is never changed.
type hello struct {
	seat   Seat
	name   string
	id     identity.Public
	prekey []byte
	sig    [sigLen]byte

	ref Ref
}

type pair struct {
	from, to Ref
	number   uint32
	sealed   []byte
	sig      [sigLen]byte
}

type keys struct {
	from         Ref
	epoch, still uint32 // still: another one that it seals with yet
	view         [32]byte
	boxes        []box
	sig          [sigLen]byte
}

type box struct {
	to     tag
	sealed [boxLen]byte
}

type status struct {
	from    Ref
	number  uint64
	epoch   uint32 // its own newest
	view    [32]byte
	promise [32]byte // the hash of its share
	share   [32]byte
	held    []held
	sig     [sigLen]byte
}

type held struct {
	of    tag
	epoch uint32
}

type bye struct {
	from Ref
	sig  [sigLen]byte
}

type ask struct{}

// body is what of a message is signed.
func (h hello) body() []byte {
	b := []byte{version, kindHello, byte(len(h.seat))}
	b = append(b, h.seat...)
	b = append(b, byte(len(h.name)))
	b = append(b, h.name...)
	b = append(b, h.id[:]...)
	return append(b, h.prekey...)
}

func (p pair) body() []byte {
	b := append([]byte{version, kindPair}, p.from[:]...)
	b = append(b, p.to[:]...)
	b = binary.BigEndian.AppendUint32(b, p.number)
	return append(b, p.sealed...)
}

func (k keys) body() []byte {
	b := append([]byte{version, kindKeys}, k.from[:]...)
	b = binary.BigEndian.AppendUint32(b, k.epoch)
	b = binary.BigEndian.AppendUint32(b, k.still)
	b = append(b, k.view[:]...)
	b = append(b, byte(len(k.boxes)))
	for _, x := range k.boxes {
		b = append(append(b, x.to[:]...), x.sealed[:]...)
	}
	return b
}

func (s status) body() []byte {
	b := append([]byte{version, kindStatus}, s.from[:]...)
	b = binary.BigEndian.AppendUint64(b, s.number)
	b = binary.BigEndian.AppendUint32(b, s.epoch)
	b = append(append(append(b, s.view[:]...), s.promise[:]...), s.share[:]...)
	b = append(b, byte(len(s.held)))
	for _, x := range s.held {
		b = binary.BigEndian.AppendUint32(append(b, x.of[:]...), x.epoch)
	}
	return b
}

func (b bye) body() []byte { return append([]byte{version, kindBye}, b.from[:]...) }

// parse reads a message: a hello, pair, keys, status, bye or ask. It checks form
// and bounds, and no signature.
func parse(b []byte) (any, error) {
	if len(b) < 2 || len(b) > MaxMessage || b[0] != version {
		return nil, errMessage
	}
	r := &reader{b: b[2:]}
	var m any
	switch b[1] {
	case kindHello:
		h := hello{seat: Seat(r.text(maxSeat)), name: string(r.text(maxName)), id: identity.Public(r.array()), prekey: r.take(prekeyLen), sig: r.signature()}
		r.bad = r.bad || h.seat == ""
		m = h
	case kindPair:
		m = pair{from: Ref(r.array()), to: Ref(r.array()), number: r.uint32(), sealed: r.take(pairLen), sig: r.signature()}
	case kindKeys:
		k := keys{from: Ref(r.array()), epoch: r.uint32(), still: r.uint32(), view: r.array()}
		r.bad = r.bad || k.epoch == 0 || k.still == 0 || k.still > k.epoch
		for range r.count() {
			var x box
			copy(x.to[:], r.take(tagLen))
			copy(x.sealed[:], r.take(boxLen))
			k.boxes = append(k.boxes, x)
		}
		k.sig = r.signature()
		m = k
	case kindStatus:
		s := status{from: Ref(r.array()), number: r.uint64(), epoch: r.uint32(), view: r.array(), promise: r.array(), share: r.array()}
		for range r.count() {
			var x held
			copy(x.of[:], r.take(tagLen))
			x.epoch = r.uint32()
			s.held = append(s.held, x)
		}
		s.sig = r.signature()
		m = s
	case kindBye:
		m = bye{from: Ref(r.array()), sig: r.signature()}
	case kindAsk:
		m = ask{}
	default:
		return nil, errMessage
	}
	if r.bad || len(r.b) > 0 {
		return nil, errMessage
	}
	return m, nil
}

// A reader takes fields off the front. Once something was missing it is bad, and
// gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || len(r.b) < n {
		r.bad = true
		return make([]byte, n)
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) text(most int) []byte {
	n := int(r.take(1)[0])
	if n > most {
		r.bad = true
		return nil
	}
	return r.take(n)
}

// count reads how many entries follow: less than there may be members.
func (r *reader) count() int {
	n := int(r.take(1)[0])
	if r.bad || n >= MaxMembers {
		r.bad = true
		return 0
	}
	return n
}

func (r *reader) array() [32]byte         { return [32]byte(r.take(32)) }
func (r *reader) signature() [sigLen]byte { return [sigLen]byte(r.take(sigLen)) }
func (r *reader) uint32() uint32          { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) uint64() uint64          { return binary.BigEndian.Uint64(r.take(8)) }
