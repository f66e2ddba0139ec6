package signintest

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A Browser is a double of a person at a browser: it follows where it is led, and
// fills in the forms that Dex shows.
type Browser struct {
	client *http.Client
}

// NewBrowser returns a browser that knows nobody.
func NewBrowser() (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Browser{&http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}, nil
}

// A Page is the last one that a browser was shown.
type Page struct {
	Address *url.URL
	Status  int
	Header  http.Header
	Text    string
}

// Visit goes to address and does what the pages ask, with these words for the
// fields of forms.
func (b *Browser) Visit(address string, words map[string]string) (Page, error) {
	action := regexp.MustCompile(`(?s)<form[^>]*method="post".*?</form>`) // the first: it says yes
	target := regexp.MustCompile(`action="([^"]*)"`)
	field := regexp.MustCompile(`<input[^>]*name="([^"]+)"[^>]*>`)
	preset := regexp.MustCompile(`value="([^"]*)"`)
	p, err := b.page(http.MethodGet, address, nil)
	for range 8 {
		if err != nil || p.Address.Path == "/signed-in" {
			return p, err
		}
		form := action.FindString(p.Text)
		if form == "" {
			return p, nil
		}
		values := url.Values{}
		for _, f := range field.FindAllStringSubmatch(form, -1) {
			v := ""
			if m := preset.FindStringSubmatch(f[0]); m != nil {
				v = html.UnescapeString(m[1])
			}
			if w, ok := words[f[1]]; ok {
				v = w
			}
			if v != "" {
				values.Set(f[1], v)
			}
		}
		to := p.Address
		if m := target.FindStringSubmatch(form); m != nil {
			if to, err = to.Parse(html.UnescapeString(m[1])); err != nil {
				return p, err
			}
		}
		was := p.Text
		p, err = b.page(http.MethodPost, to.String(), values)
		if err == nil && p.Text == was {
			return p, fmt.Errorf("the form at %s comes again", to)
		}
	}
	return p, fmt.Errorf("there is no end of pages")
}

func (b *Browser) page(method, address string, form url.Values) (Page, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return Page{}, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return Page{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return Page{resp.Request.URL, resp.StatusCode, resp.Header, strings.TrimSpace(string(text))}, err
}
