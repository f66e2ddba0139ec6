package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/twitchtv/twirp"
)

// answer is the line that follows a command.
type answer struct {
	Event   string `json:"event"`
	Command string `json:"command"`
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"`
}

// serve takes commands, one a line, until ctx ends or in does: a test that dies takes its room with it. The goroutine that reads may
// outlive serve, waiting for a line that never comes; the process ends right after.
func (r *room) serve(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scan := bufio.NewScanner(in)
		for scan.Scan() {
			select {
			case lines <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	d := desk{room: r, service: livekit.NewRoomServiceProtobufClient(r.innerURL("http"), &http.Client{Timeout: 10 * time.Second})}
	defer d.record(ctx, false) //nolint:errcheck // nothing is left to tell
	enc := json.NewEncoder(out)
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, open := <-lines:
			if !open {
				return nil
			}
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			a := answer{Event: "answer", Command: line, OK: true}
			if err := d.do(ctx, line); err != nil {
				a.OK, a.Error = false, err.Error()
			}
			if err := enc.Encode(a); err != nil {
				return fmt.Errorf("answer: %w", err)
			}
		}
	}
}

// desk does what the owner of a room may do, through the server's public room service.
type desk struct {
	room     *room
	service  livekit.RoomService
	recorder *recorder
}

func (d *desk) do(ctx context.Context, line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "kick":
		return d.kick(ctx, rest)
	case "mute":
		name, source := rest, ""
		if at := strings.LastIndexByte(rest, ' '); at >= 0 {
			name, source = strings.TrimSpace(rest[:at]), rest[at+1:]
		}
		return d.mute(ctx, name, source)
	case "recording":
		switch rest {
		case "on", "off":
			return d.record(ctx, rest == "on")
		}
		return fmt.Errorf("recording is on or off, not %q", rest)
	case "close":
		return d.close(ctx)
	}
	return fmt.Errorf("unknown command %q: kick NAME, mute NAME SOURCE, recording on, recording off, close", verb)
}

// admit returns a context whose calls carry the owner's token.
func (d *desk) admit(ctx context.Context) (context.Context, error) {
	token, err := d.room.options.adminToken(d.room.pair)
	if err != nil {
		return nil, err
	}
	return twirp.WithHTTPRequestHeaders(ctx, http.Header{"Authorization": {"Bearer " + token}})
}

func (d *desk) kick(ctx context.Context, name string) error {
	ctx, err := d.admit(ctx)
	if err != nil {
		return err
	}
	_, err = d.service.RemoveParticipant(ctx, &livekit.RoomParticipantIdentity{Room: d.room.options.room, Identity: name})
	return inWords(err)
}

func (d *desk) mute(ctx context.Context, name, source string) error {
	want, ok := map[string]livekit.TrackSource{
		"camera": livekit.TrackSource_CAMERA, "microphone": livekit.TrackSource_MICROPHONE, "screen": livekit.TrackSource_SCREEN_SHARE,
	}[source]
	if !ok {
		return fmt.Errorf("a source is camera, microphone or screen, not %q", source)
	}
	ctx, err := d.admit(ctx)
	if err != nil {
		return err
	}
	room := d.room.options.room
	who, err := d.service.GetParticipant(ctx, &livekit.RoomParticipantIdentity{Room: room, Identity: name})
	if err != nil {
		return inWords(err)
	}
	for _, t := range who.Tracks {
		if t.Source == want {
			_, err := d.service.MutePublishedTrack(ctx, &livekit.MuteRoomTrackRequest{Room: room, Identity: name, TrackSid: t.Sid, Muted: true})
			return inWords(err)
		}
	}
	return fmt.Errorf("%s sends no %s", name, source)
}

func (d *desk) close(ctx context.Context) error {
	ctx, err := d.admit(ctx)
	if err != nil {
		return err
	}
	_, err = d.service.DeleteRoom(ctx, &livekit.DeleteRoomRequest{Room: d.room.options.room})
	return inWords(err)
}

// inWords keeps the server's sentence and leaves its protocol's wrapping out.
func inWords(err error) error {
	if t, ok := err.(twirp.Error); ok { //nolint:errorlint // the client returns it bare
		return fmt.Errorf("the server says: %s", strings.TrimPrefix(t.Msg(), "twirp error unknown: "))
	}
	return err
}
