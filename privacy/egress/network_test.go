package egress

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestANetworkIsUpWhileAnythingLeadsAway(t *testing.T) {
	n := NewNetwork(nil)
	if !n.Up() {
		t.Error("what is not known counts as a network")
	}
	for _, c := range []struct {
		shape      string
		differs    bool
		up, isNews bool
		what       string
	}{
		{"eth0=192.0.2.7/24", true, true, true, "the first look"},
		{"eth0=192.0.2.7/24", false, true, false, "nothing new"},
		{"eth0=192.0.2.7/24", true, true, true, "another way out"},
		{"eth0=192.0.2.7/24 wlan0=198.51.100.7/24", false, true, true, "a second network"},
		{"", false, false, true, "none left"},
		{"wlan0=198.51.100.7/24", false, true, true, "one is back"},
	} {
		changed := n.Changed()
		n.take(c.shape, c.differs)
		news := false
		select {
		case <-changed:
			news = true
		default:
		}
		if news != c.isNews || n.Up() != c.up {
			t.Errorf("%s: told %v, up %v", c.what, news, n.Up())
		}
	}
}

func TestOneChangeInManyWordsIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		news := make(chan bool)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for _, way := range []bool{false, true, false} {
				time.Sleep(calm / 2)
				news <- way
			}
			for { // a system that never stops talking
				select {
				case news <- false:
				case <-ctx.Done():
					return
				}
				time.Sleep(calm / 2)
			}
		}()
		began := time.Now()
		if way := gather(ctx, news, false); !way || time.Since(began) != hurry {
			t.Errorf("a way out %v, after %v", way, time.Since(began))
		}
		quiet := time.Now()
		if way := gather(ctx, nil, true); !way || time.Since(quiet) != calm {
			t.Errorf("a way out %v, after %v", way, time.Since(quiet))
		}
	})
}
