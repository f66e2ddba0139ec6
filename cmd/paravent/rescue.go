package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"paravent/ui/term"
)

// rescueVerb is the hidden command that waits beside a call in the terminal.
const rescueVerb = "rescue-terminal"

// newRescue is a process of its own that restores the terminal if the program is
// killed, or crashes where nothing can be caught: in a C library, or by the
// system. It holds no secret and opens no socket.
func newRescue() *cobra.Command {
	return &cobra.Command{
		Use:    rescueVerb,
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, tty.Close()) }()
			r, err := term.NewRescue(tty)
			if err != nil {
				return err
			}
			if _, err := cmd.OutOrStdout().Write([]byte{'.'}); err != nil { // ready
				return err
			}
			_, err = r.Wait(os.Stdin)
			return err
		},
	}
}

// withRescue calls f while a rescue waits beside it. If none can be started, f
// runs without.
func withRescue(f func() error) error {
	line, done, err := startRescue()
	if err != nil {
		return f()
	}
	// A panic in f has restored the terminal already, and closes the line too.
	defer func() { _ = errors.Join(line.Close(), done()) }()
	return f()
}

func startRescue() (*term.Lifeline, func() error, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	c := exec.Command(self, rescueVerb) //nolint:noctx // it must outlive every context of the program
	c.Env = []string{}
	in, err := c.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := c.Start(); err != nil {
		return nil, nil, err
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("rescue: %w", err), in.Close(), c.Wait())
	}
	return term.NewLifeline(in), c.Wait, nil
}
