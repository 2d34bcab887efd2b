// Package codec writes the fields of a saved state and reads them back with one and
// the same list of calls, so that the two cannot differ: a type's visit method names
// its fields in order, and a Codec made by Writer or Reader does the rest.
//
// Integers are little endian. Reading allocates no more than the data holds; the first
// field that is cut off or out of its bounds makes the state bad, and every further
// field is left as it is.
package codec

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// ErrState says that a saved state cannot be read.
var ErrState = errors.New("the saved state is cut off or damaged")

// A Codec writes fields, or reads them.
type Codec struct {
	data    []byte
	reading bool
	bad     bool
}

// Writer returns a Codec that appends fields to dst.
func Writer(dst []byte) *Codec { return &Codec{data: dst} }

// Reader returns a Codec that reads fields from the front of data.
func Reader(data []byte) *Codec { return &Codec{data: data, reading: true} }

// Reading reports whether fields are read.
func (k *Codec) Reading() bool { return k.reading }

// Bad reports whether a field was cut off or out of its bounds.
func (k *Codec) Bad() bool { return k.bad }

// Fail makes the state bad: a field does not fit the others.
func (k *Codec) Fail() { k.bad = true }

// Bytes returns what has been written, or what is left to read.
func (k *Codec) Bytes() []byte { return k.data }

// Rest returns what is left to read, and ErrState if the state is bad.
func (k *Codec) Rest() ([]byte, error) {
	if k.bad {
		return nil, ErrState
	}
	return k.data, nil
}

func (k *Codec) next(n int) []byte {
	if k.bad || n < 0 || n > len(k.data) {
		k.bad = true
		return nil
	}
	b := k.data[:n]
	k.data = k.data[n:]
	return b
}

// Uint64 takes its turn in the list of fields, as do the methods that follow.
func (k *Codec) Uint64(v *uint64) {
	if !k.reading {
		k.data = binary.LittleEndian.AppendUint64(k.data, *v)
		return
	}
	if b := k.next(8); b != nil {
		*v = binary.LittleEndian.Uint64(b)
	}
}

// Float64 keeps every bit, also of NaN.
func (k *Codec) Float64(v *float64) {
	b := math.Float64bits(*v)
	k.Uint64(&b)
	*v = math.Float64frombits(b)
}

// Int is bad when read outside [lo, hi].
func (k *Codec) Int(v *int, lo, hi int) {
	u := uint64(int64(*v))
	k.Uint64(&u)
	if n := int64(u); k.reading && !k.bad {
		if n < int64(lo) || n > int64(hi) {
			k.bad = true
			return
		}
		*v = int(n)
	}
}

// Int64 has any value.
func (k *Codec) Int64(v *int64) {
	n := uint64(*v)
	k.Uint64(&n)
	*v = int64(n)
}

// Int32 is bad when read outside of 32 bits.
func (k *Codec) Int32(v *int32) {
	n := int(*v)
	k.Int(&n, math.MinInt32, math.MaxInt32)
	*v = int32(n)
}

// Byte is an Int of a byte.
func (k *Codec) Byte(v *uint8) {
	n := int(*v)
	k.Int(&n, 0, math.MaxUint8)
	*v = uint8(n)
}

// Bool is a byte's worth of an Int.
func (k *Codec) Bool(v *bool) {
	n := 0
	if *v {
		n = 1
	}
	k.Int(&n, 0, 1)
	*v = n == 1
}

// String has its length before it.
func (k *Codec) String(v *string) {
	n := len(*v)
	k.Int(&n, 0, math.MaxInt32)
	if !k.reading {
		k.data = append(k.data, *v...)
	} else if b := k.next(n); b != nil {
		*v = string(b)
	}
}

// Data has its length before it.
func (k *Codec) Data(v *[]byte) {
	n := len(*v)
	k.Int(&n, 0, math.MaxInt32)
	if !k.reading {
		k.data = append(k.data, *v...)
	} else if b := k.next(n); b != nil {
		*v = append([]byte{}, b...)
	}
}

// Floats has its length before it; memory of *v is used again.
func (k *Codec) Floats(v *[]float32) {
	n := len(*v)
	k.Int(&n, 0, math.MaxInt32)
	if !k.reading {
		for _, x := range *v {
			k.data = binary.LittleEndian.AppendUint32(k.data, math.Float32bits(x))
		}
		return
	}
	if b := k.next(4 * n); b != nil {
		*v = (*v)[:0]
		for i := range n {
			*v = append(*v, math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
	}
}

// Time keeps nanoseconds since 1970, in UTC when read, and the zero time.
func (k *Codec) Time(v *time.Time) {
	set := !v.IsZero()
	k.Bool(&set)
	ns := uint64(0)
	if set && !k.reading {
		ns = uint64(v.UnixNano())
	}
	k.Uint64(&ns)
	if k.reading {
		*v = time.Time{}
		if set {
			*v = time.Unix(0, int64(ns)).UTC()
		}
	}
}

// List has at most most elements, whose fields visit has, with their number before them. What
// is read begins with zero values.
func List[T any](k *Codec, list *[]T, most int, visit func(*T)) {
	n := len(*list)
	k.Int(&n, 0, most)
	if k.reading {
		*list = nil
	}
	for i := 0; i < n && !k.bad; i++ {
		if k.reading {
			var zero T
			*list = append(*list, zero)
		}
		visit(&(*list)[i])
	}
}

// Part lets a type with AppendState and Restore of its own take its turn.
func (k *Codec) Part(write func([]byte) []byte, read func([]byte) ([]byte, error)) {
	if !k.reading {
		k.data = write(k.data)
		return
	}
	if k.bad {
		return
	}
	rest, err := read(k.data)
	if err != nil {
		k.bad = true
		return
	}
	k.data = rest
}
