package tflite

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A file reads a flatbuffer (https://flatbuffers.dev/internals). The first
// offset that points outside sets err; from then on every read gives zero, so
// that a reader may check err once at the end of a step.
type file struct {
	b   []byte
	err error
}

// A table is a flatbuffer table of f that starts at pos.
type table struct {
	f   *file
	pos int
}

// outside is the error of an offset that leads nowhere.
func outside() error { return errors.New("an offset points outside the file") }

func (f *file) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// span returns the n bytes at off, or nil.
func (f *file) span(off, n int) []byte {
	if f.err != nil || off < 0 || n < 0 || off > len(f.b) || n > len(f.b)-off {
		f.fail(outside())
		return nil
	}
	return f.b[off : off+n]
}

func (f *file) u8(off int) int {
	if s := f.span(off, 1); s != nil {
		return int(s[0])
	}
	return 0
}

func (f *file) u16(off int) int {
	if s := f.span(off, 2); s != nil {
		return int(binary.LittleEndian.Uint16(s))
	}
	return 0
}

func (f *file) i32(off int) int {
	if s := f.span(off, 4); s != nil {
		return int(int32(binary.LittleEndian.Uint32(s)))
	}
	return 0
}

// follow returns where the offset that is stored at off leads.
func (f *file) follow(off int) int {
	d := f.i32(off)
	if d <= 0 || d > len(f.b) {
		f.fail(outside())
		return 0
	}
	return off + d
}

func (f *file) root() table { return table{f, f.follow(0)} }

// field returns where field i of t is stored, or 0 where it has its default.
func (t table) field(i int) int {
	if t.f.err != nil {
		return 0
	}
	vtable := t.pos - t.f.i32(t.pos)
	if 4+2*i >= t.f.u16(vtable) {
		return 0
	}
	off := t.f.u16(vtable + 4 + 2*i)
	if off == 0 || t.f.err != nil {
		return 0
	}
	return t.pos + off
}

func (t table) u8(i int) int {
	if at := t.field(i); at != 0 {
		return t.f.u8(at)
	}
	return 0
}

func (t table) i32(i, otherwise int) int {
	if at := t.field(i); at != 0 {
		return t.f.i32(at)
	}
	return otherwise
}

// table returns the table in field i; without one, every field of the result
// has its default.
func (t table) table(i int) table {
	if at := t.field(i); at != 0 {
		return table{t.f, t.f.follow(at)}
	}
	return table{&file{err: outside()}, 0}
}

// vector returns the elements of field i, each of size bytes, and their number,
// which is at most limit.
func (t table) vector(i, size, limit int) (off, n int) {
	at := t.field(i)
	if at == 0 {
		return 0, 0
	}
	off = t.f.follow(at)
	n = t.f.i32(off)
	if n < 0 || n > limit {
		t.f.fail(fmt.Errorf("a list of %d where %d are the most", n, limit))
		return 0, 0
	}
	if t.f.span(off+4, n*size) == nil {
		return 0, 0
	}
	return off + 4, n
}

func (t table) tables(i, limit int) []table {
	off, n := t.vector(i, 4, limit)
	all := make([]table, n)
	for k := range all {
		all[k] = table{t.f, t.f.follow(off + 4*k)}
	}
	return all
}

func (t table) ints(i, limit int) []int {
	off, n := t.vector(i, 4, limit)
	all := make([]int, n)
	for k := range all {
		all[k] = t.f.i32(off + 4*k)
	}
	return all
}

// bytes returns the bytes of field i; they are those of the file.
func (t table) bytes(i int) []byte {
	off, n := t.vector(i, 1, maxFile)
	if n == 0 {
		return nil
	}
	return t.f.span(off, n)
}
