package egress

import (
	"net"

	"golang.org/x/sys/unix"
)

// segmentsOf asks the kernel (tcp(7), TCP_INFO).
func segmentsOf(c *net.TCPConn) (segments, bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return segments{}, false
	}
	var info *unix.TCPInfo
	var no error
	if err := raw.Control(func(fd uintptr) { info, no = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); err != nil || no != nil {
		return segments{}, false
	}
	const stamps = 1                                                                  // TCPI_OPT_TIMESTAMPS
	left := map[uint8]uint64{unix.BPF_TCP_ESTABLISHED: 2, unix.BPF_TCP_CLOSE_WAIT: 1} // else both ends are said
	return segments{
		out: uint64(info.Segs_out), in: uint64(info.Segs_in), again: info.Bytes_retrans,
		received: info.Bytes_received, stamped: info.Options&stamps != 0,
		left: left[info.State],
	}, true
}
