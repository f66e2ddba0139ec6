package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/rtc/types"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/protocol/livekit"
)

// room is a running server with what surrounds it.
type room struct {
	options options
	pair    pair
	address netip.AddrPort // what guests connect to
	inner   netip.AddrPort // what the server itself listens on

	server *service.LivekitServer
	ended  chan error // gets what Start returned, once
	stun   net.PacketConn
	front  *front
	wg     sync.WaitGroup
}

const (
	// patience bounds the way to the first answer: a machine that needs longer is stuck.
	patience = 30 * time.Second
	// farewell is how long guests have to hear that the server goes; the program ends within a second of being asked to.
	farewell = 800 * time.Millisecond
	// travel is the part of it that the word gets for itself.
	travel = 200 * time.Millisecond
	// attempts at free ports: between choosing one and taking it another program may be faster.
	attempts = 5
)

// start opens the room and returns once it answers.
func start(ctx context.Context, o options, p pair, diagnostics io.Writer) (*room, error) {
	if !o.verbose {
		log.SetOutput(io.Discard) // the server's libraries; ours never write there
	} else {
		log.SetOutput(diagnostics)
	}
	var err error
	for range attempts {
		var r *room
		if r, err = try(ctx, o, p); err == nil {
			return r, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, err
}

func try(ctx context.Context, o options, p pair) (_ *room, err error) {
	r := &room{options: o, pair: p, ended: make(chan error, 1)}
	defer func() {
		if err != nil {
			r.stop()
		}
	}()
	if err := r.takePorts(ctx); err != nil {
		return nil, err
	}
	conf, err := r.config(ctx)
	if err != nil {
		return nil, fmt.Errorf("the server's settings: %w", err)
	}
	node, err := routing.NewLocalNode(conf)
	if err != nil {
		return nil, err
	}
	if err := prometheus.Init(string(node.NodeID()), node.NodeType()); err != nil {
		return nil, err
	}
	server, err := service.InitializeServer(conf, node)
	if err != nil {
		return nil, err
	}
	r.server = server
	go func() { r.ended <- server.Start() }()
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	r.wg.Go(func() { answerSTUN(r.stun) })
	return r, nil
}

// takePorts settles where the room is reached. The server opens its own sockets and tells nobody the port it got, so free ports are
// chosen here, let go, and taken again by the server at once.
func (r *room) takePorts(ctx context.Context) error {
	o := r.options
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", netip.AddrPortFrom(o.bind, uint16(o.port)).String())
	if err != nil {
		return cannotListen(o, err)
	}
	r.address = l.Addr().(*net.TCPAddr).AddrPort()
	if r.stun, err = lc.ListenPacket(ctx, "udp", netip.AddrPortFrom(o.bind, 0).String()); err != nil {
		_ = l.Close()
		return cannotListen(o, err)
	}
	if o.cert == "" {
		r.inner = r.address
		return l.Close()
	}
	cert, err := tls.LoadX509KeyPair(o.cert, o.certKey)
	if err != nil {
		_ = l.Close()
		return problemf(1, "both files must be PEM and belong together", "cannot use the TLS certificate: %v", err)
	}
	free, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		_ = l.Close()
		return err
	}
	r.inner = free.Addr().(*net.TCPAddr).AddrPort()
	r.front = newFront(ctx, l, cert, r.inner.String())
	return free.Close()
}

func cannotListen(o options, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return problemf(1, "--port 0 takes a free one", "port %d on %s is in use", o.port, o.bind)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return problemf(1, "ip address lists the addresses of this machine", "%s is not an address of this machine", o.bind)
	case errors.Is(err, syscall.EACCES):
		return problemf(1, "ports below 1024 are for the administrator", "port %d may not be opened", o.port)
	}
	return err
}

// config is the server's: everything on one address, one UDP port for all media, and no word to anybody outside.
func (r *room) config(ctx context.Context) (*config.Config, error) {
	var lc net.ListenConfig
	media, err := lc.ListenPacket(ctx, "udp", netip.AddrPortFrom(r.options.bind, 0).String())
	if err != nil {
		return nil, err
	}
	mediaPort := media.LocalAddr().(*net.UDPAddr).Port
	if err := media.Close(); err != nil {
		return nil, err
	}
	bind := r.options.bind
	text := fmt.Sprintf(`
port: %d
bind_addresses: [%q]
rtc:
  node_ip: %q
  ips: {includes: [%q]}
  udp_port: %d
  tcp_port: 0
  use_external_ip: false
  enable_loopback_candidate: true
  stun_servers: [%q]
turn: {enabled: false}
logging: {level: info, pion_level: error}
room:
  auto_create: true
  empty_timeout: 86400
  enabled_codecs:
    - {mime: audio/opus}
    - {mime: audio/red}
    - {mime: video/vp8}
    - {mime: video/vp9}
    - {mime: video/h264}
    - {mime: video/av1}
    - {mime: video/rtx}
`, r.inner.Port(), r.inner.Addr(), bind, netip.PrefixFrom(bind, bind.BitLen()), mediaPort, r.stun.LocalAddr())
	conf, err := config.NewConfig(text, true, nil, nil)
	if err != nil {
		return nil, err
	}
	conf.Keys = map[string]string{r.pair.key: r.pair.secret}
	if r.options.verbose {
		config.InitLoggerFromConfig(&conf.Logging)
	}
	return conf, conf.ValidateKeys()
}

// ready waits until the server takes guests. It has no signal for that, only a question, so it is asked often.
func (r *room) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, problemf(1, "--verbose shows what it says", "the server did not start within %s", patience))
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !r.server.IsRunning() {
		select {
		case err := <-r.ended:
			r.ended <- err
			if errors.Is(err, syscall.EADDRINUSE) {
				return err
			}
			return fmt.Errorf("the server did not start: %w", err)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// stop sends everybody home and gives the server a moment to say so. It may be called on a room that never opened.
func (r *room) stop() {
	if r.front != nil {
		defer r.front.close()
	}
	if r.stun != nil {
		_ = r.stun.Close()
	}
	if r.server != nil && r.server.IsRunning() {
		late := time.NewTimer(farewell)
		defer late.Stop()
		r.sendHome()
		go r.server.Stop(true)
		select {
		case <-r.ended: //nolint:errcheck // the room ends anyway
		case <-late.C:
		}
	}
	r.wg.Wait()
}

// sendHome closes the room and lets the word of it travel: on its own end the server says goodbye and cuts the connections in one go,
// and on a busy machine the cut is sometimes faster than the word (seen with v1.11.0: one time in forty).
func (r *room) sendHome() {
	open := r.server.RoomManager().GetRoom(context.Background(), livekit.RoomName(r.options.room))
	if open == nil || !r.server.RoomManager().HasParticipants() {
		return
	}
	open.Close(types.ParticipantCloseReasonRoomManagerStop)
	said := time.NewTimer(travel)
	defer said.Stop()
	<-said.C
}

// innerURL is where this process reaches the server, scheme http or ws.
func (r *room) innerURL(scheme string) string {
	return scheme + "://" + net.JoinHostPort(r.inner.Addr().String(), strconv.Itoa(int(r.inner.Port())))
}
