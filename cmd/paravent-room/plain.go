package main

import (
	"errors"
	"fmt"
)

// plainError is an error as people read it: what went wrong, what to try, and the exit code that scripts rely on.
type plainError struct {
	Code int
	Text string
	Hint string
}

func (p *plainError) Error() string { return p.Text }

func problemf(code int, hint, format string, a ...any) error {
	return &plainError{Code: code, Text: fmt.Sprintf(format, a...), Hint: hint}
}

func usagef(format string, a ...any) error {
	return problemf(2, "paravent-room --help lists the options", format, a...)
}

func asPlain(err error) *plainError {
	if p, ok := errors.AsType[*plainError](err); ok {
		return p
	}
	return &plainError{Code: 1, Text: err.Error()}
}
