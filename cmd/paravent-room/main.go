// Command paravent-room opens a real LiveKit room on this machine: for trying Paravent out, for a meeting inside one's own four walls,
// and for tests. It is the server of the LiveKit project (v1.11.0) in one process, set up so that it talks to nobody: it listens on
// loopback unless an address is named, asks no STUN or TURN server, keeps no database, and sends no report.
//
// It lives in a module of its own, so that the client never carries a server: nothing of the client may import it, and it imports
// nothing of the client. Whoever needs a room starts the program and reads its links.
//
// 2026-11: two facts about the server shaped this program. It tells clients to ask public STUN servers whenever its own list is empty, so
// we answer STUN ourselves on the room's address (stun.go). And its ICE-TCP listener ignores the bind address and opens every
// interface, so ICE-TCP stays off. Its own listener cannot speak TLS: on a LAN address it stays on loopback, behind ours (front.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program with its outside handed in. It returns the exit code: 0 done, 1 error, 2 usage.
func run(ctx context.Context, args []string, in io.Reader, out, diagnostics io.Writer) int {
	err := open(ctx, args, in, out, diagnostics)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	problem := asPlain(err)
	_, _ = fmt.Fprintf(diagnostics, "paravent-room: error: %s\n", problem.Text)
	if problem.Hint != "" {
		_, _ = fmt.Fprintf(diagnostics, "paravent-room: hint: %s\n", problem.Hint)
	}
	return problem.Code
}

// open reads the options, starts the room, prints the links and stays until ctx ends or the time is up.
func open(ctx context.Context, args []string, in io.Reader, out, diagnostics io.Writer) error {
	o, err := parse(args, diagnostics)
	if err != nil {
		return err
	}
	pair, err := keyFor(o.key)
	if err != nil {
		return err
	}
	if o.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	r, err := start(ctx, o, pair, diagnostics)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer r.stop()

	if err := announce(out, o, pair, r.address); err != nil {
		return problemf(1, "", "cannot print the links: %v", err)
	}
	if !o.stdin {
		<-ctx.Done()
		return nil
	}
	return r.serve(ctx, in, out)
}
