//go:build !cgo

package compose

func newEngine() engine { return plain{} }
