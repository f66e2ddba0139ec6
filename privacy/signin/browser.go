package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// RedirectPath is where a browser comes back to, on a free port of 127.0.0.1:
	// what the issuer must know of this program is http://127.0.0.1/signed-in .
	RedirectPath = "/signed-in"

	personTime = 10 * time.Minute // for the person to sign in
	pageTime   = 2 * time.Second  // for the last page to reach the browser
)

// donePage is all that the browser is shown. It loads nothing.
const donePage = "Paravent has the answer.\n\nYou can close this page, and go on where you came from.\n"

// InBrowser signs in with the system's browser. show opens, or shows, an address
// that holds no token; it must not wait for the person.
func (i *Issuer) InBrowser(ctx context.Context, show func(address string) error) (Login, error) {
	if i.named.Authorization == "" {
		return Login{}, &Error{Why: NoBrowser}
	}
	l, err := i.guard.ListenLoopback(ctx)
	if err != nil {
		return Login{}, err
	}
	here := l.Addr().String()
	d := &door{host: here, answer: make(chan url.Values, 1)}
	s := &http.Server{Handler: d, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Second, MaxHeaderBytes: 32 << 10}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(l) // until it is shut
	}()
	shut := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTime)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			_ = s.Close() // a browser that keeps its connection
		}
		<-served
	}
	defer shut()

	conf := i.config("http://" + here + RedirectPath)
	state, nonce, verifier := random(), random(), oauth2.GenerateVerifier()
	address := conf.AuthCodeURL(state, append(i.wishes(), oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))...)
	if err := show(address); err != nil {
		return Login{}, err
	}
	late := time.NewTimer(personTime)
	defer late.Stop()
	var a url.Values
	select {
	case a = <-d.answer:
	case <-late.C:
		return Login{}, &Error{Why: TooLate}
	case <-ctx.Done():
		return Login{}, ctx.Err()
	}
	if err := i.answered(a, state); err != nil {
		return Login{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	t, err := conf.Exchange(i.with(ctx), a.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return Login{}, explain(Fault, err)
	}
	return i.login(ctx, t, nonce)
}

// answered checks that an answer is the one to our question.
func (i *Issuer) answered(a url.Values, state string) error {
	for _, vs := range a {
		if len(vs) != 1 {
			return &Error{Why: BadAnswer} // RFC 6749, 3.1: no parameter twice
		}
	}
	iss, said9207 := a.Get("iss"), a.Has("iss")
	switch {
	case subtle.ConstantTimeCompare([]byte(a.Get("state")), []byte(state)) != 1,
		said9207 && iss != i.settings.Issuer, !said9207 && i.named.SaysIssuer:
		return &Error{Why: BadAnswer}
	case a.Has("error"):
		return said(Denied, a.Get("error"), a.Get("error_description"))
	case a.Get("code") == "":
		return &Error{Why: BadAnswer}
	}
	return nil
}

// A door lets one answer in. It may be used by several goroutines.
type door struct {
	host   string // that a browser must have meant, so that no name leads here
	answer chan url.Values
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Connection", "close")
	if r.Method != http.MethodGet || r.Host != d.host || r.URL.Path != RedirectPath {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	a, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case d.answer <- a:
		_, _ = io.WriteString(w, donePage) // there is nobody to tell
	default:
		w.WriteHeader(http.StatusGone)
	}
}

// A Code is what the person types on another device.
type Code struct {
	Address string    // where; of the issuer's own site
	Text    string    // what; the issuer's words, not cleaned
	Until   time.Time // zero is not known
}

// OnDevice signs in by a code that is typed on another device. show shows it.
func (i *Issuer) OnDevice(ctx context.Context, show func(Code) error) (Login, error) {
	if i.named.Device == "" {
		return Login{}, &Error{Why: NoDevice}
	}
	conf := i.config("")
	brief, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	code, err := conf.DeviceAuth(i.with(brief), i.wishes()...)
	if err != nil {
		return Login{}, explain(NoDevice, err)
	}
	at, err := url.Parse(code.VerificationURI)
	own, err2 := url.Parse(i.settings.Issuer)
	if errors.Join(err, err2) != nil || !safe(at) || !sameSite(own.Hostname(), at.Hostname()) {
		return Login{}, &Error{Why: Foreign, Detail: code.VerificationURI}
	}
	if err := show(Code{Address: code.VerificationURI, Text: code.UserCode, Until: code.Expiry}); err != nil {
		return Login{}, err
	}
	ctx, stop := context.WithTimeout(ctx, personTime)
	defer stop()
	t, err := conf.DeviceAccessToken(i.with(ctx), code)
	if err != nil {
		return Login{}, explain(Fault, err)
	}
	return i.login(ctx, t, "")
}
