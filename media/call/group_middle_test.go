package call_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"paravent/media/sfu"
	"paravent/media/sfu/loopback"
	"paravent/privacy/seal"
	"paravent/privacy/seal/group"
	"paravent/privacy/seal/grouped"
	"paravent/privacy/seal/identity"
)

// A middle is a server that stands between Ada and Bo: to each of them it is the other,
// with keys and an identity of its own.
type middle struct {
	*loopback.Connector
	t *testing.T
}

func (m *middle) Join(ctx context.Context, r sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	in, err := m.Connector.Join(ctx, r, p, k)
	if err != nil {
		return nil, err
	}
	other := map[string]string{"Ada": "Bo", "Bo": "Ada"}[p.DisplayName]
	d := &deceived{Session: in, queue: sfu.NewQueue(), fake: grouped.New(), other: other}
	go d.deceive(m.t, p.DisplayName)
	return d, nil
}

// deceived is the session of who is lied to.
type deceived struct {
	sfu.Session
	queue *sfu.Queue
	fake  *grouped.Keys
	other string

	mu sync.Mutex // one event at a time
}

func (d *deceived) Events() <-chan sfu.Event { return d.queue.Events() }

func (d *deceived) SendData(_ context.Context, to sfu.MemberID, b []byte) error {
	if to == "" || string(to) == d.other {
		d.do(group.Received{From: group.Seat(d.Self().ID), Body: b})
	}
	return nil
}

func (d *deceived) do(e group.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out, _ := d.fake.Do(time.Now(), e)
	d.say(out)
}

func (d *deceived) say(out []group.Message) {
	for _, x := range out {
		d.queue.Put(sfu.Data{From: sfu.MemberID(d.other), Bytes: x.Body})
	}
}

func (d *deceived) deceive(t *testing.T, name string) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			d.do(group.Tick{})
		case e, ok := <-d.Session.Events():
			if !ok {
				return
			}
			if _, data := e.(sfu.Data); data {
				continue
			}
			d.queue.Put(e)
			if j, ok := e.(sfu.MemberJoined); ok && string(j.Member.ID) == d.other {
				out, err := d.fake.Begin(group.Config{Call: "room room", Seat: group.Seat(d.other), Name: d.other, Identity: identity.New()}, time.Now())
				if err != nil {
					t.Error(err)
				}
				d.say(out)
				d.do(group.Joined{Seat: group.Seat(name)})
			}
		}
	}
}

func TestWhoeverStandsBetweenShowsInTheWordsAndToWhoKnewEachOtherAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		between := &middle{loopback.New(), t}
		ada, bo := come(t, between, "Ada", options{}), come(t, between, "Bo", options{})
		ada.speak()
		elapse(3*time.Second, ada, bo)
		if a, b := ada.State().Encryption.Grade, bo.State().Encryption.Grade; a != seal.Unchecked || b != seal.Unchecked {
			t.Fatalf("the deceit does not come about: grades %q and %q", a, b)
		}
		if ada.words() == bo.words() {
			t.Error("the words are the same")
		}
		ada.leave()
		bo.leave()

		book := identity.Book{}.Verify("Bo", bo.id.Public(), time.Now())
		ada, bo = come(t, between, "Ada", options{book: book}), come(t, between, "Bo", options{id: bo.id})
		ada.speak()
		elapse(3*time.Second, ada, bo)
		if n := ada.sent(ada, bo); n != 0 || !ada.told(group.Changed, "Bo") {
			t.Errorf("%d packets left; troubles %v", n, ada.State().Encryption.Troubles)
		}
		ada.leave()
		bo.leave()
	})
}
