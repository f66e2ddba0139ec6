//go:build !cgo

package sample

func (s *Sampler) plane(dst []float32, src []byte, stride int) { s.planePlain(dst, src, stride) }

func (s *Sampler) colour(dst []float32, t Target) { s.colourPlain(dst, t) }
