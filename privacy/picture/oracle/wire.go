package oracle

import "encoding/binary"

// A message is one in the wire format of protocol buffers
// (https://protobuf.dev/programming-guides/encoding), as far as ONNX needs it.
type message []byte

// The wire types.
const (
	varint = 0
	length = 2
)

func (m message) tag(field, wire int) message {
	return binary.AppendUvarint(m, uint64(field<<3|wire))
}

func (m message) int(field, v int) message {
	return binary.AppendUvarint(m.tag(field, varint), uint64(v))
}

func (m message) bytes(field int, b []byte) message {
	return append(binary.AppendUvarint(m.tag(field, length), uint64(len(b))), b...)
}

func (m message) text(field int, s string) message { return m.bytes(field, []byte(s)) }

func (m message) ints(field int, all ...int) message {
	for _, v := range all {
		m = m.int(field, v)
	}
	return m
}
