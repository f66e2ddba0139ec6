package sfu

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// A Transport is how signalling to a server is encrypted. The zero value is not at
// all, or not known.
type Transport struct {
	Version, Cipher string // such as "TLS 1.3" and "TLS_AES_128_GCM_SHA256"
	Exchange        string // how the keys were agreed upon, such as "X25519MLKEM768"
	Hybrid          bool   // so that a later quantum computer cannot read it
	Trusted         bool   // the certificate is
	Certificate     Certificate
}

// A Certificate is what a server shows of itself. Its words are the server's.
type Certificate struct {
	Subject, Issuer Foreign
	Root            Foreign // whom this machine trusts, and who stands for it
	Names           []Foreign
	From, Until     time.Time
	Fingerprint     string // SHA-256 of it all, in hexadecimal with colons
}

// Transport returns how the server that was asked encrypts, also of one whose
// certificate is not trusted; false if there is no TLS, or nothing is known.
func (a *Asker) Transport() (Transport, bool) {
	if s := a.tls; s != nil {
		t := Transport{
			Version: tls.VersionName(s.Version), Cipher: tls.CipherSuiteName(s.CipherSuite),
			Exchange: s.CurveID.String(), Hybrid: isHybrid(s.CurveID), Trusted: len(s.VerifiedChains) > 0,
		}
		if len(s.PeerCertificates) > 0 {
			t.Certificate = certificate(s.PeerCertificates[0])
		}
		if t.Trusted {
			chain := s.VerifiedChains[0]
			t.Certificate.Root = Foreign(chain[len(chain)-1].Subject.String())
		}
		return t, true
	}
	var bad *tls.CertificateVerificationError
	if errors.As(a.failed, &bad) && len(bad.UnverifiedCertificates) > 0 {
		return Transport{Certificate: certificate(bad.UnverifiedCertificates[0])}, true
	}
	return Transport{}, false
}

// isHybrid knows the exchanges that join an elliptic curve with ML-KEM (FIPS 203).
func isHybrid(c tls.CurveID) bool {
	return c == tls.X25519MLKEM768 || c == tls.SecP256r1MLKEM768 || c == tls.SecP384r1MLKEM1024
}

// maxNames bounds the names of a certificate that are kept; some have hundreds.
const maxNames = 16

func certificate(c *x509.Certificate) Certificate {
	out := Certificate{
		Subject: Foreign(c.Subject.String()), Issuer: Foreign(c.Issuer.String()),
		From: c.NotBefore.UTC(), Until: c.NotAfter.UTC(), Fingerprint: fingerprint(c.Raw),
	}
	for _, n := range c.DNSNames[:min(len(c.DNSNames), maxNames)] {
		out.Names = append(out.Names, Foreign(n))
	}
	for _, ip := range c.IPAddresses[:min(len(c.IPAddresses), maxNames-len(out.Names))] {
		out.Names = append(out.Names, Foreign(ip.String()))
	}
	return out
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	var b strings.Builder
	for i, c := range sum {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}
