package group

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"paravent/media/codec"
	"paravent/privacy/seal/sframe"
)

// ErrHeld is returned by a Sealing that is out of use, or while the group holds
// media back.
var ErrHeld = errors.New("nothing may be sent now")

// ErrTrack is returned for more tracks than a member can have, and for names that
// are too long.
var ErrTrack = errors.New("too many tracks, or too long a name of one")

const (
	maxTracks = 16
	maxTrack  = 64 // bytes
)

// A vault has the key of one sender and one epoch, and what was made of it: there
// is one sealer and one opener for each track, so that no counter begins twice and
// no frame opens twice, however often a camera goes off and on.
type vault struct {
	epoch uint32
	open  *atomic.Bool // of one's own: whether the group lets anything out
	given map[Ref]bool // of one's own: who was sent the key

	mu      sync.Mutex    // guards everything that follows
	base    *[keyLen]byte // nil once it is out of use
	sealers map[string]*sframe.Sealer
	openers map[string]*sframe.Opener
}

func newVault(epoch uint32, base *[keyLen]byte) *vault {
	return &vault{epoch: epoch, base: base, sealers: map[string]*sframe.Sealer{}, openers: map[string]*sframe.Opener{}}
}

// retire puts the key out of use and overwrites it. It may be called on nil.
func (v *vault) retire() {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.base != nil {
		clear(v.base[:])
	}
	v.base = nil
	for _, s := range v.sealers {
		s.Retire()
	}
	v.sealers, v.openers = nil, nil
}

// track is the key of one track: HKDF with SHA-256 of the sender's key, without
// salt, and the track's name.
func track(base *[keyLen]byte, name string) ([]byte, error) {
	return hkdf.Key(sha256.New, base[:], nil, "paravent track 1 "+name, keyLen)
}

func (v *vault) sealer(name string) (*sframe.Sealer, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.base == nil {
		return nil, ErrHeld
	}
	if s, ok := v.sealers[name]; ok {
		return s, nil
	}
	if len(v.sealers) >= maxTracks || len(name) > maxTrack {
		return nil, ErrTrack
	}
	key, err := track(v.base, name)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	s, err := sframe.NewSealer(sframe.AES256GCM, uint64(v.epoch), key)
	if err == nil {
		v.sealers[name] = s
	}
	return s, err
}

func (v *vault) opener(name string) (*sframe.Opener, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.base == nil {
		return nil, sframe.ErrKey
	}
	if o, ok := v.openers[name]; ok {
		return o, nil
	}
	if len(v.openers) >= maxTracks || len(name) > maxTrack {
		return nil, ErrTrack
	}
	key, err := track(v.base, name)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	o, err := sframe.NewOpener(sframe.AES256GCM, uint64(v.epoch), key)
	if err == nil {
		v.openers[name] = o
	}
	return o, err
}

// A Sealing seals what this member sends, in one epoch. It cannot be printed. It
// may be kept and used by several goroutines: as soon as the group moves on or
// holds media back, it refuses.
type Sealing struct{ v *vault }

// Seal appends the sealed form of a frame of a track to dst, which must not
// overlap with it. The errors are ErrHeld and those of sframe. Real-time: it does
// not allocate for a track that is known, see sframe.
func (s Sealing) Seal(track string, name codec.Name, dst, frame []byte) ([]byte, error) {
	if s.v == nil || !s.v.open.Load() {
		return dst, ErrHeld
	}
	sealer, err := s.v.sealer(track)
	if err != nil {
		return dst, err
	}
	out, err := sframe.SealFrame(sealer, name, dst, frame)
	if errors.Is(err, sframe.ErrSpent) {
		err = ErrHeld
	}
	return out, err
}

// An Opening opens what one member sends. It cannot be printed.
type Opening struct{ vs []*vault }

// Open appends the frame of a track that is in sealed to dst, which must not
// overlap with it. The errors are those of sframe: ErrKey is for an epoch whose key
// is not here, yet or any more. Real-time: as Seal.
func (o Opening) Open(track string, name codec.Name, dst, sealed []byte) ([]byte, error) {
	kid, err := sframe.KeyOf(name, sealed)
	if err != nil {
		return dst, err
	}
	for _, v := range o.vs {
		if uint64(v.epoch) == kid {
			opener, err := v.opener(track)
			if err != nil {
				return dst, err
			}
			return sframe.OpenFrame(opener, name, dst, sealed)
		}
	}
	return dst, sframe.ErrKey
}

// Format hides the key, whatever the verb.
func (Sealing) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[hidden]")) }

// LogValue hides the key.
func (Sealing) LogValue() slog.Value { return slog.StringValue("[hidden]") }

// Format hides the keys, whatever the verb.
func (Opening) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[hidden]")) }

// LogValue hides the keys.
func (Opening) LogValue() slog.Value { return slog.StringValue("[hidden]") }
