package livekit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/proto"

	"paravent/media/sfu"
	"paravent/media/sfu/livekit/wire"
	"paravent/privacy/secret"
)

const (
	// protocolVersion is that of the messages: 16 knows that a member can be
	// moved to another room, and request responses also on success.
	protocolVersion = 16
	// sdkGo is livekit.ClientInfo_GO; the server needs a kind.
	sdkGo = 5
	// maxMessage bounds one message of a server, in bytes.
	maxMessage = 4 << 20
	// firstTime bounds the wait for the first message.
	firstTime = 10 * time.Second
)

// errBroken reports that the server does not speak the protocol.
var errBroken = errors.New("the server's message makes no sense")

// A dialer opens signalling connections to one server.
type dialer struct {
	client *http.Client
	room   sfu.Room
	mode   Mode
}

// A visit is a first one, or comes back to a session.
type visit struct {
	again  bool
	number string // our SID
}

// dial opens a signalling connection and returns the server's first message.
func (d dialer) dial(ctx context.Context, token secret.Secret, v visit) (*line, *wire.SignalResponse, error) {
	if d.mode != TwoPeers {
		l, first, err := d.try(ctx, OnePeer, token, v)
		var no *sfu.JoinError
		if d.mode == OnePeer || !errors.As(err, &no) || no.Why != sfu.NotAServer && no.Why != sfu.NoSuchRoom {
			return l, first, err
		}
	}
	return d.try(ctx, TwoPeers, token, v)
}

func (d dialer) try(ctx context.Context, m Mode, token secret.Secret, v visit) (*line, *wire.SignalResponse, error) {
	address, err := d.address(m, v)
	if err != nil {
		return nil, nil, err
	}
	header := http.Header{"Authorization": {"Bearer " + token.Reveal()}, "User-Agent": {"paravent"}}
	c, resp, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: d.client, HTTPHeader: header}) //nolint:bodyclose // the library does, and gives a copy
	if err != nil {
		return nil, nil, refused(ctx, err, resp, token)
	}
	c.SetReadLimit(maxMessage)
	l := &line{c: c, mode: m}
	ctx, cancel := context.WithTimeout(ctx, firstTime)
	defer cancel()
	first, err := l.read(ctx)
	if err != nil {
		l.close()
		if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
			return nil, nil, fmt.Errorf("join: %w", ctx.Err())
		}
		return nil, nil, &sfu.JoinError{Why: sfu.BadProtocol, Err: err}
	}
	return l, first, nil
}

// address is where to connect. The token is never in it.
func (d dialer) address(m Mode, v visit) (string, error) {
	u := url.URL{Scheme: "wss", Host: d.room.Server, Path: "/rtc"}
	if d.room.Plain {
		u.Scheme = "ws"
	}
	if m == TwoPeers {
		q := url.Values{"sdk": {"go"}, "protocol": {strconv.Itoa(protocolVersion)}, "auto_subscribe": {"0"}, "adaptive_stream": {"0"}}
		if v.again {
			q.Set("reconnect", "1")
			q.Set("sid", v.number)
		}
		u.RawQuery = q.Encode()
		return u.String(), nil
	}
	no := false
	inner, err := proto.Marshal(&wire.JoinRequest{
		ClientInfo:         &wire.ClientInfo{Sdk: sdkGo, Protocol: protocolVersion},
		ConnectionSettings: &wire.ConnectionSettings{AutoSubscribeDataTrack: &no},
		Reconnect:          v.again, ParticipantSid: v.number,
	})
	if err != nil {
		return "", fmt.Errorf("join: %w", err)
	}
	outer, err := proto.Marshal(&wire.WrappedJoinRequest{JoinRequest: inner})
	if err != nil {
		return "", fmt.Errorf("join: %w", err)
	}
	u.Path = "/rtc/v1"
	u.RawQuery = url.Values{"join_request": {base64.URLEncoding.EncodeToString(outer)}}.Encode()
	return u.String(), nil
}

// maxBody bounds what is read of the words of a refusal.
const maxBody = 4 << 10

// refused says why there is no connection. What the guard says stays as it is;
// the server's words may repeat our token, so that is taken out.
func refused(ctx context.Context, err error, resp *http.Response, token secret.Secret) error {
	if known := sfu.Unreached(ctx, err); known != nil {
		return fmt.Errorf("join: %w", known)
	}
	if resp == nil {
		return &sfu.JoinError{Why: sfu.NotAServer}
	}
	var words string
	if resp.Body != nil {
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
		if err == nil && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") || resp.Header.Get("Content-Type") == "" {
			words = string(b)
		}
	}
	return &sfu.JoinError{Why: statusProblem(resp.StatusCode, words, token), Detail: sfu.Hide(words, token)}
}

func statusProblem(status int, words string, token secret.Secret) sfu.JoinProblem {
	switch {
	case status == http.StatusUnauthorized && sfu.HasExpired(token, time.Now()), strings.Contains(words, "token is expired"):
		return sfu.PassExpired
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return sfu.PassRefused
	case status == http.StatusNotFound && strings.Contains(words, "room"):
		return sfu.NoSuchRoom
	case status == http.StatusTooManyRequests:
		return sfu.RoomFull
	case status >= 500:
		return sfu.ServerFault
	}
	return sfu.NotAServer
}

// A line is one signalling connection. It may be read by one goroutine and
// written by several.
type line struct {
	c    *websocket.Conn
	mode Mode
}

func (l *line) read(ctx context.Context) (*wire.SignalResponse, error) {
	kind, b, err := l.c.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("signalling: %w", err)
	}
	if kind != websocket.MessageBinary {
		return nil, errBroken
	}
	return decode(b)
}

// decode reads one message of a server. It may be anything.
func decode(b []byte) (*wire.SignalResponse, error) {
	m := new(wire.SignalResponse)
	if err := proto.Unmarshal(b, m); err != nil {
		return nil, errBroken
	}
	return m, nil
}

func (l *line) write(ctx context.Context, m *wire.SignalRequest) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("signalling: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := l.c.Write(ctx, websocket.MessageBinary, b); err != nil {
		return fmt.Errorf("signalling: %w", err)
	}
	return nil
}

func (l *line) close() { _ = l.c.CloseNow() }
