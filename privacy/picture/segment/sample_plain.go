//go:build !cgo

package segment

func (s *sampler) plane(dst []float32, src []byte, stride int) { s.planePlain(dst, src, stride) }

func (s *sampler) colour(dst []float32) { s.colourPlain(dst) }
