package sframe

// SkipTo sets the counter of the next frame, for published vectors.
func (s *Sealer) SkipTo(ctr uint64) { s.next.CTR = ctr }

// Cipher seals with the bare cipher of a suite.
func Cipher(s Suite, key, nonce, plain, additional []byte) ([]byte, error) {
	a, err := s.cipher(key)
	if err != nil {
		return nil, err
	}
	return a.seal(nil, nonce, plain, additional), nil
}

// Escape and Unescape are the emulation prevention of H.264.
func Escape(b []byte, at int) []byte  { return escape(b, at) }
func Unescape(dst, src []byte) []byte { return unescape(dst, src) }
