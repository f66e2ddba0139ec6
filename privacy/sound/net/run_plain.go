//go:build !cgo

package net

func (n *Net) run() { n.runPlain() }
