package signin

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"

	"paravent/privacy/egress"
)

// A Problem is why somebody is not signed in.
type Problem string

// The problems.
const (
	NoIssuer  Problem = "it is no identity provider"
	Foreign   Problem = "it names an address of another site"
	NoBrowser Problem = "it cannot be used in a browser"
	NoDevice  Problem = "it takes no codes from another device"
	Denied    Problem = "it did not let you in"
	TooLate   Problem = "nobody signed in in time"
	BadAnswer Problem = "the answer does not belong to this login"
	BadToken  Problem = "what it says of you cannot be trusted"
	TooWeak   Problem = "the login was not as strong as it must be"
	SignedOut Problem = "the login is over"
	Fault     Problem = "it has a fault"
)

// An Error is a login that failed. It holds no token.
type Error struct {
	Why    Problem
	Detail string   // may be the issuer's own words, which are not cleaned
	Want   []string // of TooWeak: the strengths of which one is demanded
	Err    error    // may be nil
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return "sign in: " + string(e.Why)
	}
	return fmt.Sprintf("sign in: %s: %q", e.Why, e.Detail)
}
func (e *Error) Unwrap() error { return e.Err }

// explain puts an error of the libraries into one of ours. Their own texts repeat
// whole answers, which may hold tokens, so they are not passed on.
func explain(why Problem, err error) error {
	var (
		denied *egress.DeniedError
		reach  *egress.ReachError
		oauth  *oauth2.RetrieveError
	)
	switch {
	case errors.As(err, &denied):
		return denied
	case errors.As(err, &reach):
		return reach
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Why: TooLate}
	case errors.As(err, &oauth):
		return said(why, oauth.ErrorCode, oauth.ErrorDescription)
	}
	return &Error{Why: why}
}

// said is an error that the issuer itself reports (RFC 6749, 4.1.2.1 and 5.2).
func said(why Problem, code, description string) error {
	switch code {
	case "access_denied", "login_required", "consent_required", "interaction_required", "account_selection_required":
		why = Denied
	case "expired_token":
		why = TooLate
	case "unmet_authentication_requirements":
		why = TooWeak
	case "server_error", "temporarily_unavailable":
		why = Fault
	}
	if description == "" {
		description = code
	}
	return &Error{Why: why, Detail: description}
}
