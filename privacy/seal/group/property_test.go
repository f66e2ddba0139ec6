package group_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"paravent/privacy/seal/group"
)

// TestWhateverHappensNobodyHasAKeyThatIsNotForHim lets members come and go while
// messages are lost, doubled, late and out of order, and those who left go on to
// get every message. Then the server behaves, and all must hear all.
func TestWhateverHappensNobodyHasAKeyThatIsNotForHim(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newServer(t)
		s.r = rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "order"), 1))
		s.shuffle = true
		var gone []*member
		heldBy := map[group.Base]map[group.Ref]bool{}
		madeFor := map[group.Base][]group.Ref{}
		watch := func(m *member) {
			for base, to := range m.Mine() {
				madeFor[base] = append(to, m.Ref())
			}
			for _, base := range m.HeldKeys() {
				if heldBy[base] == nil {
					heldBy[base] = map[group.Ref]bool{}
				}
				heldBy[base][m.Ref()] = true
			}
			for _, r := range m.Hearers() {
				if !m.Knows(r) {
					rt.Errorf("%s seals with a key that one who left has", m.seat)
				}
			}
			if _, ok := m.Sealing(); ok != (m.Mode() == group.Sealed) || m.Mode() == group.Plain {
				rt.Errorf("%s is in mode %v, and seals: %v", m.seat, m.Mode(), ok)
			}
		}
		s.watch = watch
		lost, twice := 0, 0
		s.evil = func(p packet) []packet {
			switch n := s.r.IntN(100); {
			case n < lost:
				return nil
			case n < lost+twice:
				return []packet{p, p}
			}
			return []packet{p}
		}
		seats := 0
		for range rapid.IntRange(3, 14).Draw(rt, "steps") {
			switch what := rapid.IntRange(0, 9).Draw(rt, "what"); {
			case what < 4 && len(s.seats) < 6:
				seats++
				s.enter(group.Seat(fmt.Sprint("seat ", seats)))
			case what < 6 && len(s.seats) > 0:
				present := slices.DeleteFunc(slices.Clone(s.order), func(x group.Seat) bool { return s.seats[x] == nil })
				seat := rapid.SampledFrom(present).Draw(rt, "who")
				gone = append(gone, s.seats[seat])
				if rapid.Bool().Draw(rt, "says bye") {
					s.do(s.seats[seat], group.Leave{})
				}
				s.drop(seat)
			case what == 6:
				lost, twice = rapid.IntRange(0, 60).Draw(rt, "lost"), rapid.IntRange(0, 30).Draw(rt, "twice")
			default:
				s.run(time.Duration(rapid.IntRange(1, 40).Draw(rt, "tenths")) * 100 * time.Millisecond)
			}
			for _, m := range gone { // they work with the server
				for _, p := range s.past[max(0, len(s.past)-100):] {
					m.State, _, _ = m.After(s.now, group.Received{From: p.from, Body: p.body})
					watch(m)
				}
			}
		}
		s.evil = nil
		s.run(time.Minute)
		if err := s.whole(); err != nil {
			rt.Error(err)
		}
		for base, holders := range heldBy {
			for ref := range holders {
				if !slices.Contains(madeFor[base], ref) {
					rt.Error("a key is held by one whom it was not made for")
				}
			}
		}
		if len(s.seats) > 1 && len(heldBy) == 0 {
			rt.Error("no key was ever seen")
		}
	})
}

// BenchmarkGroup says what it costs 50 members that one comes, and that one leaves:
// the time of all 50 together on one core, and the bytes that one of them sends
// and gets until all have confirmed.
func BenchmarkGroup(b *testing.B) {
	const members = 50
	sum := func(s *server, from int) (sent, got float64) {
		unique := map[string]bool{} // what goes to all is sent once
		for _, p := range s.past[from:] {
			if p.to == "seat 1" {
				got += float64(len(p.body))
			}
			if p.from == "seat 1" && !unique[string(p.body)] {
				unique[string(p.body)] = true
				sent += float64(len(p.body))
			}
		}
		return sent, got
	}
	fill := func(b *testing.B) *server {
		s := newServer(b)
		for i := range members {
			s.enter(group.Seat(fmt.Sprint("seat ", i)))
		}
		s.run(3 * time.Second)
		if err := s.whole(); err != nil {
			b.Fatal(err)
		}
		return s
	}
	for what, change := range map[string]func(*server){
		"one comes":  func(s *server) { s.enter("another") },
		"one leaves": func(s *server) { s.drop("seat 7") },
	} {
		b.Run(what, func(b *testing.B) {
			var sent, got float64
			var took time.Duration
			for b.Loop() {
				b.StopTimer()
				s := fill(b)
				from := len(s.past)
				b.StartTimer()
				began := time.Now()
				change(s)
				s.run(500 * time.Millisecond)
				took += time.Since(began)
				b.StopTimer()
				s.run(2 * time.Second)
				sent, got = sum(s, from)
				if err := s.whole(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(took.Milliseconds())/float64(b.N), "ms-for-all")
			b.ReportMetric(sent, "bytes-sent")
			b.ReportMetric(got, "bytes-got")
		})
	}
}
