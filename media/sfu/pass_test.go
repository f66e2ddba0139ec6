package sfu_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"paravent/media/sfu"
	"paravent/privacy/secret"
)

func jwt(body string) string {
	return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(body)) + ".c2lnbmF0dXJlLW9mLWl0"
}

func TestATokenSaysWhenItsTimeIsOver(t *testing.T) {
	at := time.Unix(1000, 0)
	for token, want := range map[string]bool{
		jwt(`{"exp":1000}`): true, jwt(`{"exp":1001}`): false, jwt(`{}`): false, jwt(`{"exp":"soon"}`): false,
		"stream-key": false, "": false, "a.b.c": false, jwt(`{"exp":1}`)[:30]: false, strings.Replace(jwt(`{"exp":1}`), ".", ".\x1b", 1): false,
	} {
		if got := sfu.HasExpired(secret.New(token), at); got != want {
			t.Errorf("%q: %v, want %v", token, got, want)
		}
	}
}

func TestASecretIsTakenOutOfWhatAServerSays(t *testing.T) {
	token := jwt(`{"exp":1000}`)
	s := secret.New(token)
	for name, words := range map[string]string{
		"whole": "invalid token: " + token + ", sorry", "a part": "bad payload " + strings.Split(token, ".")[1] + "!", "cut off": "you sent " + token[:25],
	} {
		got := string(sfu.Hide(words, s))
		for n := 8; n <= len(token); n++ {
			if strings.Contains(got, token[:n]) {
				t.Errorf("%s: %q shows %d bytes of the token", name, got, n)
				break
			}
		}
		if strings.Contains(got, strings.Split(token, ".")[1]) || !strings.Contains(got, "…") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := sfu.Hide(" no such stream ", secret.Secret{}, secret.New("short")); got != "no such stream" {
		t.Errorf("%q", got)
	}
}

func FuzzHide(f *testing.F) {
	f.Add("invalid token: abcdefghij", "abcdefghij.klmnopqrst")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, words, token string) {
		got := string(sfu.Hide(words, secret.New(token)))
		if len(token) >= 8 && !strings.Contains(token, "…") && strings.Contains(got, token) {
			t.Errorf("%q shows %q", got, token)
		}
	})
}
