package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// A Failing is why a host that may be reached was not.
type Failing string

// The failings.
const (
	UnknownHost Failing = "no such host"
	Refusing    Failing = "nothing listens there"
	Silent      Failing = "no answer in time"
	NoRoute     Failing = "no network leads there"
	Certificate Failing = "its certificate is not trusted"
	BadTLS      Failing = "it does not speak TLS as we require"
	Unencrypted Failing = "plain connections are only made to this machine itself"
	CutOff      Failing = "it cut the connection"
	Inward      Failing = "its name leads into this network or machine"
)

// A ReachError reports a host that could not be reached. Err may be nil.
type ReachError struct {
	Host string
	Why  Failing
	Err  error
}

func (e *ReachError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Host, e.Why)
	}
	return fmt.Sprintf("%s: %s: %v", e.Host, e.Why, e.Err)
}
func (e *ReachError) Unwrap() error { return e.Err }

// reach says in a word why err kept us from host. The person's own interruption
// and errors that are words already stay as they are.
func reach(host string, err error) error {
	var (
		denied  *DeniedError
		known   *ReachError
		dns     *net.DNSError
		cert    *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		timeout net.Error
	)
	why := CutOff
	switch {
	case errors.As(err, &denied), errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &dns):
		why = UnknownHost
		if dns.IsTimeout {
			why = Silent
		}
	case errors.As(err, &cert), errors.As(err, &unknown):
		why = Certificate
	case errors.As(err, &record), errors.As(err, &alert):
		why = BadTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		why = Refusing
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		why = NoRoute
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		why = Silent
	}
	return &ReachError{Host: host, Why: why, Err: err}
}
