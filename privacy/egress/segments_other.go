//go:build !linux

package egress

import "net"

// segmentsOf is not known on this system.
func segmentsOf(*net.TCPConn) (segments, bool) { return segments{}, false }
