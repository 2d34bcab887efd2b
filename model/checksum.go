package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// The checksum of a model file is the SHA-256 of the whole file with zeros in place of
// the checksum's own 64 digits.

var noChecksum = strings.Repeat("0", 2*sha256.Size)

// setChecksum replaces noChecksum in the header of a model file.
func setChecksum(data []byte) {
	sum := sha256.Sum256(data)
	at := bytes.Index(data, []byte(`"`+checksumKey+`":"`+noChecksum)) + len(checksumKey) + 4
	hex.Encode(data[at:], sum[:])
}

// checkChecksum compares a model file with its checksum, if it has one.
func checkChecksum(data []byte, meta map[string]string) error {
	want, ok := meta[checksumKey]
	for key, value := range meta {
		if key != checksumKey && isChecksum(value) {
			return fmt.Errorf("model: __metadata__ has a checksum by the name %q, not %q: the file is damaged", key, checksumKey)
		}
	}
	if !ok {
		return nil
	}
	before, after, _ := bytes.Cut(data, []byte(want))
	if !isChecksum(want) || bytes.Contains(after, []byte(want)) {
		return errChecksum
	}
	sum := sha256.New()
	sum.Write(before)
	sum.Write([]byte(noChecksum))
	sum.Write(after)
	if hex.EncodeToString(sum.Sum(nil)) != want {
		return errChecksum
	}
	return nil
}

var errChecksum = errors.New("model: the file does not fit its checksum: it is damaged; take a copy of it, or train again (a program that changed the file on purpose removes " + checksumKey + " from its __metadata__)")

func isChecksum(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}
