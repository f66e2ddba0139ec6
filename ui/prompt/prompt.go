// Package prompt asks for a secret on a plain terminal, without showing what is
// typed.
package prompt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// ErrNobody is returned when there is no terminal to ask on.
var ErrNobody = errors.New("there is nobody to ask")

// Secret shows label on the terminal and returns what is typed, which does not
// appear.
func Secret(ctx context.Context, label string) (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", ErrNobody
	}
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("terminal: %w", err)
	}
	fmt.Fprint(os.Stderr, label+" (it is not shown): ")
	type answer struct {
		text []byte
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- answer{text, err}
	}()
	select {
	case a := <-got:
		fmt.Fprintln(os.Stderr)
		return strings.TrimSpace(string(a.text)), a.err
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr)
		return "", errors.Join(ctx.Err(), term.Restore(fd, before))
	}
}
