//go:build cgo

package compose

/*
#cgo CFLAGS: -O3
#cgo baseline CFLAGS: -DPV_BASELINE
#cgo noescape pv_compose_shrink
#cgo nocallback pv_compose_shrink
#cgo noescape pv_compose_refine
#cgo nocallback pv_compose_refine
#cgo noescape pv_compose_gather
#cgo nocallback pv_compose_gather
#cgo noescape pv_compose_draw
#cgo nocallback pv_compose_draw
#include "kernels.h"
*/
import "C"

import "image"

// native runs the loops in C: with AVX2 where the processor has it, else with
// what every processor of the architecture has.
type native struct{ avx2 C.int }

func newEngine() engine { return native{C.pv_compose_has_avx2()} }

func u8(b []byte) *C.uint8_t     { return (*C.uint8_t)(&b[0]) }
func i16(b []int16) *C.int16_t   { return (*C.int16_t)(&b[0]) }
func i32(b []int32) *C.int32_t   { return (*C.int32_t)(&b[0]) }
func u32(b []uint32) *C.uint32_t { return (*C.uint32_t)(&b[0]) }
func f32(b []float32) *C.float   { return (*C.float)(&b[0]) }

func (s steps) c() C.pv_steps { return C.pv_steps{at: i32(s.at), weight: i16(s.weight)} }

func (n native) shrink(p plane, column []uint16, prefix []uint32) {
	C.pv_compose_shrink(n.avx2, C.pv_shrink{
		src: u8(p.src), stride: C.int32_t(p.stride), w: C.int32_t(p.w), h: C.int32_t(p.h),
		dst: u8(p.dst), gw: C.int32_t(p.gw), gh: C.int32_t(p.gh),
		edges: i32(p.edges), column: (*C.uint16_t)(&column[0]), prefix: u32(prefix),
	})
}

func (n native) refine(g *grid) {
	C.pv_compose_refine(n.avx2, C.pv_refine{
		luma: u8(g.luma), person: u8(g.person), w: C.int32_t(g.w), h: C.int32_t(g.h),
		coef: i32(g.coef), sums: i32(g.sums), slope: f32(g.slope), offset: f32(g.offset), line: f32(g.means),
	})
}

func (n native) gather(g *grid) {
	k := &g.cells
	C.pv_compose_gather(n.avx2, C.pv_gather{
		luma: u8(g.luma), cb: u8(g.cb), cr: u8(g.cr), person: u8(g.person), w: C.int32_t(g.w), h: C.int32_t(g.h),
		cells: u32(k.sums), cw: C.int32_t(k.w), ch: C.int32_t(k.h),
		edges: i32(k.edges), sums: u32(k.band), line: u8(k.line),
	})
}

func (n native) draw(c *Compositor, img *image.YCbCr, b backdrop) {
	g := c.grid
	d := C.pv_draw{
		y: u8(img.Y), cb: u8(img.Cb), cr: u8(img.Cr),
		ys: C.int32_t(img.YStride), cs: C.int32_t(img.CStride), w: C.int32_t(c.w), h: C.int32_t(c.h),
		coef: i32(g.coef), gw: C.int32_t(g.w), gx: g.x.c(), gy: g.y.c(),
		older: u8(c.older), shown: u8(c.shown),
		rows: i16(c.rows), line: u8(c.line),
	}
	if c.Moves {
		d.moves = 1
	}
	if k := b.cells; k != nil {
		d.blur, d.cw, d.ch = i32(k.out), C.int32_t(k.w), C.int32_t(k.h)
		d.bx, d.byy, d.cx, d.cy = k.x.c(), k.y.c(), k.cx.c(), k.cy.c()
	} else {
		d.by, d.bcb, d.bcr = u8(b.y), u8(b.cb), u8(b.cr)
		d.bys, d.bcs = C.int32_t(b.ys), C.int32_t(b.cs)
	}
	C.pv_compose_draw(n.avx2, d)
}
