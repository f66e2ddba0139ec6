package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"paravent/privacy/secret"
)

func TestASecretIsNeverPrintedLoggedOrWrittenOut(t *testing.T) {
	s := secret.New("hunter2")
	holder := struct{ S secret.Secret }{s}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("joined", "token", s, "holder", holder)
	written, err := json.Marshal(holder)
	if err == nil {
		t.Error("a secret could be written as JSON")
	}
	for _, shown := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), fmt.Sprintf("%+v %#v", holder, holder), log.String(), string(written),
	} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("the secret is in %q", shown)
		}
	}
	if s.Reveal() != "hunter2" || s.Empty() || !(secret.Secret{}).Empty() {
		t.Error("the secret was lost")
	}
}
