package table

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// number returns the value of a cell, or NaN if it is missing. A table whose numbers have
// decimal points in some cells and commas in others is an error.
func (t *Reader) number(cell string) (float32, error) {
	v, err := parseNumber(cell)
	if err != nil {
		return v, err
	}
	comma := strings.IndexByte(cell, ',') >= 0
	switch {
	case comma && t.layout.comma == ',' && thousands.MatchString(strings.TrimSpace(cell)):
		return 0, fmt.Errorf("%.40q may have a decimal comma or a separator of thousands: write decimal points, or separate cells by semicolons", cell)
	case comma && v == v:
		t.commas = true
	case t.layout.comma != ',' && strings.IndexByte(cell, '.') >= 0:
		t.points = true
	default:
		return v, nil
	}
	if t.commas && t.points {
		return 0, fmt.Errorf("%.40q: the table has decimal points and decimal commas: write points only", cell)
	}
	return v, nil
}

var thousands = regexp.MustCompile(`^[-+]?\d{1,3}(,\d{3})+$`)

// parseNumber returns the value of a cell, or NaN if it is missing.
func parseNumber(cell string) (float32, error) {
	v, err := strconv.ParseFloat(cell, 32)
	if err == nil && v-v == 0 {
		return float32(v), nil
	}
	cell = strings.TrimSpace(cell)
	if isMissing(cell) {
		return nan, nil
	}
	plain := strings.Replace(cell, ",", ".", 1)
	if rest, ok := strings.CutPrefix(plain, "−"); ok {
		plain = "-" + rest
	}
	v, err = strconv.ParseFloat(plain, 32)
	switch {
	case err == nil && v-v == 0:
		return float32(v), nil
	case err == nil || errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%.40s is infinite or too large for a 32-bit float: correct it, or leave the cell empty", cell)
	}
	return 0, fmt.Errorf("%.40q is not a number: correct it, or leave the cell empty if the value is missing", cell)
}
