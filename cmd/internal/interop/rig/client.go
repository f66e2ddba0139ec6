//go:build interop

package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"paravent/cmd/internal/interop/stats"
)

// ClientLine is one event of the client's --face json.
type ClientLine struct {
	Event  string            `json:"event"`
	Text   string            `json:"text"`
	Code   string            `json:"code"`
	Hint   string            `json:"hint"`
	Member string            `json:"member"`
	Source string            `json:"source"`
	Codec  string            `json:"codec"`
	State  map[string]string `json:"state"`

	Encryption string `json:"encryption"`
	EndToEnd   *bool  `json:"end_to_end"`

	Arrived time.Time `json:"-"`
}

// Client is the program of this repository in a call.
type Client struct {
	*child[ClientLine]
	figures string
}

// OpenClient starts the client with link, in a home of its own below dir, so that nobody's settings matter. It returns at once.
func OpenClient(ctx context.Context, dir, link string, args ...string) (*Client, error) {
	program, err := built("paravent")
	if err != nil {
		return nil, err
	}
	c := &Client{figures: filepath.Join(dir, "figures.jsonl")}
	cmd := exec.CommandContext(ctx, program, append([]string{"join", "--face", "json", "--stats", c.figures}, args...)...)
	cmd.Env = append(os.Environ(), "PARAVENT_LINK="+link, "HOME="+dir,
		"XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "XDG_STATE_HOME="+filepath.Join(dir, "state"),
		"XDG_DATA_HOME="+filepath.Join(dir, "data"), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
	c.child, err = spawn(cmd, func(l *ClientLine, at time.Time) { l.Arrived = at })
	return c, err
}

// Colon types a line, such as `camera off`.
func (c *Client) Colon(line string) error {
	_, err := io.WriteString(c.stdin, line+"\n")
	return err
}

// Event awaits an event by its name.
func (c *Client) Event(ctx context.Context, event string) (ClientLine, error) {
	l, _, err := c.Await(ctx, 0, func(l ClientLine) bool { return l.Event == event })
	if err != nil {
		return l, fmt.Errorf("client: no %q: %w", event, err)
	}
	return l, nil
}

// Figures returns the second-by-second figures so far.
func (c *Client) Figures() ([]stats.Line, error) {
	f, err := os.Open(c.figures)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return stats.Read(f)
}

// FiguresThat awaits the first figures that satisfy is.
func (c *Client) FiguresThat(ctx context.Context, is func(stats.Line) bool) (stats.Line, error) {
	var found stats.Line
	var broken error
	err := Ticks(ctx, 100*time.Millisecond, func() bool {
		all, err := c.Figures()
		if err != nil {
			if !errors.Is(err, os.ErrNotExist) && !errors.Is(err, stats.ErrEmpty) {
				broken = err
				return true
			}
			return false
		}
		for _, l := range all {
			if is(l) {
				found = l
				return true
			}
		}
		return false
	})
	if err = errors.Join(err, broken); err != nil {
		return found, fmt.Errorf("client: figures: %w; it said: %s", err, c.Messages())
	}
	return found, nil
}
