package natsio

import (
	"fmt"
	"slices"
	"strings"

	"inkling/internal/table"
)

// A field is a member of an object, or of an object in it.
type field struct {
	path  string // names with dots between them
	unit  string // "": not said
	value *node
	rank  int
}

// A picker finds the fields of one object that matter.
type picker struct {
	s      *schema
	chosen map[int]field // by channel; if the names are unknown, in order of appearance
	order  []string      // their paths then
	time   field
	nested int    // arrays and objects around time
	inner  *node  // what a member such as "v" holds
	sensor string // that the object names as its own
}

// mostFields bounds the fields of an object.
const mostFields = 1 << 12

// collect walks the members of an object whose path ends in prefix.
func (c *picker) collect(o *node, prefix, unit string, depth int) error {
	if u := unitOf(o); u != "" {
		unit = u
	}
	if name := sensorOf(o); name != "" && depth == 0 {
		c.sensor = name + "."
	}
	for i, key := range o.keys {
		v := &o.list[i]
		path := prefix + key
		if key == table.None {
			continue
		}
		if c.takeTime(key, path, v, depth) {
			continue
		}
		switch {
		case v.kind == objectNode:
			if err := c.collect(v, path+".", unit, depth+1); err != nil {
				return err
			}
			continue
		case v.kind == listNode && (len(v.list) == 0 || !isScalar(&v.list[0])), isWrapper(strings.ToLower(key)) && depth == 0 && c.sensor == "":
			if isWrapper(strings.ToLower(key)) && c.inner == nil {
				c.inner = v
			}
			if v.kind == listNode && len(v.list) > 0 && !isScalar(&v.list[0]) {
				continue
			}
		}
		if err := c.field(key, path, unit, v); err != nil {
			return err
		}
		if len(c.chosen) > mostFields {
			return fmt.Errorf("an object with more than %d fields", mostFields)
		}
	}
	return nil
}

// unitOf returns the unit that an object says its value is in.
func unitOf(o *node) string {
	for _, key := range []string{"unit", "units", "u", "uom"} {
		if v := o.find(key); v != nil && v.kind == stringNode {
			return v.text
		}
	}
	return ""
}

// sensorOf returns what an object says that its values are those of.
func sensorOf(o *node) string {
	for _, key := range []string{"sensor", "channel", "variable", "signal", "name"} {
		if v := o.find(key); v != nil && v.kind == stringNode {
			return v.text
		}
	}
	return ""
}

// via returns the path by which a channel came.
func (c *picker) via(path string) string { return c.s.part + c.sensor + path }

// takeTime takes a member that is the time of the others: the one that Format.Time names, or
// the first with a usual name, the least nested.
func (c *picker) takeTime(key, path string, v *node, depth int) bool {
	f := c.s.f
	if f.Time == table.None || v.kind == objectNode {
		return false
	}
	lower := strings.ToLower(key)
	switch {
	case f.Time != "":
		if !strings.EqualFold(path, f.Time) && !strings.EqualFold(key, f.Time) {
			return false
		}
	case !table.IsTimeName(lower) || slices.Contains(c.s.names, path):
		return false
	}
	if f.Time == "" && c.time.value != nil && depth == c.nested && lower == "date" {
		return true
	}
	if c.time.value == nil || depth < c.nested {
		c.time, c.nested = field{path: path, value: v}, depth
	}
	return true
}

// field takes a number, or an array of numbers, if it is a channel.
func (c *picker) field(key, path, unit string, v *node) error {
	if i := strings.IndexAny(path, "[("); i > 0 {
		if name, u := table.SplitUnit(path); u != "" {
			if t := c.s.target(c.sensor + name); t.channel >= 0 || c.s.names == nil {
				path, unit = name, u
			}
		}
	}
	if c.s.names == nil {
		if lower := strings.ToLower(key); isNumeric(v) && !table.IsOther(lower) && !isWrapper(lower) {
			c.chosen[len(c.order)] = field{path, unit, v, 0}
			c.order = append(c.order, path)
		}
		return nil
	}
	t := c.s.target(c.sensor + path)
	if t.channel < 0 {
		return nil
	}
	old, ok := c.chosen[t.channel]
	if ok && old.rank == t.rank {
		return fmt.Errorf("both %q and %q are the channel %q: name each channel by the whole name of its field (Format.Names)", cut(old.path), cut(path), c.s.names[t.channel])
	}
	if !ok || t.rank < old.rank {
		c.chosen[t.channel] = field{path, unit, v, t.rank}
	}
	return nil
}

// isNumeric reports whether a member may be the values of a channel.
func isNumeric(v *node) bool {
	if v.kind == listNode {
		return len(v.list) > 0 && v.list[0].kind == numberNode
	}
	return v.kind == numberNode
}

// name checks the channels of a stream whose names are unknown.
func (c *picker) name() error {
	if w := c.s.f.Width; w > 0 && len(c.order) != w {
		return fmt.Errorf("an object with the numbers %s, but the model has %d channels without names: list those to use in Format.Names", quoted(c.order), w)
	}
	return nil
}

func (c *picker) paths() (list []string) {
	for i := range c.s.names {
		if f, ok := c.chosen[i]; ok {
			list = append(list, f.path)
		}
	}
	return list
}
