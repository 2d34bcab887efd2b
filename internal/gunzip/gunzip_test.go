package gunzip

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func pack(t testing.TB, data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDataComesAsItWas(t *testing.T) {
	data := make([]byte, 300_000)
	for i := range data[:200_000] {
		data[i] = byte(rand.Uint32())
	}
	two := append(pack(t, data[:100]), pack(t, data[100:])...) // a file may have several members
	r, err := NewReader(bytes.NewReader(two))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestBombsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		size       int
		free, most int64
		ok         bool
	}{
		"zeros below what is free":     {1 << 20, 1 << 20, 1 << 30, true},
		"zeros":                        {1<<20 + 1, 1 << 20, 1 << 30, false},
		"zeros beyond the whole bound": {1 << 20, 1 << 30, 1<<20 - 1, false},
	} {
		r, err := newReader(bytes.NewReader(pack(t, make([]byte, c.size))), c.free, c.most)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, r)
		if c.ok && (err != nil || n != int64(c.size)) || !c.ok && (!errors.Is(err, ErrTooLarge) || n > 1<<20) {
			t.Errorf("%s: %d of %d bytes, %v", name, n, c.size, err)
		}
	}
	r, err := newReader(bytes.NewReader(pack(t, bytes.Repeat([]byte("1.25,2.5\n3.75,5\n"), 1<<16)[:1000])), 10, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); n != 1000 || err != nil {
		t.Errorf("a table below the ratio: %d bytes, %v", n, err)
	}
}

func TestWhatIsNoGzipIsAnError(t *testing.T) {
	if _, err := NewReader(bytes.NewReader([]byte("\x1f\x8bno"))); err == nil {
		t.Error("no error")
	}
}
