// Package gunzip reads gzip files that may mean harm: two megabytes of them can hold two
// gigabytes of zeros.
package gunzip

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// Bounds of what a file may become. DEFLATE reaches 1032 times; tables and audio seldom
// exceed 50 times, and a file of silence that does is small.
const (
	free  = 64 << 20 // bytes that every file may become
	times = 300      // beyond free: the greatest ratio of data to file
	most  = 64 << 30 // the greatest number of bytes in all
)

// Most returns how many bytes a compressed file of packed bytes may become, but for the
// bound in all.
func Most(packed int64) int64 { return max(free, times*packed) }

// ErrTooLarge is wrapped by the error of a file that becomes more than the bounds.
var ErrTooLarge = errors.New("gzip: this is a bomb, or very uniform")

// NewReader returns what the gzip file r holds. It returns ErrTooLarge as soon as that is
// more than 64 GB, or more than both 64 MB and 300 times what has been read of r.
func NewReader(r io.Reader) (io.Reader, error) {
	return newReader(r, free, most)
}

func newReader(r io.Reader, free, most int64) (*reader, error) {
	b, ok := r.(*bufio.Reader)
	if !ok {
		b = bufio.NewReaderSize(r, 1<<15)
	}
	g := &reader{in: counter{r: b}, free: free, most: most}
	z, err := gzip.NewReader(&g.in)
	g.z = z
	return g, err
}

type reader struct {
	in         counter
	z          *gzip.Reader
	out        int64
	free, most int64
}

func (g *reader) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	g.out += int64(n)
	if g.out > g.most {
		return 0, fmt.Errorf("%w: it becomes more than %d GB: decompress it (gunzip) if it is right", ErrTooLarge, g.most>>30)
	}
	if g.out > max(g.free, times*g.in.n) {
		return 0, fmt.Errorf("%w: %d kB became %d MB, more than %d times as much: decompress it (gunzip) if it is right", ErrTooLarge, g.in.n>>10, g.out>>20, times)
	}
	return n, err
}

// counter counts the bytes read of r.
type counter struct {
	r *bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// ReadByte keeps gzip from reading ahead.
func (c *counter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}
