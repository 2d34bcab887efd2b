package table

import (
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// begin finds out what the columns are from the first row, and from the header before it
// if there is one.
func (t *Reader) begin(o *Options) error {
	cells, err := t.Next()
	if err == io.EOF {
		return t.empty()
	}
	if err != nil {
		return err
	}
	cells = slices.Clone(cells)
	t.fields = len(cells)
	headed := !slices.ContainsFunc(cells, t.isData)
	if err := t.nameColumns(cells, headed, o); err != nil {
		return err
	}
	if headed {
		next, err := t.Next()
		if err == io.EOF {
			return fmt.Errorf("%s: there is only a header: give rows of numbers below it", t.name)
		}
		if err != nil {
			return err
		}
		cells = slices.Clone(next)
		if len(cells) != t.fields {
			return fmt.Errorf("%s:%d: %d cells, but the header has %d: complete the line or the header", t.name, t.line, len(cells), t.fields)
		}
	}
	t.first = cells
	return t.assign(cells, o)
}

// isData reports whether a cell can be part of a row but not of a header.
func (t *Reader) isData(cell string) bool {
	if v, err := t.number(cell); err == nil && v == v {
		return true
	}
	_, err := parseTime(strings.TrimSpace(cell))
	return err == nil
}

// nameColumns sets the names and the units of the columns.
func (t *Reader) nameColumns(cells []string, headed bool, o *Options) error {
	t.head.Named = headed || len(o.Columns) > 0
	switch {
	case headed && len(o.Columns) > 0:
		return fmt.Errorf("%s:%d: the table has a header, %s: leave TableOptions.Columns out", t.name, t.line, list(cells))
	case headed:
		t.names = cells
	case len(o.Columns) > 0:
		if len(o.Columns) != len(cells) {
			return fmt.Errorf("%s:%d: %d cells, but TableOptions.Columns names %d: name all columns, \"-\" for those to ignore", t.name, t.line, len(cells), len(o.Columns))
		}
		t.names = slices.Clone(o.Columns)
	default:
		for i := range cells {
			t.names = append(t.names, strconv.Itoa(i+1))
		}
	}
	t.head.Units = make([]string, len(t.names))
	for i, n := range t.names {
		t.names[i], t.head.Units[i] = splitUnit(n)
	}
	for i, n := range t.names {
		if j := slices.Index(t.names, n); j < i && n != "" && n != None {
			return fmt.Errorf("%s:%d: columns %d and %d are both named %q: give each a name of its own", t.name, t.line, j+1, i+1, n)
		}
	}
	return nil
}

var united = regexp.MustCompile(`^\s*(.*\S)\s*[\[(]([^\[\]()]*)[\])]\s*$`)

// splitUnit splits "x [m/s²]" or "x (m/s²)" into name and unit.
func splitUnit(cell string) (name, unit string) {
	if m := united.FindStringSubmatch(cell); m != nil {
		return strings.TrimSpace(m[1]), strings.TrimSpace(m[2])
	}
	return strings.TrimSpace(cell), ""
}

// assign finds out what each column is. row is the first row.
func (t *Reader) assign(row []string, o *Options) (err error) {
	if t.time, err = t.find("time", o.Time, isTimeName); err != nil {
		return err
	}
	if t.label, err = t.find("label", o.Label, isLabelName); err != nil {
		return err
	}
	t.head.Timed, t.head.Labels = t.time >= 0, t.label >= 0
	if t.head.Timed {
		if err := t.clock.begin(row[t.time], t.names[t.time], t.head.Units[t.time], o.TimeUnit); err != nil {
			return fmt.Errorf("%s:%d: column %q: %w", t.name, t.line, t.names[t.time], err)
		}
	}
	if t.isLong() {
		t.nameLong(o)
		return nil
	}
	if err := t.choose(row, o); err != nil {
		return err
	}
	units := make([]string, len(t.signals))
	for i, c := range t.signals {
		t.head.Names, units[i] = append(t.head.Names, t.names[c]), t.head.Units[c]
	}
	t.head.Units = units
	return nil
}

// find returns the column with this name, or the first one that usual accepts if name is
// "". what is the use of the column, for messages.
func (t *Reader) find(what, name string, usual func(name string) bool) (int, error) {
	switch name {
	case None:
		return -1, nil
	case "":
		return slices.IndexFunc(t.names, func(n string) bool { return usual(strings.ToLower(n)) }), nil
	}
	i := t.column(name)
	if i < 0 {
		return i, fmt.Errorf("%s: there is no column %q for the %s: it has %s", t.name, name, what, list(t.names))
	}
	return i, nil
}

// column returns the column with this name, or −1.
func (t *Reader) column(name string) int {
	if i := slices.Index(t.names, name); i >= 0 {
		return i
	}
	return slices.IndexFunc(t.names, func(n string) bool { return strings.EqualFold(n, name) })
}

// choose finds the channels.
func (t *Reader) choose(row []string, o *Options) error {
	for _, name := range o.Signals {
		i := t.column(name)
		if i < 0 {
			return fmt.Errorf("%s: there is no column %q: it has %s", t.name, name, list(t.names))
		}
		t.signals = append(t.signals, i)
	}
	switch {
	case o.Signals != nil:
		return nil
	case len(o.Want) > 0 && t.head.Named:
		return t.match(o)
	}
	if err := t.chooseNumbers(row); err != nil {
		return err
	}
	if n := len(o.Want); n > 0 && len(t.signals) != n {
		return fmt.Errorf("%s: %d columns without names, but the model has the channels %s: name the columns in TableOptions.Columns", t.name, len(t.names), list(o.Want))
	}
	return nil
}

// match finds the channels that Options.Want names.
func (t *Reader) match(o *Options) error {
	for k, name := range o.Want {
		i := t.column(name)
		if i < 0 {
			return fmt.Errorf("%s: there is no column %q, which the model needs: it has %s; list the columns for the %d channels of the model in their order in TableOptions.Signals",
				t.name, name, list(t.names), len(o.Want))
		}
		if err := sameUnit(name, t.head.Units[i], o.unit(k)); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		t.signals = append(t.signals, i)
	}
	return nil
}

// unit returns the unit of channel k of Want, or "".
func (o *Options) unit(k int) string {
	if k < len(o.WantUnits) {
		return o.WantUnits[k]
	}
	return ""
}

func sameUnit(name, have, want string) error {
	if have != "" && want != "" && have != want {
		return fmt.Errorf("column %q is in %s, but the model needs %s: convert it", name, have, want)
	}
	return nil
}

// chooseNumbers makes a channel of every column of numbers without another use.
func (t *Reader) chooseNumbers(row []string) error {
	for i, name := range t.names {
		if i == t.time || i == t.label || name == None || name == "" || isCounterName(strings.ToLower(name)) {
			continue
		}
		_, err := t.number(row[i])
		if lower := strings.ToLower(name); err != nil || isTimeName(lower) || isLabelName(lower) {
			t.head.Ignored = append(t.head.Ignored, name)
			continue
		}
		t.signals = append(t.signals, i)
	}
	if len(t.signals) == 0 {
		return fmt.Errorf("%s: no column has numbers of a signal: it has %s; a table of texts names its columns in Options.Columns (text=NAME)", t.name, list(t.names))
	}
	return nil
}

func isCounterName(name string) bool {
	return name == "seq" || name == "index" || name == "sample" || name == "counter" || name == "#"
}

func isLabelName(name string) bool { return name == "label" || name == "activity" || name == "class" }

// number returns the value of a cell, or NaN if it is missing.
func (t *Reader) number(cell string) (float32, error) {
	v, err := strconv.ParseFloat(cell, 32)
	if err == nil && v-v == 0 {
		return float32(v), nil
	}
	cell = strings.TrimSpace(cell)
	if isMissing(cell) {
		return nan, nil
	}
	if t.decimal {
		cell = strings.Replace(cell, ",", ".", 1)
	}
	v, err = strconv.ParseFloat(cell, 32)
	switch {
	case err == nil && v-v == 0:
		return float32(v), nil
	case err == nil || errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%.40s is infinite or too large for a 32-bit float: correct it, or leave the cell empty", cell)
	}
	return 0, fmt.Errorf("%.40q is not a number: correct it, or leave the cell empty if the value is missing", cell)
}

// isMissing reports whether a trimmed cell says that there is no value.
func isMissing(cell string) bool {
	if len(cell) > 4 {
		return false
	}
	switch strings.ToLower(cell) {
	case "", "nan", "na", "n/a", "null", "none", "?", "-", "-nan", "+nan":
		return true
	}
	return false
}

// list lists at most twelve names.
func list(names []string) string {
	const most = 12
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

func isCorrupt(err error) bool {
	var c flate.CorruptInputError
	return errors.As(err, &c)
}
