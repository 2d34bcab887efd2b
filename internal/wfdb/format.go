package wfdb

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// A coding is a format of signal(5): blocks of bytes that hold samples. The end of a file
// may cut its last block, after whole samples.
type coding struct {
	bytes   int              // of a block
	whole   []int            // samples in the first n bytes of a block, for n up to bytes
	missing int              // the value of a missing sample
	decode  func(b, v []int) // the samples v of the bytes b of a block
}

const (
	difference = 8 // the format in which a sample is the difference to the one before
	noMissing  = math.MinInt
)

var (
	one    = []int{0, 1}
	two    = []int{0, 0, 1}
	three  = []int{0, 0, 0, 1}
	four   = []int{0, 0, 0, 0, 1}
	little = func(b []int) (v int) {
		for i, x := range b {
			v |= x << (8 * i)
		}
		return v
	}
)

// codings are the formats that are read, as signal(5) describes them.
var codings = map[int]*coding{
	difference: {1, one, noMissing, func(b, v []int) { v[0] = signed(b[0], 8) }},
	16:         {2, two, math.MinInt16, func(b, v []int) { v[0] = signed(little(b), 16) }},
	24:         {3, three, -1 << 23, func(b, v []int) { v[0] = signed(little(b), 24) }},
	32:         {4, four, math.MinInt32, func(b, v []int) { v[0] = signed(little(b), 32) }},
	61:         {2, two, math.MinInt16, func(b, v []int) { v[0] = signed(b[0]<<8|b[1], 16) }},
	80:         {1, one, -1 << 7, func(b, v []int) { v[0] = b[0] - 1<<7 }},
	160:        {2, two, math.MinInt16, func(b, v []int) { v[0] = little(b) - 1<<15 }},
	212: {3, []int{0, 0, 1, 2}, -1 << 11, func(b, v []int) {
		v[0], v[1] = signed(b[0]|b[1]&15<<8, 12), signed(b[2]|b[1]>>4<<8, 12)
	}},
	310: {4, []int{0, 0, 1, 1, 3}, -1 << 9, func(b, v []int) {
		first, second := b[0]|b[1]<<8, b[2]|b[3]<<8
		v[0], v[1], v[2] = signed(first>>1, 10), signed(second>>1, 10), signed(first>>11|second>>11<<5, 10)
	}},
	311: {4, []int{0, 0, 1, 2, 3}, -1 << 9, func(b, v []int) {
		word := little(b)
		v[0], v[1], v[2] = signed(word, 10), signed(word>>10, 10), signed(word>>20, 10)
	}},
}

// signed returns the lowest bits of v as a number of two's complement.
func signed(v, bits int) int {
	v &= 1<<bits - 1
	return v ^ 1<<(bits-1) - 1<<(bits-1)
}

// codingOf returns the coding of a format, or an error that says which there are.
func codingOf(format int) (*coding, error) {
	if c := codings[format]; c != nil {
		return c, nil
	}
	if format == 508 || format == 516 || format == 524 {
		return nil, fmt.Errorf("%d is compressed by FLAC, which is not read: convert the record (xform -o 16)", format)
	}
	var known []int
	for f := range codings {
		known = append(known, f)
	}
	slices.Sort(known)
	return nil, fmt.Errorf("%d is none of %s: convert the record (xform -o 16)", format, strings.Trim(fmt.Sprint(known), "[]"))
}

// next returns the next sample of the file.
func (f *signalFile) next() (int, error) {
	if f.kept == f.have {
		if err := f.block(); err != nil {
			return 0, err
		}
	}
	v := f.values[f.kept]
	f.kept++
	return v, nil
}

// block reads the next block.
func (f *signalFile) block() error {
	c := f.coding
	var raw [4]byte
	n, err := io.ReadFull(f.r, raw[:c.bytes])
	if n == 0 {
		return err
	}
	for i := range c.bytes {
		f.bytes[i] = int(raw[i])
	}
	if f.kept, f.have = 0, c.whole[n]; f.have == 0 {
		return io.ErrUnexpectedEOF
	}
	c.decode(f.bytes[:c.bytes], f.values[:])
	return nil
}

// rest reports whether the file has more samples, not counting zeros that complete its
// last block.
func (f *signalFile) rest() bool {
	if _, err := f.r.Peek(1); err == nil {
		return true
	}
	return slices.ContainsFunc(f.values[f.kept:f.have], func(v int) bool { return v != 0 })
}
