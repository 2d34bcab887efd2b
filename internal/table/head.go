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

// begin finds out what the columns are from the first rows, and from the header before them
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
	headed := t.layout.headed
	if !t.layout.judged {
		headed = !slices.ContainsFunc(cells, t.layout.isData)
	}
	line := t.line
	if !headed {
		t.ahead = append(t.ahead, aheadRow{cells: cells, line: line})
	}
	t.fields = len(cells)
	if err := t.readAhead(o); err != nil {
		return err
	}
	first := t.firstAhead()
	t.head.Named = headed || len(o.Columns) > 0
	switch {
	case first == nil:
		if err := t.nameColumns(cells, headed, line, o); err != nil {
			return err
		}
		return fmt.Errorf("%s: there is only a header: give rows of numbers below it", t.name)
	case headed && len(first.cells) < len(cells):
		cells = cutBlank(cells, len(first.cells))
	case !headed:
		cells = t.cutColumn(cells)
	}
	if t.fields = len(cells); len(cutBlank(first.cells, t.fields)) != t.fields {
		return fmt.Errorf("%s:%d: %d cells, but the header has %d: complete the line or the header", t.name, first.line, len(first.cells), t.fields)
	}
	first.cells = first.cells[:t.fields]
	if err := t.nameColumns(cells, headed, line, o); err != nil {
		return err
	}
	return t.assign(first, o)
}

// cutBlank returns cells without the blank ones after the first n.
func cutBlank(cells []string, n int) []string {
	for len(cells) > n && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// cutColumn returns the cells of the first row of a table without a header, without a last
// column that is blank in all rows ahead: their lines end with a separator.
func (t *Reader) cutColumn(cells []string) []string {
	n := len(cells) - 1
	for _, a := range t.ahead {
		if n < 1 || len(t.ahead) < 2 || len(a.cells) != n+1 || strings.TrimSpace(a.cells[n]) != "" {
			return cells
		}
	}
	return cells[:n]
}

// nameColumns sets the names and the units of the columns.
func (t *Reader) nameColumns(cells []string, headed bool, line int, o *Options) error {
	switch {
	case headed && len(o.Columns) > 0:
		return fmt.Errorf("%s:%d: the table has a header, %s: leave TableOptions.Columns out", t.name, line, list(cells))
	case headed:
		t.header, t.names = cells, slices.Clone(cells)
	case len(o.Columns) > 0:
		if len(o.Columns) != len(cells) {
			return fmt.Errorf("%s:%d: %d cells, but TableOptions.Columns names %d: name all columns, \"-\" for those to ignore", t.name, line, len(cells), len(o.Columns))
		}
		t.names = slices.Clone(o.Columns)
	default:
		for i := range cells {
			t.names = append(t.names, strconv.Itoa(i+1))
		}
	}
	t.splitUnits()
	for i, n := range t.names {
		if j := slices.Index(t.names, n); j < i && n != "" && n != None {
			return fmt.Errorf("%s:%d: columns %d and %d are both named %q: give each a name of its own", t.name, line, j+1, i+1, n)
		}
	}
	return nil
}

// splitUnits takes the units out of the names, unless names would become equal, as those of
// acc (x) and acc (y), and of the line of units.
func (t *Reader) splitUnits() {
	full := t.names
	t.names, t.head.Units = make([]string, len(full)), make([]string, len(full))
	count := map[string]int{}
	for i, n := range full {
		t.names[i], t.head.Units[i] = splitUnit(n)
		count[t.names[i]]++
	}
	for i, n := range full {
		if count[t.names[i]] > 1 {
			t.names[i], t.head.Units[i] = strings.TrimSpace(n), ""
		}
		if i < len(t.layout.units) && t.head.Units[i] == "" {
			t.head.Units[i] = strings.Trim(strings.TrimSpace(t.layout.units[i]), "[]()")
		}
	}
}

var united = regexp.MustCompile(`^\s*(.*\S)\s*[\[(]([^\[\]()]*)[\])]\s*$`)

// splitUnit splits "x [m/s²]" or "x (m/s²)" into name and unit.
func splitUnit(cell string) (name, unit string) {
	if m := united.FindStringSubmatch(cell); m != nil {
		return strings.TrimSpace(m[1]), strings.TrimSpace(m[2])
	}
	return strings.TrimSpace(cell), ""
}

// assign finds out what each column is.
func (t *Reader) assign(first *aheadRow, o *Options) (err error) {
	if t.time, err = t.find("time", o.Time, isTimeName); err != nil {
		return err
	}
	if t.label, err = t.find("label", o.Label, isLabelName); err != nil {
		return err
	}
	t.head.Timed, t.head.Labels = t.time >= 0, t.label >= 0
	if t.head.Timed {
		if err := t.beginClock(o); err != nil {
			return fmt.Errorf("%s:%d: column %q: %w", t.name, first.line, t.names[t.time], err)
		}
	} else if o.Time != None && t.beginEmpatica() {
		t.head.Timed = true
	}
	if t.isLong() {
		t.nameLong(o)
		return nil
	}
	if err := t.choose(first.cells, o); err != nil {
		return err
	}
	units := make([]string, len(t.signals))
	for i, c := range t.signals {
		t.head.Names, units[i] = append(t.head.Names, t.names[c]), t.head.Units[c]
		if t.units != nil && t.units[i] != (Conversion{}) {
			units[i] = o.unit(i)
		}
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
		return t.convert(o)
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
	for _, name := range o.Want {
		i := t.column(name)
		if i < 0 {
			return fmt.Errorf("%s: there is no column %q, which the model needs: it has %s; list the columns for the %d channels of the model in their order in TableOptions.Signals",
				t.name, name, list(t.names), len(o.Want))
		}
		t.signals = append(t.signals, i)
	}
	return t.convert(o)
}

// convert finds out how the values of the channels become those of Options.WantUnits, where
// there is a unit for each.
func (t *Reader) convert(o *Options) error {
	if len(t.signals) != len(o.WantUnits) {
		return nil
	}
	t.units = make([]Conversion, len(t.signals))
	for k, i := range t.signals {
		var err error
		if t.units[k], err = Convert(t.names[i], t.head.Units[i], o.unit(k)); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		t.noteUnit(t.names[i], t.units[k], t.head.Units[i], o.unit(k))
	}
	return nil
}

// noteUnit notes that a channel is converted. Its unit is then the other one.
func (t *Reader) noteUnit(name string, c Conversion, have, want string) {
	if c != (Conversion{}) {
		t.notes = append(t.notes, fmt.Sprintf("column %q is converted from %s to %s", name, have, want))
	}
}

// unit returns the unit of channel k of Want, or "".
func (o *Options) unit(k int) string {
	if k < len(o.WantUnits) {
		return o.WantUnits[k]
	}
	return ""
}

// chooseNumbers makes a channel of every column of numbers without another use.
func (t *Reader) chooseNumbers(row []string) error {
	for i, name := range t.names {
		lower := strings.ToLower(name)
		if i == t.time || i == t.date || i == t.label || name == None || name == "" {
			continue
		}
		if isCounterName(lower) || !t.isNumeric(i, row) || isTimeName(lower) || isLabelName(lower) {
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

// isNumeric reports whether a column has numbers: in the first row, or in most of the rows
// ahead.
func (t *Reader) isNumeric(column int, row []string) bool {
	if _, err := parseNumber(row[column]); err == nil {
		return true
	}
	numbers, others := 0, 0
	for _, a := range t.ahead {
		if column >= len(a.cells) {
			continue
		}
		switch v, err := parseNumber(a.cells[column]); {
		case err != nil:
			others++
		case v == v:
			numbers++
		}
	}
	return numbers > others
}

func isCounterName(name string) bool {
	return name == "seq" || name == "index" || name == "sample" || name == "counter" || name == "#" || strings.HasPrefix(name, "unnamed: ")
}

func isLabelName(name string) bool { return name == "label" || name == "activity" || name == "class" }

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
