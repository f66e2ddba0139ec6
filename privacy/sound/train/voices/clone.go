package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A clone is a repository that voices come from beside the packages. The commit is
// a checksum of all its files as well.
type clone struct{ from, commit, path string }

// clones are by the name that a Source has in Package.
func clones() map[string]clone {
	return map[string]clone{
		"speech-to-intent-benchmark": {"https://github.com/Picovoice/speech-to-intent-benchmark.git", "47b1ca63afe4f08cb83e1f70fec16764879bd130", "data/speech/clean"},
	}
}

// take fetches the one commit and path of c into dir, unless it is there.
func (c clone) take(ctx context.Context, dir string) (packed, error) {
	p := packed{dir: dir, version: c.commit}
	if _, err := os.Stat(filepath.Join(dir, c.path)); err == nil {
		return p, nil
	}
	for _, step := range [][]string{
		{"init", "-q", dir},
		{"-C", dir, "config", "remote.origin.url", c.from},
		{"-C", dir, "fetch", "-q", "--depth", "1", "--filter=blob:none", "origin", c.commit}, // the files of the path come with the checkout
		{"-C", dir, "checkout", "-q", c.commit, "--", c.path},
	} {
		if msg, err := exec.CommandContext(ctx, "git", step...).CombinedOutput(); err != nil {
			return p, fmt.Errorf("clone %s: %w: %s", c.from, err, msg)
		}
	}
	return p, nil
}

// crowd has a line for each voice among the unnamed recordings of the
// speech-to-intent benchmark: the beginnings of the names of its files. The lines
// are clusters of cepstra (mean and spread of 20 coefficients, scaled by how much
// the halves of one recording differ; average linkage by cosine to 0.72), so a
// person may have several lines, but hardly a line several people.
//
//go:embed crowd.txt
var crowd string

// volunteers spoke orders into their own telephones. Nobody knows who they are, so
// all are in one split.
func volunteers() []Source {
	var all []Source
	for line := range strings.Lines(crowd) {
		all = append(all, Source{
			Name: fmt.Sprintf("crowd_%03d", len(all)), Split: "train", Kind: "voice", Lang: "en", Package: "speech-to-intent-benchmark",
			Files: `^data/speech/clean/(` + strings.Join(strings.Fields(line), "|") + `)`,
		})
	}
	return all
}
