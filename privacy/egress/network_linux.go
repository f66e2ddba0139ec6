package egress

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// hear passes on what the kernel says of links, addresses and routes, until ctx is
// done: true where a way out is meant (rtnetlink(7)).
func hear(ctx context.Context, news chan<- bool) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	f := os.NewFile(uintptr(fd), "netlink") //nolint:gosec // a descriptor is small
	defer f.Close()                         //nolint:errcheck // nothing was written
	const groups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_ROUTE
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	defer context.AfterFunc(ctx, func() { _ = f.Close() })()
	news <- false // what was missed until now
	b := make([]byte, 64<<10)
	for {
		n, err := f.Read(b)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, syscall.ENOBUFS): // more was said than was heard
			n = 0
		case err != nil:
			return err
		}
		select {
		case news <- meansWayOut(b[:n]):
		default: // enough is waiting
		}
	}
}

// meansWayOut reports whether one of the messages is of a default route, which is one
// to a destination of no bits (struct rtmsg: the second byte).
func meansWayOut(b []byte) bool {
	const header, destination = unix.SizeofNlMsghdr, 1
	for len(b) >= header {
		size := int(binary.NativeEndian.Uint32(b))
		kind := binary.NativeEndian.Uint16(b[4:])
		if size < header || size > len(b) {
			return false
		}
		if (kind == unix.RTM_NEWROUTE || kind == unix.RTM_DELROUTE) && size > header+destination && b[header+destination] == 0 {
			return true
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return false
}
