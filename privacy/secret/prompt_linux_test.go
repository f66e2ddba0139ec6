package secret_test

import (
	"errors"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"paravent/privacy/secret"
	"paravent/privacy/secret/secrettest"
)

// asking is a double of a keyring that is locked, and of the system's question for
// its password, which is answered as answer says; nil is never. No desktop is there
// to ask it for the real one.
type asking struct {
	bus       *dbus.Conn
	answer    *bool // whether the person dismisses the question
	asked     chan struct{}
	dismissed chan struct{}
}

const (
	doublePrompt = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
	doubleItem   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login/1")
)

// OpenSession knows no session that encrypts.
func (*asking) OpenSession(kind string, _ dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	if kind != "plain" {
		return dbus.MakeVariant(""), "/", dbus.NewError("org.freedesktop.DBus.Error.NotSupported", nil)
	}
	return dbus.MakeVariant(""), "/org/freedesktop/secrets/session/s1", nil
}

func (*asking) SearchItems(map[string]string) (unlocked, locked []dbus.ObjectPath, _ *dbus.Error) {
	return nil, []dbus.ObjectPath{doubleItem}, nil
}

func (*asking) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return nil, doublePrompt, nil
}

func (a *asking) Prompt(string) *dbus.Error {
	a.asked <- struct{}{}
	if a.answer != nil {
		// Before the call returns, as a quick keyring may.
		if err := a.bus.Emit(doublePrompt, "org.freedesktop.Secret.Prompt.Completed", *a.answer, dbus.MakeVariant([]dbus.ObjectPath{doubleItem})); err != nil {
			return dbus.MakeFailedError(err)
		}
	}
	return nil
}

func (a *asking) Dismiss() *dbus.Error {
	a.dismissed <- struct{}{}
	return nil
}

type doubleSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (*asking) GetSecret(session dbus.ObjectPath) (doubleSecret, *dbus.Error) {
	return doubleSecret{session, []byte{}, []byte(planted), "text/plain"}, nil
}

func ask(t *testing.T, s *secrettest.Session, answer *bool) *asking {
	t.Helper()
	a := &asking{bus: s.Connect(), answer: answer, asked: make(chan struct{}, 8), dismissed: make(chan struct{}, 8)}
	for path, in := range map[dbus.ObjectPath]string{
		"/org/freedesktop/secrets": "org.freedesktop.Secret.Service", doublePrompt: "org.freedesktop.Secret.Prompt", doubleItem: "org.freedesktop.Secret.Item",
	} {
		if err := a.bus.Export(a, path, in); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := a.bus.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(r, err)
	}
	return a
}

func TestALockedKeyringIsUnlockedByThePerson(t *testing.T) {
	no := false
	a := ask(t, secrettest.Open(t), &no)
	var l told
	s := system(&l, time.Minute)
	mustGet(t, s, login(), planted)
	if len(a.asked) != 1 || len(a.dismissed) > 0 || s.Trouble() != nil {
		t.Errorf("asked %d times, dismissed %d times, trouble %v", len(a.asked), len(a.dismissed), s.Trouble())
	}
}

func TestAQuestionThatIsNotAnsweredIsTakenBack(t *testing.T) {
	yes := true
	for name, c := range map[string]struct {
		answer           *bool
		unlock           time.Duration
		asked, dismissed int
	}{
		"dismissed by the person": {&yes, time.Minute, 1, 0},
		"left alone":              {nil, 50 * time.Millisecond, 1, 1},
		"must not be asked":       {nil, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask(t, secrettest.Open(t), c.answer)
			var l told
			if _, err := system(&l, c.unlock).Get(t.Context(), login()); !errors.Is(err, secret.ErrNone) {
				t.Errorf("Get = %v", err)
			}
			if why := l.why(t); why != secret.Locked || len(a.asked) != c.asked || len(a.dismissed) != c.dismissed {
				t.Errorf("%q, asked %d times, dismissed %d times", why, len(a.asked), len(a.dismissed))
			}
		})
	}
}
