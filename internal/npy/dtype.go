package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"inkling/internal/ndarray"
)

// A dtype is the type of elements.
type dtype struct {
	kind  byte // b, i, u, f, U, S
	size  int  // bytes of an element
	order binary.ByteOrder
}

// parseType reads a description such as <f8. An error says what to save instead.
func parseType(descr string) (t dtype, err error) {
	if strings.HasPrefix(descr, "[") {
		return t, fmt.Errorf("it has the structured type %.60s: save its columns as one array: np.save(name, rfn.structured_to_unstructured(a)), with import numpy.lib.recfunctions as rfn", descr)
	}
	t.order = binary.LittleEndian
	rest := descr
	if rest != "" && strings.IndexByte("<>=|", rest[0]) >= 0 {
		if rest[0] == '>' {
			t.order = binary.BigEndian
		}
		rest = rest[1:]
	}
	if rest == "?" {
		rest = "b1"
	}
	if rest == "O" || strings.HasPrefix(rest, "O") {
		return t, errObjects
	}
	if rest == "" {
		return t, errHeader
	}
	t.kind = rest[0]
	unit, _, _ := strings.Cut(rest[1:], "[") // M8[ns]
	if t.size, err = strconv.Atoi(unit); err != nil || t.size < 0 || t.size > 1<<24 {
		return t, errHeader
	}
	if t.kind == 'U' {
		t.size *= 4
	}
	return t, t.check(descr)
}

var errObjects = errors.New("it holds Python objects (pickle), which could run any program and are not read: " +
	"save texts as y=np.array(y, dtype=str), and sequences of different lengths filled up with NaN: " +
	"X=np.stack([np.pad(np.asarray(a, float), [(0, n-len(a))]+[(0, 0)]*(np.ndim(a)-1), constant_values=np.nan) for a in X]) with n=max(map(len, X))")

func (t dtype) check(descr string) error {
	switch {
	case t.kind == 'b' && t.size == 1,
		strings.IndexByte("iu", t.kind) >= 0 && (t.size == 1 || t.size == 2 || t.size == 4 || t.size == 8),
		t.kind == 'f' && (t.size == 2 || t.size == 4 || t.size == 8),
		t.kind == 'U', t.kind == 'S', t.kind == 'a':
		return nil
	}
	switch t.kind {
	case 'f':
		return fmt.Errorf("it has the type %s, whose bytes differ between machines: save it as X.astype('float64')", descr)
	case 'c':
		return fmt.Errorf("it has complex numbers (%s): save real ones, such as np.stack([X.real, X.imag], axis=1) or np.abs(X)", descr)
	case 'M', 'm':
		return fmt.Errorf("it has dates or durations (%s): save seconds: X.astype('datetime64[ns]').astype('int64')/1e9", descr)
	}
	return fmt.Errorf("it has the type %s: save numbers as X.astype('float32'), texts as np.array(y, dtype=str)", descr)
}

// read sets the function of a that reads its elements from data.
func (t dtype) read(a *ndarray.Array, data []byte) {
	at := func(i int) []byte { return data[i*t.size:][:t.size] }
	switch t.kind {
	case 'b':
		a.Bool = true
		a.Float = func(i int) float64 { return float64(min(data[i], 1)) }
	case 'i':
		a.Digits = func(i int) string { return strconv.FormatInt(ndarray.Signed(t.order, at(i)), 10) }
		a.Float = func(i int) float64 { return float64(ndarray.Signed(t.order, at(i))) }
	case 'u':
		a.Float = func(i int) float64 { return float64(ndarray.Unsigned(t.order, at(i))) }
		a.Digits = func(i int) string { return strconv.FormatUint(ndarray.Unsigned(t.order, at(i)), 10) }
	case 'f':
		a.Float = func(i int) float64 { return float(t.order, at(i)) }
	case 'U':
		a.Text = func(i int) string { return runes(t.order, at(i)) }
	default:
		a.Text = func(i int) string { return string(bytes.TrimRight(at(i), "\x00")) }
	}
}

func float(o binary.ByteOrder, b []byte) float64 {
	switch len(b) {
	case 2:
		return half(o.Uint16(b))
	case 4:
		return float64(math.Float32frombits(o.Uint32(b)))
	}
	return math.Float64frombits(o.Uint64(b))
}

// half converts a number of IEEE 754 binary16.
func half(h uint16) float64 {
	fraction, exponent := float64(h&0x3ff), int(h>>10&0x1f)
	v := 0.0
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		if v = math.Inf(1); fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	if h>>15 != 0 {
		v = -v
	}
	return v
}

// runes reads code points of four bytes, up to the zeros that fill up.
func runes(o binary.ByteOrder, b []byte) string {
	for len(b) >= 4 && o.Uint32(b[len(b)-4:]) == 0 {
		b = b[:len(b)-4]
	}
	out := make([]byte, 0, len(b)/4)
	for ; len(b) >= 4; b = b[4:] {
		out = utf8.AppendRune(out, rune(o.Uint32(b)))
	}
	return string(out)
}
