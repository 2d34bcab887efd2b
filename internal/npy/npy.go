// Package npy reads the arrays of NumPy: .npy and .npz files. The formats are described in
// numpy.lib.format and are those of versions 1 to 3.
package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strings"

	"inkling/internal/ndarray"
)

const magic = "\x93NUMPY"

// Parse reads a .npy file. The array refers to data. name is for messages.
func Parse(data []byte, name string) (*ndarray.Array, error) {
	a, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a.Name = strings.TrimSuffix(path.Base(name), ".npy")
	return a, nil
}

func parse(data []byte) (*ndarray.Array, error) {
	text, data, err := split(data)
	if err != nil {
		return nil, err
	}
	h, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	a := &ndarray.Array{Shape: h.shape, Type: h.descr}
	a.Strides = ndarray.Rows(h.shape)
	if h.fortran {
		a.Strides = ndarray.Columns(h.shape)
	}
	t, err := parseType(h.descr)
	if err != nil {
		a.Refused, a.Strides = err, make([]int, len(h.shape))
		return a, nil
	}
	most := len(data)
	if t.size > 0 {
		most = len(data) / t.size
	}
	n, err := ndarray.Count(h.shape, most)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		a.Shape = []int{0}
		a.Strides = []int{1}
		data = nil
	}
	t.read(a, data)
	return a, nil
}

// split returns the text of the header and the bytes of the elements.
func split(data []byte) (header string, rest []byte, err error) {
	if len(data) < 10 || string(data[:6]) != magic {
		return "", nil, errors.New("this is no .npy file: it does not begin as NumPy writes it; save it again with np.save")
	}
	n, at := int(binary.LittleEndian.Uint16(data[8:])), 10
	switch data[6] {
	case 1:
	case 2, 3:
		if len(data) < 12 {
			return "", nil, errCut
		}
		long := binary.LittleEndian.Uint32(data[8:])
		if long > 1<<24 {
			return "", nil, fmt.Errorf("its header claims %d bytes: the file is damaged, copy it again", long)
		}
		n, at = int(long), 12
	default:
		return "", nil, fmt.Errorf("version %d of the .npy format is not known: save it again with np.save", data[6])
	}
	if len(data)-at < n {
		return "", nil, errCut
	}
	return string(data[at : at+n]), data[at+n:], nil
}

var errCut = errors.New("the file is cut off in its header: copy it again")

// ReadZip reads the arrays of a .npz file in the order in which they were saved. name is for
// messages.
func ReadZip(data []byte, name string) ([]*ndarray.Array, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w: this is no .npz file, or it is cut off: save it again with np.savez", name, err)
	}
	var list []*ndarray.Array
	loose := int64(0)
	for _, f := range z.File {
		key, isArray := strings.CutSuffix(f.Name, ".npy")
		if !isArray {
			continue
		}
		// Members may overlap in the file, so the bound is that of all together.
		b, err := unzip(f, int64(len(data)), loose)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, key, err)
		}
		loose += int64(len(b))
		a, err := parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, key, err)
		}
		a.Name = key
		list = append(list, a)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: it holds no arrays: save them with np.savez(%q, X=X, y=y)", name, path.Base(name))
	}
	return list, nil
}

// unzip returns the bytes of a member of an archive of size bytes, whose members before it
// had loose bytes.
func unzip(f *zip.File, size, loose int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: save it again with np.savez", err)
	}
	defer r.Close()
	return ndarray.Inflate(r, size, loose)
}
