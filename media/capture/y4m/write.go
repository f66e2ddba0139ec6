package y4m

import (
	"bufio"
	"fmt"
	"image"
	"io"

	"paravent/media/frame"
)

// A Writer writes pictures of one size. It is used by one goroutine.
type Writer struct {
	w    *bufio.Writer
	size image.Point
}

// NewWriter writes a header to w for pictures of the given size.
func NewWriter(w io.Writer, size image.Point, r Rate) (*Writer, error) {
	out := &Writer{w: bufio.NewWriterSize(w, 1<<16), size: size}
	_, err := fmt.Fprintf(out.w, "%s W%d H%d F%d:%d Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n",
		magic, size.X, size.Y, r.Num, r.Den)
	return out, err
}

// Write borrows p until it returns. It does not allocate.
func (w *Writer) Write(p *frame.Picture) error {
	img := p.Image
	if p.Size() != w.size {
		return fmt.Errorf("y4m: a picture of %v in a file of %v", p.Size(), w.size)
	}
	if _, err := w.w.WriteString("FRAME\n"); err != nil {
		return err
	}
	if err := w.plane(img.Y, img.YStride, w.size.X, w.size.Y); err != nil {
		return err
	}
	cw, ch := (w.size.X+1)/2, (w.size.Y+1)/2
	if err := w.plane(img.Cb, img.CStride, cw, ch); err != nil {
		return err
	}
	return w.plane(img.Cr, img.CStride, cw, ch)
}

func (w *Writer) plane(b []byte, stride, width, height int) error {
	for y := range height {
		if _, err := w.w.Write(b[y*stride : y*stride+width]); err != nil {
			return err
		}
	}
	return nil
}

// Flush writes what is still held back. Call it after the last picture.
func (w *Writer) Flush() error { return w.w.Flush() }
