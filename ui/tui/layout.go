package tui

import "image"

// A layout is where everything is, in cells.
//
//	banner  ────────────────────────
//	tiles            │ members
//	                 │ ─────────────
//	                 │ chat
//	notice  ────────────────────────
//	line    ────────────────────────
//	badges  ────────────────────────
//
// On a narrow screen members and chat are below the tiles.
type layout struct {
	banner, tiles, members, chat, notice, line, badges image.Rectangle
}

// Bounds of the side column, in cells.
const (
	narrow  = 64 // a narrower screen has no column
	sideMin = 24
	sideMax = 44
)

// needs are how many rows the parts would like.
type needs struct {
	banner, members, notice, badges int
	tiles                           int // how many
}

func newLayout(w, h int, n needs) layout {
	var l layout
	top, bottom := 0, max(h, 0)
	below := func(rows, keep int) image.Rectangle {
		rows = max(min(rows, bottom-top-keep), 0)
		bottom -= rows
		return image.Rect(0, bottom, w, bottom+rows)
	}
	l.badges = below(n.badges, 0)
	l.line = below(1, 0)
	banner := max(min(n.banner, (bottom-top+1)/2), 0)
	l.banner = image.Rect(0, 0, w, banner)
	top = banner
	l.notice = below(n.notice, 2)
	main := image.Rect(0, top, w, bottom)
	if main.Dy() < 1 {
		return l
	}
	if column := side(w); column < w {
		l.tiles = image.Rect(0, top, w-column-1, bottom)
		main.Min.X = w - column
	} else if n.tiles > 0 && main.Dy() >= 10 {
		l.tiles = image.Rect(0, top, w, top+main.Dy()/2)
		main.Min.Y = l.tiles.Max.Y
	}
	split := main.Min.Y + min(n.members, max(main.Dy()/2, 1))
	l.members = image.Rect(main.Min.X, main.Min.Y, main.Max.X, split)
	l.chat = image.Rect(main.Min.X, split, main.Max.X, main.Max.Y)
	return l
}

// side returns the width of the column of members and chat.
func side(w int) int {
	if w < narrow {
		return w
	}
	return min(max(w*3/10, sideMin), sideMax)
}

// The smallest tile: with less, nothing is to be seen.
const (
	tileWidth  = 8
	tileHeight = 3 // with the row of its label
)

// grid divides area among n tiles of one size, so that pictures of 16:9 get as
// large as they can. Those for which there is no room are left out.
func grid(area image.Rectangle, n int, cell image.Point) []image.Rectangle {
	w, h := area.Dx(), area.Dy()
	n = min(n, max(w+1, 0)/(tileWidth+1)*(max(h, 0)/tileHeight))
	if n <= 0 {
		return nil
	}
	best, columns := -1, 1
	for c := 1; c <= n; c++ {
		rows := (n + c - 1) / c
		tw, th := (w+1)/c-1, h/rows
		if tw < tileWidth || th < tileHeight {
			continue
		}
		seen := min(tw*cell.X, (th-1)*cell.Y*16/9) // the width of the picture, in pixels
		if seen > best {
			best, columns = seen, c
		}
	}
	if best < 0 {
		return grid(area, n-1, cell)
	}
	rows := (n + columns - 1) / columns
	tw, th := (w+1)/columns-1, h/rows
	tiles := make([]image.Rectangle, n)
	for i := range tiles {
		at := area.Min.Add(image.Pt(i%columns*(tw+1), i/columns*th))
		tiles[i] = image.Rectangle{Min: at, Max: at.Add(image.Pt(tw, th))}
	}
	return tiles
}

// podium gives the first tile most of the area, and the others the rest.
func podium(area image.Rectangle, n int, cell image.Point) []image.Rectangle {
	first, rest := area, area
	if area.Dx()*cell.X*9 >= area.Dy()*cell.Y*16 {
		first.Max.X = area.Max.X - max(area.Dx()/4, tileWidth+1)
		rest.Min.X = first.Max.X + 1
	} else {
		first.Max.Y = area.Max.Y - max(area.Dy()/4, tileHeight)
		rest.Min.Y = first.Max.Y
	}
	if n < 2 || first.Dx() < tileWidth || first.Dy() < tileHeight {
		return grid(area, n, cell)
	}
	return append([]image.Rectangle{first}, grid(rest, n-1, cell)...)
}
