// Package signin proves to a server who somebody is, by way of an organisation's
// identity provider: OpenID Connect, in the system's browser or by a code that is
// typed on another device. The person's password is never seen here.
//
// It speaks to the issuer and to what the issuer names on its own site, through
// the egress guard. Tokens are secrets: they are in no address, argument or error.
//
// Sources: OpenID Connect Core 1.0 and Discovery 1.0; RFC 6749 (OAuth), RFC 7636
// (PKCE), RFC 8252 (native programs), RFC 8628 (device code), RFC 7009
// (revocation), RFC 9207 (issuer in the answer), RFC 9700 (security).
package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/oauth2"

	"paravent/privacy/egress"
	"paravent/privacy/secret"
)

// Settings are how a person signs in at one issuer.
type Settings struct {
	Issuer   string   // its address, https, or http to this machine itself
	ClientID string   // what the issuer calls this program
	Scopes   []string // beside openid; none is offline_access, for a login that lasts
	ACR      []string // how strong a login must be: the issuer must name one of them; none is as it likes
}

// A Login is somebody who has signed in.
type Login struct {
	Issuer, ClientID string
	Subject          string // what the issuer calls the person
	Name             string // as the issuer says it, not cleaned; may be empty
	ACR              string // how strong the issuer says the login was; may be empty
	Wanted           []string
	Access           secret.Secret
	Refresh          secret.Secret // renews it; empty if the issuer gives none
	Until            time.Time     // for Access; zero is not known
}

// An Issuer is an identity provider that has said what it offers.
type Issuer struct {
	guard    *egress.Guard
	settings Settings
	client   *http.Client
	provider *oidc.Provider
	named    endpoints
}

// endpoints are what discovery names, of what is spoken to.
type endpoints struct {
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Keys          string `json:"jwks_uri"`
	Device        string `json:"device_authorization_endpoint"`
	Revocation    string `json:"revocation_endpoint"`

	SaysIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

const (
	askTime   = 20 * time.Second // for one request, or two
	maxAnswer = 1 << 20          // bytes of one answer
)

// Discover asks the issuer what it offers. No other host is asked.
func Discover(ctx context.Context, guard *egress.Guard, s Settings) (*Issuer, error) {
	u, err := url.Parse(s.Issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !safe(u) {
		return nil, &Error{Why: NoIssuer}
	}
	if len(s.Scopes) == 0 {
		s.Scopes = []string{oidc.ScopeOfflineAccess}
	}
	guard.Allow(egress.SignIn, u.Hostname())
	i := &Issuer{guard: guard, settings: s, client: guard.Lane(egress.SignIn).HTTPClient()}
	i.client.Transport = bounded{i.client.Transport}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	i.provider, err = oidc.NewProvider(i.with(ctx), s.Issuer)
	if err != nil {
		return nil, explain(NoIssuer, err)
	}
	if err := i.provider.Claims(&i.named); err != nil {
		return nil, &Error{Why: NoIssuer}
	}
	for _, e := range []string{i.named.Authorization, i.named.Token, i.named.Keys, i.named.Device, i.named.Revocation} {
		if e == "" {
			continue
		}
		at, err := url.Parse(e)
		if err != nil || !safe(at) || !sameSite(u.Hostname(), at.Hostname()) || !guard.Lane(egress.SignIn).AllowNamed(at.Hostname()) {
			host := ""
			if err == nil {
				host = at.Host
			}
			return nil, &Error{Why: Foreign, Detail: host}
		}
	}
	if i.named.Token == "" || i.named.Keys == "" {
		return nil, &Error{Why: NoIssuer}
	}
	return i, nil
}

// Close lets go of the connections to the issuer.
func (i *Issuer) Close() { i.client.CloseIdleConnections() }

// safe reports whether u is encrypted, or on this machine itself.
func safe(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && egress.IsLoopback(u.Hostname())
}

// sameSite reports whether a host that an issuer names is of the issuer's own
// site: the same, or registered under the same name (publicsuffix.org).
func sameSite(issuer, host string) bool {
	issuer, host = strings.ToLower(issuer), strings.ToLower(host)
	if issuer == host {
		return true
	}
	a, err := publicsuffix.EffectiveTLDPlusOne(issuer)
	if err != nil {
		return false
	}
	b, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err == nil && a == b && !numeric(issuer) && !numeric(host)
}

// numeric reports whether host is an address: those have no names in common.
func numeric(host string) bool {
	return strings.Contains(host, ":") || !strings.ContainsFunc(host, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
}

// bounded reads no more of an answer than maxAnswer.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the sockets.
func (b bounded) CloseIdleConnections() {
	if c, ok := b.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// with is ctx with the guard's client, which the libraries look for in it.
func (i *Issuer) with(ctx context.Context) context.Context { return oidc.ClientContext(ctx, i.client) }

func (i *Issuer) config(redirect string) *oauth2.Config {
	e := i.provider.Endpoint()
	e.AuthStyle = oauth2.AuthStyleInParams // a program on a desktop has no secret of its own
	return &oauth2.Config{ClientID: i.settings.ClientID, Endpoint: e, RedirectURL: redirect, Scopes: append([]string{oidc.ScopeOpenID}, i.settings.Scopes...)}
}

// wishes asks for one of the demanded strengths, which is checked later, and for
// the person's consent where a login is to last (OpenID Connect Core 1.0, 11).
func (i *Issuer) wishes() (all []oauth2.AuthCodeOption) {
	if len(i.settings.ACR) > 0 {
		all = append(all, oauth2.SetAuthURLParam("acr_values", strings.Join(i.settings.ACR, " ")))
	}
	if slices.Contains(i.settings.Scopes, oidc.ScopeOfflineAccess) {
		all = append(all, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	return all
}

// strong checks that a login was as strong as it must be.
func (i *Issuer) strong(acr string) error {
	if len(i.settings.ACR) == 0 || slices.Contains(i.settings.ACR, acr) {
		return nil
	}
	return &Error{Why: TooWeak, Detail: acr, Want: i.settings.ACR}
}

// Current returns l as it is good for now: as it is while it lasts, or renewed.
func (i *Issuer) Current(ctx context.Context, l Login) (Login, error) {
	switch {
	case l.Fresh(time.Now()):
		if err := i.strong(l.ACR); err != nil {
			return Login{}, err
		}
		return l, nil
	case l.Refresh.Empty():
		return Login{}, &Error{Why: SignedOut}
	}
	return i.Renew(ctx, l)
}

// Renew signs in anew without the person. The issuer may give another refresh
// token, after which the old one is worth nothing: the result must be kept.
func (i *Issuer) Renew(ctx context.Context, l Login) (Login, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	t, err := i.config("").TokenSource(i.with(ctx), &oauth2.Token{RefreshToken: l.Refresh.Reveal()}).Token()
	if err != nil {
		return Login{}, explain(SignedOut, err)
	}
	next := l
	next.Access, next.Until = secret.New(t.AccessToken), t.Expiry
	if t.RefreshToken != "" {
		next.Refresh = secret.New(t.RefreshToken)
	}
	if _, ok := t.Extra("id_token").(string); !ok {
		// It may leave it out (OpenID Connect Core 1.0, 12.2): the first login stands.
		return next, i.strong(l.ACR)
	}
	fresh, err := i.login(ctx, t, "")
	if err != nil {
		return Login{}, err
	}
	if fresh.Subject != l.Subject {
		return Login{}, &Error{Why: BadToken, Detail: "it is of another person"}
	}
	next.ACR = fresh.ACR
	return next, nil
}

// Revoke tells the issuer that a login is over. It reports whether the issuer
// offers that.
func (i *Issuer) Revoke(ctx context.Context, l Login) (bool, error) {
	if i.named.Revocation == "" {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	for _, t := range []struct {
		hint  string
		token secret.Secret
	}{{"refresh_token", l.Refresh}, {"access_token", l.Access}} {
		if t.token.Empty() {
			continue
		}
		form := url.Values{"token": {t.token.Reveal()}, "token_type_hint": {t.hint}, "client_id": {i.settings.ClientID}}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, i.named.Revocation, strings.NewReader(form.Encode()))
		if err != nil {
			return true, &Error{Why: Fault}
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := i.client.Do(req)
		if err != nil {
			return true, explain(Fault, err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
			return true, &Error{Why: Fault, Detail: resp.Status}
		}
	}
	return true, nil
}

// login checks what the issuer gave. nonce is what it must repeat; where there was
// none, it is empty.
func (i *Issuer) login(ctx context.Context, t *oauth2.Token, nonce string) (Login, error) {
	bad := func(why string) (Login, error) { return Login{}, &Error{Why: BadToken, Detail: why} }
	raw, ok := t.Extra("id_token").(string)
	if !ok {
		return bad("there is none")
	}
	id, err := i.provider.Verifier(&oidc.Config{ClientID: i.settings.ClientID}).Verify(i.with(ctx), raw)
	if err != nil {
		if gone := (*oidc.TokenExpiredError)(nil); errors.As(err, &gone) {
			return bad("it has expired")
		}
		return Login{}, explain(BadToken, err)
	}
	var claims struct {
		ACR      string `json:"acr"`
		Party    string `json:"azp"`
		Name     string `json:"name"`
		Username string `json:"preferred_username"`
	}
	if err := id.Claims(&claims); err != nil {
		return bad("it cannot be read")
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1 && nonce != "":
		return bad("it was made for another login")
	case claims.Party != "" && claims.Party != i.settings.ClientID, claims.Party == "" && len(id.Audience) > 1:
		return bad("it was made for another program")
	case id.AccessTokenHash != "" && id.VerifyAccessToken(t.AccessToken) != nil:
		return bad("it belongs to another access token")
	case id.Subject == "":
		return bad("it names nobody")
	}
	if err := i.strong(claims.ACR); err != nil {
		return Login{}, err
	}
	l := Login{
		Issuer: i.settings.Issuer, ClientID: i.settings.ClientID, Subject: id.Subject, Name: claims.Username,
		ACR: claims.ACR, Wanted: i.settings.ACR, Access: secret.New(t.AccessToken), Refresh: secret.New(t.RefreshToken), Until: t.Expiry,
	}
	if l.Name == "" {
		l.Name = claims.Name
	}
	return l, nil
}

// random is a text that nobody guesses: 130 bits.
func random() string { return rand.Text() }
