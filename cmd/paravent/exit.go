package main

import (
	"context"
	"errors"
	"io"

	"paravent/cmd/internal/calibration"
	"paravent/cmd/internal/config"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
	"paravent/privacy/receipt"
	"paravent/ui/say"
)

// The exit codes.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitEnded       = 3 // by the server
	exitRefused     = 4 // by the person
	exitPolicy      = 5 // by a policy
	exitInterrupted = 130
)

// errRefused means that the person said no to what the command needs.
var errRefused = errors.New("you said no")

// A usageError is a command line that makes no sense.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// An endedError is a call that did not end by the person's own will. The face
// has said so already.
type endedError struct{ ended sfu.Ended }

func (e *endedError) Error() string { return "the call ended: " + string(e.ended.Why) }

// report says in words why err ended the program, and returns the exit code.
func report(w io.Writer, err error) int {
	var (
		usage  *usageError
		ended  *endedError
		choice *config.ChoiceError
		thin   *config.BudgetError
		file   *config.FileError
		denied *egress.DeniedError
		cut    *cutError
		speech *speechError
		levels *calibration.FileError
		paper  *receiptError
		ill    *doctorError
		unkept *noKeepingError
	)
	code := exitError
	p := say.Problem{}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &ended):
		p, code = say.Ended(ended.ended), exitEnded
	case errors.As(err, &choice):
		p, code = say.Problem{Text: choice.Error(), Hint: "paravent join --help shows what can be typed"}, exitUsage
	case errors.As(err, &thin):
		p, code = say.Problem{Text: thin.Error(), Hint: "such as --budget 64k/128k; leave it out where the link is good"}, exitUsage
	case errors.As(err, &file):
		p = say.Problem{Text: file.Error(), Hint: "mend the settings file or remove it"}
	case errors.As(err, &usage):
		p, code = say.Problem{Text: usage.Error(), Hint: "paravent --help shows what can be typed"}, exitUsage
	case errors.As(err, &cut):
		p = say.Problem{Text: cut.Error(), Hint: "the file may not have been copied to its end"}
	case errors.As(err, &speech):
		p = say.Problem{Code: speech.code, Text: speech.text, Hint: speech.hint}
	case errors.As(err, &levels):
		p = say.Problem{Code: "calibration-file", Text: levels.Error(), Hint: "paravent calibrate --delete all removes it; then calibrate again"}
	case errors.Is(err, calibration.ErrNone):
		p = say.Problem{Code: "no-calibration", Text: sfu.Foreign(err.Error()).Clean(), Hint: "paravent calibrate --list says what there is"}
	case errors.As(err, &unkept):
		p = say.Of(err)
		p.Hint += "; for one meeting, --token-file takes a pass"
	case errors.As(err, &ill):
		p = say.Problem{Code: "doctor", Text: ill.Error(), Hint: "what to do stands beside each"}
	case errors.As(err, &paper):
		p = say.Problem{Code: "receipt-not-good", Text: sfu.Foreign(paper.Error()).Clean(), Hint: "somebody or something has changed a file; keep a copy if that matters"}
	case errors.Is(err, receipt.ErrNoCall):
		p = say.Problem{Code: "no-receipt", Text: sfu.Foreign(err.Error()).Clean(), Hint: "paravent receipt list says what there is"}
	case errors.Is(err, sealed.ErrNotChosen):
		p, code = say.Of(err), exitUsage
	case errors.Is(err, sealed.ErrServerPlain):
		p, code = say.Of(err), exitPolicy
	case errors.Is(err, errRefused):
		p, code = say.Problem{Text: err.Error()}, exitRefused
	case errors.Is(err, errMistakes):
		return exitPolicy
	case errors.Is(err, policy.ErrRaw), errors.Is(err, policy.ErrNotListed), errors.Is(err, policy.ErrIssuer), errors.As(err, &denied), ruled(err):
		p, code = say.Of(err), exitPolicy
	default:
		p = say.Of(err)
	}
	_, _ = io.WriteString(w, p.Lines()) // there is nobody else to tell
	return code
}

// ruled reports whether err is of a policy that was written down.
func ruled(err error) bool {
	var (
		broken *written.BrokenError
		weaker *policy.WeakerError
		off    *policy.OffError
	)
	return errors.As(err, &broken) || errors.As(err, &weaker) || errors.As(err, &off)
}
