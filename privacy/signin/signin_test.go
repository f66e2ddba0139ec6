package signin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"paravent/privacy/egress"
	"paravent/privacy/secret"
	"paravent/privacy/signin"
	"paravent/privacy/signin/signintest"
)

func settings(issuer string, acr ...string) signin.Settings {
	return signin.Settings{Issuer: issuer, ClientID: signintest.ClientID, ACR: acr}
}

func discover(t *testing.T, s signin.Settings) (*signin.Issuer, *egress.Guard) {
	t.Helper()
	g := egress.NewGuard()
	i, err := signin.Discover(t.Context(), g, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i, g
}

// visit signs in with a browser of its own.
func visit(t *testing.T, i *signin.Issuer) (signin.Login, signintest.Page, error) {
	t.Helper()
	b, err := signintest.NewBrowser()
	if err != nil {
		t.Fatal(err)
	}
	type seen struct {
		page signintest.Page
		err  error
	}
	pages := make(chan seen, 1)
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	l, err := i.InBrowser(ctx, func(address string) error {
		go func() {
			p, err := b.Visit(address, map[string]string{"login": signintest.Person, "password": signintest.Password})
			if err == nil && p.Address.Path != signin.RedirectPath {
				err = fmt.Errorf("it ends at %s: %d %s", p.Address.Path, p.Status, p.Text)
			}
			if err != nil {
				giveUp()
			}
			pages <- seen{p, err}
		}()
		return nil
	})
	s := <-pages
	if s.err != nil {
		t.Errorf("the browser: %v", s.err)
	}
	return l, s.page, err
}

// why is the problem of an error that must be a *signin.Error.
func why(t *testing.T, err error) signin.Problem {
	t.Helper()
	no := (*signin.Error)(nil)
	if !errors.As(err, &no) {
		t.Fatalf("%v (%T) says no problem", err, err)
	}
	return no.Why
}

// onlyOf checks that the guard let nobody but these hosts be asked.
func onlyOf(t *testing.T, g *egress.Guard, hosts ...string) {
	t.Helper()
	for _, e := range g.Journal() {
		if !slices.Contains(hosts, e.Host) || e.Purpose != egress.SignIn {
			t.Errorf("the journal has %s for %s", e.Host, e.Purpose)
		}
	}
}

func lastsAndRenews(t *testing.T, i *signin.Issuer, l signin.Login) signin.Login {
	t.Helper()
	if l.Access.Empty() || l.Refresh.Empty() || l.Subject == "" || !l.Fresh(time.Now()) {
		t.Fatalf("the login is %+v", l)
	}
	packed, err := l.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(packed.Reveal(), l.Access.Reveal()) {
		t.Error("the access token is kept though it can be renewed")
	}
	kept, err := signin.Unpack(packed)
	if err != nil || kept.Fresh(time.Now()) {
		t.Fatalf("Unpack = %+v, %v", kept, err)
	}
	next, err := i.Renew(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	if next.Subject != l.Subject || next.Access.Reveal() == l.Access.Reveal() || !next.Fresh(time.Now()) {
		t.Errorf("renewed, the login is %+v", next)
	}
	return next
}

func TestWithARealDexSomebodySignsInAndIsRenewed(t *testing.T) {
	issuer := signintest.Dex(t, "/dex")
	i, g := discover(t, settings(issuer))
	l, page, err := visit(t, i)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.Text, "close this page") || page.Status != http.StatusOK {
		t.Errorf("the browser ends at %d %s", page.Status, page.Text)
	}
	next := lastsAndRenews(t, i, l)
	onlyOf(t, g, "127.0.0.1")

	// Dex gives each refresh token once.
	if next.Refresh.Reveal() == l.Refresh.Reveal() {
		t.Error("the refresh token was not replaced")
	}
	gone := l
	gone.Refresh = secret.New("never given")
	if _, err := i.Renew(t.Context(), gone); why(t, err) != signin.SignedOut {
		t.Errorf("Renew = %v", err)
	}
	// It offers no revocation.
	if offered, err := i.Revoke(t.Context(), next); offered || err != nil {
		t.Errorf("Revoke = %v, %v", offered, err)
	}
}

func TestWithARealDexACodeIsTypedElsewhere(t *testing.T) {
	issuer := signintest.Dex(t, "")
	i, _ := discover(t, settings(issuer))
	b, err := signintest.NewBrowser()
	if err != nil {
		t.Fatal(err)
	}
	typed := make(chan error, 1)
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	l, err := i.OnDevice(ctx, func(c signin.Code) error {
		if !strings.HasPrefix(c.Address, issuer) || c.Text == "" || c.Until.IsZero() {
			t.Errorf("the code is %+v", c)
		}
		go func() {
			p, err := b.Visit(c.Address, map[string]string{"user_code": c.Text, "login": signintest.Person, "password": signintest.Password})
			if err == nil && (p.Status != http.StatusOK || !strings.Contains(p.Text, "Login Successful")) {
				err = fmt.Errorf("the browser ends at %s: %d %s", p.Address, p.Status, p.Text)
			}
			if err != nil {
				giveUp()
			}
			typed <- err
		}()
		return nil
	})
	if e := <-typed; e != nil || err != nil {
		t.Fatal(e, err)
	}
	lastsAndRenews(t, i, l)
}

// Dex says nothing of how strong a login was.
func TestWithARealDexADemandedSecondFactorIsMissing(t *testing.T) {
	i, _ := discover(t, settings(signintest.Dex(t, ""), "two"))
	l, _, err := visit(t, i)
	if why(t, err) != signin.TooWeak || !l.Access.Empty() {
		t.Errorf("signed in: %+v, %v", l, err)
	}
}

func TestWithARealProviderADemandedSecondFactorIsMetAndALogoutIsToldIt(t *testing.T) {
	i, g := discover(t, settings(signintest.Provider(t, "two"), "two"))
	l, _, err := visit(t, i)
	if err != nil || l.ACR != "two" {
		t.Fatalf("signed in: %+v, %v", l, err)
	}
	next := lastsAndRenews(t, i, l)
	if offered, err := i.Revoke(t.Context(), next); !offered || err != nil {
		t.Errorf("Revoke = %v, %v", offered, err)
	}
	if _, err := i.Renew(t.Context(), next); why(t, err) != signin.SignedOut {
		t.Errorf("what was revoked could be renewed: %v", err)
	}
	onlyOf(t, g, "127.0.0.1")
}

func TestWithARealProviderAWeakerLoginIsRefused(t *testing.T) {
	for _, given := range []string{"", "one"} {
		i, _ := discover(t, settings(signintest.Provider(t, given), "two"))
		l, _, err := visit(t, i)
		if why(t, err) != signin.TooWeak || !l.Access.Empty() {
			t.Errorf("with %q somebody is signed in: %+v, %v", given, l, err)
		}
	}
}

func TestWhatAnIssuerGetsWrongIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		wish signintest.Wish
		acr  string
		want signin.Problem
	}{
		"another state":           {wish: signintest.Wish{State: "of-another-login-entirely"}, want: signin.BadAnswer},
		"another issuer":          {wish: signintest.Wish{Iss: "https://elsewhere.invalid"}, want: signin.BadAnswer},
		"another nonce":           {wish: signintest.Wish{Claims: map[string]any{"nonce": "of-another-login"}}, want: signin.BadToken},
		"no nonce":                {wish: signintest.Wish{Claims: map[string]any{"nonce": nil}}, want: signin.BadToken},
		"another audience":        {wish: signintest.Wish{Claims: map[string]any{"aud": "another program"}}, want: signin.BadToken},
		"two audiences, no party": {wish: signintest.Wish{Claims: map[string]any{"aud": []string{signintest.ClientID, "another"}}}, want: signin.BadToken},
		"another party":           {wish: signintest.Wish{Claims: map[string]any{"azp": "another"}}, want: signin.BadToken},
		"another issuer inside":   {wish: signintest.Wish{Claims: map[string]any{"iss": "https://elsewhere.invalid"}}, want: signin.BadToken},
		"expired":                 {wish: signintest.Wish{Claims: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}}, want: signin.BadToken},
		"another access token":    {wish: signintest.Wish{Claims: map[string]any{"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}, want: signin.BadToken},
		"nobody":                  {wish: signintest.Wish{Claims: map[string]any{"sub": ""}}, want: signin.BadToken},
		"another key":             {wish: signintest.Wish{OtherKey: true}, want: signin.BadToken},
		"no ID token":             {wish: signintest.Wish{NoIDToken: true}, want: signin.BadToken},
		"no strength":             {acr: "two", want: signin.TooWeak},
		"a lesser strength":       {wish: signintest.Wish{ACR: "one"}, acr: "two", want: signin.TooWeak},
		"a list of strengths":     {wish: signintest.Wish{Claims: map[string]any{"acr": []string{"two"}}}, acr: "two", want: signin.BadToken},
		"the person said no":      {wish: signintest.Wish{Denies: "access_denied"}, want: signin.Denied},
		"strength cannot be met":  {wish: signintest.Wish{Denies: "unmet_authentication_requirements"}, want: signin.TooWeak},
	} {
		t.Run(name, func(t *testing.T) {
			d := signintest.NewDouble(t)
			s := settings(d.URL)
			if c.acr != "" {
				s.ACR = []string{c.acr}
			}
			i, _ := discover(t, s)
			d.Set(c.wish)
			l, _, err := visit(t, i)
			if why(t, err) != c.want || !l.Access.Empty() || !l.Refresh.Empty() {
				t.Errorf("signed in: %+v, %v", l, err)
			}
			for _, s := range d.Secrets() {
				if err != nil && strings.Contains(err.Error(), s) {
					t.Error("the error holds a token")
				}
			}
			if c.want == signin.BadAnswer && slices.Contains(d.Asks(), "POST /token") {
				t.Error("a code was exchanged that belongs to another login")
			}
		})
	}
}

func TestAGoodLoginIsRightInEveryWord(t *testing.T) {
	d := signintest.NewDouble(t)
	d.Set(signintest.Wish{ACR: "two", Name: "ada", Iss: d.URL})
	i, g := discover(t, settings(d.URL, "three", "two"))
	l, page, err := visit(t, i)
	if err != nil || l.Subject != "person-1" || l.Name != "ada" || l.ACR != "two" || l.Issuer != d.URL {
		t.Fatalf("signed in: %+v, %v", l, err)
	}
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("the page is %v", page.Header)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %#v", l, l, l), l.Access.Reveal()) {
		t.Error("a login prints its token")
	}
	lastsAndRenews(t, i, l)
	onlyOf(t, g, "127.0.0.1")
}

func TestARenewedLoginMustStayTheSamePersonAndAsStrong(t *testing.T) {
	for want, wish := range map[signin.Problem]signintest.Wish{
		signin.BadToken: {ACR: "two", Claims: map[string]any{"sub": "person-2"}},
		signin.TooWeak:  {ACR: "one"},
	} {
		d := signintest.NewDouble(t)
		d.Set(signintest.Wish{ACR: "two"})
		i, _ := discover(t, settings(d.URL, "two"))
		l, _, err := visit(t, i)
		if err != nil {
			t.Fatal(err)
		}
		d.Set(wish)
		if next, err := i.Renew(t.Context(), l); why(t, err) != want || !next.Access.Empty() {
			t.Errorf("renewed: %+v, %v", next, err)
		}
	}
	// Without a new ID token, the first login stands as strong as it was.
	d := signintest.NewDouble(t)
	i, _ := discover(t, settings(d.URL))
	l, _, err := visit(t, i)
	if err != nil {
		t.Fatal(err)
	}
	d.Set(signintest.Wish{NoIDToken: true})
	strict, _ := discover(t, settings(d.URL, "two"))
	if _, err := strict.Renew(t.Context(), l); why(t, err) != signin.TooWeak {
		t.Errorf("Renew = %v", err)
	}
}

func TestAnIssuerThatNamesAnotherSiteIsRefusedAndThatSiteNotAsked(t *testing.T) {
	for key, address := range map[string]string{
		"token_endpoint":                "https://elsewhere.invalid/token",
		"authorization_endpoint":        "https://127.0.0.1.elsewhere.invalid/authorize",
		"jwks_uri":                      "http://192.0.2.1/keys",
		"revocation_endpoint":           "https://127.0.0.2/revoke",
		"device_authorization_endpoint": "ftp://127.0.0.1/device",
	} {
		d := signintest.NewDouble(t)
		d.Set(signintest.Wish{Discovery: map[string]any{key: address}})
		g := egress.NewGuard()
		i, err := signin.Discover(t.Context(), g, settings(d.URL))
		if i != nil || why(t, err) != signin.Foreign {
			t.Errorf("%s at %s: %v", key, address, err)
		}
		onlyOf(t, g, "127.0.0.1")
	}
}

func TestWhatIsNoIssuerIsSaidSo(t *testing.T) {
	for _, address := range []string{"", "id.example", "http://id.example", "https://", "https://u:p@id.example", "https://id.example/?tenant=1", "file:///etc/passwd"} {
		g := egress.NewGuard()
		if _, err := signin.Discover(t.Context(), g, settings(address)); why(t, err) != signin.NoIssuer || len(g.Journal()) > 0 {
			t.Errorf("%q: %v, asked %v", address, err, g.Journal())
		}
	}
	d := signintest.NewDouble(t)
	d.Set(signintest.Wish{Discovery: map[string]any{"issuer": "https://elsewhere.invalid"}})
	if _, err := signin.Discover(t.Context(), egress.NewGuard(), settings(d.URL)); why(t, err) != signin.NoIssuer {
		t.Errorf("another issuer: %v", err)
	}
	if _, err := signin.Discover(t.Context(), egress.NewGuard(), settings(d.URL+"/nothing/here")); why(t, err) != signin.NoIssuer {
		t.Errorf("nothing there: %v", err)
	}
	d.Set(signintest.Wish{})
	i, _ := discover(t, settings(d.URL))
	if _, err := i.OnDevice(t.Context(), func(signin.Code) error { return nil }); why(t, err) != signin.NoDevice {
		t.Errorf("OnDevice = %v", err)
	}
}

// What comes to the door from elsewhere is not let in, and the door opens once.
func TestTheDoorTakesOneAnswerAtTheRightPlace(t *testing.T) {
	d := signintest.NewDouble(t)
	i, _ := discover(t, settings(d.URL))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var door string
	_, err := i.InBrowser(ctx, func(address string) error {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		door = u.Query().Get("redirect_uri")
		back, err := url.Parse(door)
		if err != nil {
			return err
		}
		for _, try := range []struct {
			method, path, host string
			want               int
		}{
			{http.MethodGet, "/", "", http.StatusNotFound},
			{http.MethodGet, "/favicon.ico", "", http.StatusNotFound},
			{http.MethodGet, "/signed-in/?code=x&state=y", "", http.StatusNotFound},
			{http.MethodPost, "/signed-in", "", http.StatusNotFound},
			{http.MethodGet, "/signed-in?code=x&state=y", "evil.example", http.StatusNotFound},
			{http.MethodGet, "/signed-in?code=x&state=y", "", http.StatusOK}, // this one is the one, and it is wrong
			{http.MethodGet, "/signed-in?code=x&state=" + u.Query().Get("state"), "", http.StatusGone},
		} {
			req, err := http.NewRequestWithContext(ctx, try.method, "http://"+back.Host+try.path, nil)
			if err != nil {
				return err
			}
			req.Host = try.host
			resp, err := http.DefaultClient.Do(req) //nolint:forbidigo // a browser's part
			if err != nil {
				return err
			}
			resp.Body.Close()
			if resp.StatusCode != try.want {
				t.Errorf("%s %s with %q answers %d", try.method, try.path, try.host, resp.StatusCode)
			}
		}
		return nil
	})
	if why(t, err) != signin.BadAnswer || slices.Contains(d.Asks(), "POST /token") {
		t.Errorf("signed in: %v", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, door, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := http.DefaultClient.Do(req); err == nil { //nolint:forbidigo // a browser's part
		resp.Body.Close()
		t.Error("the door is still open")
	}
}

func TestSomebodyWhoGoesAwayIsNotWaitedFor(t *testing.T) {
	d := signintest.NewDouble(t)
	i, _ := discover(t, settings(d.URL))
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := i.InBrowser(ctx, func(string) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("InBrowser = %v", err)
	}
	if _, err := i.InBrowser(t.Context(), func(string) error { return errors.New("no browser") }); err == nil {
		t.Error("without a browser somebody is signed in")
	}
}
