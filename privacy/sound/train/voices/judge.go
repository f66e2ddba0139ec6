package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// A cut is a piece of a file of the test split that the repository keeps.
type cut struct {
	from    string // KIND/NAME
	to      string
	start   float64 // seconds
	seconds float64
}

// cuts are what the gate is judged by. All may be given on under the licences
// that the README beside them names.
func cuts() []cut {
	return []cut{
		{"voice/ast_ru_ivr", "ru_f", 20, 8},
		{"voice/fillets_nl_small", "nl_f", 20, 8},
		{"voice/kl_en_GB", "en_f", 3, 8},
		{"voice/kt_nn", "nn_f", 20, 8},
		{"voice/ast_it_carlo", "it_m", 20, 8},
		{"voice/fillets_nl_big", "nl_m", 20, 8},
		{"voice/kl_hu", "hu_m", 3, 8},
		{"voice/ps_librivox", "en_m", 1, 8},
		{"child/fest_cs_krb", "cs_child", 1, 8},
		{"music/fillets_00", "music", 10, 10},
	}
}

// strokes is how many keystrokes are kept.
const strokes = 20

// judge writes the cuts as WAV files of 16 bits to dir.
func judge(out, dir string) error {
	for _, c := range cuts() {
		x, err := load(filepath.Join(out, "test", c.from+".f32"))
		if err != nil {
			return fmt.Errorf("cut %s: %w", c.to, err)
		}
		from, to := int(c.start*rate), int((c.start+c.seconds)*rate)
		if len(x) < to {
			return fmt.Errorf("cut %s: %s holds only %d s", c.to, c.from, len(x)/rate)
		}
		if err := os.WriteFile(filepath.Join(dir, c.to+".wav"), wave(x[from:to]), 0o644); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(filepath.Join(out, "test", "keys", "*.f32"))
	if err != nil {
		return err
	}
	var keys []float32
	for _, f := range files {
		x, err := load(f)
		if err != nil {
			return fmt.Errorf("cut %s: %w", strings.TrimSuffix(filepath.Base(f), ".f32"), err)
		}
		keys = append(keys, x...)
	}
	return os.WriteFile(filepath.Join(dir, "keys.wav"), wave(some(keys, strokes)), 0o644)
}

// some returns the first n sounds of x, which end in gaps of zeros.
func some(x []float32, n int) []float32 {
	zeros := 0
	for i, v := range x {
		if v != 0 {
			zeros = 0
			continue
		}
		if zeros++; zeros == gap {
			if n--; n == 0 {
				return x[:i+1]
			}
		}
	}
	return x
}

// wave returns x as a WAV file: 16 kHz, one channel, 16 bits.
func wave(x []float32) []byte {
	const head, bits = 36, 16
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(head+2*len(x)))
	b = binary.LittleEndian.AppendUint32(append(b, "WAVEfmt "...), 16)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint16(b, 1)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*bits/8)
	b = binary.LittleEndian.AppendUint16(b, bits/8)
	b = binary.LittleEndian.AppendUint16(b, bits)
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), uint32(2*len(x)))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(max(-32768, min(32767, math.Round(float64(v)*32768))))))
	}
	return b
}
