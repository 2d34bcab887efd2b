package matfile

import (
	"bytes"
	"fmt"
	"path"

	"inkling/internal/ndarray"
)

// Classes of arrays.
const (
	classCell = iota + 1
	classStruct
	classObject
	classChar
	classSparse
	classDouble
	classSingle
	classInt8
	classUint8
	classInt16
	classUint16
	classInt32
	classUint32
	classInt64
	classUint64
	classFunction
	classOpaque
)

var classNames = map[byte]string{
	classCell: "cell", classStruct: "struct", classObject: "object", classChar: "char", classSparse: "sparse",
	classDouble: "double", classSingle: "single", classInt8: "int8", classUint8: "uint8", classInt16: "int16", classUint16: "uint16",
	classInt32: "int32", classUint32: "uint32", classInt64: "int64", classUint64: "uint64", classFunction: "function handle",
}

// maxDepth bounds cells within cells.
const maxDepth = 16

// matrix reads an array. Errors within cells and structs name the variable.
func (f *file) matrix(data []byte, depth int) (*ndarray.Array, error) {
	if len(data) == 0 { // an empty cell
		return &ndarray.Array{Shape: []int{0}, Strides: []int{1}, Type: "double", Float: func(int) float64 { return 0 }}, nil
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("cells within cells, deeper than %d: give one cell array of sequences", maxDepth)
	}
	p := &fields{f, data}
	flags, err := p.next()
	if err != nil {
		return nil, err
	}
	if flags.kind != miUint32 || len(flags.data) < 8 {
		return nil, fmt.Errorf("the flags of an array are damaged: %w", errCut)
	}
	word := f.order.Uint32(flags.data)
	class, complex, logical := byte(word), word&0x0800 != 0, word&0x0200 != 0
	if class == classOpaque {
		return f.opaque(p)
	}
	a, err := f.head(p, class)
	if err != nil {
		return nil, err
	}
	a.Bool = logical
	if a.Bool {
		a.Type = "logical"
	}
	return a, f.within(a.Name, f.content(p, a, class, complex, depth))
}

// within adds the name of a variable to err.
func (f *file) within(name string, err error) error {
	if err == nil || name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// head reads the dimensions and the name of an array.
func (f *file) head(p *fields, class byte) (*ndarray.Array, error) {
	e, err := p.next()
	if err != nil {
		return nil, err
	}
	if e.kind != miInt32 || len(e.data)%4 != 0 || len(e.data) > 4*64 || len(e.data) < 8 {
		return nil, fmt.Errorf("the dimensions of an array are damaged: %w", errCut)
	}
	a := &ndarray.Array{Type: classNames[class]}
	for d := e.data; len(d) > 0; d = d[4:] {
		a.Shape = append(a.Shape, int(int32(f.order.Uint32(d))))
	}
	if e, err = p.next(); err != nil {
		return nil, err
	}
	a.Name = string(e.data)
	return a, nil
}

// content reads the elements of a.
func (f *file) content(p *fields, a *ndarray.Array, class byte, complex bool, depth int) (err error) {
	n := 0
	a.Strides = ndarray.Columns(a.Shape)
	if class != classSparse && class != classFunction && class != classObject {
		if n, err = ndarray.Count(a.Shape, len(p.data)); err != nil {
			return err
		}
		if n == 0 {
			a.Shape, a.Strides = []int{0}, []int{1}
		}
	}
	x := varName(a.Name)
	switch {
	case class == classCell:
		return f.cells(p, a, n, depth)
	case class == classStruct:
		return f.structure(p, a, n, depth)
	case class == classChar:
		return f.chars(p, a, n)
	case class == classSparse:
		a.Refused = f.convert(a.Name, "is sparse", fmt.Sprintf("%[1]s = full(%[1]s)", x))
	case complex:
		a.Refused = f.convert(a.Name, "has complex numbers", fmt.Sprintf("%[1]s = abs(%[1]s)", x))
	case class >= classDouble && class <= classUint64:
		return f.numbers(p, a, n)
	default:
		a.Refused = fmt.Errorf("%s is a %s, which holds no signal: leave it out: clear %s", x, a.Type, x)
	}
	return nil
}

// varName returns the name of a variable for messages.
func varName(name string) string {
	if name == "" {
		return "X"
	}
	return name
}

// convert says how MATLAB makes what can be read of a variable.
func (f *file) convert(name, what, line string) error {
	file := path.Base(f.name)
	return fmt.Errorf("%s %s: in MATLAB, load('%[3]s'); %[4]s; save('%[3]s', '-v7')", varName(name), what, file, line)
}

// cells reads a cell array.
func (f *file) cells(p *fields, a *ndarray.Array, n, depth int) error {
	if n > len(p.data)/8 {
		return fmt.Errorf("it claims %d cells in %d bytes: %w", n, len(p.data), errCut)
	}
	list := make([]*ndarray.Array, n)
	for i := range list {
		c, err := f.inner(p, depth)
		if err != nil {
			return fmt.Errorf("cell %d: %w", i+1, err)
		}
		list[i] = c
	}
	a.Cell = func(i int) *ndarray.Array { return list[i] }
	return nil
}

// inner reads an array within another.
func (f *file) inner(p *fields, depth int) (*ndarray.Array, error) {
	e, err := p.next()
	if err != nil {
		return nil, err
	}
	if e.kind != miMatrix {
		return nil, errCut
	}
	return f.matrix(e.data, depth+1)
}

// structure reads a struct, or an array of structs, as one Array per field with a Cell for
// each struct.
func (f *file) structure(p *fields, a *ndarray.Array, n, depth int) error {
	e, err := p.next()
	if err != nil {
		return err
	}
	if len(e.data) != 4 {
		return errCut
	}
	length := int(f.order.Uint32(e.data))
	if e, err = p.next(); err != nil {
		return err
	}
	if length < 1 || len(e.data)%length != 0 || length > len(e.data) && len(e.data) > 0 {
		return errCut
	}
	count := len(e.data) / length
	if count > 0 && n > len(p.data)/8/count {
		return fmt.Errorf("it claims %d structs in %d bytes: %w", n, len(p.data), errCut)
	}
	if count == 0 {
		n = 0
	}
	lists := make([][]*ndarray.Array, count)
	for k := range lists {
		field := e.data[k*length:][:length]
		name, _, _ := bytes.Cut(field, []byte{0})
		lists[k] = make([]*ndarray.Array, n)
		list := lists[k]
		a.Fields = append(a.Fields, &ndarray.Array{Name: string(name), Type: "cell", Shape: a.Shape, Strides: a.Strides,
			Cell: func(i int) *ndarray.Array { return list[i] }})
	}
	for i := range n {
		for k := range lists {
			c, err := f.inner(p, depth)
			if err != nil {
				return fmt.Errorf("struct %d, field %s: %w", i+1, a.Fields[k].Name, err)
			}
			lists[k][i] = c
		}
	}
	return nil
}

// remedies are the lines that convert objects of a class; %[1]s is the variable.
var remedies = map[string]string{
	"categorical":    "%[1]s = cellstr(%[1]s)",
	"string":         "%[1]s = cellstr(%[1]s)",
	"table":          "%[1]s = table2array(%[1]s)",
	"timetable":      "%[1]s = timetable2table(%[1]s, 'ConvertRowTimes', false); %[1]s = table2array(%[1]s)",
	"datetime":       "%[1]s = posixtime(%[1]s)",
	"duration":       "%[1]s = seconds(%[1]s)",
	"dlarray":        "%[1]s = extractdata(%[1]s)",
	"gpuArray":       "%[1]s = gather(%[1]s)",
	"containers.Map": "%[1]s = values(%[1]s)",
}

// opaque reads the name and the class of an object.
func (f *file) opaque(p *fields) (*ndarray.Array, error) {
	var texts [3]string
	for i := range texts {
		e, err := p.next()
		if err != nil {
			return nil, err
		}
		texts[i] = string(e.data)
	}
	name, class := texts[0], texts[2]
	line, known := remedies[class]
	if !known {
		line = "%[1]s = struct(%[1]s)"
	}
	a := &ndarray.Array{Name: name, Type: class}
	if name == "" {
		name = "x"
	}
	a.Refused = f.convert(name, fmt.Sprintf("is of the class %s, which is not read", class), fmt.Sprintf(line, name))
	return a, nil
}
