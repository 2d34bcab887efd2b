package npy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A header is the dictionary before the elements, such as
// {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }.
type header struct {
	descr   string // of a structured type, its list
	fortran bool
	shape   []int
}

var errHeader = errors.New("its header is not one that NumPy writes: the file is damaged, copy it again")

func parseHeader(text string) (h header, err error) {
	s := strings.TrimSpace(text)
	s, ok := strings.CutPrefix(s, "{")
	if !ok {
		return h, errHeader
	}
	seen := map[string]bool{}
	for {
		if s = strings.TrimLeft(s, " ,\n"); strings.HasPrefix(s, "}") {
			break
		}
		var key string
		if key, s, err = quoted(s); err != nil {
			return h, err
		}
		if s, ok = strings.CutPrefix(strings.TrimLeft(s, " "), ":"); !ok || seen[key] {
			return h, errHeader
		}
		seen[key] = true
		if s, err = h.set(key, strings.TrimLeft(s, " ")); err != nil {
			return h, err
		}
	}
	if !seen["descr"] || !seen["fortran_order"] || !seen["shape"] {
		return h, errHeader
	}
	return h, nil
}

// set reads the value of key at the begin of s and returns what follows.
func (h *header) set(key, s string) (rest string, err error) {
	switch key {
	case "descr":
		if strings.HasPrefix(s, "[") {
			return h.structured(s)
		}
		h.descr, rest, err = quoted(s)
		return rest, err
	case "fortran_order":
		if rest, ok := strings.CutPrefix(s, "True"); ok {
			h.fortran = true
			return rest, nil
		}
		if rest, ok := strings.CutPrefix(s, "False"); ok {
			return rest, nil
		}
	case "shape":
		inside, rest, ok := strings.Cut(s, ")")
		if inside, open := strings.CutPrefix(inside, "("); ok && open {
			h.shape, err = parseShape(inside)
			return rest, err
		}
	}
	return "", errHeader
}

// structured skips the list of fields of a structured type.
func (h *header) structured(s string) (rest string, err error) {
	depth := 0
	for i, c := range s {
		switch c {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				h.descr = s[:i+1]
				return s[i+1:], nil
			}
		}
	}
	return "", errHeader
}

// quoted reads a string in single or double quotes.
func quoted(s string) (value, rest string, err error) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return "", "", errHeader
	}
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 {
		return "", "", errHeader
	}
	return s[1 : 1+end], s[2+end:], nil
}

// maxAxes is NumPy's limit.
const maxAxes = 64

func parseShape(s string) ([]int, error) {
	shape := []int{}
	for _, f := range strings.Split(s, ",") {
		if f = strings.TrimSuffix(strings.TrimSpace(f), "L"); f == "" { // Python 2 wrote 3L
			continue
		}
		d, err := strconv.Atoi(f)
		if err != nil || d < 0 || len(shape) == maxAxes {
			return nil, fmt.Errorf("its shape (%.60s) is none: the file is damaged, copy it again", s)
		}
		shape = append(shape, d)
	}
	return shape, nil
}
