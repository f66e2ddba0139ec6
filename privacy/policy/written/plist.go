package written

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"

	"paravent/privacy/policy"
)

// OfPropertyList reads a property list of managed preferences, XML or binary. The
// error is a *BrokenError.
func OfPropertyList(path string, data []byte) ([]policy.Layer, error) {
	root, err := propertyList(data)
	if err != nil {
		return nil, Broken(policy.Place{Path: path}, "is no property list: %s", clean(err.Error()))
	}
	return Preferences(path, root)
}

// Bounds of a property list.
const (
	deepestValue = 16
	mostValues   = 20_000 // counting one again each time it is named
)

// An other is a value of a kind that no rule has, such as a date.
type other struct{}

func propertyList(data []byte) (map[string]any, error) {
	read := xmlList
	if bytes.HasPrefix(data, []byte("bplist00")) {
		read = binaryList
	}
	v, err := read(data)
	if err != nil {
		return nil, err
	}
	root, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("its root is no dictionary")
	}
	return root, nil
}

var errDeep = errors.New("too much lies in it, or too deep")

// A list in XML, by Apple's DTD PropertyList 1.0.
func xmlList(data []byte) (any, error) {
	x := &xmlReader{d: xml.NewDecoder(bytes.NewReader(data)), left: mostValues}
	for {
		t, err := x.d.Token()
		if err != nil {
			return nil, err
		}
		if s, ok := t.(xml.StartElement); ok {
			if s.Name.Local != "plist" {
				return nil, fmt.Errorf("it begins with %q", s.Name.Local)
			}
			break
		}
	}
	v, ok, err := x.next(0)
	if err == nil && !ok {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, err
	}
	if _, more, err := x.next(0); more || err != nil {
		return nil, errors.Join(err, errors.New("there is more than one value in it"))
	}
	return v, nil
}

type xmlReader struct {
	d    *xml.Decoder
	left int
}

// start returns the next element; false at the end of what it lies in.
func (x *xmlReader) start() (string, bool, error) {
	for {
		t, err := x.d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return "", false, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t.Name.Local, true, nil
		case xml.EndElement:
			return "", false, nil
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return "", false, errors.New("there is text between its values")
			}
		}
	}
}

// text is what stands in the element that was begun.
func (x *xmlReader) text() (string, error) {
	var b strings.Builder
	for {
		t, err := x.d.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		case xml.StartElement:
			return "", fmt.Errorf("%q stands within a text", t.Name.Local)
		}
	}
}

func (x *xmlReader) next(depth int) (v any, ok bool, err error) {
	kind, ok, err := x.start()
	if err != nil || !ok {
		return nil, false, err
	}
	if x.left--; x.left < 0 || depth > deepestValue {
		return nil, false, errDeep
	}
	switch kind {
	case "dict":
		v, err = x.dictionary(depth)
		return v, true, err
	case "array":
		list := []any{}
		for {
			v, ok, err := x.next(depth + 1)
			if err != nil || !ok {
				return list, true, err
			}
			list = append(list, v)
		}
	}
	s, err := x.text()
	if err != nil {
		return nil, false, err
	}
	switch kind {
	case "true", "false":
		return kind == "true", true, nil
	case "string":
		return s, true, nil
	case "integer":
		n, err := strconv.ParseInt(strings.TrimSpace(s), 0, 64)
		return n, true, err
	case "real":
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return f, true, err
	case "date", "data":
		return other{}, true, nil
	}
	return nil, false, fmt.Errorf("there is no value of the kind %q", kind)
}

func (x *xmlReader) dictionary(depth int) (map[string]any, error) {
	m := make(map[string]any)
	for {
		kind, ok, err := x.start()
		if err != nil || !ok {
			return m, err
		}
		if kind != "key" {
			return nil, fmt.Errorf("%q stands where a key should", kind)
		}
		name, err := x.text()
		if err != nil {
			return nil, err
		}
		v, ok, err := x.next(depth + 1)
		if err != nil {
			return nil, err
		}
		if _, twice := m[name]; twice || !ok {
			return nil, fmt.Errorf("the key %q has no value, or two", name)
		}
		m[name] = v
	}
}

// A binary list: eight bytes "bplist00", objects, a table of their offsets, and a
// trailer of 32 bytes. The format is described in the source of Apple's
// CoreFoundation, CFBinaryPList.c.
type binaryReader struct {
	data    []byte
	offsets []uint64
	ref     int // bytes of a reference
	left    int
}

const trailerLen = 32

func binaryList(data []byte) (any, error) {
	if len(data) < 8+trailerLen {
		return nil, io.ErrUnexpectedEOF
	}
	t := data[len(data)-trailerLen:]
	size, ref := int(t[6]), int(t[7])
	count, top, table := binary.BigEndian.Uint64(t[8:]), binary.BigEndian.Uint64(t[16:]), binary.BigEndian.Uint64(t[24:])
	end := uint64(len(data) - trailerLen)
	if size < 1 || size > 8 || ref < 1 || ref > 8 || count > mostValues || table > end || count*uint64(size) > end-table || top >= count {
		return nil, errors.New("its trailer makes no sense")
	}
	b := &binaryReader{data: data[:table], ref: ref, left: mostValues}
	for i := range count {
		b.offsets = append(b.offsets, number(data[table+i*uint64(size):][:size]))
	}
	return b.object(top, 0)
}

func number(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// bytes are n bytes from at on.
func (b *binaryReader) bytes(at, n uint64) ([]byte, error) {
	if size := uint64(len(b.data)); at > size || n > size-at {
		return nil, io.ErrUnexpectedEOF
	}
	return b.data[at : at+n], nil
}

// length reads how long an object is, and where its content begins.
func (b *binaryReader) length(at uint64) (n, from uint64, err error) {
	head, err := b.bytes(at, 1)
	if err != nil {
		return 0, 0, err
	}
	if n = uint64(head[0] & 0xf); n != 0xf {
		return n, at + 1, nil
	}
	kind, err := b.bytes(at+1, 1)
	if err != nil {
		return 0, 0, err
	}
	if kind[0]>>4 != 1 || kind[0]&0xf > 3 {
		return 0, 0, errors.New("a length in it is no number")
	}
	size := uint64(1) << (kind[0] & 0xf)
	raw, err := b.bytes(at+2, size)
	if err != nil {
		return 0, 0, err
	}
	return number(raw), at + 2 + size, nil
}

func (b *binaryReader) object(i uint64, depth int) (any, error) {
	if b.left--; b.left < 0 || depth > deepestValue {
		return nil, errDeep
	}
	if i >= uint64(len(b.offsets)) {
		return nil, errors.New("it names a value that is not there")
	}
	at := b.offsets[i]
	head, err := b.bytes(at, 1)
	if err != nil {
		return nil, err
	}
	switch head[0] >> 4 {
	case 0x0:
		switch head[0] {
		case 0x8, 0x9:
			return head[0] == 0x9, nil
		}
		return other{}, nil
	case 0x1:
		return b.integer(at, head[0]&0xf)
	case 0x2:
		return b.real(at, head[0]&0xf)
	case 0x3, 0x4, 0x8:
		return other{}, nil
	case 0x5, 0x6:
		return b.text(at, head[0]>>4 == 0x6)
	case 0xa, 0xd:
		return b.several(at, head[0]>>4 == 0xd, depth)
	}
	return nil, errors.New("it has a value of a kind that is not known")
}

func (b *binaryReader) integer(at uint64, log byte) (any, error) {
	if log > 3 {
		return other{}, nil // more than 64 bits, which no rule has
	}
	raw, err := b.bytes(at+1, 1<<log)
	return int64(number(raw)), err //nolint:gosec // eight bytes are signed, fewer never fill it
}

func (b *binaryReader) real(at uint64, log byte) (any, error) {
	raw, err := b.bytes(at+1, 1<<(log&3))
	switch {
	case err != nil:
		return nil, err
	case len(raw) == 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(raw))), nil
	case len(raw) == 8:
		return math.Float64frombits(binary.BigEndian.Uint64(raw)), nil
	}
	return other{}, nil
}

func (b *binaryReader) text(at uint64, wide bool) (any, error) {
	n, from, err := b.length(at)
	if err != nil {
		return nil, err
	}
	if !wide {
		raw, err := b.bytes(from, n)
		return string(raw), err
	}
	if n > uint64(len(b.data)) {
		return nil, io.ErrUnexpectedEOF
	}
	raw, err := b.bytes(from, 2*n)
	units := make([]uint16, 0, n)
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, binary.BigEndian.Uint16(raw[i:]))
	}
	return string(utf16.Decode(units)), err
}

// several reads an array or a dictionary, whose keys come before its values.
func (b *binaryReader) several(at uint64, dictionary bool, depth int) (any, error) {
	n, from, err := b.length(at)
	if err != nil {
		return nil, err
	}
	if n > mostValues {
		return nil, errDeep
	}
	refs := n
	if dictionary {
		refs = 2 * n
	}
	raw, err := b.bytes(from, refs*uint64(b.ref))
	if err != nil {
		return nil, err
	}
	values := make([]any, 0, refs)
	for i := range int(refs) {
		v, err := b.object(number(raw[i*b.ref:][:b.ref]), depth+1)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	if !dictionary {
		return values, nil
	}
	m := make(map[string]any)
	for i := range int(n) {
		name, ok := values[i].(string)
		if _, twice := m[name]; twice || !ok {
			return nil, errors.New("a key of it is no text, or is there twice")
		}
		m[name] = values[int(n)+i]
	}
	return m, nil
}
