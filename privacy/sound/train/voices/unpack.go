package main

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// most is the greatest size of a file inside an archive, in bytes.
const most = 64 << 20

var errArchive = errors.New("the archive is damaged")

// archives expands the archives below dir that hold sounds, each into a folder
// of its name and ".d" beside it.
func archives(dir string) error {
	return filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var read func(string, func(string, []byte) error) error
		switch name := strings.ToLower(d.Name()); {
		case strings.HasSuffix(name, ".pk3"), strings.HasSuffix(name, ".wz"):
			read = readZip
		case strings.HasSuffix(name, ".rcc"):
			read = readResources
		case name == "queen.1c":
			read = readQueen
		case name == "sky.dsk":
			read = readSky
		default:
			return nil
		}
		out := path + ".d"
		if _, err := os.Stat(out); err == nil {
			return nil
		}
		err = read(path, func(name string, data []byte) error {
			name = filepath.FromSlash(name)
			if !filepath.IsLocal(name) {
				return errArchive
			}
			to := filepath.Join(out, name)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			return os.WriteFile(to, data, 0o644)
		})
		if err != nil {
			return fmt.Errorf("open %s: %w", d.Name(), err)
		}
		return nil
	})
}

func sounding(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".wav", ".ogg", ".mp3", ".flac", ".opus", ".oga":
		return true
	}
	return false
}

func readZip(path string, each func(string, []byte) error) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer func() { _ = z.Close() }()
	for _, f := range z.File {
		if !sounding(f.Name) || f.UncompressedSize64 > most {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil {
			return err
		}
		if err := each(f.Name, data); err != nil {
			return err
		}
	}
	return nil
}

// readQueen reads the compressed archive of Flight of the Amazon Queen: a table
// of names, places and sizes before the data (ScummVM, engines/queen/resource).
// Speech is MP3 in files named .SB.
func readQueen(path string, each func(string, []byte) error) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const head, entry = 15, 21
	if len(b) < head || string(b[:4]) != "QTBL" {
		return errArchive
	}
	n := int(binary.BigEndian.Uint16(b[13:]))
	if len(b) < head+n*entry {
		return errArchive
	}
	for i := range n {
		e := b[head+i*entry:]
		name := string(bytes.TrimRight(e[:12], "\x00 "))
		at, size := int64(binary.BigEndian.Uint32(e[13:])), int64(binary.BigEndian.Uint32(e[17:]))
		if at+size > int64(len(b)) {
			return errArchive
		}
		if stem, ok := strings.CutSuffix(name, ".SB"); ok {
			if err := each(strings.ReplaceAll(stem, " ", "_")+".mp3", b[at:at+size]); err != nil {
				return err
			}
		}
	}
	return nil
}

// readSky reads the speech of Beneath a Steel Sky: a table of numbers, places
// and sizes in a file beside it (ScummVM, engines/sky/disk). Speech has numbers
// from 50000 on, 8 bits at 11025 Hz behind a head of 22 bytes.
func readSky(path string, each func(string, []byte) error) error {
	table, err := os.ReadFile(strings.TrimSuffix(path, "dsk") + "dnr")
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const head, hz = 22, 11025
	for e := table[min(4, len(table)):]; len(e) >= 8; e = e[8:] {
		nr := int(binary.LittleEndian.Uint16(e))
		at, size := int(binary.LittleEndian.Uint32(e[2:]))&0xffffff, int(binary.LittleEndian.Uint32(e[4:])>>8)&0x3fffff
		if at&0x800000 != 0 {
			at = at & 0x7fffff << 4
		}
		if nr < 50000 || nr >= 60000 || size <= head {
			continue
		}
		if at+size > len(b) {
			return errArchive
		}
		pcm := b[at+head : at+size]
		wav := []byte("RIFF    WAVEfmt ")
		wav = binary.LittleEndian.AppendUint32(wav, 16)
		for _, v := range []uint16{1, 1, hz, 0, hz, 0, 1, 8} {
			wav = binary.LittleEndian.AppendUint16(wav, v)
		}
		wav = binary.LittleEndian.AppendUint32(append(wav, "data"...), uint32(len(pcm)))
		binary.LittleEndian.PutUint32(wav[4:], uint32(len(wav)+len(pcm)-8))
		if err := each(fmt.Sprintf("%d.wav", nr), append(wav, pcm...)); err != nil {
			return err
		}
	}
	return nil
}

// readResources reads a compiled resource file of Qt (qtbase, rcc.cpp): a tree
// of 14 or 22 bytes a node, data with a length before it, and names.
func readResources(path string, each func(string, []byte) error) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(b) < 20 || string(b[:4]) != "qres" {
		return errArchive
	}
	r := resources{b: b, node: 14, each: each}
	version := binary.BigEndian.Uint32(b[4:])
	if version >= 2 {
		r.node = 22
	}
	r.tree, r.data, r.names = r.u32(8), r.u32(12), r.u32(16)
	r.walk(0, "", 0)
	return r.err
}

type resources struct {
	b                       []byte
	tree, data, names, node int
	each                    func(string, []byte) error
	err                     error
}

func (r *resources) u16(at int) int {
	if at < 0 || at+2 > len(r.b) {
		r.err = errArchive
		return 0
	}
	return int(binary.BigEndian.Uint16(r.b[at:]))
}

func (r *resources) u32(at int) int {
	if at < 0 || at+4 > len(r.b) {
		r.err = errArchive
		return 0
	}
	return int(binary.BigEndian.Uint32(r.b[at:]))
}

func (r *resources) walk(i int, dir string, depth int) {
	if r.err != nil || depth > 16 {
		return
	}
	at := r.tree + i*r.node
	name := r.names + r.u32(at)
	path := dir
	if i > 0 {
		n := r.u16(name)
		if r.err != nil || name+6+2*n > len(r.b) {
			r.err = errArchive
			return
		}
		u := make([]uint16, n)
		for k := range u {
			u[k] = binary.BigEndian.Uint16(r.b[name+6+2*k:])
		}
		path = strings.TrimPrefix(dir+"/"+string(utf16.Decode(u)), "/")
	}
	flags := r.u16(at + 4)
	if flags&2 != 0 { // a folder: how many, and the first
		n, first := r.u32(at+6), r.u32(at+10)
		if first <= i || n > len(r.b)/r.node {
			if n > 0 {
				r.err = errArchive
			}
			return
		}
		for k := range n {
			r.walk(first+k, path, depth+1)
		}
		return
	}
	if !sounding(path) || r.err != nil {
		return
	}
	from := r.data + r.u32(at+10)
	size := r.u32(from)
	if r.err != nil || size > len(r.b)-from-4 {
		r.err = errArchive
		return
	}
	data := r.b[from+4 : from+4+size]
	if flags&1 != 0 { // compressed: the length, then zlib
		if len(data) < 4 {
			r.err = errArchive
			return
		}
		z, err := zlib.NewReader(bytes.NewReader(data[4:]))
		if err != nil {
			r.err = err
			return
		}
		if data, err = io.ReadAll(io.LimitReader(z, most)); err != nil {
			r.err = err
			return
		}
	}
	if err := r.each(path, data); err != nil {
		r.err = err
	}
}
