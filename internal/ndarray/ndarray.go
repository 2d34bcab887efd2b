// Package ndarray holds arrays of numbers, texts and arrays as files of NumPy and MATLAB
// contain them. It keeps their elements as they are in the file and converts them one by
// one, so an array takes no more memory than its file says.
package ndarray

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// An Array has elements of one kind: exactly one of Float, Text, Cell and Fields is set,
// or none if Refused says why the elements cannot be read.
type Array struct {
	Name    string // of the variable; "": none
	Shape   []int
	Strides []int                // from one element to the next of each axis, in elements
	Type    string               // as the file's program calls it, for messages
	Bool    bool                 // the numbers are truth values
	Float   func(at int) float64 // element at an offset
	Digits  func(at int) string  // element at an offset of integers, exactly; nil for others
	Text    func(at int) string
	Cell    func(at int) *Array
	Fields  []*Array // of a struct: arrays of cells, one per struct, instead of elements
	Refused error
}

// Size returns the number of elements.
func (a *Array) Size() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

// Offset returns the offset of the element with number i if the last index varies first.
func (a *Array) Offset(i int) int {
	at := 0
	for k := len(a.Shape) - 1; k >= 0; k-- {
		at += i % a.Shape[k] * a.Strides[k]
		i /= a.Shape[k]
	}
	return at
}

// Rows returns strides of elements stored row by row (the last index varies first).
func Rows(shape []int) []int {
	s, n := make([]int, len(shape)), 1
	for k := len(shape) - 1; k >= 0; k-- {
		s[k], n = n, n*shape[k]
	}
	return s
}

// Columns returns strides of elements stored column by column (the first index varies
// first).
func Columns(shape []int) []int {
	s, n := make([]int, len(shape)), 1
	for k, d := range shape {
		s[k], n = n, n*d
	}
	return s
}

// Squeeze returns a without its axes of length 1. One axis remains.
func (a *Array) Squeeze() *Array {
	b := *a
	b.Shape, b.Strides = nil, nil
	for k, d := range a.Shape {
		if d != 1 {
			b.Shape, b.Strides = append(b.Shape, d), append(b.Strides, a.Strides[k])
		}
	}
	if len(b.Shape) == 0 {
		b.Shape, b.Strides = []int{1}, []int{1}
	}
	return &b
}

// Dims writes the shape, such as 3×4.
func (a *Array) Dims() string {
	var b strings.Builder
	for k, d := range a.Shape {
		if k > 0 {
			b.WriteString("×")
		}
		fmt.Fprint(&b, d)
	}
	if len(a.Shape) == 0 {
		return "scalar"
	}
	return b.String()
}

// Count returns the product of dims, or an error if one of them is negative or the product
// exceeds most. The error comes before anything of that size is allocated.
func Count(dims []int, most int) (int, error) {
	n := 1
	for _, d := range dims {
		switch {
		case d < 0:
			return 0, fmt.Errorf("the length %d of an axis is negative: the file is damaged, copy it again", d)
		case d == 0:
			return 0, nil
		}
	}
	for _, d := range dims {
		if d > math.MaxInt/n || n*d > most {
			return 0, fmt.Errorf("it claims %s elements, the file holds at most %d: it is cut off or damaged, copy it again", claim(dims), most)
		}
		n *= d
	}
	return n, nil
}

// claim writes dims, such as 1000000×1000000.
func claim(dims []int) string { return (&Array{Shape: dims}).Dims() }

// Unsigned returns the unsigned integer of the 1, 2, 4 or 8 bytes b.
func Unsigned(o binary.ByteOrder, b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(o.Uint16(b))
	case 4:
		return uint64(o.Uint32(b))
	}
	return o.Uint64(b)
}

// Signed returns the signed integer of the 1, 2, 4 or 8 bytes b.
func Signed(o binary.ByteOrder, b []byte) int64 {
	shift := 64 - 8*len(b)
	return int64(Unsigned(o, b)<<shift) >> shift
}
