package call_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/privacy/egress"
	"paravent/privacy/seal"
	"paravent/privacy/seal/group"
)

// A realRoom is a LiveKit server on this machine, where everybody has a link.
type realRoom struct {
	livekit.Connector
	t     *testing.T
	links map[string]string
}

func openRealRoom(t *testing.T, names ...string) *realRoom {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real server, which -short leaves out")
	}
	program := os.Getenv("PARAVENT_ROOM")
	if program == "" {
		program = filepath.Join(t.TempDir(), "paravent-room")
		build := exec.Command("go", "build", "-o", program, ".")
		build.Dir = "../../cmd/paravent-room"
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build the room: %v\n%s", err, out)
		}
	}
	args := []string{"--port", "0", "--room", "group", "--json", "--stdin"}
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
		late := time.AfterFunc(5*time.Second, func() { _ = room.Process.Kill() })
		_ = room.Wait()
		late.Stop()
	})
	r := &realRoom{t: t, links: make(map[string]string)}
	lines := bufio.NewScanner(out)
	for range names {
		var l struct{ Name, Link string }
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &l) != nil {
			t.Fatalf("the room says %q", lines.Text())
		}
		r.links[l.Name] = l.Link
	}
	return r
}

// Join enters by the link of whoever comes.
func (r *realRoom) Join(ctx context.Context, _ sfu.Room, p sfu.Pass, k sfu.Kit) (sfu.Session, error) {
	where, ok, err := r.Room(r.links[p.DisplayName])
	if err != nil || !ok {
		r.t.Fatalf("the link is none: %v", err)
	}
	g := egress.NewGuard()
	g.Allow(egress.Signalling, "127.0.0.1")
	g.Allow(egress.Media, "127.0.0.1")
	k.Signalling, k.Media, k.Log = g.Lane(egress.Signalling).HTTPClient(), g.Lane(egress.Media), slog.New(slog.DiscardHandler)
	r.t.Cleanup(k.Signalling.CloseIdleConnections)
	return r.Connector.Join(ctx, where, p, k)
}

// until waits until it is so, while everybody watches everything.
func until(t *testing.T, what string, so func() bool, all ...*guest) {
	t.Helper()
	for range 300 {
		if so() {
			return
		}
		elapse(100*time.Millisecond, all...)
	}
	for _, g := range all {
		t.Logf("%s: grade %q, troubles %v, sees %d, hears %d", g.inside.Self().ID, g.State().Encryption.Grade, g.State().Encryption.Troubles, g.seen.Load(), g.heard.Load())
	}
	t.Fatalf("waited in vain for: %s", what)
}

// agree waits until all are told the same words, which it returns.
func agree(t *testing.T, all ...*guest) (words string) {
	t.Helper()
	until(t, "the same words", func() bool {
		words = ""
		for _, g := range all {
			if g.TellWords("") != nil {
				return false
			}
			w := g.words()
			if words == "" {
				words = w
			}
			if w != words {
				return false
			}
		}
		return true
	}, all...)
	return words
}

func TestOverARealServerMembersWhoAgreedOnKeysSeeAndHearEachOtherAndNobodyElseDoes(t *testing.T) {
	for _, name := range []codec.Name{codec.VP8, codec.VP9, codec.H264} {
		t.Run(string(name), func(t *testing.T) {
			room := openRealRoom(t, "Ada", "Bo", "Cem", "Spy")
			ada, bo := come(t, room, "Ada", options{codec: name}), come(t, room, "Bo", options{codec: name})
			t.Cleanup(ada.leave)
			t.Cleanup(bo.leave)
			ada.speak()
			bo.speak()
			flow := func(g *guest, all ...*guest) {
				t.Helper()
				p, s := g.seen.Load(), g.heard.Load()
				until(t, "pictures and sound", func() bool { return g.seen.Load() >= p+50 && g.heard.Load() >= s+50 }, all...)
			}
			flow(ada, ada, bo)
			flow(bo, ada, bo)
			two := agree(t, ada, bo)

			keyed := ada.keyed.Load()
			cem := come(t, room, "Cem", options{codec: name})
			t.Cleanup(cem.leave)
			flow(cem, ada, bo, cem)
			three := agree(t, ada, bo, cem)
			if three == two || ada.keyed.Load() == keyed {
				t.Error("somebody came, and the keys are the same")
			}
			cem.leave()
			until(t, "Cem to be gone", func() bool { return len(ada.State().Roster)+len(bo.State().Roster) == 4 }, ada, bo)
			if agree(t, ada, bo) == three {
				t.Error("somebody left, and the keys are the same")
			}
			flow(bo, ada, bo)
			if name != codec.VP8 {
				return // a spy is told from a member in the same way
			}
			spy, err := room.Join(t.Context(), sfu.Room{}, sfu.Pass{DisplayName: "Spy"}, sfu.Kit{})
			if err != nil {
				t.Fatal(err)
			}
			read, got := spied(t, spy)
			until(t, "Ada to hold back", func() bool { return ada.State().Encryption.Grade == seal.Held && ada.told(group.Unannounced, "Spy") }, ada, bo)
			elapse(500*time.Millisecond, ada, bo) // what was on its way
			if n := ada.sent(ada, bo); n != 0 {
				t.Errorf("%d packets left while a spy was there", n)
			}
			if got.Load() == 0 || read.Load() != 0 {
				t.Errorf("the spy got %d frames and read %d", got.Load(), read.Load())
			}
			if err := spy.Leave(t.Context()); err != nil {
				t.Fatal(err)
			}
			flow(bo, ada, bo)
			t.Logf("the spy got %d frames and read none; Bo saw %d pictures and heard %d sounds; %v", got.Load(), bo.seen.Load(), bo.heard.Load(), bo.inside.Opened())
		})
	}
}
