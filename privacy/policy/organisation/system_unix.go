//go:build unix && !darwin

package organisation

// path is where the file is. The folders of XDG_CONFIG_DIRS are not looked into: that
// variable is the person's to set.
const path = "/etc/paravent/policy.toml"

// System is where this system's administrators put their rules.
func System() Source { return File{Path: path, Owner: 0} }
