// Package receipt keeps, on this machine alone, what was sent, when and to whom:
// one receipt a call, and one book of all calls. Neither holds content: no name, no
// room, no word, no address of a member.
//
//	book        {"n":1,"what":"opened","call":…,"hash":first line of the call,"prev":…,"sig":…}
//	CALL.jsonl  {"n":1,"what":"began",…,"prev":…,"sig":…}
//	            {"n":2,"what":"facts",…,"prev":hash of line 1,"sig":…}   …   {"what":"ended",…}
//	book        {"n":2,"what":"closed","call":…,"hash":last line of the call,…}
//
// Every line is a JSON object. "prev" is the SHA-256 of the whole line before it, and
// "sig" an Ed25519 signature (RFC 8032) of all that stands before it, so that a
// changed, missing, moved or added line shows. A call that is deleted leaves its lines
// in the book, which name nobody, so that the rest can still be verified.
//
// What it cannot show: that the last lines of the book were cut off together with the
// calls that they tell of. And a key that is kept nowhere, as where there is no
// keyring, proves only that a receipt is whole.
package receipt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A What is what a line tells.
type What string

// The whats of a receipt.
const (
	Began   What = "began"
	Changed What = "facts"
	Asked   What = "consent"
	Moved   What = "traffic"
	Full    What = "full" // there is no more room; only the end follows
	Ended   What = "ended"
)

// The whats of the book.
const (
	opened  What = "opened"
	closed  What = "closed"
	deleted What = "deleted"
)

// A Line is one thing that happened. What is empty does not belong to its What.
type Line struct {
	N    int       `json:"n"` // from 1
	At   time.Time `json:"at"`
	What What      `json:"what"`

	Start   *Start   `json:"start,omitempty"`
	Facts   *Facts   `json:"facts,omitempty"`
	Consent *Consent `json:"consent,omitempty"`
	Flows   []Flow   `json:"flows,omitempty"`
	Why     string   `json:"why,omitempty"` // the call ended, as a word

	Call string `json:"call,omitempty"` // in the book
	Hash string `json:"hash,omitempty"` // in the book: of the call's first or last line

	Key  string `json:"key,omitempty"`  // that signs: in the book, and in the first line of a receipt
	Prev string `json:"prev,omitempty"` // the hash of the line before
}

// A Start is how a call began.
type Start struct {
	Call    string `json:"call"`
	Program string `json:"program"` // its version
	Kind    string `json:"kind"`    // of the server
	Server  string `json:"server"`  // host, or host:port
	Policy  string `json:"policy,omitempty"`
	Book    string `json:"book"` // the hash of the book's last line before
}

// Facts are what left the machine from one line to the next.
type Facts struct {
	Camera     bool   `json:"camera"`
	Microphone bool   `json:"microphone"`
	Screen     bool   `json:"screen"`
	Background string `json:"background,omitempty"` // the filter of the pictures; "off" is none
	Gate       string `json:"gate,omitempty"`       // the filter of the sound; "off" is none
	Held       string `json:"held,omitempty"`       // what a filter holds back: "camera", "microphone" or both
	Encryption string `json:"encryption"`           // of pictures and sound
	Recording  bool   `json:"recording"`
	Paused     bool   `json:"paused"` // nothing is sent, whatever is on
}

// A Consent is a question to the person, and the answer.
type Consent struct {
	Topic string `json:"topic"`
	Yes   bool   `json:"yes"`
}

// A Flow is what went to a host and came from it, since the program began.
type Flow struct {
	Host    string `json:"host"`
	Address string `json:"address,omitempty"`
	Purpose string `json:"purpose"`
	Named   bool   `json:"named,omitempty"` // by the server, not by the link or the policy
	Up      uint64 `json:"up"`              // bytes on the wire, with the headers from IP on
	Down    uint64 `json:"down"`
}

// A Key signs. It prints as nothing that could be used.
type Key struct{ private ed25519.PrivateKey }

// SeedSize is the size of a key's seed in bytes.
const SeedSize = ed25519.SeedSize

// NewKey returns the key of a seed.
func NewKey(seed [SeedSize]byte) Key { return Key{ed25519.NewKeyFromSeed(seed[:])} }

// Public returns what verifies.
func (k Key) Public() Public { return Public(k.private.Public().(ed25519.PublicKey)) }

func (Key) String() string   { return "[hidden]" }
func (Key) GoString() string { return "[hidden]" }

// A Public is the half of a key that verifies.
type Public ed25519.PublicKey

func (p Public) String() string { return text().EncodeToString(p) }

// Fingerprint is short enough to be compared aloud.
func (p Public) Fingerprint() string {
	h := sha256.Sum256(p)
	return fmt.Sprintf("%x %x %x %x", h[0:2], h[2:4], h[4:6], h[6:8])
}

// ParsePublic reads what String gives.
func ParsePublic(s string) (Public, error) {
	b, err := text().DecodeString(s)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, errors.New("this is no public key")
	}
	return b, nil
}

// text is strict, so that one value has one spelling.
func text() *base64.Encoding { return base64.RawURLEncoding.Strict() }

// maxLine bounds a line in bytes: what a hundred hosts need.
const maxLine = 32 << 10

// before and after stand around the signature, which ends a line.
const (
	before = `,"sig":"`
	after  = "\"}\n"
	tail   = len(before) + (ed25519.SignatureSize*8+5)/6 + len(after)
)

// sign returns l as it is written.
func (k Key) sign(l Line) ([]byte, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	b = b[:len(b)-1]
	sig := ed25519.Sign(k.private, b)
	b = append(b, before...)
	b = text().AppendEncode(b, sig)
	b = append(b, after...)
	if len(b) > maxLine {
		return nil, fmt.Errorf("a line of %d bytes is too long for a receipt", len(b))
	}
	return b, nil
}

// hash names a whole line, or the line before the first.
func hash(line []byte) string {
	if line == nil {
		return ""
	}
	h := sha256.Sum256(line)
	return text().EncodeToString(h[:])
}

// signed reports whether sig is p's signature of b.
func (p Public) signed(b, sig []byte) bool {
	return len(p) == ed25519.PublicKeySize && ed25519.Verify(ed25519.PublicKey(p), b, sig)
}

// split reads a whole line and what signs it.
func split(line []byte) (l Line, signed, sig []byte, err error) {
	at := len(line) - tail
	if at < 1 || !bytes.HasPrefix(line[at:], []byte(before)) || !bytes.HasSuffix(line, []byte(after)) {
		return l, nil, nil, errors.New("it has no signature")
	}
	sig, err = text().DecodeString(string(line[at+len(before) : len(line)-len(after)]))
	if err != nil {
		return l, nil, nil, errors.New("its signature cannot be read")
	}
	signed = line[:at]
	d := json.NewDecoder(bytes.NewReader(append(bytes.Clone(signed), '}')))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || d.More() {
		return l, nil, nil, errors.New("it is no line of a receipt")
	}
	return l, signed, sig, nil
}
