//go:build cgo

package compose

// nativeEngines are those beside plain: what this machine takes, and what every
// machine of its kind has.
func nativeEngines() map[string]engine {
	return map[string]engine{"chosen": newEngine(), "baseline": native{}}
}
