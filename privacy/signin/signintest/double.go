// Package signintest gives tests identity providers: a strict double, and real
// ones where they are installed.
package signintest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ClientID is what every provider calls this program.
const ClientID = "paravent"

// A Double is an identity provider that lets everybody in at once, and holds the
// program to the letter of the standards.
type Double struct {
	*httptest.Server
	t    testing.TB
	key  ed25519.PrivateKey
	mu   sync.Mutex // guards everything that follows
	wish Wish
	asks []string // METHOD PATH of every request
	code map[string]url.Values
	gone map[string]bool // refresh tokens that were used or revoked
	n    int
	all  []string // every secret that was given out
}

// A Wish is how a double is to misbehave, or what it is to say. The zero Wish is a
// good provider.
type Wish struct {
	ACR        string         // the strength of the login; empty is not said
	Name       string         // preferred_username
	Claims     map[string]any // put into the ID token in place of what is right
	State      string         // in place of ours
	Iss        string         // the issuer in the answer (RFC 9207)
	Denies     string         // an error in place of a code
	OtherKey   bool           // signs with a key that it does not show
	NoIDToken  bool
	NoRefresh  bool
	Discovery  map[string]any // put into the discovery in place of what is right
	NoRevoking bool
}

// NewDouble starts a double. It ends with the test, which fails if the program
// broke a rule.
func NewDouble(t testing.TB) *Double {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &Double{t: t, key: key, code: make(map[string]url.Values), gone: make(map[string]bool)}
	m := http.NewServeMux()
	m.HandleFunc("GET /.well-known/openid-configuration", d.discovery)
	m.HandleFunc("GET /keys", d.keys)
	m.HandleFunc("GET /authorize", d.authorize)
	m.HandleFunc("POST /token", d.token)
	m.HandleFunc("POST /revoke", d.revoke)
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.asks = append(d.asks, r.Method+" "+r.URL.Path)
		for _, s := range d.all {
			if strings.Contains(r.URL.String(), s) && !strings.HasPrefix(s, "code-") {
				d.t.Errorf("a token is in the address %s", r.URL.Path)
			}
		}
		m.ServeHTTP(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

// Set makes the double misbehave from now on.
func (d *Double) Set(w Wish) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wish = w
}

// Asks are the requests so far, as METHOD PATH.
func (d *Double) Asks() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asks)
}

// Secrets are the tokens and codes that were given out.
func (d *Double) Secrets() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.all)
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (d *Double) discovery(w http.ResponseWriter, _ *http.Request) {
	v := map[string]any{
		"issuer": d.URL, "authorization_endpoint": d.URL + "/authorize", "token_endpoint": d.URL + "/token", "jwks_uri": d.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"EdDSA"},
		"revocation_endpoint": d.URL + "/revoke",
	}
	if d.wish.NoRevoking {
		delete(v, "revocation_endpoint")
	}
	maps.Copy(v, d.wish.Discovery)
	write(w, http.StatusOK, v)
}

func (d *Double) keys(w http.ResponseWriter, _ *http.Request) {
	public, _ := d.key.Public().(ed25519.PublicKey)
	write(w, http.StatusOK, map[string]any{"keys": []any{map[string]string{
		"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "1", "x": base64.RawURLEncoding.EncodeToString(public),
	}}})
}

func (d *Double) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	for rule, kept := range map[string]bool{
		"response_type is code":     q.Get("response_type") == "code",
		"the client names itself":   q.Get("client_id") == ClientID,
		"the scope has openid":      slices.Contains(strings.Fields(q.Get("scope")), "openid"),
		"the challenge is a hash":   q.Get("code_challenge_method") == "S256" && len(q.Get("code_challenge")) == 43,
		"state and nonce are long":  len(q.Get("state")) >= 22 && len(q.Get("nonce")) >= 22 && q.Get("state") != q.Get("nonce"),
		"it comes back to loopback": err == nil && back.Scheme == "http" && back.Hostname() == "127.0.0.1" && back.Port() != "" && back.RawQuery == "",
	} {
		if !kept {
			d.t.Errorf("the program broke a rule: %s", rule)
			http.Error(w, rule, http.StatusBadRequest)
			return
		}
	}
	d.n++
	code := fmt.Sprintf("code-%d-%s", d.n, rand.Text())
	d.all = append(d.all, code)
	d.code[code] = q
	a := url.Values{"code": {code}, "state": {q.Get("state")}}
	if d.wish.State != "" {
		a.Set("state", d.wish.State)
	}
	if d.wish.Iss != "" {
		a.Set("iss", d.wish.Iss)
	}
	if d.wish.Denies != "" {
		a = url.Values{"error": {d.wish.Denies}, "state": {q.Get("state")}}
	}
	http.Redirect(w, r, back.String()+"?"+a.Encode(), http.StatusFound)
}

func (d *Double) token(w http.ResponseWriter, r *http.Request) {
	no := func(why string) { write(w, http.StatusBadRequest, map[string]string{"error": why}) }
	if err := r.ParseForm(); err != nil || r.PostForm.Get("client_id") != ClientID || r.Header.Get("Authorization") != "" || r.URL.RawQuery != "" {
		d.t.Error("the program broke a rule: a public client names itself in the form")
		no("invalid_client")
		return
	}
	nonce := ""
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		asked, ok := d.code[r.PostForm.Get("code")]
		delete(d.code, r.PostForm.Get("code"))
		sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
		if !ok || r.PostForm.Get("redirect_uri") != asked.Get("redirect_uri") || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
			no("invalid_grant")
			return
		}
		nonce = asked.Get("nonce")
	case "refresh_token":
		old := r.PostForm.Get("refresh_token")
		if !slices.Contains(d.all, old) || d.gone[old] {
			no("invalid_grant")
			return
		}
		d.gone[old] = true
	default:
		no("unsupported_grant_type")
		return
	}
	d.n++
	access, refresh := fmt.Sprintf("access-%d-%s", d.n, rand.Text()), fmt.Sprintf("refresh-%d-%s", d.n, rand.Text())
	d.all = append(d.all, access, refresh)
	answer := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 3600}
	if !d.wish.NoRefresh {
		answer["refresh_token"] = refresh
	}
	if !d.wish.NoIDToken {
		answer["id_token"] = d.idToken(nonce)
	}
	write(w, http.StatusOK, answer)
}

func (d *Double) idToken(nonce string) string {
	now := time.Now().Unix()
	claims := map[string]any{"iss": d.URL, "sub": "person-1", "aud": ClientID, "iat": now, "exp": now + 600}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if d.wish.ACR != "" {
		claims["acr"] = d.wish.ACR
	}
	if d.wish.Name != "" {
		claims["preferred_username"] = d.wish.Name
	}
	maps.Copy(claims, d.wish.Claims)
	key := d.key
	if d.wish.OtherKey {
		_, key, _ = ed25519.GenerateKey(rand.Reader)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		d.t.Fatal(err)
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"1"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	token := signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(signed)))
	d.all = append(d.all, token)
	return token
}

func (d *Double) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.PostForm.Get("client_id") != ClientID {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	d.gone[r.PostForm.Get("token")] = true
}
