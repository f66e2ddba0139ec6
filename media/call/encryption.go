package call

import (
	"errors"
	"fmt"
	"slices"

	"paravent/media/sfu"
	"paravent/privacy/seal"
)

// An Encryption is how a call is encrypted from end to end.
type Encryption struct {
	Grade    seal.Grade // empty is seal.Plain
	Required bool       // nothing plain is sent, shown or heard

	// Troubles are what is wrong in a call whose members agree on keys. It is never
	// changed in place.
	Troubles []TroubleError
}

// Grouped reports whether the members agree on keys among themselves.
func (e Encryption) Grouped() bool {
	return e.Grade == seal.Held || e.Grade == seal.Unchecked || e.Grade == seal.Verified
}

// On reports whether what this person sends is encrypted from end to end.
func (e Encryption) On() bool { return e.Grade != seal.Plain && e.Grade != "" }

// bars says why a track is not even asked for; 0 is that it may be.
func (e Encryption) bars(t Track) seal.WhyError {
	switch {
	case e.Required && !t.Encrypted:
		return seal.ErrNotSealed
	case t.Encrypted && !e.On():
		return seal.ErrNoKey
	}
	return 0
}

// Message stands for chat and files where a WithheldError says what is withheld.
const Message sfu.Source = "message"

// A WithheldError says that something of a member is neither shown nor heard.
type WithheldError struct {
	Member string     // already cleaned
	Source sfu.Source // of the first that was; or Message
	Why    seal.WhyError
	Grade  seal.Grade // of the call: with a passphrase that may be wrong
}

func (e *WithheldError) Error() string { return fmt.Sprintf("%s of %s: %v", e.Source, e.Member, e.Why) }
func (e *WithheldError) Unwrap() error { return e.Why }

// withWithheld adds a notice, unless the like was said already of the member; 0 is
// nothing to say.
func (s State) withWithheld(id sfu.MemberID, src sfu.Source, why seal.WhyError) State {
	if why == 0 || id == s.Self || why == seal.ErrNoKey && s.Encryption.Grouped() { // for a while after each coming and going
		return s
	}
	w := &WithheldError{Member: s.Name(id), Source: src, Why: why, Grade: s.Encryption.Grade}
	said := func(n Notice) bool {
		var old *WithheldError
		return errors.As(n.Err, &old) && old.Member == w.Member && old.Why == w.Why && (old.Source == Message) == (src == Message)
	}
	if slices.ContainsFunc(s.Notices, said) {
		return s
	}
	return s.withNotice(Notice{Err: w})
}

// withTrouble takes why a track that is asked for does not open; 0 is that it does.
func (s State) withTrouble(id sfu.TrackID, why seal.WhyError) State {
	i := slices.IndexFunc(s.Tracks, func(t Track) bool { return t.ID == id })
	if i < 0 {
		return s
	}
	s.Tracks = slices.Clone(s.Tracks)
	t := &s.Tracks[i]
	t.Withheld = why
	return s.withWithheld(t.Member, t.Source, why)
}

// Encrypted reports whether this call is encrypted from end to end, or somebody's
// track is.
func (s State) Encrypted() bool {
	return s.Encryption.On() || slices.ContainsFunc(s.Tracks, func(t Track) bool { return t.Encrypted })
}

// PlainOthers reports whether somebody sends what is not encrypted from end to end.
func (s State) PlainOthers() bool {
	return slices.ContainsFunc(s.Tracks, func(t Track) bool { return !t.Encrypted && !t.Muted && t.Member != s.Self })
}
