package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strings"
)

// pair signs links and admits them. It is a secret: it never leaves this process except inside signatures.
type pair struct {
	key    string
	secret string
}

const (
	longestKeyFile = 4096
	shortestSecret = 32 // bytes: HMAC-SHA256 wants a key as long as its output (RFC 2104 section 3)
)

// keyFor reads the pair from FILE, or makes a fresh one that is gone with the process when path is empty.
func keyFor(path string) (pair, error) {
	if path == "" {
		b := make([]byte, shortestSecret)
		_, _ = rand.Read(b) // never fails since Go 1.24
		return pair{key: "room", secret: hex.EncodeToString(b)}, nil
	}
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return pair{}, problemf(1, "leave --key out for a fresh secret in memory", "the key file %s does not exist", path)
	case err != nil:
		return pair{}, problemf(1, "", "cannot look at the key file %s: %v", path, err)
	case !st.Mode().IsRegular():
		return pair{}, problemf(1, "", "the key file %s is not a file", path)
	case st.Mode().Perm()&0o077 != 0:
		return pair{}, problemf(1, "chmod 600 "+path, "the key file %s can be read by others", path)
	case st.Size() > longestKeyFile:
		return pair{}, problemf(1, keyHint, "the key file %s is too long", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return pair{}, problemf(1, "", "cannot read the key file %s: %v", path, err)
	}
	return parseKey(path, text)
}

const keyHint = `it holds one line: KEY: SECRET`

func parseKey(path string, text []byte) (pair, error) {
	line, rest, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	key, secret, found := strings.Cut(string(line), ":")
	key, secret = strings.TrimSpace(key), strings.TrimSpace(secret)
	switch {
	case !found || key == "" || secret == "" || len(bytes.TrimSpace(rest)) > 0:
		return pair{}, problemf(1, keyHint, "the key file %s is not understood", path)
	case len(secret) < shortestSecret:
		return pair{}, problemf(1, "take 32 random characters or more", "the secret in %s is too short", path)
	}
	return pair{key: key, secret: secret}, nil
}
