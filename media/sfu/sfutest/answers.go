package sfutest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"paravent/media/sfu"
)

// Answering returns a client whose every request is answered by the handler, without
// a socket: a double of a server for recognisers, and for fuzzing them.
func Answering(answer http.HandlerFunc) *http.Client {
	return &http.Client{Transport: answering(answer)}
}

type answering http.HandlerFunc

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// Page reads a link that must be one to a page.
func Page(t testing.TB, link string) sfu.Page {
	t.Helper()
	p, ok, err := sfu.ReadPage(link)
	if err != nil || !ok {
		t.Fatalf("ReadPage(%.60q) = %v, %v", link, ok, err)
	}
	return p
}

// Saying is a handler that answers everything alike.
func Saying(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}
