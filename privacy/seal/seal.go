// Package seal says how a call is encrypted from end to end: so that its members
// can see, hear and read it and the server cannot. It knows no protocol and no
// server. A package below it is one way to do it.
//
//	Encoder.Encode(cleared) → Sealer.Seal → outlet       one Sealer a track
//	inlet → a whole frame → Opener.Open → decoder        one Opener a track of a member
//	chat, files → Messages.Seal, Open                    in messages of the connector
//
// Keys is all that a way must offer. media/sealed puts a session and the Keys of a
// call together: a call holds nothing else, and so has no way to send what was not
// sealed. Whether a call is encrypted is said once, as an Encryption, before it is
// entered; there is no default, and the zero Encryption enters nothing.
//
//	None()        nothing is encrypted, and all say so
//	Offered(k)    where the server carries it; what others send plain is shown as plain
//	Required(k)   nothing plain is sent, shown or heard
//
// A frame that does not open is dropped and counted, and WhyError says what was wrong. It
// is never shown.
//
// Keys may change while a call goes on, and may be missing for a while: then Seal
// returns ErrNoKey, and what was to be sent is dropped.
package seal

import (
	"errors"

	"paravent/media/codec"
)

// A Grade is what the encryption of a call is worth.
type Grade string

// The grades.
const (
	// Plain is no encryption beyond the way to the server, which can read all.
	Plain Grade = "plain"

	// Passphrase is one key for all, made from a passphrase. Whoever knows it can
	// read all, send in the name of another member, and send again what was sent.
	Passphrase Grade = "passphrase"

	// Held is a key for each member, and nothing may be sent now: those who are there
	// have not agreed on keys, or not yet.
	Held Grade = "held"

	// Unchecked is a key for each member, and the person has not checked them all.
	Unchecked Grade = "unchecked"

	// Verified is a key for each member, which the person has checked.
	Verified Grade = "verified"
)

// Keys are the encryption of one call. The methods may be called by several
// goroutines at once. Members are named as the server names them.
type Keys interface {
	// Grade says what the encryption is worth now.
	Grade() Grade

	// Sealer returns what seals one outgoing track, or ErrBadCodec. A member has one
	// track of each source, such as "camera": what was sealed for one does not open
	// as another, if the way to do it can tell.
	Sealer(source string, name codec.Name) (Sealer, error)

	// Opener returns what opens one incoming track of a member, or ErrBadCodec.
	Opener(member, source string, name codec.Name) (Opener, error)

	Messages

	// Close overwrites the keys. Nothing is sealed or opened afterwards.
	Close()
}

// A Sealer encrypts the frames of one track, in all its sizes. It is used by one
// goroutine at a time.
type Sealer interface {
	// Seal appends the sealed form of p's data, which it borrows until it returns,
	// to dst, which does not overlap with it. It returns ErrNoKey while there is no key
	// to seal with. What it appends fits the codec's way into packets. Real-time: it
	// does not allocate if dst has room for 256 bytes and half as much again as p has.
	Seal(dst []byte, p codec.Packet) ([]byte, error)
}

// An Opener decrypts the frames of one track. It is used by one goroutine at a time.
type Opener interface {
	// Open appends what is sealed in p's data, which comes from the network, to dst,
	// which does not overlap with it. It returns a WhyError if that cannot be opened; then
	// nothing is appended. Real-time: it does not allocate if dst has room for as many
	// bytes as p has.
	Open(dst []byte, p codec.Packet) ([]byte, error)
}

// Messages encrypt what is not a frame: chat and files. The methods may be called by
// several goroutines at once.
type Messages interface {
	// SealMessage encrypts plain for all members.
	SealMessage(plain []byte) (Message, error)

	// OpenMessage decrypts what a member sent. It returns a WhyError if it cannot.
	OpenMessage(member string, m Message) ([]byte, error)
}

// A Message is what was sealed, as a connector carries it.
type Message struct {
	KeyIndex int    // which of the keys; what it means is the Keys' to know
	IV       []byte // empty where Data holds all
	Data     []byte
}

// A WhyError says why something cannot be opened, or not be sealed.
type WhyError uint8

// The whys. The zero one is none.
const (
	ErrNoKey     WhyError = iota + 1 // it names a key that is not known
	ErrWrongKey                      // it was sealed with another key, or was altered on the way
	ErrTruncated                     // too short to be sealed
	ErrReplayed                      // it came before
	ErrInjected                      // the server made it
	ErrNotSealed                     // it was never sealed
	ErrBadCodec                      // this codec's frames cannot be sealed
)

// Whys is how many there are, with the zero one.
const Whys = int(ErrBadCodec) + 1

func (w WhyError) Error() string {
	switch w {
	case ErrNoKey:
		return "there is no key for it"
	case ErrWrongKey:
		return "it cannot be opened with this key"
	case ErrTruncated:
		return "it is too short to be encrypted"
	case ErrReplayed:
		return "it came before"
	case ErrInjected:
		return "the server put it in"
	case ErrNotSealed:
		return "it is not encrypted"
	case ErrBadCodec:
		return "this codec cannot be encrypted from end to end"
	}
	return "nothing is wrong"
}

// WhyOf returns the WhyError in err, and 0 if there is none.
func WhyOf(err error) WhyError {
	var w WhyError
	if errors.As(err, &w) {
		return w
	}
	return 0
}

// Counts are what became of the frames of a track.
type Counts struct {
	Opened  uint64
	Dropped [Whys]uint64 // by WhyError
}

// Lost is how many were dropped.
func (c Counts) Lost() uint64 {
	sum := uint64(0)
	for _, n := range c.Dropped {
		sum += n
	}
	return sum
}

// An Encryption is what a person chose for one call. The zero Encryption is no
// choice, and enters no call.
type Encryption struct {
	keys     Keys
	chosen   bool
	required bool
}

// None returns the choice to encrypt nothing.
func None() Encryption { return Encryption{chosen: true} }

// Offered returns the choice to encrypt with k wherever the server carries it, and
// to take what is plain as well. Nil keys are None.
func Offered(k Keys) Encryption { return Encryption{keys: k, chosen: true} }

// Required returns the choice to encrypt with k, and to send, show and play nothing
// else. With nil keys nothing can be entered.
func Required(k Keys) Encryption { return Encryption{keys: k, chosen: k != nil, required: true} }

// Chosen reports whether anything was chosen that a call can be entered with.
func (e Encryption) Chosen() bool { return e.chosen }

// Required reports whether what is plain is neither sent nor shown.
func (e Encryption) Required() bool { return e.required }

// Keys returns the keys, and false if nothing is encrypted.
func (e Encryption) Keys() (Keys, bool) { return e.keys, e.keys != nil }
