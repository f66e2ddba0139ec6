//go:build !cgo

package compose

func nativeEngines() map[string]engine { return nil }
