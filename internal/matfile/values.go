package matfile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"inkling/internal/ndarray"
)

// sizes are the bytes of the numbers of each type.
var sizes = map[uint32]int{miInt8: 1, miUint8: 1, miInt16: 2, miUint16: 2, miInt32: 4, miUint32: 4, miSingle: 4, miDouble: 8, miInt64: 8, miUint64: 8}

// numbers reads the elements of a numeric or logical array. MATLAB stores them in the
// smallest type that holds them all.
func (f *file) numbers(p *fields, a *ndarray.Array, n int) error {
	if n == 0 {
		a.Float = func(int) float64 { return 0 }
		return nil
	}
	e, err := p.next()
	if err != nil {
		return err
	}
	size := sizes[e.kind]
	if size == 0 {
		return fmt.Errorf("its numbers have the type %d, which there is not: %w", e.kind, errCut)
	}
	if len(e.data)/size != n || len(e.data)%size != 0 {
		return fmt.Errorf("%s numbers in %d bytes: %w", a.Dims(), len(e.data), errCut)
	}
	order, data := f.order, e.data
	at := func(i int) []byte { return data[i*size:][:size] }
	switch e.kind {
	case miSingle:
		a.Float = func(i int) float64 { return float64(math.Float32frombits(order.Uint32(at(i)))) }
	case miDouble:
		a.Float = func(i int) float64 { return math.Float64frombits(order.Uint64(at(i))) }
	case miUint8, miUint16, miUint32, miUint64:
		a.Float = func(i int) float64 { return float64(ndarray.Unsigned(order, at(i))) }
		a.Digits = func(i int) string { return strconv.FormatUint(ndarray.Unsigned(order, at(i)), 10) }
	default:
		a.Float = func(i int) float64 { return float64(ndarray.Signed(order, at(i))) }
		a.Digits = func(i int) string { return strconv.FormatInt(ndarray.Signed(order, at(i)), 10) }
	}
	return nil
}

// chars reads a char matrix. Each of its rows is a text, without the blanks that fill it up.
func (f *file) chars(p *fields, a *ndarray.Array, n int) error {
	var letters []rune
	if n > 0 {
		e, err := p.next()
		if err != nil {
			return err
		}
		if letters, err = f.letters(e); err != nil {
			return err
		}
		if len(letters) != n {
			return fmt.Errorf("%d characters for %s: %w", len(letters), a.Dims(), errCut)
		}
	}
	rows := 1
	if n > 0 {
		rows = a.Shape[0]
	}
	texts := make([]string, rows)
	for i := range texts {
		var b strings.Builder
		for k := i; k < n; k += rows {
			if letters[k] != 0 {
				b.WriteRune(letters[k])
			}
		}
		texts[i] = strings.Trim(b.String(), " ")
	}
	a.Shape, a.Strides = []int{rows}, []int{1}
	a.Text = func(i int) string { return texts[i] }
	return nil
}

// letters decodes characters. A character outside Unicode's first plane counts twice in
// MATLAB, so letters keeps the halves of one apart.
func (f *file) letters(e element) ([]rune, error) {
	var out []rune
	switch e.kind {
	case miUTF8, miInt8, miUint8:
		if e.kind != miUTF8 || !utf8.Valid(e.data) {
			for _, c := range e.data {
				out = append(out, rune(c))
			}
			return out, nil
		}
		for _, r := range string(e.data) {
			if r > 0xffff {
				out = append(out, r, 0)
				continue
			}
			out = append(out, r)
		}
		return out, nil
	case miUint16, miUTF16:
		for d := e.data; len(d) >= 2; d = d[2:] {
			out = append(out, rune(f.order.Uint16(d)))
		}
		for i := 0; i+1 < len(out); i++ {
			if r := utf16.DecodeRune(out[i], out[i+1]); r != utf8.RuneError {
				out[i], out[i+1] = r, 0
			}
		}
		return out, nil
	case miUTF32:
		for d := e.data; len(d) >= 4; d = d[4:] {
			out = append(out, rune(f.order.Uint32(d)))
		}
		return out, nil
	}
	return nil, fmt.Errorf("its characters have the type %d, which there is not: %w", e.kind, errCut)
}
