package livekit_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
)

func TestZZBrowser(t *testing.T) {
	if os.Getenv("BROWSER") == "" {
		t.Skip()
	}
	key := t.TempDir() + "/key"
	os.WriteFile(key, []byte("devkey: secretsecretsecretsecretsecretsecret"), 0o600)
	r := openRoom(t, "--name", "ada", "--key", key)
	b := exec.Command("node", "run.mjs", "--url", "ws://"+target(t, r.links["ada"]).Server, "--room", "atelier", "--id", "browser", "--secs", "15", "--codec", os.Getenv("BROWSER"), "--nosimulcast")
	b.Dir = "/tmp/w/rtc/browser"
	b.Env = append(os.Environ(), "LK_SECRET=secretsecretsecretsecretsecretsecret")
	b.Stderr, b.Stdout = os.Stderr, os.Stdout
	b.Start()
	defer b.Wait()
	s, err := livekit.Connector{}.Join(t.Context(), target(t, r.links["ada"]), sfu.Pass{}, kit(t))
	if err != nil {
		t.Fatal(err)
	}
	m := sfutest.Follow(t, s)
	tr := m.AwaitTrack(sfu.Camera, "browser")
	t.Logf("%+v", tr)
	in, err := s.Subscribe(t.Context(), tr.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	n := 0
	for {
		p, err := in.Receive(ctx)
		if err != nil {
			t.Log(err)
			break
		}
		n++
		if n < 10 {
			t.Log(p.Codec, len(p.Data), p.At, p.Keyframe, p.Captured, p.Data[:min(16, len(p.Data))])
			t.Log(codec.Dimensions(p.Codec, p.Data))
		}
	}
	t.Log(n, s.Stats())
	for _, e := range m.Events() {
		t.Logf("%T %+v", e, e)
	}
}
