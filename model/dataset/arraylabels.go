package dataset

import (
	"fmt"
	"strconv"

	"inkling/internal/ndarray"
)

// texts returns the elements of an array of labels, of which there is one for each sequence.
// Whole numbers are written as such, truth values as the file's program writes them.
func texts(a *ndarray.Array, matlab bool) ([]string, error) {
	if a.Refused != nil {
		return nil, fmt.Errorf("%s: %w", a.Name, a.Refused)
	}
	if a.Fields != nil {
		return nil, fmt.Errorf("%s is a struct: save its labels as a cell array of texts", a.Name)
	}
	s := a.Squeeze()
	if len(s.Shape) == 2 && s.Float != nil {
		if list := oneHot(s); list != nil {
			return list, nil
		}
	}
	if len(s.Shape) != 1 {
		return nil, fmt.Errorf("%s is %s: give one label for each sequence", a.Name, a.Dims())
	}
	list := make([]string, s.Size())
	for i := range list {
		t, err := labelText(s, s.Offset(i), matlab)
		if err != nil {
			return nil, fmt.Errorf("%s: label %d: %w", a.Name, i+1, err)
		}
		list[i] = t
	}
	return list, nil
}

// labelText returns the label at an offset.
func labelText(a *ndarray.Array, at int, matlab bool) (string, error) {
	switch {
	case a.Text != nil:
		return a.Text(at), nil
	case a.Cell != nil:
		c := a.Cell(at)
		if c.Refused != nil {
			return "", c.Refused
		}
		if c.Fields != nil || c.Cell != nil && c.Size() == 1 && c.Cell(0).Cell != nil || c.Size() > 1 {
			return "", fmt.Errorf("the cell holds %s %s: give one text or number", c.Dims(), c.Type)
		}
		if c.Size() == 0 {
			return "", nil
		}
		return labelText(c, 0, matlab)
	case a.Bool:
		yes, no := "True", "False"
		if matlab {
			yes, no = "true", "false"
		}
		if a.Float(at) != 0 {
			return yes, nil
		}
		return no, nil
	case a.Digits != nil:
		return a.Digits(at), nil
	}
	v := a.Float(at)
	switch {
	case v != v:
		return "NaN", nil
	case v != float64(int64(v)) || v > 1<<53 || v < -1<<53:
		return "", fmt.Errorf("%v is not a whole number: labels are texts or whole numbers; other numbers make this a regression problem", v)
	}
	return strconv.FormatInt(int64(v), 10), nil
}

// oneHot returns the column of the 1 in each row, as text; nil if a row is not zeros and a 1.
func oneHot(a *ndarray.Array) []string {
	list := make([]string, a.Shape[0])
	for i := range list {
		at := -1
		for k := range a.Shape[1] {
			switch v := a.Float(i*a.Strides[0] + k*a.Strides[1]); {
			case v == 1 && at < 0:
				at = k
			case v != 0:
				return nil
			}
		}
		if at < 0 {
			return nil
		}
		list[i] = strconv.Itoa(at)
	}
	return list
}
