package sfu

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"paravent/privacy/egress"
)

const (
	maxQuestions = 12
	maxAnswer    = 256 << 10       // bytes; settings of web clients have up to 100 KiB
	answerTime   = 5 * time.Second // for one answer
)

// An Asker asks one server what it is, with few questions and small answers. It
// speaks to that server's origin alone, shows it no pass, and joins nothing. Like
// the kinds that use it one after the other, it is for one goroutine.
type Asker struct {
	client *http.Client
	origin url.URL
	asked  map[string]Answer

	tls       *tls.ConnectionState
	ahead     *time.Duration
	elsewhere []string
	answered  bool
	failed    error // that ends all asking, or the last one if nothing was answered
	final     bool
}

// NewAsker returns an asker of the server of p. The client is that of a Kit.
func NewAsker(client *http.Client, p Page) *Asker {
	return &Asker{client: client, origin: url.URL{Scheme: p.u.Scheme, Host: p.u.Host}, asked: make(map[string]Answer)}
}

// An Answer is what the server said. Its zero value is no answer; why there is
// none is the asker's to know. Nothing in it may be shown uncleaned.
type Answer struct {
	Status int // of HTTP; 0 is no answer
	Header http.Header
	Body   []byte // at most 256 KiB; nothing if it was longer
}

// Get asks for a path on the server, which may have a query. The same question is
// asked once.
func (a *Asker) Get(ctx context.Context, path string) Answer { return a.ask(ctx, http.MethodGet, path) }

// Options asks what may be done with a path.
func (a *Asker) Options(ctx context.Context, path string) Answer {
	return a.ask(ctx, http.MethodOptions, path)
}

func (a *Asker) ask(ctx context.Context, method, path string) Answer {
	address, ok := a.address(path)
	key := method + " " + path
	if known, again := a.asked[key]; again || !ok || a.final || len(a.asked) >= maxQuestions {
		return known
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer := a.send(ctx, method, address)
	a.asked[key] = answer
	return answer
}

// address is where path is on the server, and nowhere else.
func (a *Asker) address(path string) (string, bool) {
	if !strings.HasPrefix(path, "/") {
		return "", false
	}
	u, err := url.Parse(a.origin.String() + path)
	if err != nil || u.Host != a.origin.Host || u.User != nil {
		return "", false
	}
	u.Fragment = ""
	return u.String(), true
}

func (a *Asker) send(ctx context.Context, method, address string) Answer {
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return Answer{}
	}
	req.Header.Set("User-Agent", "paravent")
	resp, err := a.client.Do(req)
	var denied *egress.DeniedError
	if errors.As(err, &denied) && resp != nil { // a redirect that was not followed
		a.see(resp)
		if !slices.Contains(a.elsewhere, denied.Host) {
			a.elsewhere = append(a.elsewhere, denied.Host)
		}
		return Answer{Status: resp.StatusCode, Header: resp.Header}
	}
	if err != nil {
		a.fail(ctx, err)
		return Answer{}
	}
	defer resp.Body.Close() //nolint:errcheck // read as far as is wanted
	a.see(resp)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil || len(body) > maxAnswer {
		body = nil
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
}

// see keeps what the first answer tells of the server.
func (a *Asker) see(r *http.Response) {
	a.answered = true
	if a.tls == nil {
		a.tls = r.TLS
	}
	if at, err := http.ParseTime(r.Header.Get("Date")); err == nil && a.ahead == nil {
		ahead := time.Since(at)
		a.ahead = &ahead
	}
}

// Clock is how far this machine's clock is ahead of the server's, to a second or two,
// and whether the server has told.
func (a *Asker) Clock() (ahead time.Duration, ok bool) {
	if a.ahead == nil {
		return 0, false
	}
	return *a.ahead, true
}

// fail takes down why there is no answer. A server that is silent about one thing
// may answer another; what cannot be reached at all, cannot.
func (a *Asker) fail(ctx context.Context, err error) {
	var reach *egress.ReachError
	switch {
	case errors.As(err, &reach):
		a.failed = reach
		a.final = reach.Why != egress.Silent && reach.Why != egress.CutOff
	case errors.Is(ctx.Err(), context.Canceled):
		a.failed, a.final = ctx.Err(), true
	default:
		var e *url.Error // holds the address, which may hold a secret
		if errors.As(err, &e) {
			err = e.Err
		}
		a.failed = err
		a.final = errors.As(err, new(*egress.DeniedError))
	}
}

// Err is why the server could not be asked; nil if it answered anything.
func (a *Asker) Err() error {
	if a.final || !a.answered {
		return a.failed
	}
	return nil
}

// Elsewhere are the hosts that the server wanted to send us to. They were not
// spoken to.
func (a *Asker) Elsewhere() []string { return slices.Clone(a.elsewhere) }

// Type is the kind of the body, such as "application/json".
func (a Answer) Type() string {
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// JSON reads a whole and successful answer into v, and reports whether it is one.
func (a Answer) JSON(v any) bool {
	return a.Status == http.StatusOK && a.Type() == "application/json" && json.Unmarshal(a.Body, v) == nil
}

// maxNamed bounds the hosts that are taken from one text.
const maxNamed = 16

// RelaysIn finds the hosts of the STUN and TURN servers that a text names, in
// URLs as of RFC 7064 and RFC 7065, each once.
func RelaysIn(text string) []string {
	url := regexp.MustCompile(`(?i)\b(?:stuns?|turns?):(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9.-]*)`)
	var hosts []string
	for _, m := range url.FindAllStringSubmatch(text, 4*maxNamed) {
		host := strings.ToLower(strings.Trim(m[1], "[]"))
		if len(host) <= 253 && len(hosts) < maxNamed && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}
