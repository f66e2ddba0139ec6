package say

import (
	"errors"

	"paravent/media/call"
	"paravent/media/sealed"
	"paravent/privacy/seal"
	"paravent/privacy/seal/identity"
)

// Encryption says who can read a call. Mixed is that others send plain.
func (w Words) Encryption(g seal.Grade, mixed bool) string {
	text := w.TransportOnly
	switch g {
	case seal.Passphrase:
		text = "encrypted end to end, by passphrase"
	case seal.Verified:
		text = "encrypted end to end, verified"
	case seal.Unchecked:
		text = "encrypted end to end, members not compared yet"
	case seal.Held:
		text = "NOTHING IS SENT until all have agreed on keys"
	case seal.Plain:
	}
	if mixed {
		text += "; NOT what everybody else sends"
	}
	return text
}

// SharedKey says what a passphrase is not worth: where encryption is chosen, and in the
// state of a call.
func SharedKey() string {
	return `Whoever knows the passphrase can read all, and could send in the name of another
member. What was sent could be sent again, or told as another's, by the server too.`
}

// Why says in a few words why something is not shown. With a passphrase that may be
// the wrong one; where members agree on keys, one may not be here yet.
func (Words) Why(why seal.WhyError, g seal.Grade) string {
	passphrase, alone := g == seal.Passphrase, g == seal.Plain || g == ""
	switch why {
	case seal.ErrNotSealed:
		return "not encrypted end to end, so not shown"
	case seal.ErrNoKey:
		switch {
		case alone:
			return "encrypted end to end, and you have no passphrase"
		case !passphrase:
			return "its key is not here yet"
		}
		return "encrypted with a key that you do not have"
	case seal.ErrWrongKey, seal.ErrTruncated:
		if passphrase {
			return "cannot be opened with this passphrase"
		}
		return "cannot be opened with your key"
	case seal.ErrBadCodec:
		return "its codec cannot be encrypted end to end"
	case seal.ErrReplayed, seal.ErrInjected:
	}
	return "held back: " + why.Error()
}

// withheld returns the words for what is not shown of a member.
func withheld(e *call.WithheldError) Problem {
	what := map[bool]string{true: "a message", false: "the " + string(e.Source)}[e.Source == call.Message]
	p := Problem{Text: what + " of " + e.Member + " is held back: " + English().Why(e.Why, e.Grade)}
	passphrase, alone := e.Grade == seal.Passphrase, e.Grade == seal.Plain || e.Grade == ""
	switch e.Why {
	case seal.ErrNotSealed:
		p.Code, p.Hint = "member-not-encrypted", e.Member+" must join with the passphrase as well; with --encryption auto what is plain is shown too"
		if !passphrase {
			p.Hint = e.Member + " must join with this program, and with --encryption group as well"
		}
	case seal.ErrNoKey:
		p.Code, p.Hint = "no-passphrase", "join with the passphrase of the meeting: --passphrase-file FILE, or PARAVENT_PASSPHRASE"
		if !alone {
			p.Code, p.Hint = "no-key", "ask who leads the meeting which passphrase holds now"
		}
	case seal.ErrWrongKey, seal.ErrTruncated:
		p.Code, p.Hint = "wrong-passphrase", "compare the passphrase with "+e.Member+"; leave, and join again with the right one"
		if !passphrase {
			p.Code, p.Hint = "wrong-key", "somebody has changed it on its way, or it is not from "+e.Member
		}
	case seal.ErrBadCodec:
		p.Code, p.Hint = "codec-not-encrypted", "ask "+e.Member+" to send VP8, VP9 or H.264"
	case seal.ErrReplayed, seal.ErrInjected:
		p.Code = "held-back"
	}
	return p
}

// ofSeal returns the words for an error of encryption from end to end.
func ofSeal(err error) (Problem, bool) {
	var (
		held    *call.WithheldError
		trouble call.TroubleError
		why     seal.WhyError
	)
	switch {
	case errors.As(err, &held):
		return withheld(held), true
	case errors.As(err, &trouble):
		return troubled(trouble), true
	case errors.Is(err, call.ErrNoGroup):
		return Problem{"server-no-group", call.ErrNoGroup.Error() + ", so you have left again", "nothing was sent; use a LiveKit server, or a passphrase"}, true
	case errors.Is(err, identity.ErrStored):
		return Problem{"identity-damaged", identity.ErrStored.Error(), "it is in the keyring of this system, under Paravent and identity"}, true
	case errors.Is(err, identity.ErrBook):
		return Problem{"book-damaged", identity.ErrBook.Error(), "paravent data list says where it is"}, true
	case errors.Is(err, call.ErrNoWords):
		return Problem{"no-words", call.ErrNoWords.Error(), "there are as soon as all who are here have joined with --encryption group and have agreed on keys"}, true
	case errors.Is(err, call.ErrNotTold):
		return Problem{"not-compared", call.ErrNotTold.Error(), "say words, read them to each other, and then say verified; when somebody comes or goes they are new"}, true
	case errors.Is(err, call.ErrHeld):
		return Problem{"held", call.ErrHeld.Error() + ": not all who are here have agreed on keys", "the state line says who is in the way"}, true
	case errors.Is(err, sealed.ErrNotChosen):
		return Problem{"passphrase-missing", sealed.ErrNotChosen.Error(), "give it with --passphrase-file FILE or PARAVENT_PASSPHRASE, or join with --encryption group; nothing was sent"}, true
	case errors.Is(err, sealed.ErrServerPlain):
		return Problem{"server-not-encrypted", sealed.ErrServerPlain.Error() + ", so it is not joined", "nothing was sent; with --encryption auto you can join all the same, and the operator can see and hear you"}, true
	case errors.Is(err, sealed.ErrMemberPlain):
		return Problem{"member-not-encrypted", sealed.ErrMemberPlain.Error(), ""}, true
	case errors.Is(err, sealed.ErrNoKeys):
		return Problem{"no-passphrase", sealed.ErrNoKeys.Error(), ""}, true
	case errors.As(err, &why):
		return Problem{"not-encrypted", "this cannot be sent encrypted: " + why.Error(), "nothing of it is sent"}, true
	}
	return Problem{}, false
}
