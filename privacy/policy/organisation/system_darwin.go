package organisation

import (
	"errors"
	"io/fs"

	"paravent/privacy/policy"
	"paravent/privacy/policy/written"
)

// managed is where a profile of the device puts the preferences that it manages.
// What a person can set with "defaults write" lies elsewhere and is not read.
const managed = "/Library/Managed Preferences/org.paravent.Paravent.plist"

// System is where this system's administrators put their rules.
func System() Source { return preferences{File{Path: managed, Owner: 0}} }

type preferences struct{ File }

// Read reads the property list.
func (p preferences) Read() ([]policy.Layer, error) {
	data, err := p.text()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return written.OfPropertyList(p.Path, data)
}
