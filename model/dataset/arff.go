package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"inkling/internal/arff"
)

// readARFF reads an .arff file: a numeric attribute for each value of a series, or a
// relational one whose rows are channels, and a label.
func (g *gatherer) readARFF(fsys fs.FS, f seqFile) error {
	r, closer, err := plain(fsys, f.name)
	if err != nil {
		return err
	}
	defer closer.Close()
	t, err := arff.NewReader(r, f.name)
	if err != nil {
		return err
	}
	g.o.uses().columns = true
	c, err := arffColumns(t.Attributes, g.o.Columns["label"])
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	if len(c.ignored) > 0 {
		g.set.note("attributes that are neither numbers nor the label are ignored: %s", brief(c.ignored))
	}
	g.declare(t.Attributes[c.label].Values, false)
	for {
		row, err := t.Read()
		var bad *arff.LineError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &bad):
			if err = g.skip(err); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		where := fmt.Sprintf("%s:%d", f.name, t.Line())
		q, err := c.sequence(row, t.Attributes)
		if err != nil {
			err = g.skip(fmt.Errorf("%s: %w", where, err))
		} else {
			q.name, q.split, q.from = where, f.split, f.name
			err = g.add(q)
		}
		if err != nil {
			return err
		}
	}
}

// arffRoles say what the attributes are.
type arffRoles struct {
	label    int
	relation int   // −1: none
	values   []int // without relation
	ignored  []string
}

// arffColumns finds the label: the attribute of this name, or the only nominal one, or the
// last of them, or one that is called so.
func arffColumns(list []arff.Attribute, name string) (c arffRoles, err error) {
	c.label, c.relation = -1, -1
	for i, a := range list {
		called := strings.ToLower(a.Name)
		switch {
		case name != "":
			if strings.EqualFold(a.Name, name) {
				c.label = i
			}
		case a.Kind == arff.Nominal:
			c.label = i
		case (c.label < 0 || list[c.label].Kind != arff.Nominal) && (called == "class" || called == "target" || called == "label"):
			c.label = i
		}
	}
	switch {
	case c.label < 0 && name != "":
		return c, fmt.Errorf("there is no attribute %q, which Options.Columns names as the label", name)
	case c.label < 0:
		return c, errors.New("no attribute has the labels: declare one as @attribute target {a,b}, or name it (Options.Columns, label=NAME); without labels this is a regression problem")
	}
	for i, a := range list {
		switch {
		case i == c.label:
		case a.Kind == arff.Relational && c.relation >= 0:
			return c, fmt.Errorf("two attributes are relational, %s and %s: keep one, with a row for each channel", list[c.relation].Name, a.Name)
		case a.Kind == arff.Relational:
			c.relation = i
		case a.Kind == arff.Numeric:
			c.values = append(c.values, i)
		default:
			c.ignored = append(c.ignored, a.Name)
		}
	}
	switch {
	case c.relation >= 0 && len(c.values) > 0:
		return c, fmt.Errorf("the attribute %s stands beside the relational %s: remove it", list[c.values[0]].Name, list[c.relation].Name)
	case c.relation < 0 && len(c.values) == 0:
		return c, errors.New("no attribute is numeric: there are no signals")
	}
	return c, nil
}

// sequence makes a sequence of a row.
func (c *arffRoles) sequence(row []string, list []arff.Attribute) (q sequence, err error) {
	q.label = row[c.label]
	if a := list[c.label]; q.label == "?" {
		return q, errors.New("the label is missing (?): give one, or delete the row")
	} else if a.Kind == arff.Nominal && !slices.Contains(a.Values, q.label) {
		return q, fmt.Errorf("the label %.40q is not one of %s: the row may be cut off", q.label, brief(a.Values))
	} else if a.Kind == arff.Numeric {
		q.label = wholeNumber(q.label)
	}
	rows := []string{""}
	if c.relation >= 0 {
		rows = strings.Split(strings.TrimRight(strings.ReplaceAll(row[c.relation], "\r", ""), "\n"), "\n")
	}
	q.channels = len(rows)
	for k, text := range rows {
		var cells []string
		if c.relation >= 0 {
			cells = strings.Split(text, ",")
		} else {
			for _, i := range c.values {
				cells = append(cells, row[i])
			}
		}
		if k == 0 {
			if len(cells)*len(rows) > len(strings.Join(row, ","))+1 {
				return q, errors.New("the channels differ in length: complete the row or delete it")
			}
			q.samples = make([]float32, len(cells)*len(rows))
		}
		if len(cells)*len(rows) != len(q.samples) {
			return q, fmt.Errorf("channel %d has %d values, channel 1 has %d: give all channels of an example one length", k+1, len(cells), len(q.samples)/len(rows))
		}
		for i, cell := range cells {
			v, err := parseValue([]byte(strings.TrimSpace(cell)))
			if err != nil {
				return q, fmt.Errorf("channel %d, value %d is %.40q, which is not a number", k+1, i+1, cell)
			}
			q.samples[i*len(rows)+k] = v
		}
	}
	return q, nil
}
