// Package leaktest makes what tests of the leak score need: a sheet of paper
// with planted words, rooms that it is pinned in, and a person before them whose
// alpha is known exactly. It only draws; it reads no files and starts nothing.
package leaktest

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"paravent/media/frame"
)

// Words returns the eight words that a Sheet carries, from top to bottom.
func Words() []string {
	return []string{"Passport", "Mortgage", "Hospital", "Divorce", "Salary", "Invoice", "Pension", "Lawyer"}
}

// Sheet returns a sheet of A4 paper, height pixels high, with Words. From a
// height of 300 pixels on the words are large enough to be read by a machine.
func Sheet(height int) (image.Image, error) {
	words := Words()
	w := height * 210 / 297
	img := image.NewGray(image.Rect(0, 0, w, height))
	draw.Draw(img, img.Rect, image.NewUniform(color.Gray{235}), image.Point{}, draw.Src)
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("sheet: %w", err)
	}
	line := float64(height) / float64(len(words)+1)
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: line * .78, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("sheet: %w", err)
	}
	d := font.Drawer{Dst: img, Src: image.NewUniform(color.Gray{25}), Face: face}
	for i, word := range words {
		d.Dot = fixed.P(w/10, int(line*(float64(i)+1.1)))
		d.DrawString(word)
	}
	return img, face.Close()
}

// Pin draws img over p with its first pixel at at. What lies outside p is cut.
func Pin(p *frame.Picture, img image.Image, at image.Point) {
	b := img.Bounds()
	r := image.Rectangle{Min: at, Max: at.Add(b.Size())}.Intersect(p.Image.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(b.Min.X+x-at.X, b.Min.Y+y-at.Y)).(color.NRGBA)
			v := frame.RGB(c.R, c.G, c.B)
			p.Image.Y[y*p.Image.YStride+x] = v.Y
			p.Image.Cb[y/2*p.Image.CStride+x/2], p.Image.Cr[y/2*p.Image.CStride+x/2] = v.Cb, v.Cr
		}
	}
}

// Copy returns a picture with the pixels of p.
func Copy(p *frame.Picture) *frame.Picture {
	q := frame.NewPool(p.Size().X, p.Size().Y).Get(p.At)
	q.CopyFrom(p)
	return q
}
