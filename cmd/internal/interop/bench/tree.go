//go:build interop

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// tree counts a process and everything below it, from /proc (proc(5)). Processes that end between two samples lose what they spent
// after the last one: a quarter of a second at most.
type tree struct {
	root   int
	except []int
	spentBy,
	atStart map[int]time.Duration
	peak uint64
}

// tick is what /proc counts CPU time in: sysconf(_SC_CLK_TCK) is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

func newTree(root int, except []int) (*tree, error) {
	t := &tree{root: root, except: except, spentBy: map[int]time.Duration{}, atStart: map[int]time.Duration{}}
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/stat", root)); err != nil {
		return nil, fmt.Errorf("the process cannot be measured: %w", err)
	}
	return t, nil
}

// start makes now the beginning of what counts.
func (t *tree) start() {
	t.sample()
	for pid, d := range t.spentBy {
		t.atStart[pid] = d
	}
	t.peak = 0
}

func (t *tree) sample() {
	var memory uint64
	for _, p := range t.members() {
		t.spentBy[p.pid] = p.cpu
		memory += proportional(p.pid)
	}
	t.peak = max(t.peak, memory)
}

func (t *tree) spent() time.Duration {
	var sum time.Duration
	for pid, d := range t.spentBy {
		sum += d - t.atStart[pid]
	}
	return sum
}

type process struct {
	pid, parent int
	cpu         time.Duration
}

func (t *tree) members() []process {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	below := map[int][]process{}
	var root process
	for _, s := range stats {
		p, ok := parse(s)
		if !ok {
			continue
		}
		below[p.parent] = append(below[p.parent], p)
		if p.pid == t.root {
			root = p
		}
	}
	all := []process{root}
	for i := 0; i < len(all); i++ {
		all = append(all, below[all[i].pid]...)
	}
	return slices.DeleteFunc(all, func(p process) bool { return p.pid == 0 || slices.Contains(t.except, p.pid) })
}

// parse reads the fields ppid, utime and stime; the name before them may hold anything, so they are counted from its closing bracket.
func parse(path string) (process, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return process{}, false
	}
	pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
	if err != nil {
		return process{}, false
	}
	end := bytes.LastIndexByte(b, ')')
	if end < 0 {
		return process{}, false
	}
	f := bytes.Fields(b[end+1:])
	if len(f) < 13 {
		return process{}, false
	}
	number := func(i int) int { n, _ := strconv.Atoi(string(f[i])); return n }
	return process{pid: pid, parent: number(1), cpu: time.Duration(number(11)+number(12)) * tick}, true
}

// proportional is the process's share of memory: what it has alone, and its part of what it shares (Pss). Where the kernel does not tell,
// it is what the process has mapped (VmRSS), which counts shared pages once a process.
func proportional(pid int) uint64 {
	if kb, ok := field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:"); ok {
		return kb * 1024
	}
	kb, _ := field(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:")
	return kb * 1024
}

func field(path, name string) (uint64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(b) {
		if f := bytes.Fields(line); len(f) >= 2 && string(f[0]) == name {
			n, err := strconv.ParseUint(string(f[1]), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
