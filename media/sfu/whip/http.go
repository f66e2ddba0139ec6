package whip

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"paravent/media/rtc"
	"paravent/media/sfu"
	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

const (
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"

	// maxDescription bounds a description, and maxWords the words of a refusal, in
	// bytes.
	maxDescription = 256 << 10
	maxWords       = 4 << 10
)

// A door is an endpoint and what is shown there.
type door struct {
	client   *http.Client
	endpoint string // holds Room.Path, which may be a secret
	watch    bool   // WHEP, where the server may offer instead
	token    secret.Secret
	hidden   []secret.Secret // what no word of the server may repeat
}

// newDoor returns the door of a room. Requests that change something are never
// turned into ones that do not: a redirect keeps the method, or is an error.
func newDoor(r sfu.Room, watch bool, token secret.Secret, client *http.Client) door {
	scheme := "https"
	if r.Plain {
		scheme = "http"
	}
	own := *client
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if req.Method != via[0].Method {
			return errBadRedirect
		}
		if client.CheckRedirect != nil {
			return client.CheckRedirect(req, via)
		}
		return errBadRedirect
	}
	d := door{client: &own, endpoint: scheme + "://" + r.Server + r.Path.Reveal(), watch: watch, token: token, hidden: []secret.Secret{token}}
	if path := r.Path.Reveal(); len(path) > len("/whip") {
		d.hidden = append(d.hidden, r.Path)
		for part := range strings.FieldsFuncSeq(path, func(c rune) bool { return strings.ContainsRune("/?&=", c) }) {
			if len(part) >= 8 { // a key, perhaps; shorter ones are words
				d.hidden = append(d.hidden, secret.New(part))
			}
		}
	}
	return d
}

var (
	// errBadRedirect is of a redirect that RFC 9725, section 4.5, forbids.
	errBadRedirect = errors.New("the server redirects so that the request would be lost")
	// errGone is of a session that the server does not know, or not any more.
	errGone = errors.New("the server does not know the session")
	// errCannot is of a server that cannot do what it need not be able to.
	errCannot = errors.New("the server cannot do that")
)

// A reply is what a server answered, with as much of the body as may be read.
type reply struct {
	status int
	header http.Header
	body   string
	from   *url.URL // after redirects
}

// do sends one request. What the guard says stays as it is; no other error of the
// transport is passed on, for it may hold the address.
func (d door) do(ctx context.Context, method, address, kind, match, body string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return reply{}, &sfu.LinkError{Kind: "WHIP", Why: "it is malformed"}
	}
	req.Header.Set("User-Agent", "paravent")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if match != "" {
		req.Header.Set("If-Match", match)
	}
	if !d.token.Empty() {
		req.Header.Set("Authorization", "Bearer "+d.token.Reveal())
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return reply{}, unreached(ctx, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read as far as is wanted
	most := int64(maxWords)
	if isType(resp.Header, typeSDP) || isType(resp.Header, typeFragment) {
		most = maxDescription
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err != nil {
		return reply{}, unreached(ctx, err)
	}
	if int64(len(b)) > most {
		if most == maxDescription {
			return reply{}, &sfu.JoinError{Why: sfu.BadProtocol}
		}
		b = b[:most]
	}
	return reply{resp.StatusCode, resp.Header, string(b), resp.Request.URL}, nil
}

func unreached(ctx context.Context, err error) error {
	if known := sfu.Unreached(ctx, err); known != nil {
		return known
	}
	if errors.Is(err, errBadRedirect) {
		return &sfu.JoinError{Why: sfu.BadProtocol, Err: errBadRedirect}
	}
	return &sfu.JoinError{Why: sfu.ServerFault}
}

// An accepted is what a server made of our offer.
type accepted struct {
	description string
	counter     bool // an offer of the server's own, in place of an answer (WHEP)
	session     string
	tag         string // of the ways, where the server can look for new ones
	relays      []rtc.Relay
}

// post offers, and returns the answer. Errors are as Join's. A session that the
// server has made, but not said right, is ended.
func (d door) post(ctx context.Context, offer string) (accepted, error) {
	r, err := d.do(ctx, http.MethodPost, d.endpoint, typeSDP, "", offer)
	if err != nil {
		return accepted{}, err
	}
	counter := d.watch && r.status == http.StatusNotAcceptable && isType(r.header, typeSDP) && r.header.Get("Location") != ""
	if r.status != http.StatusCreated && !counter {
		return accepted{}, d.refusal(r)
	}
	a := accepted{description: r.body, counter: counter, tag: tagOf(r.header.Get("ETag")), relays: relays(r.header.Values("Link"))}
	if a.session, err = location(r); err != nil {
		return accepted{}, err
	}
	if !isType(r.header, typeSDP) || !strings.HasPrefix(r.body, "v=0") {
		d.end(ctx, a.session)
		return accepted{}, &sfu.JoinError{Why: sfu.BadProtocol}
	}
	return a, nil
}

// location is where the session is. It must be where the endpoint is: our pass is
// shown nowhere else.
func location(r reply) (string, error) {
	u, err := r.from.Parse(r.header.Get("Location"))
	if err != nil || r.header.Get("Location") == "" {
		return "", &sfu.JoinError{Why: sfu.BadProtocol}
	}
	if u.Scheme != r.from.Scheme || u.Host != r.from.Host {
		return "", &egress.DeniedError{Purpose: "a session", Host: u.Hostname()}
	}
	u.Fragment, u.User = "", nil
	return u.String(), nil
}

// patch tells of our ways, and returns the server's, where it looked for new ones.
func (d door) patch(ctx context.Context, session, match, kind, body string) (reply, error) {
	r, err := d.do(ctx, http.MethodPatch, session, kind, match, body)
	if err != nil {
		return r, err
	}
	switch {
	case r.status == http.StatusNotFound, r.status == http.StatusGone:
		return r, errGone
	case r.status/100 == 2:
		return r, nil
	case r.status/100 == 5:
		return r, d.refusal(r)
	}
	return r, errCannot
}

// endTime bounds how long the end of a session is told.
const endTime = time.Second

// end ends a session at the server. That it is gone already is as good.
func (d door) end(ctx context.Context, session string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	_, _ = d.do(ctx, http.MethodDelete, session, "", "", "") // good manners only
}

// refusal puts a status in words. RFC 9725, section 4.1: no more is read into it
// than it means everywhere.
func (d door) refusal(r reply) error {
	no := &sfu.JoinError{Detail: sfu.Hide(words(r), d.hidden...)}
	switch s := r.status; {
	case s == http.StatusUnauthorized && d.token.Empty():
		no.Why = sfu.PassMissing
	case s == http.StatusUnauthorized && sfu.HasExpired(d.token, time.Now()):
		no.Why = sfu.PassExpired
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		no.Why = sfu.PassRefused
	case s == http.StatusNotFound, s == http.StatusGone:
		no.Why = sfu.NoSuchRoom
	case s == http.StatusConflict, s == http.StatusLocked:
		no.Why = sfu.RoomFull
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable:
		no.Why, no.After = sfu.Busy, retryAfter(r.header.Get("Retry-After"), time.Now())
	case s == http.StatusBadRequest, s == http.StatusNotAcceptable, s == http.StatusUnprocessableEntity:
		no.Why = sfu.OfferRefused
	case s/100 == 5:
		no.Why = sfu.ServerFault
	default:
		no.Why = sfu.NotAServer
	}
	return no
}

// words are what a refusal says: a problem (RFC 9457), or plain text.
func words(r reply) string {
	kind, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	switch kind {
	case "application/problem+json", "application/json":
		var p struct {
			Title  string `json:"title"`
			Detail string `json:"detail"`
			Error  string `json:"error"` // not of the RFC, but common
		}
		if json.Unmarshal([]byte(r.body), &p) != nil {
			return ""
		}
		for _, s := range []string{p.Detail, p.Title, p.Error} {
			if s != "" {
				return s
			}
		}
	case "text/plain":
		return r.body
	}
	return ""
}

// retryAfter reads seconds, or a date (RFC 9110, section 10.2.3).
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(s, 10, 20); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// tagOf returns an entity tag as it must be repeated, or nothing if it is none, or
// a weak one (RFC 9110, section 8.8.3). Some servers leave the quotes out.
func tagOf(s string) string {
	bare := strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
	if bare == "" || bare == "*" || len(s) > 512 || len(s)-len(bare) == 1 || strings.HasPrefix(s, "W/") {
		return ""
	}
	if strings.ContainsFunc(bare, func(r rune) bool { return r <= ' ' || r == '"' || r == ',' || r > '~' }) {
		return ""
	}
	return s
}

func isType(h http.Header, want string) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == want
}
