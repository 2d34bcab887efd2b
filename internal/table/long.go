package table

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A long table has one row per value: time, channel, value, in the order of time.

func isChannelName(name string) bool {
	return name == "channel" || name == "sensor" || name == "variable" || name == "signal"
}

// isLong reports whether the columns are those of a long table.
func (t *Reader) isLong() bool {
	t.channel = slices.IndexFunc(t.names, func(n string) bool { return isChannelName(strings.ToLower(n)) })
	t.value = slices.IndexFunc(t.names, func(n string) bool { return strings.EqualFold(n, "value") })
	return t.time >= 0 && t.channel >= 0 && t.value >= 0
}

// nameLong sets the names of the channels to Options.Signals, or to Options.Want.
func (t *Reader) nameLong(o *Options) {
	names := o.Signals
	if names == nil {
		names = o.Want
	}
	t.head.Long, t.head.Named = true, true
	t.head.Names, t.head.Units = slices.Clone(names), make([]string, len(names))
	for i := range t.head.Names {
		t.head.Names[i], t.head.Units[i] = splitUnit(names[i])
	}
}

// readLong sets the value of the line's channel in row.
func (t *Reader) readLong(cells []string, row *Row) error {
	for range t.head.Names {
		row.Values = append(row.Values, nan)
	}
	v, err := t.number(cells[t.value])
	if err != nil {
		return t.bad(t.names[t.value], err)
	}
	if v != v {
		row.Missing++
	}
	name := strings.TrimSpace(cells[t.channel])
	if name == "" {
		return t.bad(t.names[t.channel], errors.New("it is empty: name the channel, or delete the line"))
	}
	for i, n := range t.head.Names {
		if n == name || t.head.Units[i] != "" && strings.HasPrefix(name, n) {
			if own, _ := splitUnit(name); own == n {
				row.Values[i] = v
			}
		}
	}
	return nil
}

// scan reads the rest of the table and returns the names of its channels, sorted.
func (t *Reader) scan() ([]string, error) {
	var names []string
	seen := map[string]bool{}
	for row := (Row{}); ; {
		if err := t.Read(&row); err == io.EOF {
			slices.Sort(names)
			return names, nil
		} else if err != nil {
			return nil, err
		}
		if n := strings.TrimSpace(t.row[t.channel]); !seen[n] {
			if len(names) == mostChannels {
				return nil, fmt.Errorf("%s:%d: more than %d channels: list those to use in TableOptions.Signals", t.name, t.line, mostChannels)
			}
			n = strings.Clone(n)
			seen[n], names = true, append(names, n)
		}
	}
}

// mostChannels is the greatest number of channels of a long table without
// Options.Signals.
const mostChannels = 256
