package livekit_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"paravent/media/codec"
	"paravent/media/sfu"
	"paravent/media/sfu/livekit"
	"paravent/media/sfu/sfutest"
	"paravent/privacy/secret"
)

// sized is a keyframe of VP8 that says it is so large.
func sized(width, height int) []byte {
	b := sfutest.Frame(codec.VP8)
	b[6], b[7], b[8], b[9] = byte(width), byte(width>>8), byte(height), byte(height>>8)
	return b
}

func TestTheSizeThatIsShownIsTheOneThatComes(t *testing.T) {
	for name, mode := range modes() {
		t.Run(name, func(t *testing.T) {
			r := openRoom(t, "--name", "ada", "--name", "bo")
			join := func(name string) *sfutest.Member {
				return sfutest.Enter(t, livekit.Connector{Mode: mode}, sfutest.Guest{Room: target(t, r.links[name]), Kit: kit(t)})
			}
			ada, bo := join("ada"), join("bo")
			layers := []sfu.Layer{{Width: 320, Height: 180, FPS: 30, Bitrate: 300_000}, {Width: 640, Height: 360, FPS: 30, Bitrate: 900_000}}
			out, err := ada.Publish(t.Context(), sfu.TrackOffer{Source: sfu.Camera, Codec: codec.VP8, Layers: layers})
			if err != nil {
				t.Fatal(err)
			}
			unwanted := make(chan bool, 64)
			stop := make(chan struct{})
			done := make(chan struct{})
			t.Cleanup(func() { close(stop); <-done })
			go func() {
				defer close(done)
				tick := time.NewTicker(33 * time.Millisecond)
				defer tick.Stop()
				for start := time.Now(); ; {
					select {
					case <-stop:
						return
					case a := <-out.Asks():
						if a.Wanted != nil && a.Layer == 1 {
							unwanted <- !*a.Wanted
						}
						continue
					case <-tick.C:
					}
					for i, l := range layers {
						_ = out.Send(codec.Packet{Data: sized(l.Width, l.Height), Codec: codec.VP8, At: time.Since(start), Keyframe: true, Layer: i})
					}
				}
			}()
			in, err := bo.Subscribe(t.Context(), bo.AwaitTrack(sfu.Camera, ada.Self().ID).ID)
			if err != nil {
				t.Fatal(err)
			}
			await := func(width int) {
				t.Helper()
				for late := time.Now().Add(15 * time.Second); ; {
					p := sfutest.Receive(t, in)
					size, _ := codec.Dimensions(p.Codec, p.Data)
					if size.X == width {
						return
					}
					if time.Now().After(late) {
						t.Fatalf("pictures are %v, want a width of %d", size, width)
					}
				}
			}
			want := func(v sfu.View) {
				t.Helper()
				if err := in.Want(v); err != nil {
					t.Fatal(err)
				}
			}
			want(sfu.View{Width: 300, Height: 170})
			await(320)
			for off := false; !off; { // nobody looks at the large one: it need not be encoded
				select {
				case off = <-unwanted:
				case <-time.After(20 * time.Second):
					t.Fatal("the encoder is not told that nobody looks")
				}
			}
			want(sfu.View{Width: 640, Height: 360})
			await(640)
			want(sfu.View{})
			quiet := func() (n int) {
				ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
				defer cancel()
				for {
					if _, err := in.Receive(ctx); err != nil {
						return n
					}
					n++
				}
			}
			quiet() // what is on its way
			if n := quiet(); n != 0 {
				t.Errorf("%d pictures came that nobody looks at", n)
			}
			want(sfu.View{Width: 640, Height: 360})
			await(640)
		})
	}
}

func TestAnExpiredPassIsToldFromAForeignOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("atelier: "+keyOfTheRoom), 0o600); err != nil {
		t.Fatal(err)
	}
	r := openRoom(t, "--name", "ada", "--key", file)
	hour := time.Now().Add(time.Hour)
	for _, c := range []struct {
		pass string
		want sfu.JoinProblem
	}{
		{sign(keyOfTheRoom, hour), ""},
		{sign(keyOfTheRoom, time.Now().Add(-time.Hour)), sfu.PassExpired},
		{sign("another key, just as long as that", hour), sfu.PassRefused},
		{"no.token.atall", sfu.PassRefused},
	} {
		g := target(t, r.links["ada"])
		s, err := livekit.Connector{}.Join(t.Context(), g, sfu.Pass{Token: secret.New(c.pass)}, kit(t))
		if c.want == "" {
			if err != nil {
				t.Fatal(err)
			}
			_ = sfutest.Follow(t, s).Leave(t.Context())
			continue
		}
		var no *sfu.JoinError
		if !errors.As(err, &no) || no.Why != c.want {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
