package pattern

import (
	"image"

	"paravent/media/frame"
)

// The code: two rows of 24 cells, read like text. Four cells that are white,
// black, white, black; 32 of the number, highest bit first; eight of a checksum;
// four that are black, white, black, white.
const (
	perRow = 24
	cells  = 2 * perRow
	head   = 0b1010
	tail   = 0b0101
)

const (
	white = 225
	black = 26
)

func cell(size image.Point, i int) image.Rectangle {
	x, y, h := i%perRow, i/perRow, codeHeight(size)
	return image.Rect(x*size.X/perRow, y*h/2, (x+1)*size.X/perRow, (y+1)*h/2)
}

func codeHeight(size image.Point) int { return size.Y / 12 }

func drawCounter(img *image.YCbCr, n uint32) {
	code := uint64(head)<<44 | uint64(n)<<12 | uint64(checksum(n))<<4 | tail
	size := img.Rect.Size()
	fill(img, image.Rect(0, 0, size.X, codeHeight(size)), frame.Colour{Y: black, Cb: 128, Cr: 128})
	for i := range cells {
		if code>>(cells-1-i)&1 == 0 {
			continue
		}
		r := cell(size, i)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			set(img.Y[y*img.YStride+r.Min.X:y*img.YStride+r.Max.X], white)
		}
	}
}

// ReadCounter returns the number that a pattern drew into the picture, also
// after coding and scaling. It reports false if there is none to be read.
func ReadCounter(p *frame.Picture) (n uint32, ok bool) {
	if p == nil || p.Size().X < minSide || p.Size().Y < 2*12 {
		return 0, false
	}
	var brightness [cells]int
	low, high := 255, 0
	for i := range brightness {
		b := mean(p.Image, cell(p.Size(), i))
		brightness[i] = b
		low, high = min(low, b), max(high, b)
	}
	if high-low < 48 {
		return 0, false
	}
	var code uint64
	for _, b := range brightness {
		code <<= 1
		if b > (low+high)/2 {
			code |= 1
		}
	}
	n = uint32(code >> 12)
	return n, code>>44 == head && code&15 == tail && byte(code>>4) == checksum(n)
}

// mean looks at the middle of a cell: its edges are blurred by coding.
func mean(img *image.YCbCr, r image.Rectangle) int {
	dx, dy := r.Dx()/4, r.Dy()/4
	r = image.Rect(r.Min.X+dx, r.Min.Y+dy, max(r.Max.X-dx, r.Min.X+dx+1), max(r.Max.Y-dy, r.Min.Y+dy+1))
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for _, b := range img.Y[y*img.YStride+r.Min.X : y*img.YStride+r.Max.X] {
			sum += int(b)
		}
	}
	return sum / (r.Dx() * r.Dy())
}

// checksum is the CRC-8 of ITU-T I.432.1.
func checksum(n uint32) byte {
	var crc byte
	for _, b := range [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} {
		crc ^= b
		for range 8 {
			top := crc & 0x80
			crc <<= 1
			if top != 0 {
				crc ^= 0x07
			}
		}
	}
	return crc ^ 0x55
}
