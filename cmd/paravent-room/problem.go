package main

import (
	"errors"
	"fmt"
)

// Problem is an error as people read it: what went wrong, what to try, and the exit code that scripts rely on.
type Problem struct {
	Code int
	Text string
	Hint string
}

func (p *Problem) Error() string { return p.Text }

func problemf(code int, hint, format string, a ...any) error {
	return &Problem{Code: code, Text: fmt.Sprintf(format, a...), Hint: hint}
}

func usagef(format string, a ...any) error {
	return problemf(2, "paravent-room --help lists the options", format, a...)
}

func asProblem(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return &Problem{Code: 1, Text: err.Error()}
}
