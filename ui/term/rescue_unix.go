//go:build unix

package term

import (
	"os/signal"
	"syscall"
)

// background lets a process change a terminal that is not its own at the moment,
// and outlive the signals that end the program.
func background() {
	signal.Ignore(syscall.SIGTTOU, syscall.SIGTTIN, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT)
}
