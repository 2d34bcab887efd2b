// Package arff reads the attribute-relation files of Weka, in the forms in which the UEA and
// UCR archives have them: a row of values per series, or a relational attribute with a row
// per channel.
package arff

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Kind is the type of an attribute.
type Kind int

const (
	Numeric    Kind = iota // also real and integer
	Nominal                // one of Values
	Text                   // string
	Date                   // date
	Relational             // rows of Sub
)

// An Attribute describes a column.
type Attribute struct {
	Name   string
	Kind   Kind
	Values []string    // Nominal: in the order of the file
	Sub    []Attribute // Relational
}

// A Reader reads the rows of a file. Errors name file, line and remedy.
type Reader struct {
	Relation   string
	Attributes []Attribute

	name string
	b    *bufio.Reader
	line int
	err  error // of reading, returned after the last line
}

// A LineError reports a malformed row. The rows after it can still be read.
type LineError struct {
	Name string
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// NewReader reads the head of a file. r is text without a byte order mark whose lines are
// bounded; name is for messages.
func NewReader(r io.Reader, name string) (*Reader, error) {
	t := &Reader{name: name, b: bufio.NewReaderSize(r, 1<<16)}
	nest := (*Attribute)(nil) // the relational attribute that is being declared
	for {
		line, err := t.next()
		if err == io.EOF {
			return nil, fmt.Errorf("%s: there is no @data line: the file is cut off, or not an ARFF file; copy it again", name)
		}
		if err != nil {
			return nil, err
		}
		word, rest := cutWord(line)
		switch strings.ToLower(word) {
		case "@relation":
			t.Relation, _, _ = token(rest)
		case "@attribute":
			a, err := parseAttribute(rest)
			if err != nil {
				return nil, t.wrap(err)
			}
			switch {
			case nest == nil && a.Kind == Relational:
				nest = &a
			case nest == nil:
				t.Attributes = append(t.Attributes, a)
			case a.Kind != Numeric:
				return nil, t.wrap(fmt.Errorf("the attribute %s within %s is not numeric: only signals of numbers are read", a.Name, nest.Name))
			default:
				nest.Sub = append(nest.Sub, a)
			}
		case "@end":
			if nest == nil {
				return nil, t.wrap(errors.New("@end ends no relational attribute: delete the line"))
			}
			t.Attributes, nest = append(t.Attributes, *nest), nil
		case "@data":
			if nest != nil {
				return nil, t.wrap(fmt.Errorf("the relational attribute %s has no @end: add the line @end %s", nest.Name, nest.Name))
			}
			if len(t.Attributes) == 0 {
				return nil, t.wrap(errors.New("there is no @attribute before @data: the file is damaged, copy it again"))
			}
			return t, nil
		default:
			return nil, t.wrap(fmt.Errorf("%.40q is where @relation, @attribute or @data belongs", line))
		}
	}
}

func (t *Reader) wrap(err error) error { return &LineError{t.name, t.line, err} }

// Line returns the number of the last line read, from 1.
func (t *Reader) Line() int { return t.line }

// next returns the next line that is neither empty nor a comment.
func (t *Reader) next() (string, error) {
	for t.err == nil {
		line, err := t.b.ReadString('\n')
		t.err = err
		if line == "" {
			break
		}
		t.line++
		if line = strings.TrimSpace(line); line != "" && line[0] != '%' {
			return line, nil
		}
	}
	if t.err != io.EOF {
		return "", fmt.Errorf("%s: after line %d: %w", t.name, t.line, t.err)
	}
	return "", io.EOF
}

// Read returns the values of the next row, one per attribute, without quotes, or io.EOF.
// After a *LineError the next row can be read.
func (t *Reader) Read() ([]string, error) {
	line, err := t.next()
	if err != nil {
		return nil, err
	}
	if line[0] == '{' {
		return nil, t.wrap(errors.New("the row is sparse: save the file with all values, as Weka's SparseToNonSparse filter does"))
	}
	row := make([]string, 0, min(len(t.Attributes), len(line)/2+1))
	for more := true; more; {
		var v string
		if v, line, err = token(line); err != nil {
			return nil, t.wrap(err)
		}
		line = strings.TrimLeft(line, " \t")
		if row = append(row, v); len(row) > len(t.Attributes) {
			return nil, t.wrap(fmt.Errorf("more values than the %d attributes: correct the row or delete it", len(t.Attributes)))
		}
		if line == "" {
			break
		}
		if line, more = strings.CutPrefix(line, ","); !more {
			return nil, t.wrap(fmt.Errorf("%.20q follows a value: separate values by commas", line))
		}
		line = strings.TrimLeft(line, " \t")
	}
	if len(row) != len(t.Attributes) {
		return nil, t.wrap(fmt.Errorf("%d values for %d attributes: complete the row or delete it", len(row), len(t.Attributes)))
	}
	return row, nil
}

// cutWord returns the first word of s, and what follows it.
func cutWord(s string) (word, rest string) {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], strings.TrimLeft(s[i:], " \t")
	}
	return s, ""
}

// token returns the value at the begin of s, which ends at a comma, at blanks or at its
// closing quote.
func token(s string) (value, rest string, err error) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		i := strings.IndexAny(s, ",{")
		if i < 0 {
			i = len(s)
		}
		return strings.TrimRight(s[:i], " \t"), s[i:], nil
	}
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(unescape(s[i]))
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", fmt.Errorf("the quote %c is not closed: the row may be cut off", quote)
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	}
	return c
}

// parseAttribute reads what follows @attribute.
func parseAttribute(s string) (a Attribute, err error) {
	if s == "" {
		return a, errors.New("@attribute has neither name nor type")
	}
	if s[0] == '\'' || s[0] == '"' {
		if a.Name, s, err = token(s); err != nil {
			return a, err
		}
	} else if i := strings.IndexByte(s, '{'); i > 0 && !strings.ContainsAny(s[:i], " \t") {
		a.Name, s = s[:i], s[i:]
	} else {
		a.Name, s = cutWord(s)
	}
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "{") {
		a.Kind = Nominal
		a.Values, err = parseValues(s)
		return a, err
	}
	kind, _ := cutWord(s)
	switch strings.ToLower(kind) {
	case "numeric", "real", "integer":
	case "string":
		a.Kind = Text
	case "date":
		a.Kind = Date
	case "relational":
		a.Kind = Relational
	default:
		return a, fmt.Errorf("the attribute %s has the type %.20q: numeric, real, integer, string, relational and {a,b} are read", a.Name, kind)
	}
	return a, nil
}

// parseValues reads {a, b, 'c d'}.
func parseValues(s string) (values []string, err error) {
	inside, ok := strings.CutSuffix(s[1:], "}")
	if !ok {
		return nil, errors.New("the values of the attribute have no closing brace")
	}
	for s = strings.TrimSpace(inside); s != ""; {
		var v string
		if v, s, err = token(s); err != nil {
			return nil, err
		}
		values = append(values, v)
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			break
		}
		if s, ok = strings.CutPrefix(s, ","); !ok {
			return nil, fmt.Errorf("%.20q follows a value: separate values by commas", s)
		}
		s = strings.TrimLeft(s, " \t")
	}
	if len(values) == 0 {
		return nil, errors.New("the attribute has no values between its braces")
	}
	sorted := slices.Sorted(slices.Values(values))
	if len(slices.Compact(sorted)) != len(values) {
		return nil, errors.New("the attribute names a value twice")
	}
	return values, nil
}
