//go:build !linux

package shield

// Harden does nothing here: what a crash leaves is the system's choice.
func Harden() error { return nil }

func overwriteArg(string) {}
func overwriteEnv(string) {}
