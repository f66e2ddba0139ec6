package y4m

import (
	"bytes"
	"errors"
	"io"
)

// Scan counts the pictures of a file of size bytes without reading their
// pixels. Where the file is cut short, or is no Y4M, the error wraps
// capture.ErrFormat; so a person learns it before the pictures are on their way.
func Scan(f io.ReaderAt, size int64) (Header, int, error) {
	buf := make([]byte, maxHeader)
	n, err := readAt(f, buf, 0)
	if err != nil {
		return Header{}, 0, err
	}
	start, ok := headerBytes(buf[:n])
	if !ok && bytes.HasPrefix(buf[:n], []byte(magic)) {
		return Header{}, 0, fault("the header does not end")
	}
	h, err := parseHeader(buf[:max(start-1, 0)])
	if err != nil {
		return h, 0, err
	}
	if err := h.forCameras(); err != nil {
		return h, 0, err
	}
	at, count := int64(start), 0
	for at < size {
		n, err := readAt(f, buf[:maxMarker], at)
		if err != nil {
			return h, count, err
		}
		end := bytes.IndexByte(buf[:n], '\n')
		at += int64(end) + 1 + h.PictureBytes()
		switch {
		case end < 0 && n < maxMarker, end >= 0 && at > size:
			return h, count, fault("the file ends within picture %d", count+1)
		case end < 0 || !isMarker(buf[:end]):
			return h, count, fault("picture %d does not begin with FRAME", count+1)
		}
		count++
	}
	if count == 0 {
		return h, 0, fault("the file has no picture")
	}
	return h, count, nil
}

func readAt(f io.ReaderAt, buf []byte, at int64) (int, error) {
	n, err := f.ReadAt(buf, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
