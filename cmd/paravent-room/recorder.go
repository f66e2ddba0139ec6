package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// recorder makes the room say that it is being recorded. The server has no such switch: the flag follows the presence of a guest with
// the recorder's grant. So one joins, hidden, and records nothing: it opens the signal connection and no media at all.
//
// 2026-11: the server sends guests without media away after a minute (room.go: JoinTimeout), so a second recorder takes over before
// that and the first leaves; the flag never drops in between.
type recorder struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

const shift = 40 * time.Second

// record starts or ends the recorder; asking for what already is changes nothing.
func (d *desk) record(ctx context.Context, on bool) error {
	if !on {
		if d.recorder != nil {
			d.recorder.cancel()
			d.recorder.wg.Wait()
			d.recorder = nil
		}
		return nil
	}
	if d.recorder != nil {
		return nil
	}
	first, err := d.room.attend(ctx, 0)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &recorder{cancel: cancel}
	r.wg.Go(func() { d.room.takeTurns(ctx, first) })
	d.recorder = r
	return nil
}

// takeTurns owns c; it relieves it every shift until ctx ends.
func (r *room) takeTurns(ctx context.Context, c *attendance) {
	tick := time.NewTicker(shift)
	defer tick.Stop()
	defer func() { c.leave() }()
	for turn := 1; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		next, err := r.attend(ctx, turn)
		if err != nil {
			return
		}
		c.leave()
		c = next
	}
}

// attendance is one signal connection of a recorder, read until it ends so that pings are answered.
type attendance struct {
	conn *websocket.Conn
	wg   sync.WaitGroup
}

// attend joins the room as a recorder and returns once the server has let it in.
func (r *room) attend(ctx context.Context, turn int) (*attendance, error) {
	token, err := r.options.token(r.pair, guest{name: fmt.Sprintf("recording %d", turn%2), hidden: true, recorder: true})
	if err != nil {
		return nil, err
	}
	address := r.innerURL("ws") + "/rtc?" + url.Values{"protocol": {"16"}, "auto_subscribe": {"0"}}.Encode()
	conn, answer, err := websocket.DefaultDialer.DialContext(ctx, address, http.Header{"Authorization": {"Bearer " + token}})
	if answer != nil && answer.Body != nil {
		_ = answer.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("the recorder was not let in: %w", err)
	}
	if _, _, err := conn.ReadMessage(); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("the recorder was not let in: %w", err)
	}
	a := &attendance{conn: conn}
	a.wg.Go(func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	})
	return a, nil
}

// leaveRequest is SignalRequest{leave: LeaveRequest{}}: field 8, length 0 (livekit_rtc.proto).
const leaveRequest = "\x42\x00"

// leave says goodbye, so that the flag drops now and not when the server misses the connection.
func (a *attendance) leave() {
	_ = a.conn.WriteMessage(websocket.BinaryMessage, []byte(leaveRequest))
	_ = a.conn.Close()
	a.wg.Wait()
}
