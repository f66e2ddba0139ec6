package whip_test

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
	"paravent/media/sfu/whip"
	"paravent/privacy/secret"
)

// A real LiveKit server also takes what is sent by WHIP, under a member's pass.
// It knows trickling, so that what we tell of our candidates is judged by another
// hand than ours.
func TestARealServerTakesWhatIsSent(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real server, which -short leaves out")
	}
	path := os.Getenv("PARAVENT_ROOM")
	if path == "" {
		path = filepath.Join(t.TempDir(), "paravent-room")
		build := exec.Command("go", "build", "-o", path, ".")
		build.Dir = "../../../cmd/paravent-room"
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build the room: %v\n%s", err, out)
		}
	}
	cmd := exec.Command(path, "--port", "0", "--room", "atelier", "--name", "Ada", "--name", "Bo", "--stdin")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	rooms := make(map[string]sfu.Room)
	for lines := bufio.NewScanner(out); len(rooms) < 2 && lines.Scan(); {
		name, link, _ := strings.Cut(lines.Text(), " ")
		r, _, err := livekit.Connector{}.Room(link)
		if err != nil {
			t.Fatal(err)
		}
		rooms[name] = r
	}
	var trickled atomic.Int32
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: rooms["Ada"].Server})
	behind.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method == http.MethodPatch && r.StatusCode == http.StatusNoContent {
			trickled.Add(1)
		}
		return nil
	}
	front := httptest.NewServer(behind)
	t.Cleanup(front.Close)

	bo := sfutest.Enter(t, livekit.Connector{}, sfutest.Guest{Room: rooms["Bo"], Kit: kit(t)})
	r, _, err := whip.Connector{}.Room("whip+" + front.URL + "/whip/v1")
	if err != nil {
		t.Fatal(err)
	}
	pass := sfu.Pass{DisplayName: "Ada", Token: rooms["Ada"].Token}
	ada := sfutest.Enter(t, whip.Connector{}, sfutest.Guest{Room: r, Pass: pass, Kit: kit(t)})
	for src, name := range map[sfu.Source]codec.Name{sfu.Camera: ada.Caps().Pictures[0], sfu.Microphone: codec.Opus} {
		o, err := ada.Publish(t.Context(), offer(src, name))
		if err != nil {
			t.Fatal(err)
		}
		sfutest.Send(t, o, name)
		in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(src, "Ada").ID)
		if err != nil {
			t.Fatal(err)
		}
		if p := sfutest.Receive(t, in); string(p.Data) != string(sfutest.Frame(name)) {
			t.Errorf("%s: what came is not what was sent", src)
		}
	}
	until(t, "the server has taken our candidates", func() bool { return trickled.Load() > 0 })
	err = refusedAt(t, sfutest.Guest{
		Connector: whip.Connector{}, Room: r, Pass: sfu.Pass{Token: secret.New("not-a-pass-of-this-room")}, Kit: kit(t),
	})
	if no := (*sfu.JoinError)(nil); !errors.As(err, &no) || no.Why != sfu.PassRefused {
		t.Errorf("another pass: %v", err)
	}
}
