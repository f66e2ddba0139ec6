//go:build !cgo

package net

// Paths returns the paths that this machine can take, the fastest first.
func Paths() []Path { return []Path{Plain} }

// String returns the name of p, for reports.
func (p Path) String() string { return "plain Go" }

func (n *Net) run() { n.runPlain() }
