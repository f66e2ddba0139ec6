package main

import (
	"net"

	"github.com/pion/stun/v3"
)

// answerSTUN tells whoever asks the address the question came from (RFC 8489 section 3), until c is closed. It exists because the server
// would otherwise send its guests to public STUN servers.
func answerSTUN(c net.PacketConn) {
	packet := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(packet)
		if err != nil {
			return
		}
		peer, ok := from.(*net.UDPAddr)
		if !ok || !stun.IsMessage(packet[:n]) {
			continue
		}
		question := &stun.Message{Raw: append([]byte(nil), packet[:n]...)}
		if question.Decode() != nil || question.Type != stun.BindingRequest {
			continue
		}
		answer, err := stun.Build(stun.NewTransactionIDSetter(question.TransactionID), stun.BindingSuccess,
			&stun.XORMappedAddress{IP: peer.IP, Port: peer.Port}, stun.Fingerprint)
		if err == nil {
			_, _ = c.WriteTo(answer.Raw, from)
		}
	}
}
