package audio

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"strings"
	"testing"
)

const sumAt = 4 + 4 + 18 // of the MD5 sum in a FLAC file

// readAll reads a file in small steps, and returns how many samples came before err.
func readAll(t *testing.T, file []byte) (n int, err error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), "x.flac")
	if err != nil {
		t.Fatal(err)
	}
	for buf := make([]float32, 1000); err == nil; {
		var m int
		m, err = r.Read(buf)
		n += m
	}
	return n, err
}

// A file whose samples do not agree with its MD5 sum is refused. Read gives all samples
// before, since only the end can tell; then the error stays.
func TestFLACSum(t *testing.T) {
	head, frames := flacFrames(t, 3) // without a length
	body := bytes.Join(frames, nil)
	const right, wrong = "EOF", "x.flac: the samples are not those that were encoded: their MD5 is "
	for _, c := range []struct {
		name   string
		change func(head []byte)
		body   []byte
		want   string
		n      int
	}{
		{"agrees", func([]byte) {}, body, right, 3 * 4096},
		{"differs", func(h []byte) { h[sumAt] ^= 1 }, body, wrong, 3 * 4096},
		{"not given", func(h []byte) { clear(h[sumAt:]) }, body, right, 3 * 4096},
		{"the last frame is missing", func([]byte) {}, bytes.Join(frames[:2], nil), wrong, 2 * 4096},
		{"from the middle", func([]byte) {}, bytes.Join(frames[1:], nil), right, 2 * 4096},
		{"with a length", func(h []byte) { binary.BigEndian.PutUint32(h[22:], 3*4096); h[sumAt+15] ^= 128 }, body, wrong, 3 * 4096},
		{"without samples", func([]byte) {}, nil, wrong, 0},
		{"without samples, agrees", func(h []byte) { s := md5.Sum(nil); copy(h[sumAt:], s[:]) }, nil, right, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := bytes.Clone(head)
			c.change(file)
			file = append(file, c.body...)
			n, err := readAll(t, file)
			if n != c.n || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%d samples, want %d, then %v", n, c.n, err)
			}
			clip, err := Decode(bytes.NewReader(file), "x.flac")
			if (err == nil) != (c.want == right) || err == nil && len(clip.Samples) != c.n {
				t.Errorf("Decode: %v", err)
			}
		})
	}
	differs := append(bytes.Clone(head), body...)
	copy(differs[sumAt:], "0123456789abcdef")
	_, err := Decode(bytes.NewReader(differs), "x.flac")
	for _, part := range []string{", and the header says 30313233343536373839616263646566: ", "fetch the file again", "ffmpeg -i in.flac out.flac"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v: want %q", err, part)
		}
	}
}

// The sum is over whole bytes, little-endian, whatever the depth and the number of channels.
func TestFLACSumOfAllDepths(t *testing.T) {
	for bits := uint(4); bits <= 32; bits++ {
		for channels := 1; channels <= 8; channels++ {
			f := &flacReader{bits: bits, channels: channels, n: 3}
			var bytes []byte
			f.sum.begin([16]byte{1})
			for range 2 { // blocks
				for c := range channels {
					f.block[c] = []int64{-1 << (bits - 1), int64(c) - 3, 1<<(bits-1) - 1 - int64(c)}
				}
				f.sum.add(f)
				for i := range f.n {
					for c := range channels {
						for at := uint(0); at < bits; at += 8 {
							bytes = append(bytes, byte(f.block[c][i]>>at))
						}
					}
				}
			}
			if want := md5.Sum(bytes); [16]byte(f.sum.hash.Sum(nil)) != want {
				t.Errorf("%d channels of %d bits: the sum is another", channels, bits)
			}
		}
	}
}
