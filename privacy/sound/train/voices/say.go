package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Say is a synthesizer and what it reads.
type Say struct {
	Engine string // flite, festival, espeak-ng
	Voice  string
	Text   string // a name in texts
	Coding string // of the text, where it is not UTF-8
}

// say lets a synthesizer read its text, a file a sentence.
func say(ctx context.Context, s Source, dir string) ([]string, error) {
	dir = filepath.Join(dir, s.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var files []string
	for i, line := range strings.Split(strings.TrimSpace(texts()[s.Say.Text]), "\n") {
		wav := filepath.Join(dir, fmt.Sprintf("%03d.wav", i))
		files = append(files, wav)
		if _, err := os.Stat(wav); err == nil {
			continue
		}
		txt := filepath.Join(dir, "text")
		if err := os.WriteFile(txt, []byte(line+"\n"), 0o644); err != nil {
			return nil, err
		}
		if s.Say.Coding != "" {
			b, err := exec.CommandContext(ctx, "iconv", "-f", "UTF-8", "-t", s.Say.Coding+"//TRANSLIT", txt).Output()
			if err != nil {
				return nil, fmt.Errorf("write text for %s: %w", s.Name, err)
			}
			if err := os.WriteFile(txt, b, 0o644); err != nil {
				return nil, err
			}
		}
		var c *exec.Cmd
		switch s.Say.Engine {
		case "flite":
			c = exec.CommandContext(ctx, "flite", "-voice", s.Say.Voice, "-f", txt, "-o", wav)
		case "festival":
			c = exec.CommandContext(ctx, "text2wave", "-eval", "("+s.Say.Voice+")", "-o", wav, txt)
		default:
			c = exec.CommandContext(ctx, "espeak-ng", "-v", s.Say.Voice, "-f", txt, "-w", wav)
		}
		if msg, err := c.CombinedOutput(); err != nil {
			_ = os.Remove(wav)
			return nil, fmt.Errorf("%s does not speak: %w: %.200s (apt-get install it and %s)", s.Say.Engine, err, msg, s.Package)
		}
	}
	return files, nil
}
