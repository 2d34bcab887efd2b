package natsio

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/table"
)

func looksLikeJSON(data []byte) bool {
	t := bytes.TrimLeft(data, " \t\r\n")
	return len(t) > 0 && (t[0] == '[' || t[0] == '{' || t[0] == '"' || t[0] == '-' || t[0] >= '0' && t[0] <= '9')
}

var nan = float32(math.NaN())

// json reads a flat array (channels interleaved), an array of vectors (one value per
// channel), a single number, objects with the channels by their names, or with any of these
// in a member such as "v", and arrays of objects. Records of SenML are read as such.
func (m *message) json(data []byte, s *schema) error {
	n, err := parseTree(data)
	if err != nil {
		return err
	}
	if n.kind == listNode && len(n.list) > 0 && isSenML(&n.list[0]) {
		if data = bytes.TrimSpace(data); data[0] != '[' { // records on lines of their own
			data = inArray(bytes.ReplaceAll(data, []byte("\n"), []byte("\n,")))
		}
		return m.senMLJSON(data, s)
	}
	if isSenML(&n) {
		return m.senMLJSON(inArray(data), s)
	}
	return m.tree(&n, s, "JSON")
}

// tree reads a decoded value. format is that of the message, for errors.
func (m *message) tree(n *node, s *schema, format string) error {
	if m.format.Channels == 0 {
		m.format.Channels = max(s.f.Width, len(s.names), 1)
	}
	r := treeReader{m: m, s: s}
	err := r.value(n, 0)
	if err == nil && r.lack != nil && len(m.times) == 0 {
		err = r.lack
	}
	if err == nil && len(m.times) > 0 && len(m.times) != m.frames() {
		err = errors.New("a time in some samples only: give one in each, or in none")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", format, err)
	}
	return nil
}

// isSenML reports whether n is a record of SenML: an object that names its one value, or
// only has base fields.
func isSenML(n *node) bool {
	if n.kind != objectNode {
		return false
	}
	is := func(key string, kind nodeKind) bool {
		v := n.find(key)
		return v != nil && v.kind == kind
	}
	name, base := is("n", stringNode), is("bn", stringNode)
	if v := n.find("v"); v != nil {
		return v.kind == numberNode && (name || base)
	}
	for _, other := range []string{"vs", "vb", "vd", "s"} {
		if n.find(other) != nil && name {
			return true
		}
	}
	return base
}

// inArray returns the text of an array that has the value data alone.
func inArray(data []byte) []byte {
	return append(append([]byte{'['}, data...), ']')
}

// A treeReader appends decoded values to a message. The samples of one message are all
// numbers, or all vectors.
type treeReader struct {
	m       *message
	s       *schema
	numbers bool  // there were numbers that follow one another, channels interleaved
	vectors bool  // there were vectors of channels
	lack    error // a value is missing
}

func (r *treeReader) value(n *node, depth int) error {
	switch n.kind {
	case objectNode:
		return r.object(n, depth)
	case listNode:
		return r.list(n.list, depth)
	}
	if r.numbers = true; r.vectors {
		return errMixed
	}
	v, err := r.number(n, "")
	if err == nil && v != v {
		err = r.lack
	}
	r.m.samples = append(r.m.samples, v)
	return err
}

func (r *treeReader) list(list []node, depth int) error {
	columns := r.s.f.Columns
	if k := len(columns); k > 0 && len(list) > 0 && isScalar(&list[0]) {
		if len(list)%k != 0 {
			return fmt.Errorf("%d values, but Format.Columns names %d: give a value for each", len(list), k)
		}
		for ; len(list) > 0; list = list[k:] {
			if err := r.vector(list[:k]); err != nil {
				return err
			}
		}
		return nil
	}
	for i := range list {
		var err error
		if item := &list[i]; item.kind == listNode {
			err = r.vector(item.list)
		} else {
			err = r.value(item, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func isScalar(n *node) bool { return n.kind != objectNode && n.kind != listNode }

// number returns the value of a number, or NaN if it is missing.
func (r *treeReader) number(n *node, where string) (float32, error) {
	if n.kind == nullNode || n.kind == stringNode && table.IsMissing(n.text) {
		if r.lack == nil {
			r.lack = fmt.Errorf("%s%s", n.kind, cmpOr(where, " where a number should be"))
		}
		return nan, nil
	}
	v, quoted, err := n.number()
	if quoted && err == nil {
		r.s.note("numbers in quotes are taken as numbers")
	}
	if err != nil && where != "" && strings.HasSuffix(err.Error(), "where a number should be") {
		err = fmt.Errorf("%s%s", n.kind, where)
	}
	return v, err
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

var errMixed = errors.New("numbers and vectors of channels in one message: give one or the other")

// vector reads the channels of one sample. All vectors of a message have the same length.
func (r *treeReader) vector(list []node) error {
	if len(list) == 0 {
		return errors.New("an empty vector of channels")
	}
	if names := r.s.f.Columns; len(names) > 0 {
		if len(list) != len(names) {
			return fmt.Errorf("a vector of %d values, but Format.Columns names %d: give a value for each", len(list), len(names))
		}
		o := node{kind: objectNode, keys: names, list: list}
		return r.object(&o, 1)
	}
	if r.vectors = true; r.numbers {
		return errMixed
	}
	m := r.m
	if len(m.samples) == 0 {
		m.format.Channels = len(list)
	} else if m.format.Channels != len(list) {
		return fmt.Errorf("a vector of %d channels after one of %d", len(list), m.format.Channels)
	}
	for i := range list {
		v, err := r.number(&list[i], " in a vector of channels")
		if err != nil {
			return err
		}
		m.samples = append(m.samples, v)
	}
	return nil
}

// object reads the fields of an object that are channels, or what a member such as "v"
// holds.
func (r *treeReader) object(n *node, depth int) error {
	c := picker{s: r.s, chosen: map[int]field{}}
	if err := c.collect(n, "", "", 0); err != nil {
		return err
	}
	if c.time.value != nil {
		r.m.timeName = c.time.path[strings.LastIndexByte(c.time.path, '.')+1:]
	}
	inner := c.inner
	if inner != nil && len(c.chosen) < max(len(r.s.names), 1) {
		return r.within(inner, &c, depth)
	}
	if len(c.chosen) == 0 {
		return r.nothing()
	}
	return r.row(&c)
}

func (r *treeReader) nothing() error {
	if len(r.s.names) > 0 {
		return fmt.Errorf(`an object without "v" and without the channels %s`, quoted(r.s.names))
	}
	return errors.New(`an object without "v" and without numbers: name the channels that it holds (Format.Names)`)
}

// within reads the values that an object holds in one member, beside their time.
func (r *treeReader) within(inner *node, c *picker, depth int) error {
	before := r.m.frames()
	var err error
	if inner.kind == listNode && depth > 0 && len(inner.list) > 0 && isScalar(&inner.list[0]) {
		err = r.vector(inner.list)
	} else {
		err = r.value(inner, depth)
	}
	if err != nil || c.time.value == nil {
		return err
	}
	return r.stamp(c.time.value, r.m.frames()-before)
}

// stamp gives the last n samples their times: each its own, or the first one the time that
// there is.
func (r *treeReader) stamp(t *node, n int) error {
	m := r.m
	switch {
	case t.kind == nullNode:
		return nil
	case len(m.times) == m.frames() && n > 0:
		return nil // they have times of their own
	case t.kind == listNode:
		if len(t.list) != n {
			return fmt.Errorf("%d times of %d samples: give one for each", len(t.list), n)
		}
		for i := range t.list {
			if err := r.stampOne(&t.list[i]); err != nil {
				return err
			}
		}
		return nil
	case n == 1:
		return r.stampOne(t)
	case m.frames() > n || m.timed:
		return errors.New("several samples of one time: give each sample a time of its own")
	}
	at, err := timeOf(t)
	m.at, m.timed = at, true
	return err
}

func (r *treeReader) stampOne(t *node) error {
	at, err := timeOf(t)
	r.m.times = append(r.m.times, at)
	return err
}

func timeOf(n *node) (table.Time, error) {
	switch n.kind {
	case numberNode:
		v, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			return table.Time{}, fmt.Errorf("the time %s is out of range", cut(n.text))
		}
		return table.Time{Number: v}, nil
	case stringNode:
		return table.ParseTime(n.text), nil
	}
	return table.Time{}, fmt.Errorf("%s where a time should be", n.kind)
}

// row reads the channels of an object: a number each, or arrays of equal length.
func (r *treeReader) row(c *picker) error {
	s, m := r.s, r.m
	if s.names == nil {
		if err := c.name(); err != nil {
			return err
		}
		s.learn(c.order)
		copy(s.from, c.order)
	}
	if r.vectors = true; r.numbers {
		return errMixed
	}
	width, k, list, first := len(s.names), 1, false, ""
	if len(m.samples) > 0 && m.format.Channels != width {
		return fmt.Errorf("a sample of %d channels after one of %d", width, m.format.Channels)
	}
	m.format.Channels = width
	var has table.Mask
	for i := range width {
		f, ok := c.chosen[i]
		if !ok {
			continue
		}
		switch {
		case has == 0:
			if first, list = f.path, f.value.kind == listNode; list {
				k = len(f.value.list)
			}
		case (f.value.kind == listNode) != list || list && len(f.value.list) != k:
			return fmt.Errorf("%q has %d values, and %q not: give arrays of equal length", first, k, f.path)
		}
		has |= table.Has(i)
		if err := s.came(i, c.via(f.path)); err != nil {
			return err
		}
	}
	if k == 0 {
		return fmt.Errorf("%q is empty: give a value for each sample", first)
	}
	if len(c.chosen) < width {
		if c.time.value == nil || c.time.value.kind == nullNode {
			return fmt.Errorf("an object with %s, but without another of the channels %s: each sample needs a value of every channel, or a time by which they are joined", quoted(c.paths()), quoted(s.names))
		}
	}
	if err := r.values(c, k, list); err != nil {
		return err
	}
	m.mark64(has, k, len(c.chosen) < width)
	if c.time.value == nil {
		return nil
	}
	return r.stamp(c.time.value, k)
}

// values appends k samples of the channels that were chosen.
func (r *treeReader) values(c *picker, k int, list bool) error {
	s, m, width := r.s, r.m, len(r.s.names)
	from := len(m.samples)
	m.samples = slices.Grow(m.samples, k*width)[:from+k*width]
	for i := range width {
		f, ok := c.chosen[i]
		if !ok {
			for j := range k {
				m.samples[from+j*width+i] = nan
			}
			continue
		}
		conversion, err := s.convert(i, f.unit)
		if err != nil {
			return err
		}
		for j := range k {
			n := f.value
			if list {
				n = &f.value.list[j]
			}
			v, err := r.number(n, fmt.Sprintf(" as %q", f.path))
			if err != nil {
				return err
			}
			m.samples[from+j*width+i] = conversion.Of(v)
		}
	}
	return nil
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = strconv.Quote(n)
	}
	return strings.Join(list, ", ")
}
