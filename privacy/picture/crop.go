package picture

import (
	"image"

	"paravent/privacy/picture/person"
	"paravent/privacy/picture/segment"
)

// A canvas is the mask of a whole picture, in twice the cells of the model's: so a
// person who fills half of it or less is seen by the model at full size.
const (
	canvasW = 2 * segment.Width
	canvasH = 2 * segment.Height
	perCell = canvasW / person.W // a cell of the grid on the canvas
)

// A follower chooses the part of the picture that the model looks at. It is
// counted in cells of the grid, is 16:9, and changes seldom, since each change
// moves the mask a little.
type follower struct {
	part image.Rectangle
}

func whole() image.Rectangle { return image.Rect(0, 0, person.W, person.H) }

// follow takes where the person was in the last picture; nobody means everywhere.
func (f *follower) follow(keep *[cells]byte, present bool) {
	if f.part.Empty() || !present {
		f.part = whole()
	}
	if !present {
		return
	}
	box := bounds(keep)
	h := max(box.Dy()*13/10, (box.Dx()*13/10*9+15)/16, 24)
	if h > 45 {
		f.part = whole() // there is nothing to gain
		return
	}
	w := h * 16 / 9
	centre := box.Min.Add(box.Max).Div(2)
	x := min(max(centre.X-w/2, 0), person.W-w)
	y := min(max(centre.Y-h/2, 0), person.H-h)
	want := image.Rect(x, y, x+w, y+h)
	tight := box.Inset(-max(1, box.Dy()/20)).Intersect(whole())
	if !tight.In(f.part) || f.part.Dy()*10 > h*14 {
		f.part = want
	}
}

// bounds is the box around what is kept.
func bounds(keep *[cells]byte) image.Rectangle {
	box := image.Rectangle{Min: image.Pt(person.W, person.H)}
	for y := range person.H {
		for x, k := range keep[y*person.W : (y+1)*person.W] {
			if k != 0 {
				box.Min.X, box.Max.X = min(box.Min.X, x), max(box.Max.X, x+1)
				box.Min.Y, box.Max.Y = min(box.Min.Y, y), max(box.Max.Y, y+1)
			}
		}
	}
	if box.Max.X == 0 {
		return whole()
	}
	return box
}

// pixels is the part in pixels of a picture of the given size.
func (f *follower) pixels(size image.Point) image.Rectangle {
	return image.Rect(f.part.Min.X*size.X/person.W, f.part.Min.Y*size.Y/person.H, f.part.Max.X*size.X/person.W, f.part.Max.Y*size.Y/person.H)
}

// spread writes the mask of a part to the canvas, between four cells, and nothing
// around it.
func spread(canvas, mask []byte, part image.Rectangle) {
	x0, y0, w, h := part.Min.X*perCell, part.Min.Y*perCell, part.Dx()*perCell, part.Dy()*perCell
	if part != whole() {
		clear(canvas)
	}
	for y := range h {
		sy := max((2*y+1)*segment.Height*128/h-128, 0)
		j, b := sy>>8, uint32(sy&255)
		up := mask[min(j, segment.Height-1)*segment.Width:][:segment.Width]
		low := mask[min(j+1, segment.Height-1)*segment.Width:][:segment.Width]
		row := canvas[(y0+y)*canvasW+x0:][:w]
		step := segment.Width * 256 * 256 / w
		at := step/2 - 128*256
		for x := range row {
			sx := max(at, 0) >> 8
			at += step
			i, a := sx>>8, uint32(sx&255)
			k := min(i+1, segment.Width-1)
			top := uint32(up[i])*(256-a) + uint32(up[k])*a
			bottom := uint32(low[i])*(256-a) + uint32(low[k])*a
			row[x] = byte((top*(256-b) + bottom*b + 1<<15) >> 16)
		}
	}
}
