//go:build interop

package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// BrowserLine is one event of the browser, or its figures.
type BrowserLine struct {
	Event      string            `json:"event"`
	At         int64             `json:"at"` // milliseconds since 1970, by the clock of this machine
	Name       string            `json:"name"`
	Source     string            `json:"source"`
	Mime       string            `json:"mime"`
	Text       string            `json:"text"`
	On         bool              `json:"on"`
	Attributes map[string]string `json:"attributes"`
	Sent       []Figure          `json:"sent"`
	Received   []Figure          `json:"received"`
	Detail     float64           `json:"detail"`

	EncryptionErrors uint64 `json:"encryption_errors"` // since the join; of the figures
}

// Time is when the browser saw it.
func (l BrowserLine) Time() time.Time { return time.UnixMilli(l.At) }

// Figure counts one track since the join.
type Figure struct {
	Name      string  `json:"name"`
	Source    string  `json:"source"`
	Codec     string  `json:"codec"`
	Packets   uint64  `json:"packets"`
	Bytes     uint64  `json:"bytes"`
	Frames    uint64  `json:"frames"` // sent, or decoded
	Lost      int64   `json:"lost"`
	Width     int     `json:"width"`
	Height    int     `json:"height"`
	Energy    float64 `json:"energy"`
	Samples   uint64  `json:"samples"`
	Concealed uint64  `json:"concealed"`
}

// Find returns the figure of name's source, an empty name meaning anybody; a zero figure if there is none.
func Find(all []Figure, name, source string) Figure {
	var most Figure
	for _, f := range all {
		if (name == "" || f.Name == name) && f.Source == source && (most == Figure{} || f.Frames > most.Frames) {
			most = f
		}
	}
	return most
}

// BrowserOptions say how the browser joins. The zero value sends VP8 at 360p30 and figures every second.
type BrowserOptions struct {
	Simulcast bool // send the picture in several sizes, as the client does
	Codec     string
	Listen    bool // send nothing
	Every     time.Duration
	Picture   string // Y4M to send instead of Chromium's own
	Sound     string // WAV
	Blur      Way    // how the background is blurred

	Passphrase string // encrypts from end to end; empty is not
}

// A Way is how a browser blurs the background of its picture.
type Way string

// The ways. LiveKit's processor draws with WebGL and runs its network there; the other is Jitsi Meet's, with the network in WebAssembly
// and a two-dimensional canvas.
const (
	NoBlur      Way = ""
	LiveKitBlur Way = "GPU"
	CanvasBlur  Way = "canvas"
)

// Browser is a Chromium in the room.
type Browser struct{ *child[BrowserLine] }

// OpenBrowser starts Chromium as guest. It returns at once; await "published" or "joined".
func OpenBrowser(ctx context.Context, guest RoomLine, o BrowserOptions) (*Browser, error) {
	home, err := Home()
	if err != nil {
		return nil, err
	}
	node := filepath.Join(home, "build/node/node_modules/.bin/node")
	if _, err := os.Stat(node); err != nil {
		node = "node"
	}
	script := filepath.Join(home, "cmd/internal/interop/browser/run.mjs")
	if _, err := os.Stat(filepath.Join(filepath.Dir(script), "node_modules")); err != nil {
		return nil, fmt.Errorf("the browser's library is missing: run make setup-interop first")
	}
	c, err := spawn(exec.CommandContext(ctx, node, script), func(*BrowserLine, time.Time) {})
	if err != nil {
		return nil, err
	}
	if o.Codec == "" {
		o.Codec = "vp8"
	}
	if o.Every == 0 {
		o.Every = time.Second
	}
	where := map[string]any{
		"url": guest.URL, "token": guest.Token, "codec": o.Codec, "simulcast": o.Simulcast, "publish": !o.Listen, "every": o.Every.Milliseconds(),
		"picture": o.Picture, "sound": o.Sound, "blur": o.Blur, "passphrase": o.Passphrase,
	}
	return &Browser{c}, c.tell(where)
}

// Say sends a chat message.
func (b *Browser) Say(text string) error { return b.tell(map[string]any{"do": "say", "text": text}) }

// SendFile sends a file of the given name and size; FileContent is what is in it.
func (b *Browser) SendFile(name string, size int) error {
	return b.tell(map[string]any{"do": "file", "name": name, "size": size})
}

// FileContent is what is in a file that the browser sends.
func FileContent(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*31 + i>>8)
	}
	return b
}

// Hand raises or lowers the browser's hand.
func (b *Browser) Hand(up bool) error { return b.tell(map[string]any{"do": "hand", "up": up}) }

// Switch turns camera or microphone on or off.
func (b *Browser) Switch(source string, on bool) error {
	return b.tell(map[string]any{"do": source, "on": on})
}

// Detail tells how much detail name's picture has where the film of package scene shows only the room: the mean step of the luma from one
// pixel to the next. It is taken from the picture as the browser decodes it, at its full size.
func (b *Browser) Detail(ctx context.Context, name string) (float64, error) {
	if err := b.tell(map[string]any{"do": "detail", "name": name}); err != nil {
		return 0, err
	}
	l, err := b.Event(ctx, "detail", name, "")
	return l.Detail, err
}

// Leave ends the browser.
func (b *Browser) Leave() error { return b.stdin.Close() }

// Event awaits an event by its name and, where they are not empty, who and what it is about.
func (b *Browser) Event(ctx context.Context, event, name, source string) (BrowserLine, error) {
	l, _, err := b.Await(ctx, 0, func(l BrowserLine) bool {
		return l.Event == event && (name == "" || l.Name == name) && (source == "" || l.Source == source)
	})
	if err != nil {
		return l, fmt.Errorf("browser: no %q of %q %s: %w", event, name, source, err)
	}
	return l, nil
}

// Figures awaits the first figures taken at or after t.
func (b *Browser) Figures(ctx context.Context, t time.Time) (BrowserLine, error) {
	l, _, err := b.Await(ctx, 0, func(l BrowserLine) bool { return l.Event == "figures" && !l.Time().Before(t) })
	if err != nil {
		return l, fmt.Errorf("browser: no figures: %w", err)
	}
	return l, nil
}
