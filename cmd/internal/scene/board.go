package scene

import "image"

// The board is as many fields wide and high; in a picture of 320×180 pixels a field is 8 pixels wide, and the lowest row is cut off.
const (
	boardWidth = 40
	fieldSide  = 8
	boardSide  = boardWidth * fieldSide // pixels, in that picture
)

// The luma of a board's dark and light fields.
const (
	DarkField  = 60
	LightField = 190
)

// Light reports whether the board of a picture of the given size, of any ratio, has a light field at x, y.
func Light(x, y int, size image.Point) bool {
	column, row := x*boardSide/size.X/fieldSide, y*(boardSide*9/16)/size.Y/fieldSide
	return (column+row)%2 == 1
}

// Board returns a room that nobody can mistake: a checkerboard of dark blue and light yellow fields.
func Board(size image.Point) *image.YCbCr {
	out := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
	for y := range size.Y {
		for x := range size.X {
			luma, blue, red := byte(DarkField), byte(180), byte(110)
			if Light(x, y, size) {
				luma, blue, red = LightField, 80, 145
			}
			out.Y[out.YOffset(x, y)] = luma
			if x%2 == 0 && y%2 == 0 {
				out.Cb[out.COffset(x, y)], out.Cr[out.COffset(x, y)] = blue, red
			}
		}
	}
	return out
}
