// Command paravent joins video conferences from a terminal or a window, and
// keeps the home out of them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"paravent/cmd/internal/shield"
	"paravent/privacy/egress"
	"paravent/privacy/policy/organisation"
	"paravent/ui/tui"
)

func main() { os.Exit(run(os.Args[1:], organisation.System())) }

// run is main with a result. Only tests name another office than the system's: there
// is no flag and no variable for it.
func run(args []string, office organisation.Source) int {
	return caught(os.Stderr, func() int {
		if err := shield.Harden(); err != nil {
			fmt.Fprintf(os.Stderr, "paravent: a crash could leave what the program knows on this machine: %v\n", err)
		}
		egress.NewGuard().Seal() // a command that has no network of its own has none at all
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
		root := newRoot(office)
		root.SetArgs(args)
		return report(os.Stderr, root.ExecuteContext(ctx))
	})
}

// caught calls f. A panic is put in words on w, after the faces have put the
// terminal back in order, and ends as an error.
func caught(w io.Writer, f func() int) (code int) {
	defer func() {
		if p := recover(); p != nil {
			stack := debug.Stack()
			if crash, ok := p.(*tui.CrashError); ok {
				p, stack = crash.Value, crash.Stack
			}
			_, _ = fmt.Fprintf(w, "paravent: error: a fault in the program: %v\nparavent: hint: please report it with the lines below\n%s", p, stack)
			code = exitError
		}
	}()
	return f()
}
