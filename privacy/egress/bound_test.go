package egress_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"paravent/privacy/egress"
)

func TestNoSecondHoldsMoreThanTheBoundWhateverIsSent(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, up := range []int{16_000, 24_000, 64_000, 150_000, 2_000_000} {
		b, now := egress.NewBooks(egress.Bounds{Up: up}), time.Unix(1_000, 0)
		type packet struct {
			at time.Time
			n  int
		}
		var sent []packet
		refused, from, sum, most := 0, 0, 0, 0
		for range 20_000 {
			now = now.Add(time.Duration(r.ExpFloat64() * float64(time.Second) * 4000 / float64(up)))
			n := 60 + r.IntN(1200)
			if !b.Take(now, n) {
				refused++
				continue
			}
			sent, sum = append(sent, packet{now, n}), sum+n
			for now.Sub(sent[from].at) > time.Second {
				sum -= sent[from].n
				from++
			}
			if most = max(most, sum*8); sum*8 > up {
				t.Fatalf("%d bits in a second, bound %d", sum*8, up)
			}
		}
		if refused == 0 || most < up*85/100-8*1260 {
			t.Errorf("bound %d: %d refused, and no second has more than %d", up, refused, most)
		}
	}
}

func TestWhatFitsIsSentAgainAfterASecond(t *testing.T) {
	b, now := egress.NewBooks(egress.Bounds{Up: 16_000}), time.Unix(1_000, 0)
	for range 3 {
		if !b.Take(now, 1900) || b.Take(now.Add(900*time.Millisecond), 100) {
			t.Fatal("the first does not fit, or the second does")
		}
		now = now.Add(1100 * time.Millisecond)
	}
	if !b.Take(now.Add(time.Hour), 1900) {
		t.Error("nothing fits after an hour")
	}
}

func TestWhatCanWaitIsSpreadAndLeavesRoom(t *testing.T) {
	b, now := egress.NewBooks(egress.Bounds{Up: 64_000, Patient: 30_000}), time.Unix(1_000, 0)
	bits, last := 0, now
	for end := now.Add(10 * time.Second); now.Before(end); {
		if wait := b.Patient(now, 1000); wait > 0 {
			now = now.Add(wait)
			continue
		}
		if bits > 0 && now.Sub(last) < 250*time.Millisecond {
			t.Fatalf("two packets within %v", now.Sub(last))
		}
		if !b.Take(now, 1000) {
			t.Fatal("what was told to go does not fit")
		}
		bits, last = bits+8000, now
	}
	if bits < 280_000 || bits > 310_000 {
		t.Errorf("%d bits in ten seconds", bits)
	}
}

func TestWhileSomebodySpeaksSignallingLeavesThemTheirRoom(t *testing.T) {
	b, now := egress.NewBooks(egress.Bounds{Up: 24_000, Urgent: 17_000, Patient: 10_000}), time.Unix(1_000, 0)
	b.Urgent(now)
	now = now.Add(5 * time.Second)
	lost, spoken, written := 0, 0, 0
	for end := now.Add(20 * time.Second); now.Before(end); now = now.Add(10 * time.Millisecond) {
		if now.Nanosecond()/1e7%6 == 0 { // every 60 ms
			b.Urgent(now)
			if spoken++; !b.Take(now, 125) {
				lost++
			}
		}
		for b.MayWait(now, 300) { // greedily
			written += 300
		}
	}
	if lost > spoken/100 || written < 20*500 {
		t.Errorf("%d of %d packets of speech are lost, and %d bytes of signalling went", lost, spoken, written)
	}
	b.Take(now, 10)
	if now = now.Add(12 * time.Second); !b.MayWait(now, 2900) {
		t.Error("signalling leaves room for nobody")
	}
}

func TestAHandshakeFindsRoomBesideSpeechWhenItIsSaidAgain(t *testing.T) {
	b, now := egress.NewBooks(egress.Bounds{Up: 24_000, Urgent: 17_000}), time.Unix(1_000, 0)
	var said int
	for n := range 1000 { // a minute of speech
		now = now.Add(60 * time.Millisecond)
		b.Take(now, 140)
		if n >= 100 && n%17 == 0 && said == 0 && b.Needed(now, 1200) {
			said = n
		}
	}
	if said == 0 || said > 100+3*17 {
		t.Errorf("it is said with packet %d", said)
	}
}

func TestHandshakesAreToldFromPicturesAndSound(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{
		"STUN": {[]byte{0, 1, 0, 0}, true}, "DTLS": {[]byte{22, 254, 253}, true}, "RTP": {[]byte{0x80, 111, 0, 0, 0}, false},
		"DTLS through a relay": {[]byte{0x40, 0, 0, 9, 22, 254}, true}, "RTP through a relay": {[]byte{0x40, 0, 0, 9, 0x90, 111}, false}, "nothing": {nil, false},
	} {
		if egress.IsNeeded(c.b) != c.want {
			t.Error(name)
		}
	}
}

func TestTheBoundAllocatesNothing(t *testing.T) {
	b, now := egress.NewBooks(egress.Bounds{Up: 64_000, Patient: 30_000}), time.Unix(1_000, 0)
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(7 * time.Millisecond)
		b.Patient(now, 100)
		b.Take(now, 100)
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

func TestDatagramsBeyondTheBoundStayHere(t *testing.T) {
	g := egress.NewGuard()
	g.Allow(egress.Media, "127.0.0.1")
	g.Bound(egress.Bounds{Up: 64_000})
	lane := g.Lane(egress.Media)
	ours, _, to := sockets(t, lane)
	began := time.Now()
	for range 200 {
		if n, err := ours.WriteToUDPAddrPort(make([]byte, 100), to); n != 100 || err != nil {
			t.Fatal(n, err)
		}
		if _, _, err := ours.WriteMsgUDP(make([]byte, 100), nil, net.UDPAddrFromAddrPort(to)); err != nil {
			t.Fatal(err)
		}
	}
	seconds := int(time.Since(began)/time.Second) + 1
	up := g.Traffic()[0].Up
	if up.Wire*8 > 64_000*uint64(seconds) || up.Packets < 50 || up.Packets+g.Held() != 400 {
		t.Errorf("%+v within %d s, and %d held", up, seconds, g.Held())
	}
	if lane.Bounds().Up != 64_000 {
		t.Error(lane.Bounds())
	}
}

// tcpPair is a connection of the guard and its other end.
func tcpPair(t *testing.T, g *egress.Guard) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	g.Allow(egress.Signalling, "127.0.0.1")
	if ours, err = g.Lane(egress.Signalling).DialContext(t.Context(), "tcp4", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

func TestWhatGoesOverTCPWaitsForRoomAndArrivesWhole(t *testing.T) {
	g := egress.NewGuard()
	g.Bound(egress.Bounds{Up: 400_000})
	ours, theirs := tcpPair(t, g)
	data := make([]byte, 60_000) // 1.2 s of the bound, without headers
	for i := range data {
		data[i] = byte(i * 7)
	}
	got := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(theirs)
		got <- b
	}()
	began := time.Now()
	if n, err := ours.Write(data); n != len(data) || err != nil {
		t.Fatal(n, err)
	}
	took := time.Since(began)
	if err := ours.Close(); err != nil {
		t.Fatal(err)
	}
	if string(<-got) != string(data) {
		t.Error("it arrives changed")
	}
	if took < 900*time.Millisecond { // the second second begins only then
		t.Errorf("60 kB within %v", took)
	}
}

func TestClosingEndsWhatWaitsForRoom(t *testing.T) {
	g := egress.NewGuard()
	g.Bound(egress.Bounds{Up: 1})
	ours, _ := tcpPair(t, g)
	failed := make(chan error)
	go func() {
		_, err := ours.Write(make([]byte, 10))
		failed <- err
	}()
	if err := ours.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func TestSpeechThroughARelayOverTCPHasTheRoomOfSpeech(t *testing.T) {
	g := egress.NewGuard()
	g.Bound(egress.Bounds{Up: 24_000, Urgent: 24_000}) // which leaves nothing for what can wait
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	lane := g.Lane(egress.Relay)
	g.Allow(egress.Relay, "127.0.0.1")
	c, err := lane.DialContext(t.Context(), "tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	g.SpeaksSince(time.Now().Add(-time.Minute))
	for range 10 {
		if _, err := c.Write(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
	}
	if up := g.Traffic()[0].Up; up.Bytes != 1000 {
		t.Errorf("%+v", up)
	}
}
