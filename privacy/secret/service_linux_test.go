package secret_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"paravent/privacy/secret"
	"paravent/privacy/secret/secrettest"
)

const planted = "pl4nted-r3fresh-t0ken"

func system(l *told, unlock time.Duration) *secret.Store {
	return secret.NewStore(secret.Options{Keyring: secret.System(unlock), Tell: l.tell})
}

func mustGet(t *testing.T, s *secret.Store, k secret.Key, want string) {
	t.Helper()
	v, err := s.Get(t.Context(), k)
	if err != nil || v.Reveal() != want {
		t.Errorf("Get(%v) is right: %v, %v", k, v.Reveal() == want, err)
	}
}

func mustSet(t *testing.T, s *secret.Store, k secret.Key, v string, kept bool) {
	t.Helper()
	got, err := s.Set(t.Context(), k, secret.New(v))
	if err != nil || got != kept {
		t.Errorf("Set(%v) = %v, %v; want %v", k, got, err, kept)
	}
}

func TestTheRealKeyringKeepsWhatASecondProgramThenReads(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	var l told
	first := system(&l, 0)
	mustSet(t, first, login(), "an older one", true)
	mustSet(t, first, login(), planted, true)
	other := secret.Key{Kind: secret.Passphrase, Place: "livekit meet.example atelier"}
	mustSet(t, first, other, "correct horse", true)
	first.Close()

	second := system(&l, 0)
	mustGet(t, second, login(), planted)
	keys, err := second.List(t.Context(), "")
	if err != nil || len(keys) != 2 || keys[0] != login() || keys[1] != other {
		t.Errorf("List = %v, %v", keys, err)
	}
	if keys, err := second.List(t.Context(), secret.Passphrase); err != nil || len(keys) != 1 || keys[0] != other {
		t.Errorf("List(passphrase) = %v, %v", keys, err)
	}
	if err := second.Delete(t.Context(), login()); err != nil {
		t.Error(err)
	}
	if _, err := second.Get(t.Context(), login()); !errors.Is(err, secret.ErrNone) {
		t.Errorf("what was deleted is found: %v", err)
	}
	if err := second.Delete(t.Context(), login()); err != nil {
		t.Errorf("deleting it again: %v", err)
	}
	mustGet(t, second, other, "correct horse")
	if len(l.all) > 0 || second.Trouble() != nil {
		t.Errorf("there is trouble: %v", l.all)
	}
}

// secret-tool is another program than ours, of another library.
func TestAnotherProgramFindsWhatWeKeep(t *testing.T) {
	session := secrettest.Open(t)
	tool, err := exec.LookPath("secret-tool")
	if err != nil {
		t.Skip("secret-tool is not installed (Debian package libsecret-tools): the keyring was asked by ourselves only")
	}
	session.Unlocked()
	mustSet(t, system(&told{}, 0), login(), planted, true)
	cmd := exec.Command(tool, "lookup", "xdg:schema", "paravent.Secret", "kind", "login", "place", login().Place)
	cmd.Env = session.Env()
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != planted {
		t.Errorf("secret-tool: %v", err)
	}
}

func TestALockedKeyringIsSaidSoAndMemoryServes(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	mustSet(t, system(&told{}, 0), login(), planted, true)
	session.Locked()
	// Where the system may ask, there is nobody here who could show the question.
	for _, unlock := range []time.Duration{0, time.Second} {
		var l told
		s := system(&l, unlock)
		if _, err := s.Get(t.Context(), login()); !errors.Is(err, secret.ErrNone) {
			t.Errorf("Get = %v", err)
		}
		mustSet(t, s, login(), "for now", false)
		mustGet(t, s, login(), "for now")
		if why := l.why(t); why != secret.Locked {
			t.Errorf("it was told that %q", why)
		}
	}
	// The keyring holds what it held.
	session.Unlocked()
	mustGet(t, system(&told{}, 0), login(), planted)
}

func TestWithoutAKeyringOnTheBusMemoryServes(t *testing.T) {
	secrettest.Open(t)
	memoryServes(t, secret.Missing)
}

func TestWithoutABusMemoryServesAndNothingIsStarted(t *testing.T) {
	secrettest.Open(t)
	for _, address := range []string{"", "unix:path=/nowhere/bus", "autolaunch:", "tcp:host=127.0.0.1,port=1", "unixexec:path=/bin/false"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
		memoryServes(t, secret.Missing)
	}
}

func TestAKeyringThatIsKilledInBetweenIsSaidSo(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	var l told
	s := system(&l, 0)
	mustSet(t, s, login(), planted, true)
	session.Kill()
	if _, err := s.Get(t.Context(), login()); !errors.Is(err, secret.ErrNone) {
		t.Errorf("Get = %v", err)
	}
	if why := l.why(t); why != secret.Missing {
		t.Errorf("it was told that %q", why)
	}
	if err := s.Delete(t.Context(), login()); err == nil {
		t.Error("a secret that is still in the keyring was said to be deleted")
	}
	mustSet(t, s, login(), "for now", false)
	mustGet(t, s, login(), "for now")
}

// memoryServes is what every lost keyring comes to.
func memoryServes(t *testing.T, want secret.Trouble) {
	t.Helper()
	var l told
	s := system(&l, 0)
	mustSet(t, s, login(), planted, false)
	mustGet(t, s, login(), planted)
	if keys, err := s.List(t.Context(), ""); err == nil || len(keys) != 1 {
		t.Errorf("List = %v, %v", keys, err)
	}
	if why := l.why(t); why != want {
		t.Errorf("it was told that %q, not that %q", why, want)
	}
	if why := new(secret.KeyringError); !errors.As(s.Trouble(), &why) || why.Why != want {
		t.Errorf("Trouble() = %v", s.Trouble())
	}
	s.Close()
	if _, err := s.Get(t.Context(), login()); !errors.Is(err, secret.ErrNone) {
		t.Errorf("after Close: %v", err)
	}
}

// mute is a double of a keyring that takes every call and answers none.
type mute struct{ asked chan struct{} }

func (m mute) LookupObject(dbus.ObjectPath) (dbus.ServerObject, bool) { return m, true }

func (m mute) LookupInterface(string) (dbus.Interface, bool) { return m, true }

func (m mute) LookupMethod(string) (dbus.Method, bool)                               { return m, true }
func (mute) NumArguments() int                                                       { return 0 }
func (mute) NumReturns() int                                                         { return 0 }
func (mute) ArgumentValue(int) any                                                   { return nil }
func (mute) ReturnValue(int) any                                                     { return nil }
func (mute) DecodeArguments(*dbus.Conn, string, *dbus.Message, []any) ([]any, error) { return nil, nil }

func (m mute) Call(...any) ([]any, error) {
	m.asked <- struct{}{}
	select {}
}

func TestAKeyringThatNeverAnswersIsGivenUp(t *testing.T) {
	session := secrettest.Open(t)
	m := mute{asked: make(chan struct{}, 100)}
	c, err := dbus.Connect(strings.TrimPrefix(session.Env()[0], "DBUS_SESSION_BUS_ADDRESS="), dbus.WithHandler(m))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	var l told
	s := secret.NewStore(secret.Options{Keyring: secret.System(0), Patience: 200 * time.Millisecond, Tell: l.tell})
	mustSet(t, s, login(), planted, false)
	<-m.asked
	mustGet(t, s, login(), planted)
	if why := l.why(t); why != secret.Silent {
		t.Errorf("it was told that %q", why)
	}
	if len(m.asked) > 0 {
		t.Error("a keyring that was given up was asked again")
	}

	// The person's interruption is no trouble of the keyring.
	var l2 told
	s = secret.NewStore(secret.Options{Keyring: secret.System(0), Tell: l2.tell})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-m.asked
		cancel()
	}()
	if _, err := s.Get(ctx, login()); !errors.Is(err, context.Canceled) || s.Trouble() != nil {
		t.Errorf("Get = %v, trouble %v", err, s.Trouble())
	}
}

func TestNoFileHoldsWhatIsKept(t *testing.T) {
	session := secrettest.Open(t)
	session.Unlocked()
	mustSet(t, system(&told{}, 0), login(), planted, true)
	session.Kill()
	mustSet(t, system(&told{}, 0), login(), planted, false)
	files := 0
	err := filepath.WalkDir(session.Home(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(planted)) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("read %d files: %v", files, err)
	}
}

// What a monitor of the bus writes down ends in reports of faults.
func TestAMonitorOfTheBusSeesNoSecret(t *testing.T) {
	session := secrettest.Open(t)
	monitor, err := exec.LookPath("dbus-monitor")
	if err != nil {
		t.Skip("dbus-monitor is not installed (Debian package dbus-bin): the bus was not looked at")
	}
	session.Unlocked()
	var seen bytes.Buffer
	cmd := exec.Command(monitor, "--address", strings.TrimPrefix(session.Env()[0], "DBUS_SESSION_BUS_ADDRESS="), "--binary")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1) // it has begun
	if _, err := io.ReadFull(out, first); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&seen, out)
	}()
	for _, text := range []string{planted, strings.Repeat("0123456789abcdef", 200), "x"} {
		s := system(&told{}, 0)
		mustSet(t, s, login(), text, true)
		mustGet(t, s, login(), text)
	}
	session.Kill() // the monitor sees this last
	_ = cmd.Process.Signal(os.Interrupt)
	<-read
	_ = cmd.Wait()
	if !bytes.Contains(seen.Bytes(), []byte("GetSecret")) {
		t.Fatalf("the monitor saw %d bytes, and nothing of ours", seen.Len())
	}
	for _, text := range []string{planted, "0123456789abcdef"} {
		if bytes.Contains(seen.Bytes(), []byte(text)) {
			t.Error("the monitor saw a secret")
		}
	}
}
