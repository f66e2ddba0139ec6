//go:build linux || freebsd || netbsd || openbsd || dragonfly

package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// The names of the Secret Service API (freedesktop.org, version 0.2).
const (
	service        = "org.freedesktop.secrets"
	servicePath    = dbus.ObjectPath("/org/freedesktop/secrets")
	serviceCalls   = "org.freedesktop.Secret.Service."
	collectionOf   = "org.freedesktop.Secret.Collection."
	itemOf         = "org.freedesktop.Secret.Item."
	promptOf       = "org.freedesktop.Secret.Prompt."
	nothing        = dbus.ObjectPath("/") // no prompt, or no collection
	loginKeyring   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	defaultKeyring = "default"
)

// The attributes of our items. They are legible to every program of the person.
const (
	attrSchema = "xdg:schema"
	attrKind   = "kind"
	attrPlace  = "place"
	schema     = "paravent.Secret"
)

// System is the keyring of this system: the Secret Service on the session's bus.
// unlock is how long the person may take to unlock it when the system asks for
// its password; 0 does not let the system ask.
func System(unlock time.Duration) Keyring { return &secretService{unlock: unlock} }

// secretService speaks to the service anew for each call: a connection that hangs
// or was cut harms no other. Secrets cross the bus as they are: only programs of
// the same person hear it, and those may ask the keyring themselves.
type secretService struct{ unlock time.Duration }

// A talk is one connection to the service.
type talk struct {
	bus     *dbus.Conn
	session dbus.ObjectPath
	sealer  sealer
	unlock  time.Duration
}

// wire is a secret as the service takes and gives it.
type wire struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (s *secretService) Get(ctx context.Context, k Key) (found Secret, err error) {
	err = s.talk(ctx, func(t *talk) error {
		items, err := t.items(ctx, attributes(k))
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return ErrNone
		}
		var w wire
		if err := t.call(ctx, items[0], itemOf+"GetSecret", []any{t.session}, &w); err != nil {
			return err
		}
		if found, err = t.sealer.open(w.Parameters, w.Value); err != nil {
			return &KeyringError{Why: Refusing, Err: err}
		}
		return nil
	})
	return found, err
}

func (s *secretService) Set(ctx context.Context, k Key, v Secret) error {
	return s.talk(ctx, func(t *talk) error {
		where, err := t.collection(ctx)
		if err != nil {
			return err
		}
		if err := t.open(ctx, where); err != nil {
			return err
		}
		w := wire{Session: t.session, ContentType: "text/plain; charset=utf8"}
		w.Parameters, w.Value = t.sealer.seal([]byte(v.Reveal()))
		defer clear(w.Value)
		properties := map[string]dbus.Variant{
			itemOf + "Label":      dbus.MakeVariant("Paravent: " + k.String()),
			itemOf + "Attributes": dbus.MakeVariant(attributes(k)),
		}
		var item, prompt dbus.ObjectPath
		if err := t.call(ctx, where, collectionOf+"CreateItem", []any{properties, w, true}, &item, &prompt); err != nil {
			return err
		}
		return t.prompted(ctx, prompt)
	})
}

func (s *secretService) Delete(ctx context.Context, k Key) error {
	return s.talk(ctx, func(t *talk) error {
		items, err := t.items(ctx, attributes(k))
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return ErrNone
		}
		for _, i := range items {
			var prompt dbus.ObjectPath
			if err := t.call(ctx, i, itemOf+"Delete", nil, &prompt); err != nil {
				return err
			}
			if err := t.prompted(ctx, prompt); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *secretService) List(ctx context.Context) (keys []Key, err error) {
	err = s.talk(ctx, func(t *talk) error {
		items, err := t.items(ctx, map[string]string{attrSchema: schema})
		if err != nil {
			return err
		}
		for _, i := range items {
			var v dbus.Variant
			if err := t.call(ctx, i, "org.freedesktop.DBus.Properties.Get", []any{strings.TrimSuffix(itemOf, "."), "Attributes"}, &v); err != nil {
				return err
			}
			if a, ok := v.Value().(map[string]string); ok {
				keys = append(keys, Key{Kind(a[attrKind]), a[attrPlace]})
			}
		}
		return nil
	})
	return keys, err
}

func attributes(k Key) map[string]string {
	return map[string]string{attrSchema: schema, attrKind: string(k.Kind), attrPlace: k.Place}
}

// talk connects, and calls f within a session.
func (s *secretService) talk(ctx context.Context, f func(*talk) error) (err error) {
	address, ok := busAddress()
	if !ok {
		return &KeyringError{Why: Missing, Err: errors.New("this session has no bus")}
	}
	// The connection lives as long as its context: that is how one that hangs ends.
	alive, cut := context.WithCancel(ctx)
	defer cut()
	late := time.AfterFunc(answerTime, cut)
	bus, err := dbus.Connect(address, dbus.WithContext(alive))
	if !late.Stop() || ctx.Err() != nil {
		return errors.Join(silentOr(ctx), closed(bus))
	}
	if err != nil {
		return &KeyringError{Why: Missing, Err: err}
	}
	defer func() { _ = closed(bus) }() // nothing is lost with it
	t := &talk{bus: bus, unlock: s.unlock}
	if err := t.begin(ctx); err != nil {
		return err
	}
	return f(t)
}

// begin opens a session that encrypts or, with a service that knows none, one that
// does not.
func (t *talk) begin(ctx context.Context) error {
	e, err := newExchange()
	if err != nil {
		return &KeyringError{Why: Refusing, Err: err}
	}
	var theirs dbus.Variant
	err = t.call(ctx, servicePath, serviceCalls+"OpenSession", []any{sealing, dbus.MakeVariant(e.ours())}, &theirs, &t.session)
	if no := (dbus.Error{}); errors.As(err, &no) && no.Name == "org.freedesktop.DBus.Error.NotSupported" {
		return t.call(ctx, servicePath, serviceCalls+"OpenSession", []any{"plain", dbus.MakeVariant("")}, &theirs, &t.session)
	}
	if err != nil {
		return err
	}
	half, _ := theirs.Value().([]byte)
	if t.sealer, err = e.key(half); err != nil {
		return &KeyringError{Why: Refusing, Err: err}
	}
	return nil
}

func closed(bus *dbus.Conn) error {
	if bus == nil {
		return nil
	}
	return bus.Close()
}

// busAddress is where the session's bus is: a socket of this machine. Nothing is
// started, and nothing is looked for over the network.
func busAddress() (string, bool) {
	if a := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); a != "" {
		for part := range strings.SplitSeq(a, ";") {
			if strings.HasPrefix(part, "unix:") {
				return part, true
			}
		}
		return "", false
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		path := filepath.Join(dir, "bus")
		if _, err := os.Stat(path); err == nil {
			return "unix:path=" + dbus.EscapeBusAddressValue(path), true
		}
	}
	return "", false
}

// call calls a method and reads its answer into out, if that comes in time.
func (t *talk) call(ctx context.Context, at dbus.ObjectPath, method string, in []any, out ...any) error {
	within, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	err := t.bus.Object(service, at).CallWithContext(within, method, 0, in...).Store(out...)
	if err == nil {
		return nil
	}
	if within.Err() != nil {
		return silentOr(ctx)
	}
	return &KeyringError{Why: troubleOf(err), Err: err}
}

// silentOr is the end of ctx, or else the keyring's silence.
func silentOr(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return &KeyringError{Why: Silent}
}

func troubleOf(err error) Trouble {
	no := dbus.Error{}
	if !errors.As(err, &no) {
		return Missing // the connection was cut
	}
	switch {
	case no.Name == "org.freedesktop.Secret.Error.IsLocked":
		return Locked
	case no.Name == "org.freedesktop.DBus.Error.NoReply", no.Name == "org.freedesktop.DBus.Error.Timeout":
		return Silent
	case no.Name == "org.freedesktop.DBus.Error.ServiceUnknown", no.Name == "org.freedesktop.DBus.Error.NameHasNoOwner",
		no.Name == "org.freedesktop.DBus.Error.Disconnected", strings.HasPrefix(no.Name, "org.freedesktop.DBus.Error.Spawn."):
		return Missing
	}
	return Refusing
}

// collection is where new secrets go.
func (t *talk) collection(ctx context.Context) (dbus.ObjectPath, error) {
	var at dbus.ObjectPath
	if err := t.call(ctx, servicePath, serviceCalls+"ReadAlias", []any{defaultKeyring}, &at); err != nil {
		return "", err
	}
	if at != nothing {
		return at, nil
	}
	var all dbus.Variant
	if err := t.call(ctx, servicePath, "org.freedesktop.DBus.Properties.Get", []any{strings.TrimSuffix(serviceCalls, "."), "Collections"}, &all); err != nil {
		return "", err
	}
	if paths, ok := all.Value().([]dbus.ObjectPath); ok {
		for _, p := range paths {
			if p == loginKeyring {
				return p, nil
			}
		}
	}
	return "", &KeyringError{Why: Missing, Err: errors.New("the service has no default keyring")}
}

// items are the unlocked items with these attributes. Where some are locked, the
// person is asked to unlock them.
func (t *talk) items(ctx context.Context, with map[string]string) ([]dbus.ObjectPath, error) {
	var unlocked, locked []dbus.ObjectPath
	if err := t.call(ctx, servicePath, serviceCalls+"SearchItems", []any{with}, &unlocked, &locked); err != nil {
		return nil, err
	}
	if len(locked) == 0 {
		return unlocked, nil
	}
	return append(unlocked, locked...), t.open(ctx, locked...)
}

// open unlocks items or a collection.
func (t *talk) open(ctx context.Context, at ...dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := t.call(ctx, servicePath, serviceCalls+"Unlock", []any{at}, &unlocked, &prompt); err != nil {
		return err
	}
	return t.prompted(ctx, prompt)
}

// prompted lets the system ask the person, and waits for the answer.
func (t *talk) prompted(ctx context.Context, prompt dbus.ObjectPath) error {
	if prompt == nothing {
		return nil
	}
	dismiss := func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
		defer cancel()
		_ = t.call(ctx, prompt, promptOf+"Dismiss", nil) // it ends with the connection, too
	}
	if t.unlock == 0 {
		dismiss()
		return &KeyringError{Why: Locked}
	}
	signals := make(chan *dbus.Signal, 16)
	t.bus.Signal(signals)
	if err := t.bus.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(strings.TrimSuffix(promptOf, "."))); err != nil {
		return &KeyringError{Why: troubleOf(err), Err: err}
	}
	if err := t.call(ctx, prompt, promptOf+"Prompt", []any{""}); err != nil {
		return err
	}
	late := time.NewTimer(t.unlock)
	defer late.Stop()
	for {
		select {
		case s, ok := <-signals:
			if !ok {
				return &KeyringError{Why: Missing}
			}
			if s.Path != prompt || s.Name != promptOf+"Completed" || len(s.Body) == 0 {
				continue
			}
			if dismissed, ok := s.Body[0].(bool); !ok || dismissed {
				return &KeyringError{Why: Locked}
			}
			return nil
		case <-late.C:
			dismiss()
			return &KeyringError{Why: Locked}
		case <-ctx.Done():
			dismiss()
			return ctx.Err()
		}
	}
}
