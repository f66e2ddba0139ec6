package signin

import (
	"encoding/json"
	"errors"
	"time"

	"paravent/privacy/secret"
)

// kept is a login as the keyring holds it. The access token is only there where
// nothing renews it: it is worth something at once.
type kept struct {
	Issuer  string    `json:"issuer"`
	Client  string    `json:"client"`
	Subject string    `json:"subject"`
	Name    string    `json:"name,omitempty"`
	ACR     string    `json:"acr,omitempty"`
	Wanted  []string  `json:"wanted,omitempty"`
	Refresh string    `json:"refresh,omitempty"`
	Access  string    `json:"access,omitempty"`
	Until   time.Time `json:"until,omitzero"`
}

// Pack makes one secret of a login, for the keyring.
func (l Login) Pack() (secret.Secret, error) {
	k := kept{Issuer: l.Issuer, Client: l.ClientID, Subject: l.Subject, Name: l.Name, ACR: l.ACR, Wanted: l.Wanted, Refresh: l.Refresh.Reveal()}
	if l.Refresh.Empty() {
		k.Access, k.Until = l.Access.Reveal(), l.Until
	}
	b, err := json.Marshal(k)
	if err != nil {
		return secret.Secret{}, errors.New("a login cannot be kept")
	}
	return secret.Taken(b), nil
}

// Unpack reads what Pack made.
func Unpack(s secret.Secret) (Login, error) {
	b := []byte(s.Reveal())
	defer clear(b)
	var k kept
	if err := json.Unmarshal(b, &k); err != nil || k.Issuer == "" || k.Refresh == "" && k.Access == "" {
		return Login{}, errors.New("what the keyring holds is no login")
	}
	return Login{
		Issuer: k.Issuer, ClientID: k.Client, Subject: k.Subject, Name: k.Name, ACR: k.ACR, Wanted: k.Wanted,
		Refresh: secret.New(k.Refresh), Access: secret.New(k.Access), Until: k.Until,
	}, nil
}

// Fresh reports whether the access token is good for some time after now.
func (l Login) Fresh(now time.Time) bool {
	return !l.Access.Empty() && (l.Until.IsZero() || now.Add(time.Minute).Before(l.Until))
}
