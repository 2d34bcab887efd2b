// Package matfile reads MATLAB's .mat files of versions 5 to 7, in both byte orders. The
// format is that of MathWorks, "MAT-File Format" (2023), chapter 1.
//
// Numeric and logical arrays, texts, cell arrays and structs are read. Sparse and complex
// arrays, and objects such as categorical and string, are read as arrays that say which
// line of MATLAB converts them. Files of versions 4 and 7.3 are refused in the same way.
package matfile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"path"

	"inkling/internal/ndarray"
)

// Types of elements.
const (
	miInt8 = iota + 1
	miUint8
	miInt16
	miUint16
	miInt32
	miUint32
	miSingle
	_
	miDouble
	_
	_
	miInt64
	miUint64
	miMatrix
	miCompressed
	miUTF8
	miUTF16
	miUTF32
)

const headerSize = 128

// A file is what the elements of one file have in common.
type file struct {
	name   string
	order  binary.ByteOrder
	packed int64 // compressed bytes so far
	loose  int64 // what they became
}

var errCut = errors.New("the file is cut off or damaged: copy it again")

// Parse returns the variables of a .mat file in the order of the file. The arrays refer to
// data. name is for messages.
func Parse(data []byte, name string) ([]*ndarray.Array, error) {
	f := &file{name: name}
	list, err := f.parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return list, nil
}

func (f *file) parse(data []byte) ([]*ndarray.Array, error) {
	if err := f.begin(data); err != nil {
		return nil, err
	}
	// A variable may point to objects at this place of the file, which are not read.
	objects := f.order.Uint64(data[116:124])
	var list []*ndarray.Array
	for at := headerSize; at < len(data); {
		rest := data[at:]
		e, used, err := f.element(rest)
		if err != nil {
			return nil, err
		}
		if uint64(at) != objects {
			a, err := f.variable(e)
			if err != nil {
				return nil, err
			}
			if a != nil {
				list = append(list, a)
			}
		}
		at += used
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("it holds no variables: save them, save('%s', 'X', 'y', '-v7')", path.Base(f.name))
	}
	return list, nil
}

// begin reads the header.
func (f *file) begin(data []byte) error {
	again := fmt.Sprintf("load('%[1]s'); save('%[1]s', '-v7')", path.Base(f.name))
	if bytes.HasPrefix(data, []byte("\x89HDF\r\n\x1a\n")) || bytes.HasPrefix(data, []byte("MATLAB 7.3")) {
		return fmt.Errorf("it has version 7.3 (HDF5), which is not read: in MATLAB, %s", again)
	}
	if len(data) < headerSize {
		if len(data) >= 20 && data[3] == 0 && data[2] == 0 {
			return fmt.Errorf("it has version 4, or is cut off: in MATLAB, %s", again)
		}
		return fmt.Errorf("this is no .mat file, or it is cut off: in MATLAB, save('%s', 'X', 'y', '-v7')", path.Base(f.name))
	}
	switch string(data[126:128]) {
	case "IM":
		f.order = binary.LittleEndian
	case "MI":
		f.order = binary.BigEndian
	default:
		if data[0] == 0 || data[3] == 0 {
			return fmt.Errorf("it has version 4, which is not read: in MATLAB, %s", again)
		}
		return fmt.Errorf("this is no .mat file of versions 5 to 7: in MATLAB, save('%s', 'X', 'y', '-v7')", path.Base(f.name))
	}
	if version := f.order.Uint16(data[124:126]); version>>8 != 1 {
		return fmt.Errorf("it has version %#04x, which is not read: in MATLAB, %s", version, again)
	}
	return nil
}

// An element is a tag with its data.
type element struct {
	kind uint32
	data []byte
}

// element reads the element at the begin of data and returns how many bytes it takes, with
// the zeros that fill up to eight bytes.
func (f *file) element(data []byte) (e element, used int, err error) {
	if len(data) < 8 {
		return e, 0, errCut
	}
	kind, size := f.order.Uint32(data), f.order.Uint32(data[4:])
	if small := kind >> 16; small != 0 { // size and type in one word, the data in the next
		if small > 4 {
			return e, 0, errCut
		}
		return element{kind & 0xffff, data[4 : 4+small]}, 8, nil
	}
	if uint64(size) > uint64(len(data)-8) {
		return e, 0, fmt.Errorf("an element claims %d bytes, %d follow: %w", size, len(data)-8, errCut)
	}
	used = 8 + int(size)
	if kind != miCompressed {
		used = min((used+7)&^7, len(data))
	}
	return element{kind, data[8 : 8+size]}, used, nil
}

// variable reads a variable; nil if the element is none.
func (f *file) variable(e element) (*ndarray.Array, error) {
	if e.kind == miCompressed {
		data, err := f.inflate(e.data)
		if err != nil {
			return nil, err
		}
		if e, _, err = f.element(data); err != nil {
			return nil, err
		}
		if e.kind == miCompressed {
			return nil, errCut
		}
	}
	if e.kind != miMatrix {
		return nil, fmt.Errorf("an element of type %d is where a variable belongs: %w", e.kind, errCut)
	}
	return f.matrix(e.data, 0)
}

// inflate unpacks a variable. All of a file together are held to the bound of one.
func (f *file) inflate(data []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errCut)
	}
	f.packed += int64(len(data))
	b, err := ndarray.Inflate(z, f.packed, f.loose)
	if err != nil {
		return nil, fmt.Errorf("a compressed variable: %w", err)
	}
	f.loose += int64(len(b))
	return b, nil
}

// fields divides the data of a matrix into its elements.
type fields struct {
	f    *file
	data []byte
}

func (p *fields) next() (element, error) {
	e, used, err := p.f.element(p.data)
	if err == nil {
		p.data = p.data[used:]
	}
	return e, err
}
