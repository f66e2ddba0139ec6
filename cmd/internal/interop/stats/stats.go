// Package stats reads the figures that `paravent join --stats FILE` writes: one JSON object a second, the last one holding the totals.
// It is the outside's view of that contract, for scripts and tests; it must not import the client, so that a change of the client's
// own types cannot change the contract unseen.
package stats

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Line is the call at one moment, everything counted since it began.
type Line struct {
	At             time.Time       `json:"at"`
	Seconds        float64         `json:"seconds"`
	Sent           map[string]Sent `json:"sent"` // by source: camera, microphone, screen
	Received       []Received      `json:"received"`
	RTTms          float64         `json:"rtt_ms"`
	Goroutines     int             `json:"goroutines"`
	HeapBytes      uint64          `json:"heap_bytes"`
	WireUp         uint64          `json:"wire_up"` // bytes of everything, with the headers of IP, UDP and TCP
	WireDown       uint64          `json:"wire_down"`
	FirstPictureMs float64         `json:"first_picture_ms"` // since the process began; 0 while there is none
}

// Sent is one source of ours.
type Sent struct {
	Frames  uint64 `json:"frames"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

// Received is one track of another member.
type Received struct {
	Track   string `json:"track"`
	Member  string `json:"member"`
	Source  string `json:"source"`
	Codec   string `json:"codec"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Lost    uint64 `json:"lost"`
	Frames  uint64 `json:"frames"` // decoded
	Shown   uint64 `json:"shown"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`

	// Of what is encrypted from end to end: frames opened, not opened, and put in by the server.
	Opened   uint64 `json:"opened"`
	Unopened uint64 `json:"unopened"`
	Injected uint64 `json:"injected"`
}

// ErrEmpty means that no figures were written: the call ended before its first second.
var ErrEmpty = errors.New("no figures were written")

// longestLine bounds what one line of a room full of members may be.
const longestLine = 1 << 20

// Read returns every whole line of r; a last line that is cut off is left out, for the writer may still be at it.
func Read(r io.Reader) ([]Line, error) {
	var all []Line
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, longestLine)
	for scan.Scan() {
		text := bytes.TrimSpace(scan.Bytes())
		if len(text) == 0 || text[len(text)-1] != '}' {
			continue
		}
		var l Line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("figures, line %d: %w", len(all)+1, err)
		}
		all = append(all, l)
	}
	if err := scan.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, ErrEmpty
	}
	return all, nil
}

// From finds what came from member's source; false if nothing did.
func (l Line) From(member, source string) (Received, bool) {
	for _, r := range l.Received {
		if (member == "" || r.Member == member) && r.Source == source {
			return r, true
		}
	}
	return Received{}, false
}
