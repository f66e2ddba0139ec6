// Command train draws the scenes that the room gate's network learns from: rooms
// that do not exist, with recorded voices in them. learn.py does the learning.
package main

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"paravent/privacy/sound/gate"
)

func main() {
	log.SetFlags(0)
	voices := flag.String("voices", "", "folder of voices: voice/*.f32, child/, music/, noise/, keys/")
	out := flag.String("out", "", "folder for the scenes")
	homes := flag.Int("homes", 100, "how many homes to draw")
	seed := flag.Uint64("seed", 1, "what the scenes depend on")
	flag.Parse()
	if err := draw(*voices, *out, *homes, *seed); err != nil {
		log.Fatal(err)
	}
}

const (
	perHome = 4  // scenes
	perFile = 16 // homes
)

func draw(voices, out string, homes int, seed uint64) error {
	lib, err := load(voices)
	if err != nil {
		return err
	}
	w := newWorkshop(samples)
	usual := usualReference(lib, w)
	for f := 0; f*perFile < homes; f++ {
		rnd := rand.New(rand.NewPCG(seed, uint64(f)))
		var raw []byte
		for range perFile {
			h := newHome(rnd, lib, usual, w)
			for range perHome {
				raw = pack(raw, h.scene(rnd, lib, w).rows(h.ref, h.usual))
			}
		}
		name := filepath.Join(out, fmt.Sprintf("%d-%05d.f16", seed, f))
		if err := os.WriteFile(name+".part", raw, 0o644); err != nil {
			return err
		}
		if err := os.Rename(name+".part", name); err != nil {
			return err
		}
	}
	return nil
}

// usualReference is the mean of many people's references, for those who have none.
func usualReference(lib *library, w *workshop) *gate.Reference {
	const people = 150
	rnd := rand.New(rand.NewPCG(7, 7))
	var sum gate.Reference
	for range people {
		h := newHome(rnd, lib, nil, w)
		for b, l := range h.ref.Levels {
			sum.Levels[b] += (l - float32(h.gain)) / people
		}
		for c, v := range h.ref.Cues {
			sum.Cues[c] += v / people
		}
	}
	for b := range sum.Levels {
		sum.Levels[b] += usualLevel
	}
	return &sum
}

func load(dir string) (*library, error) {
	lib := &library{}
	for name, list := range map[string]*[]*speaker{
		"voice": &lib.voices, "child": &lib.children, "music": &lib.music, "noise": &lib.noises, "keys": &lib.keys,
	} {
		err := filepath.WalkDir(filepath.Join(dir, name), func(path string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || e.IsDir() || !strings.HasSuffix(path, ".f32") {
				return err
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			s := &speaker{name: strings.TrimSuffix(e.Name(), ".f32"), wave: make([]float32, len(raw)/4)}
			for i := range s.wave {
				s.wave[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
			}
			if len(s.wave) > 0 {
				*list = append(*list, s)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(lib.voices) < 2 {
		return nil, fmt.Errorf("%s: there are no voices in it; privacy/sound/train/voices fetches some", dir)
	}
	return lib, nil
}

// pack appends x in half precision.
func pack(to []byte, x []float32) []byte {
	for _, v := range x {
		to = binary.LittleEndian.AppendUint16(to, half(v))
	}
	return to
}

// half rounds to IEEE 754 binary16. What is too small is 0, what is too large the
// largest.
func half(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	bits = bits&0x7fffffff + 0x1000
	switch {
	case bits < 0x38800000:
		return sign
	case bits >= 0x47800000:
		return sign | 0x7bff
	}
	return sign | uint16((bits-0x38000000)>>13)
}
