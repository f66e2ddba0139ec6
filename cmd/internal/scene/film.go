package scene

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
)

// The film of WriteFilm, pictures a second and in all: four seconds, after which it begins again without a jump.
const (
	FPS   = 30
	count = 4 * FPS
)

// WriteFilm makes a Y4M file of w×h pixels: a person before a room who sways as people do that speak, and a sensor's noise.
func WriteFilm(path string, w, h int) (err error) {
	person, err := LoadPerson(w * 4 / 5)
	if err != nil {
		return err
	}
	room, err := LoadRoom(w, h)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := bufio.NewWriterSize(f, 1<<20)
	_, _ = fmt.Fprintf(out, "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n", w, h, FPS) // the writer keeps an error for Flush
	p := image.NewYCbCr(room.Rect, room.SubsampleRatio)
	grain := uint32(1)
	for n := range count {
		copy(p.Y, room.Y)
		copy(p.Cb, room.Cb)
		copy(p.Cr, room.Cr)
		person.Stand(p, sway(n, w, h, person.Size()))
		for i := range p.Y {
			grain = grain*1664525 + 1013904223
			p.Y[i] = byte(min(max(int(p.Y[i])+int(grain>>30)-int(grain>>28&3), 0), 255))
		}
		write(out, p)
	}
	return out.Flush()
}

// sway is where the person is in picture n: near the middle, their lower edge below the picture's.
func sway(n, w, h int, person image.Point) image.Point {
	turn := 2 * math.Pi * float64(n) / count
	x := float64(w-person.X)/2 + float64(w)/16*math.Sin(turn)
	y := float64(h-person.Y) + float64(h)/30*(1+math.Sin(3*turn))
	return image.Pt(int(x), int(y))
}

func write(out io.Writer, p *image.YCbCr) {
	_, _ = io.WriteString(out, "FRAME\n")
	for _, plane := range [][]byte{p.Y, p.Cb, p.Cr} { // of an image that is as wide as its strides
		_, _ = out.Write(plane)
	}
}
