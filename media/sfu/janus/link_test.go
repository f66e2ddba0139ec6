package janus_test

import (
	"errors"
	"strings"
	"testing"

	"paravent/media/sfu"
	"paravent/media/sfu/janus"
)

func TestALinkLeadsToARoom(t *testing.T) {
	for link, want := range map[string]struct{ server, path, room, pin string }{
		"janus+wss://meet.example/1234":               {"meet.example", "/", "1234", ""},
		"JANUS+WSS://meet.example:8989/janus/ws/1234": {"meet.example:8989", "/janus/ws/", "1234", ""},
		"janus+wss://meet.example/a%20room%2Fhere":    {"meet.example", "/", "a room/here", ""},
		"janus+wss://meet.example/1234?pin=4711":      {"meet.example", "/", "1234", "4711"},
		"janus+ws://127.0.0.1:8188/1234":              {"127.0.0.1:8188", "/", "1234", ""},
		"janus+ws://[::1]:8188/x/1234":                {"[::1]:8188", "/x/", "1234", ""},
	} {
		r, ok, err := janus.Connector{}.Room(link)
		if err != nil || !ok || r.Server != want.server || r.Path.Reveal() != want.path || r.Name != want.room || r.Token.Reveal() != want.pin {
			t.Errorf("Room(%q) = %+v, %q, %q, %v, %v", link, r, r.Path.Reveal(), r.Token.Reveal(), ok, err)
		}
		if r.Plain != strings.HasPrefix(link, "janus+ws:") {
			t.Errorf("Room(%q): plain is %v", link, r.Plain)
		}
	}
}

func TestABadLinkIsRefusedWithoutShowingWhatIsInIt(t *testing.T) {
	for _, link := range []string{
		"janus:", "janus+wss:", "janus+wss://", "janus+wss:///1234", "janus+wss://meet.example", "janus+wss://meet.example/", "janus+wss://meet.example/x/",
		"janus+ws://meet.example/1234", "janus+https://meet.example/1234", "janus+wss://ada:hunter2@meet.example/1234", "janus+wss://meet.example/1234#hunter2",
		"janus+wss://meet.example:0/1234", "janus+wss://meet.example/%zz", "janus+wss://meet.example/1234?pin=%hunter2",
		"janus+wss://meet.example/" + strings.Repeat("hunter2", 100), "janus+wss://meet.example/" + strings.Repeat("hunter2/", 10000),
	} {
		_, ok, err := janus.Connector{}.Room(link)
		var bad *sfu.LinkError
		if !ok || !errors.As(err, &bad) {
			t.Errorf("Room(%.60q) = %v, %v, want a LinkError", link, ok, err)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows what is in the link: %v", err)
		}
	}
	for _, link := range []string{"", "livekit+wss://meet.example/", "https://meet.example/1234", "janusx+wss://meet.example/1"} {
		if _, ok, err := (janus.Connector{}).Room(link); ok || err != nil {
			t.Errorf("Room(%q) = %v, %v, want another kind's", link, ok, err)
		}
	}
}
