// Package shield keeps the program's own process from telling what it knows: to
// whoever lists the processes of this machine, and to what a crash leaves behind.
package shield

import (
	"os"
	"strings"
)

// TakeArg returns a copy of s, an argument that the program was started with or a
// part of one, and overwrites it where the system shows it to other programs. It
// cannot help what was seen before, nor the shell's history.
func TakeArg(s string) string {
	mine := strings.Clone(s)
	overwriteArg(s)
	return mine
}

// TakeEnv returns what the environment has under name, without spaces around it,
// and removes it, so that neither a child nor whoever looks at the process sees it.
func TakeEnv(name string) string {
	v := strings.TrimSpace(os.Getenv(name))
	_ = os.Unsetenv(name) // fails only for a name that is none
	overwriteEnv(name)
	return v
}
