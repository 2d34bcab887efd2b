package capture

import (
	"fmt"
	"io"
	"os"
	"slices"
	"unicode/utf8"
)

// Text reads UTF-8 from r until it ends. Each character is a sample, its code point, of
// one channel without a rate. A block holds what one Read of r returned, so that typed
// text arrives line by line. A byte order mark at the start is skipped. A byte that is
// not UTF-8 is an error, returned after the text before it. Close closes r if it is an
// io.Closer.
func Text(r io.Reader, stream string) Source {
	return newReader(r, func() (player, error) { return &textDecoder{r: r, stream: stream}, nil })
}

// TextFiles reads files of UTF-8 one after another, as Text does. Each is a stream named
// by its path.
func TextFiles(paths ...string) Source {
	return newFileList(paths, onePath, func(path string, hold func(io.Closer) error) (player, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		if err := hold(f); err != nil {
			return nil, err
		}
		return &textDecoder{r: f, stream: path}, nil
	})
}

// textBytes is the most that is read at once.
const textBytes = 4096

type textDecoder struct {
	r            io.Reader
	stream       string
	bytes        []byte // read but not decoded: at most a part of a character
	samples      []float32
	offset       uint64
	line, column int  // of the next character, from 0
	begun        bool // a character has been read
	err          error
}

func (d *textDecoder) read(b *Block) error {
	if d.err != nil {
		return d.err
	}
	d.samples = d.samples[:0]
	for len(d.samples) == 0 && d.err == nil {
		have := len(d.bytes)
		d.bytes = slices.Grow(d.bytes, textBytes)
		n, err := d.r.Read(d.bytes[have : have+textBytes])
		d.bytes = d.bytes[:have+n]
		if err != nil && err != io.EOF {
			err = fmt.Errorf("%s: %w", d.stream, err)
		}
		d.err = err
		d.decode(err != nil)
	}
	*b = Block{Stream: d.stream, Format: Format{Channels: 1}, Offset: d.offset, Samples: d.samples, Done: d.err != nil}
	d.offset += uint64(len(d.samples))
	return nil
}

// decode turns the characters in bytes into samples. Unless the input has ended, the
// last character may be incomplete, and stays.
func (d *textDecoder) decode(ended bool) {
	rest := d.bytes
	for len(rest) > 0 && (ended || utf8.FullRune(rest)) {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			d.err = fmt.Errorf("%s:%d: column %d: byte %#02x is not UTF-8: convert the text, for example with iconv -f WINDOWS-1252 -t UTF-8",
				d.stream, d.line+1, d.column+1, rest[0])
			break
		}
		rest = rest[size:]
		first := !d.begun
		if d.begun = true; first && r == '\ufeff' {
			continue // a byte order mark
		}
		d.samples = append(d.samples, float32(r))
		d.column++
		if r == '\n' {
			d.line, d.column = d.line+1, 0
		}
	}
	d.bytes = d.bytes[:copy(d.bytes, rest)]
}
