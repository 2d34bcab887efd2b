package export

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unsafe"

	"inkling/internal/i8"
)

// perLine is how many numbers a line of a table has.
const perLine = 16

// table writes a constant array, and counts its bytes.
func table[T any](g *generator, ctype, name string, values []T, format func(T) string) {
	w := &g.tables
	fmt.Fprintf(w, "static const %s %s[%d] = {", ctype, name, max(len(values), 1))
	for i, v := range values {
		if i%perLine == 0 {
			w.WriteString("\n\t")
		}
		w.WriteString(format(v))
		w.WriteString(", ")
	}
	w.WriteString("\n};\n")
	var one T
	g.sizes.tables += len(values) * int(unsafe.Sizeof(one))
}

func ints[T int8 | int16 | int32 | int64](g *generator, ctype, name string, values []T) {
	table(g, ctype, name, values, func(v T) string { return strconv.FormatInt(int64(v), 10) })
}

func (g *generator) floats(name string, values []float32) { table(g, "float", name, values, single) }

func (g *generator) doubles(name string, values []float64) { table(g, "double", name, values, double) }

// reals writes numbers of the precision of the front end.
func (g *generator) reals(name string, values []float64) {
	table(g, "real", name, values, func(v float64) string { return "(real)" + double(v) })
}

// single and double write a number of C, which reads back to the bit.
func single(v float32) string { return point(strconv.FormatFloat(float64(v), 'g', 9, 32)) + "f" }
func double(v float64) string { return point(strconv.FormatFloat(v, 'g', 17, 64)) }

// negative is double for a number that may be negative, in brackets.
func negative(v float64) string { return "(" + double(v) + ")" }

// long writes a count that may need more than 32 bits.
func long(v uint64) string { return fmt.Sprintf("UINT64_C(%d)", min(v, math.MaxInt64)) }

func point(s string) string {
	if strings.ContainsAny(s, ".e") {
		return s
	}
	return s + ".0"
}

// quoted writes a string of C. Bytes outside ASCII are octal escapes, which end after three
// digits.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?' {
			fmt.Fprintf(&b, "\\%03o", c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// cubics writes the table of the gates.
func (g *generator) cubics() {
	rows := i8.Cubics()
	fmt.Fprint(&g.tables, "static const int16_t cubics[4][16] = {\n")
	for _, r := range rows {
		fmt.Fprintf(&g.tables, "\t{%s},\n", strings.Trim(strings.ReplaceAll(fmt.Sprint(r), " ", ", "), "[]"))
		g.sizes.tables += 2 * len(r)
	}
	fmt.Fprint(&g.tables, "};\n")
}
