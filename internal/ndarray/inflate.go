package ndarray

import (
	"bytes"
	"fmt"
	"io"

	"inkling/internal/gunzip"
)

// Inflate reads all of r. packed is the number of compressed bytes of a file so far, loose what
// those before r became. Inflate returns an error before loose and what it read exceed what
// gunzip.Most allows for packed. Memory grows with what is read, never with what the file
// claims.
func Inflate(r io.Reader, packed, loose int64) ([]byte, error) {
	most := gunzip.Most(packed)
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, most-loose+1))
	switch {
	case loose+n > most:
		return nil, fmt.Errorf("%d bytes unpack to more than %d MB: this is no signal; save it without compression if it is one", packed, most>>20)
	case err != nil:
		return nil, fmt.Errorf("%w: the file is cut off or damaged: copy it again", err)
	}
	return b.Bytes(), nil
}
