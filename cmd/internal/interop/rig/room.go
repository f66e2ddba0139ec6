//go:build interop

package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"syscall"
	"time"
)

// RoomLine is what paravent-room says with --json --stdin.
type RoomLine struct {
	Event   string `json:"event"`
	Name    string `json:"name"`
	Link    string `json:"link"`
	URL     string `json:"url"`
	Token   string `json:"token"`
	Command string `json:"command"`
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
}

// Room is a running server with one link per name.
type Room struct {
	*child[RoomLine]
	guests map[string]RoomLine
	asked  int // lines read by Ask
}

// OpenRoom starts a room on a free port of loopback and returns when it takes guests.
func OpenRoom(ctx context.Context, names ...string) (*Room, error) {
	program, err := built("paravent-room")
	if err != nil {
		return nil, err
	}
	args := []string{"--port", "0", "--room", "interop", "--json", "--stdin"}
	for _, n := range names {
		args = append(args, "--name", n)
	}
	c, err := spawn(exec.CommandContext(ctx, program, args...), func(*RoomLine, time.Time) {})
	if err != nil {
		return nil, err
	}
	r := &Room{child: c, guests: map[string]RoomLine{}}
	for range names {
		l, next, err := c.Await(ctx, r.asked, func(l RoomLine) bool { return l.Event == "link" })
		if err != nil {
			return nil, fmt.Errorf("the room did not open: %w", err)
		}
		r.asked = next
		r.guests[l.Name] = l
	}
	return r, nil
}

// Guest returns name's link, and the same as address and token.
func (r *Room) Guest(name string) RoomLine { return r.guests[name] }

// Host is the server's address as HOST:PORT.
func (r *Room) Host() string {
	for _, g := range r.guests {
		if u, err := url.Parse(g.URL); err == nil {
			return u.Host
		}
	}
	return ""
}

// Ask gives the room's owner a command, such as `kick NAME`, and waits for the answer.
func (r *Room) Ask(ctx context.Context, command string) error {
	if _, err := io.WriteString(r.stdin, command+"\n"); err != nil {
		return err
	}
	l, next, err := r.Await(ctx, r.asked, func(l RoomLine) bool { return l.Event == "answer" })
	if err != nil {
		return err
	}
	r.asked = next
	if !l.OK {
		return errors.New(l.Error)
	}
	return nil
}

// Stop ends the server: kindly, telling everybody, or as if the machine had failed.
func (r *Room) Stop(kindly bool) error {
	if kindly {
		return r.Signal(syscall.SIGTERM)
	}
	return r.Signal(syscall.SIGKILL)
}
