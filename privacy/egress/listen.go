package egress

import (
	"context"
	"fmt"
	"net"
)

// ListenLoopback opens a free port on 127.0.0.1, for another program of this
// machine: a browser that comes back from signing in. Nobody else reaches it.
func (g *Guard) ListenLoopback(ctx context.Context) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}
