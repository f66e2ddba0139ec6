package say

import (
	"paravent/media/call"
	"paravent/privacy/seal/group"
)

// Trouble says what is wrong in a call whose members agree on keys.
func (Words) Trouble(e call.TroubleError) string {
	switch e.Kind {
	case group.Unannounced:
		return e.Member + " has not said who they are"
	case group.Hidden:
		return e.Member + " speaks to us, and the server does not say that they are here"
	case group.Changed:
		return e.Member + " has another identity than before"
	case group.Unverified:
		return e.Member + " was never verified"
	case group.Swapped:
		return "two claim to be " + e.Member
	case group.Posing:
		return "somebody claims to be you"
	case group.Split:
		return e.Member + " sees other people in this call than you do"
	case group.Behind:
		return e.Member + " has not got your key"
	case group.Deaf:
		return "the key of " + e.Member + " is missing"
	case group.NotSealed:
		return e.Member + " sends something that is not encrypted"
	case group.Forged:
		return "a message in the name of " + e.Member + " is forged or damaged"
	case group.Crowded:
		return "there are too many in this call"
	}
	return string(e.Kind)
}

// NothingSent says why nothing is sent in such a call.
func (w Words) NothingSent(e call.TroubleError) string { return "NOTHING IS SENT: " + w.Trouble(e) }

// troubled returns the words for what is wrong when it begins. Their codes begin with
// "group-".
func troubled(e call.TroubleError) Problem {
	p := Problem{Text: English().Trouble(e)}
	if e.Holds() {
		p.Text = "nothing is sent: " + p.Text
	}
	switch e.Kind {
	case group.Unannounced:
		p.Code, p.Hint = "group-unannounced", "they must join with this program and --encryption group; until then, or until they leave, nobody sees or hears you"
	case group.Hidden:
		p.Code, p.Hint = "group-hidden", "they get no key; the server may hide somebody from you"
	case group.Changed:
		p.Code, p.Hint = "group-changed", "somebody may stand between you: ask them by another way, such as the telephone, whether they have a new device"
	case group.Unverified:
		p.Code, p.Hint = "group-unverified", "your organisation lets you speak to verified people only: say words, compare them by another way such as the telephone, then say verified"
	case group.Swapped:
		p.Code, p.Hint = "group-swapped", "somebody may stand between you: leave, and tell whoever runs the server"
	case group.Posing:
		p.Code, p.Hint = "group-posing", "leave, and tell whoever runs the server"
	case group.Split:
		p.Code, p.Hint = "group-split", "the server may keep people apart; if it stays so, leave and join again"
	case group.Behind:
		p.Code, p.Hint = "group-behind", "they may not see and hear you; the server may hold messages back"
	case group.Deaf:
		p.Code, p.Hint = "group-deaf", "you do not see and hear them; the server may hold messages back"
	case group.NotSealed:
		p.Code, p.Hint = "group-not-sealed", "it is not shown"
	case group.Forged:
		p.Code, p.Hint = "group-forged", "it was dropped; somebody may be trying to get in"
	case group.Crowded:
		p.Code, p.Hint = "group-crowded", "with more than 100 members they cannot agree on keys"
	default:
		p.Code = "group"
	}
	return p
}

// GroupKeys says what it is worth that members agree on keys: where encryption is
// chosen.
func GroupKeys() string {
	return `With --encryption group the members agree on keys of their own, without a
passphrase: nobody else can read, change or repeat what is sent, and who comes
cannot read what was before. All must use this program. Nothing is sent while
somebody is there who has not agreed. Whether the server has put itself between you
shows when you compare the words that words shows, best on the telephone.`
}

// NewEachTime says what is missing without a keyring.
func NewEachTime() string {
	return "your identity cannot be kept in a keyring, so it is for this call alone: who knows you will be asked about you"
}
