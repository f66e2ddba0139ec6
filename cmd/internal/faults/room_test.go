package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"paravent/media/call"
	"paravent/media/capture"
	"paravent/media/codec"
	"paravent/media/codec/vpx"
	"paravent/media/present"
	"paravent/media/sealed"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/privacy/egress"
	"paravent/privacy/filter"
)

// openRoom starts a real server with one link for each name. It ends with the test.
func openRoom(t *testing.T, names ...string) map[string]string {
	t.Helper()
	program := os.Getenv("PARAVENT_ROOM")
	if program == "" {
		program = filepath.Join(t.TempDir(), "paravent-room")
		build := exec.Command("go", "build", "-o", program, ".")
		build.Dir = filepath.Join(home, "cmd/paravent-room")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build the room: %v\n%s", err, out)
		}
	}
	args := []string{"--port", "0", "--room", "faults", "--json", "--stdin"}
	for _, n := range names {
		args = append(args, "--name", n)
	}
	room := exec.Command(program, args...)
	in, err := room.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := room.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := room.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		late := time.AfterFunc(5*time.Second, func() { room.Process.Kill() })
		room.Wait()
		late.Stop()
	})
	links := make(map[string]string)
	lines := bufio.NewScanner(out)
	for range names {
		var l struct{ Name, Link string }
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &l) != nil {
			t.Fatalf("the room says %q", lines.Text())
		}
		links[l.Name] = l.Link
	}
	return links
}

// noMachine has no devices but the camera.
type noMachine struct{}

func (noMachine) OpenMicrophone(context.Context) (capture.Microphone, error) {
	return nil, errors.New("there is none")
}

// enter joins the room behind link, as the program does, to send pictures. The call ends with the test.
func enter(t *testing.T, link string, cams capture.Opener, chain func() (*filter.VideoChain, error)) *call.Call {
	t.Helper()
	return enterWith(t, link, call.Equipment{
		Cameras: cams, Screens: cams, Microphones: noMachine{},
		Codecs: codec.Set{Video: []codec.VideoCodec{vpx.VP8()}},
		Play:   func(present.AudioSource, *present.Volume) func() { return func() {} },

		CameraChain: chain,
	})
}

// enterWith joins the room behind link with the given devices. The call ends with the test.
func enterWith(t *testing.T, link string, kit call.Equipment) *call.Call {
	t.Helper()
	where, ok, err := livekit.Connector{}.Room(link)
	if err != nil || !ok {
		t.Fatalf("the link is none: %v", err)
	}
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1")
	g.Allow(egress.Media, "127.0.0.1")
	client := g.Lane(egress.Signalling).HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	kit.Log = slog.New(slog.DiscardHandler)
	session, err := livekit.Connector{}.Join(t.Context(), where, sfu.Pass{}, sfu.Kit{Signalling: client, Media: g.Lane(egress.Media), Log: kit.Log})
	if err != nil {
		t.Fatal(err)
	}
	c := call.New(sealed.Plain(session), call.Settings{
		Server: where.Server, Codec: codec.VP8, Wish: capture.VideoWish{Width: width, Height: height, FPS: fps}, Began: time.Now(),
		// Without DTX, so that what should be silence is sent and heard, whatever it is.
		Sound: codec.SoundSettings{Bitrate: 64_000, Complexity: 5, FEC: true},
	}, kit)
	ctx, leave := context.WithCancel(context.WithoutCancel(t.Context()))
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		leave()
		<-over
	})
	return c
}

// watch shows in to what c gets of the member with that name, also when it publishes anew.
func watch(ctx context.Context, c *call.Call, name string, to present.VideoSink) {
	watched := make(map[sfu.TrackID]bool)
	_ = until(ctx, func() bool {
		s := c.State()
		for _, t := range s.Tracks {
			for _, m := range s.Roster {
				if m.ID == t.Member && m.Name == name && t.Source == sfu.Camera && !watched[t.ID] {
					watched[t.ID] = true
					c.Watch(t.ID, sfu.View{Width: 1280, Height: 720}, to)
				}
			}
		}
		return false
	})
}

// until asks every few milliseconds, until the answer is true or ctx is done.
func until(ctx context.Context, ask func() bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// await fails the test unless is becomes true in time.
func await(t *testing.T, what string, within time.Duration, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	if until(ctx, is) != nil {
		t.Fatalf("%s: not within %s", what, within)
	}
}
