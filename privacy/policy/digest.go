package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Digest is a SHA-256 of all that layers say, wherever it is written: two machines
// with the same rules have the same. It is empty where nothing is said.
func Digest(layers ...Layer) (string, error) {
	type said struct {
		Origin Origin
		Key    string
		Value  any
	}
	var all []said
	for _, l := range layers {
		for _, s := range l.Said {
			all = append(all, said{l.Origin, s.Key, s.Value})
		}
	}
	if all == nil {
		return "", nil
	}
	slices.SortFunc(all, func(a, b said) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Key, b.Key))
	})
	text, err := json.Marshal(all)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
