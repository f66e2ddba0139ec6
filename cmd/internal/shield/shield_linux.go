package shield

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Harden lets a crash leave no core, and no other program of the person attach to
// this one and read its memory. Programs that the person may debug as root still
// can.
func Harden() error {
	return errors.Join(
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
	)
}

// A block is where the kernel has put the arguments, and the environment after
// them. It shows both to whoever asks.
type block struct {
	args, envs []byte
}

// initial finds the block: the fields 48 to 51 of proc_pid_stat(5) are its bounds,
// and Go's own arguments lie in it. It is empty where that is not so.
func initial() block {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil || len(os.Args) == 0 {
		return block{}
	}
	// The second field is the program's name in brackets, with anything in it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const first = 3 // the number of fields[0]
	if len(fields) <= 51-first {
		return block{}
	}
	var at [4]uintptr
	for i := range at {
		n, err := strconv.ParseUint(string(fields[48-first+i]), 10, 64)
		if err != nil {
			return block{}
		}
		at[i] = uintptr(n)
	}
	start := unsafe.Pointer(unsafe.StringData(os.Args[0]))
	if at[0] == 0 || uintptr(start) != at[0] || at[1] < at[0] || at[2] < at[1] || at[3] < at[2] {
		return block{}
	}
	return block{
		args: unsafe.Slice((*byte)(start), at[1]-at[0]),
		envs: unsafe.Slice((*byte)(unsafe.Add(start, at[2]-at[0])), at[3]-at[2]),
	}
}

// overwriteArg puts asterisks in place of s, if s lies among the arguments.
func overwriteArg(s string) {
	args := initial().args
	if s == "" || len(args) == 0 {
		return
	}
	from, at := uintptr(unsafe.Pointer(unsafe.SliceData(args))), uintptr(unsafe.Pointer(unsafe.StringData(s)))
	if at < from || at+uintptr(len(s)) > from+uintptr(len(args)) {
		return
	}
	hide(args[at-from:][:len(s)])
}

// overwriteEnv puts asterisks in place of the value of name.
func overwriteEnv(name string) {
	for envs := initial().envs; len(envs) > 0; {
		one, rest, _ := bytes.Cut(envs, []byte{0})
		if v, ok := bytes.CutPrefix(one, []byte(name+"=")); ok {
			hide(v)
		}
		envs = rest
	}
}

func hide(b []byte) {
	for i := range b {
		b[i] = '*'
	}
}
