//go:build linux || freebsd || netbsd || openbsd || dragonfly

package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"
)

// sealing is the one kind of session that encrypts, as the Secret Service API 0.2
// names it ("Transfer of Secrets"): it keeps secrets out of what a monitor of the
// bus writes down. A program that could speak to the keyring in the person's name
// it does not keep out, and the group is too small against more than that.
const sealing = "dh-ietf1024-sha256-aes128-cbc-pkcs7"

// groupSize is the size of the numbers of the Second Oakley Group, in bytes.
const groupSize = 128

// oakley is the prime of the Second Oakley Group (RFC 2409, 6.2). Its generator is 2.
func oakley() *big.Int {
	p, _ := new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"+
		"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"+
		"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)
	return p
}

// An exchange is our half of an agreement on a key.
type exchange struct{ private, public *big.Int }

func newExchange() (exchange, error) {
	x, err := rand.Int(rand.Reader, oakley())
	if err != nil {
		return exchange{}, err
	}
	return exchange{x, new(big.Int).Exp(big.NewInt(2), x, oakley())}, nil
}

// ours is what the service is told.
func (e exchange) ours() []byte { return e.public.FillBytes(make([]byte, groupSize)) }

// key is what both sides know, from what the service tells.
func (e exchange) key(theirs []byte) (sealer, error) {
	y, p := new(big.Int).SetBytes(theirs), oakley()
	if y.Cmp(big.NewInt(1)) <= 0 || y.Cmp(new(big.Int).Sub(p, big.NewInt(1))) >= 0 {
		return sealer{}, errors.New("the service's half of the key is none")
	}
	shared := new(big.Int).Exp(y, e.private, p).FillBytes(make([]byte, groupSize))
	defer clear(shared)
	k, err := hkdf.Key(sha256.New, shared, nil, "", aes.BlockSize)
	if err != nil {
		return sealer{}, err
	}
	b, err := aes.NewCipher(k)
	return sealer{b}, err
}

// A sealer encrypts what crosses the bus, if the service can. The zero sealer
// leaves it as it is.
type sealer struct{ block cipher.Block }

// seal returns value as the service takes it, and the parameter that goes with it.
// It takes ownership of value.
func (s sealer) seal(value []byte) (parameter, sealed []byte) {
	if s.block == nil {
		return []byte{}, value
	}
	iv := make([]byte, aes.BlockSize)
	_, _ = rand.Read(iv) // never fails (package crypto/rand)
	pad := aes.BlockSize - len(value)%aes.BlockSize
	sealed = make([]byte, len(value)+pad)
	copy(sealed, value)
	copy(sealed[len(value):], bytes.Repeat([]byte{byte(pad)}, pad))
	clear(value)
	cipher.NewCBCEncrypter(s.block, iv).CryptBlocks(sealed, sealed)
	return iv, sealed
}

// open returns the secret in what the service gave, and overwrites that.
func (s sealer) open(parameter, sealed []byte) (Secret, error) {
	if s.block == nil {
		return Taken(sealed), nil
	}
	defer clear(sealed)
	no := errors.New("what the keyring gave cannot be opened")
	if len(parameter) != aes.BlockSize || len(sealed) == 0 || len(sealed)%aes.BlockSize != 0 {
		return Secret{}, no
	}
	cipher.NewCBCDecrypter(s.block, parameter).CryptBlocks(sealed, sealed)
	pad := int(sealed[len(sealed)-1])
	if pad == 0 || pad > aes.BlockSize {
		return Secret{}, no
	}
	for _, b := range sealed[len(sealed)-pad:] {
		if int(b) != pad {
			return Secret{}, no
		}
	}
	return Taken(sealed[:len(sealed)-pad]), nil
}
