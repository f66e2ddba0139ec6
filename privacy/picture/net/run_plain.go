//go:build !cgo

package net

func paths() []Path { return []Path{Plain} }

// String returns the name of p, for reports.
func (p Path) String() string { return "plain Go" }

func (n *Net) run() { n.runPlain() }
