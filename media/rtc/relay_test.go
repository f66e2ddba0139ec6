package rtc

import (
	"net"
	"strings"
	"testing"

	"github.com/pion/transport/v4/vnet"
	"github.com/pion/turn/v5"
)

// With RelayOnly the other side learns no address of this machine.
func TestOnlyTheRelayIsShownWhenThatIsAsked(t *testing.T) {
	l := newLab(t)
	third, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{"10.0.0.3"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.router.AddNet(third); err != nil {
		t.Fatal(err)
	}
	conn, err := third.ListenPacket("udp4", "10.0.0.3:3478")
	if err != nil {
		t.Fatal(err)
	}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: "test",
		AuthHandler: func(r *turn.RequestAttributes) (string, []byte, bool) {
			return r.Username, turn.GenerateAuthKey(r.Username, r.Realm, "password"), true
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(10, 0, 0, 3), Address: "10.0.0.3", Net: third},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })

	a := l.newEnd(t, 0, Settings{RelayOnly: true, Relays: []Relay{{URLs: []string{"turn:10.0.0.3:3478?transport=udp"}, User: "u", Password: "password"}}})
	b := l.newEnd(t, 1, Settings{})
	c, err := a.OpenChannel("_reliable", true)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, a, b, false)
	if sdp := a.pc.LocalDescription().SDP; strings.Contains(sdp, "10.0.0.1") || !strings.Contains(sdp, "typ relay") {
		t.Errorf("the description shows this machine:\n%s", sdp)
	}
	a.awaitConnected(t)
	if err := c.Send(t.Context(), []byte("over the relay")); err != nil {
		t.Fatal(err)
	}
	if s := get(t, b.heard); s != "over the relay" {
		t.Errorf("heard %q", s)
	}
	if _, ok := a.asked.Load("10.0.0.3"); !ok {
		t.Error("the guard was not asked about the relay")
	}
}
