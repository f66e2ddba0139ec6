//go:build interop

package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// A pair is the two programs in one call.
type pair struct{ ours, theirs figures }

// row prints one figure of both, and their ratio where there is a target for it.
func (p pair) row(what, unit string, target float64, of func(figures) float64) {
	verdict := ""
	if target > 0 {
		verdict = fmt.Sprintf("%.2f (target %.2f)", of(p.ours)/of(p.theirs), target)
	}
	fmt.Printf("| %s | %.1f %s | %.1f %s | %s |\n", what, of(p.ours), unit, of(p.theirs), unit, verdict)
}

func head(title string) {
	fmt.Printf("\n%s\n\n| | Paravent | Chromium | ratio |\n|---|---|---|---|\n", title)
}

func cpu(f figures) float64       { return f.cpu }
func megabytes(f figures) float64 { return float64(f.memory) / 1e6 }
func sent(f figures) float64      { return f.sent }

// perPicture also compares programs of which one does not keep up.
func perPicture(f figures) float64 { return 1000 * f.cpu / 60 / f.sent }

// table is of a call without a background.
func (p pair) table(codec string, span time.Duration) {
	head(fmt.Sprintf("%s, 640x360 at 30 pictures a second each way, %s, %d processors (%s)", strings.ToUpper(codec), span, runtime.NumCPU(), runtime.GOARCH))
	p.row("CPU a minute", "s", 1.0/3, cpu)
	p.row("peak memory", "MB", 1.0/4, megabytes)
	p.row("start to first picture", "ms", 1.0/3, func(f figures) float64 { return float64(f.first.Milliseconds()) })
	p.row("pictures sent", "/s", 0, sent)
	p.row("pictures decoded", "/s", 0, func(f figures) float64 { return f.got })
}

// blurTable is of a call in which both blur, after one in which neither did.
func (p pair) blurTable(way string, plain pair) {
	head("With a blurred background on both sides, in Chromium by " + way)
	p.row("CPU a minute", "s", 1.0/4, cpu)
	p.row("CPU for a picture sent", "ms", 1.0/4, perPicture)
	alone := pair{p.ours.minus(plain.ours), p.theirs.minus(plain.theirs)}
	alone.row("of that more than without a blur", "s", 0, cpu)
	alone.row("the same for a picture sent", "ms", 1.0/4, perPicture)
	p.row("peak memory", "MB", 1.0/4, megabytes)
	p.row("pictures sent", "/s", 0, sent)
	p.row("pictures decoded at the other side", "/s", 0, func(f figures) float64 { return f.arrived })
	p.row("detail left of the room there", "%", 0, func(f figures) float64 { return 100 * f.detail / plain.ours.detail })
}

// minus is what f's pictures cost beyond those of a call without a blur.
func (f figures) minus(without figures) figures {
	return figures{cpu: f.cpu - without.cpu, sent: f.sent}
}
