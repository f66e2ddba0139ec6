package galene

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

const (
	// maxStatus bounds what a server says of a group, in bytes.
	maxStatus = 64 << 10
	// firstTime bounds the wait for each message until the group is entered.
	firstTime = 10 * time.Second
	// maxEntry and maxEntryBytes bound what a server may say of who is there and
	// what was said before.
	maxEntry      = 20_000
	maxEntryBytes = 32 << 20
	// mostMoves bounds how often a group may have moved.
	mostMoves = 3
)

// A door is how a group is entered, the first time and again.
type door struct {
	client   *http.Client
	room     sfu.Room
	name     string // as this person wants to be called
	token    secret.Secret
	password secret.Secret
}

func newDoor(r sfu.Room, p sfu.Pass, c *http.Client) *door {
	d := &door{client: c, room: r, name: p.DisplayName}
	switch {
	case p.Token.Empty():
		d.token = r.Token
	case p.Token.Reveal() == r.Token.Reveal() || isToken(p.Token):
		d.token = p.Token
	default:
		d.password = p.Token
	}
	return d
}

// An entry is what the server says when a group is entered.
type entry struct {
	status *status
	joined *joined
	rest   []any // in order
}

// enter goes into the group under the given number.
func (d *door) enter(ctx context.Context, number string) (*line, *entry, error) {
	st, endpoint, err := d.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	l, err := d.dial(ctx, endpoint)
	if err != nil {
		return nil, nil, err
	}
	in := &entry{status: st}
	if err := d.introduce(ctx, l, in, number); err != nil {
		l.close()
		return nil, nil, err
	}
	return l, in, nil
}

// look reads the status of the group, and follows it on its server.
func (d *door) look(ctx context.Context) (*status, string, error) {
	path := d.room.Path.Reveal()
	for range mostMoves {
		b, err := d.get(ctx, path+"/.status")
		if err != nil {
			return nil, "", err
		}
		st := new(status)
		if json.Unmarshal(b, st) != nil || st.Name == "" {
			return nil, "", &sfu.JoinError{Why: sfu.NotAServer}
		}
		if st.Redirect == "" {
			endpoint, err := d.endpoint(st)
			return st, endpoint, err
		}
		next, err := d.url(path + "/").Parse(st.Redirect)
		if err != nil || next.Host != d.room.Server {
			return nil, "", elsewhere("the group has moved", next)
		}
		var ok bool
		if path, _, ok = groupPath(next); !ok {
			return nil, "", elsewhere("the group has moved", next)
		}
	}
	return nil, "", &sfu.JoinError{Why: sfu.NoSuchRoom, Detail: "the group has moved too often"}
}

// elsewhere is of a group that is at another host, which is named: nothing else of
// its address is shown.
func elsewhere(what string, u *url.URL) error {
	no := &sfu.JoinError{Why: sfu.NoSuchRoom, Detail: sfu.Foreign(what)}
	if u != nil && u.Host != "" {
		no.Detail += sfu.Foreign(": " + u.Host)
	}
	return no
}

// url is an address on the server; path is escaped.
func (d *door) url(path string) *url.URL {
	u := &url.URL{Scheme: "https", Host: d.room.Server}
	if d.room.Plain {
		u.Scheme = "http"
	}
	if p, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = p, path
	}
	return u
}

// endpoint is where the group is spoken to: at the link's own host, and never
// plain where the link is not.
func (d *door) endpoint(st *status) (string, error) {
	u, err := url.Parse(st.Endpoint)
	if err != nil || st.Endpoint == "" || u.User != nil {
		return "", &sfu.JoinError{Why: sfu.NotAServer}
	}
	if !strings.EqualFold(u.Host, d.room.Server) {
		return "", elsewhere("the group is spoken to at another host", u)
	}
	u.Scheme, u.Fragment = "wss", ""
	if d.room.Plain {
		u.Scheme = "ws"
	}
	return u.String(), nil
}

// get reads a small file of the server.
func (d *door) get(ctx context.Context, path string) ([]byte, error) {
	status, b, err := d.fetch(ctx, path)
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusOK:
		return b, nil
	case status == http.StatusNotFound:
		return nil, d.missing(ctx, path)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return nil, &sfu.JoinError{Why: sfu.Busy}
	case status >= 500:
		return nil, &sfu.JoinError{Why: sfu.ServerFault}
	}
	return nil, &sfu.JoinError{Why: sfu.NotAServer}
}

// missing says what is missing: every Galene server lists its public groups, even
// if there are none.
func (d *door) missing(ctx context.Context, path string) error {
	prefix, _, _ := strings.Cut(path, "/group/")
	var groups []json.RawMessage
	status, b, err := d.fetch(ctx, prefix+"/public-groups.json")
	if err == nil && status == http.StatusOK && json.Unmarshal(b, &groups) == nil {
		return &sfu.JoinError{Why: sfu.NoSuchRoom}
	}
	return &sfu.JoinError{Why: sfu.NotAServer}
}

func (d *door) fetch(ctx context.Context, path string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url(path).String(), http.NoBody)
	if err != nil {
		return 0, nil, fmt.Errorf("join: %w", err)
	}
	req.Header.Set("User-Agent", "paravent")
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, nil, unreached(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	if err != nil {
		return 0, nil, unreached(ctx, err)
	}
	return resp.StatusCode, b, nil
}

// unreached says why there is no connection. What the guard says stays as it is;
// nothing else is shown, for it holds the address.
func unreached(ctx context.Context, err error) error {
	if known := sfu.Unreached(ctx, err); known != nil {
		return fmt.Errorf("join: %w", known)
	}
	return &sfu.JoinError{Why: sfu.NotAServer}
}

func (d *door) dial(ctx context.Context, endpoint string) (*line, error) {
	c, resp, err := websocket.Dial(ctx, endpoint, &websocket.DialOptions{HTTPClient: d.client, HTTPHeader: http.Header{"User-Agent": {"paravent"}}}) //nolint:bodyclose // the library does, and gives a copy
	if err != nil {
		if resp != nil && resp.StatusCode >= 500 {
			return nil, &sfu.JoinError{Why: sfu.ServerFault}
		}
		return nil, unreached(ctx, err)
	}
	c.SetReadLimit(maxMessage)
	return newLine(c), nil
}

// introduce says who comes, and waits until the server has said who is there: it
// does so before it answers a ping that follows.
func (d *door) introduce(ctx context.Context, l *line, in *entry, number string) error {
	group := in.status.Name
	if err := l.write(ctx, says{"type": "handshake", "version": []string{"2"}, "id": number}); err != nil {
		return d.unfinished(ctx, err, in)
	}
	if err := l.write(ctx, sayJoin(group, d)); err != nil {
		return d.unfinished(ctx, err, in)
	}
	shaken, size := false, 0
	for len(in.rest) < maxEntry && size < maxEntryBytes {
		m, n, err := l.readIn(ctx, firstTime)
		if err != nil {
			return d.unfinished(ctx, err, in)
		}
		size += n
		switch m := m.(type) {
		case *handshake:
			if !slices.Contains(m.Version, "2") {
				return &sfu.JoinError{Why: sfu.NotAServer, Detail: "it speaks another version of the protocol"}
			}
			shaken = true
		case *joined:
			if in.joined != nil {
				in.rest = append(in.rest, m)
				continue
			}
			if m.Kind != "join" || !shaken {
				return d.refusal(m, in)
			}
			in.joined = m
			if err := l.write(ctx, says{"type": "ping"}); err != nil {
				return d.unfinished(ctx, err, in)
			}
		case ping:
			if err := l.write(ctx, says{"type": "pong"}); err != nil {
				return d.unfinished(ctx, err, in)
			}
		case pong:
			if in.joined != nil {
				return nil
			}
		case nil:
		default:
			in.rest = append(in.rest, m)
		}
	}
	return &sfu.JoinError{Why: sfu.BadProtocol}
}

// unfinished says why a connection ended before the group was entered.
func (d *door) unfinished(ctx context.Context, err error, in *entry) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("join: %w", ctx.Err())
	}
	no := &sfu.JoinError{Why: sfu.BadProtocol, Err: err}
	for _, m := range in.rest {
		if u, ok := m.(*userMessage); ok && u.Privileged && (u.Kind == "error" || u.Kind == "kicked") {
			no.Why, no.Detail = sfu.ServerFault, d.hide(words(u.Value))
		}
	}
	return no
}

func (d *door) hide(words string) sfu.Foreign { return sfu.Hide(words, d.token, d.password) }

// errNumber is of a number that somebody in the group has already, as a rule we
// ourselves, whom the server has not missed yet.
var errNumber = errors.New("the number is taken")

// refusal puts in words why somebody is not let in. The server tells most reasons
// in words only.
func (d *door) refusal(m *joined, in *entry) error {
	said := words(m.Value)
	no := &sfu.JoinError{Why: sfu.RoomFull, Detail: d.hide(said)}
	switch {
	case m.Kind == "redirect":
		u, _ := url.Parse(said)
		return elsewhere("the group has moved", u)
	case m.Kind != "fail":
		return &sfu.JoinError{Why: sfu.BadProtocol}
	case m.Error == "need-username":
		no.Why, no.Detail = sfu.PassRefused, "this group wants a name"
	case m.Error == "duplicate-username":
		no.Why = sfu.PassRefused
	case said == "not authorised" && sfu.HasExpired(d.token, time.Now()):
		no.Why = sfu.PassExpired
	case said == "not authorised":
		no.Why = sfu.PassRefused
		if d.token.Empty() && d.password.Empty() {
			no.Why = sfu.PassMissing
		}
		for _, where := range []string{in.status.AuthPortal, in.status.AuthServer} {
			if u, err := url.Parse(where); err == nil && u.Host != "" {
				no.Detail = sfu.Foreign("passes for this group are given at " + u.Host)
				break
			}
		}
	case said == "group does not exist":
		no.Why = sfu.NoSuchRoom
	case said == "internal server error":
		no.Why, no.Err = sfu.ServerFault, errNumber
	}
	return no
}

// A line is one signalling connection. It may be read by one goroutine and
// written by several.
type line struct {
	c    *websocket.Conn
	turn chan bool // to write; empty while somebody does, and for good after the last word
}

func newLine(c *websocket.Conn) *line {
	l := &line{c: c, turn: make(chan bool, 1)}
	l.turn <- true
	return l
}

func (l *line) read(ctx context.Context) (m any, size int, err error) {
	kind, b, err := l.c.Read(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("signalling: %w", err)
	}
	if kind != websocket.MessageText {
		return nil, 0, errBroken
	}
	m, err = decode(b)
	return m, len(b), err
}

func (l *line) readIn(ctx context.Context, d time.Duration) (any, int, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return l.read(ctx)
}

func (l *line) write(ctx context.Context, m says) error { return l.say(ctx, m, false) }

// say writes m when it is its turn. After the last word nothing is written any more: who
// has left must not ask for anything.
func (l *line) say(ctx context.Context, m says, last bool) error {
	b, err := m.encode()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	select {
	case <-l.turn:
	case <-ctx.Done():
		return fmt.Errorf("signalling: %w", ctx.Err())
	}
	if !last {
		defer func() { l.turn <- true }()
	}
	if err := l.c.Write(ctx, websocket.MessageText, b); err != nil {
		return fmt.Errorf("signalling: %w", err)
	}
	return nil
}

func (l *line) close() { _ = l.c.CloseNow() }
