package natsio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/table"
)

// A schema says what the fields of a stream's messages are. It learns from the messages
// what they do not say each time.
type schema struct {
	f     *Format
	part  string            // of the subject, which may precede the names of fields
	names []string          // of the channels; nil: unknown
	known map[string]target // what paths have been found to be
	from  []string          // the path of each channel, once it has had a value
	units map[string]table.Conversion
	notes []string // that have not been told yet
	noted map[string]bool
}

// A target is what a field is.
type target struct {
	channel int // −1: none
	rank    int // how well the name fits; the least is the best
}

func newSchema(f *Format, part string) *schema {
	return &schema{f: f, part: part, names: f.Names, from: make([]string, len(f.Names))}
}

// note notes, once, what the sender may not expect.
func (s *schema) note(text string) {
	if s.noted[text] || len(s.noted) > 64 {
		return
	}
	if s.noted == nil {
		s.noted = map[string]bool{}
	}
	s.noted[text] = true
	s.notes = append(s.notes, text)
}

// learn names the channels of a stream whose names are unknown.
func (s *schema) learn(names []string) {
	s.names, s.from, s.known = slices.Clone(names), make([]string, len(names)), nil
}

// mostKnown bounds the paths that are remembered.
const mostKnown = 1 << 10

// target returns what the field at a path is.
func (s *schema) target(path string) target {
	if t, ok := s.known[path]; ok {
		return t
	}
	t := s.match(path)
	if s.known == nil {
		s.known = map[string]target{}
	}
	if len(s.known) < mostKnown {
		s.known[strings.Clone(path)] = t
	}
	return t
}

// match finds the channel that a path names: as it is, or but for case and the signs
// between its words; with the subject's part before it; with more before it than the
// channel's name has; or with less, if that is the end of one channel's name only.
func (s *schema) match(path string) target {
	if i := slices.Index(s.names, path); i >= 0 {
		return target{i, 0}
	}
	p := words(path)
	if p == "" {
		return target{-1, 0}
	}
	if s.part != "" {
		if i := s.index(func(name string) bool { return name == words(s.part)+"."+p }); i >= 0 {
			return target{i, 0}
		}
	}
	if i := s.index(func(name string) bool { return name == p }); i >= 0 {
		return target{i, 1}
	}
	long := -1
	for i, name := range s.names {
		if w := words(name); strings.HasSuffix(p, "."+w) && (long < 0 || len(w) > len(words(s.names[long]))) {
			long = i
		}
	}
	if long >= 0 {
		return target{long, 2}
	}
	if i := s.index(func(name string) bool { return strings.HasSuffix(name, "."+p) }); i >= 0 && s.part == "" {
		return target{i, 3}
	}
	return target{-1, 0}
}

// index returns the one channel whose name, in words, fits; −1 if there is none or several.
func (s *schema) index(fits func(name string) bool) int {
	found := -1
	for i, name := range s.names {
		if fits(words(name)) {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// words returns a name in lower case, with dots between its words and without words that
// only say that a value follows.
func words(name string) string {
	list := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("._-/: ", r) })
	kept := list[:0:len(list)]
	for _, w := range list {
		if !isWrapper(w) || len(list) == 1 {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, ".")
}

// isWrapper reports whether a word only says that values follow.
func isWrapper(word string) bool {
	switch word {
	case "v", "value", "values", "val", "data", "payload", "reading", "readings", "samples", "measurements":
		return true
	}
	return false
}

// came notes the path by which a channel had a value. Two paths of one channel are refused.
func (s *schema) came(channel int, path string) error {
	switch before := s.from[channel]; before {
	case path:
	case "":
		s.from[channel] = strings.Clone(path)
	default:
		if words(before) == words(path) {
			return nil
		}
		return fmt.Errorf("both %q and %q are the channel %q: name each channel by the whole name of its field (Format.Names)", cut(before), cut(path), s.names[channel])
	}
	return nil
}

// convert returns how the values of a channel become those of the unit that it should
// have.
func (s *schema) convert(channel int, unit string) (table.Conversion, error) {
	if unit == "" || channel >= len(s.f.Units) || s.f.Units[channel] == "" {
		return table.Conversion{}, nil
	}
	key := strconv.Itoa(channel) + " " + unit
	if c, ok := s.units[key]; ok {
		return c, nil
	}
	c, err := table.Convert(s.names[channel], cut(unit), s.f.Units[channel])
	if err != nil {
		return c, err
	}
	if c != (table.Conversion{}) {
		s.note(fmt.Sprintf("%q is converted from %s to %s", s.names[channel], cut(unit), s.f.Units[channel]))
	}
	if s.units == nil {
		s.units = map[string]table.Conversion{}
	}
	if len(s.units) < mostKnown {
		s.units[key] = c
	}
	return c, nil
}
