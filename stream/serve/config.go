// Package serve reads the configuration of a service of many pipelines, and keeps the
// pipelines running.
//
// A configuration is TOML: a table for each pipeline, [pipeline.NAME], with keys that the
// caller knows. Parse returns all that is wrong with it, each with its line and a remedy.
package serve

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// A Config is a configuration.
type Config struct {
	File      string
	Process   Table // of the process
	Pipelines []*Table
}

// A Table holds the keys of one pipeline, or of the process.
type Table struct {
	Name string // of the pipeline; "": of the process
	Line int
	Keys []Key // those of the pipeline, then those of [defaults] that it has not
}

// A Key is one setting.
type Key struct {
	Name   string
	Values []string // one, or those of a list
	List   bool
	Line   int
}

// Key returns the key of that name; nil if the table does not have it.
func (t *Table) Key(name string) *Key {
	for i := range t.Keys {
		if t.Keys[i].Name == name {
			return &t.Keys[i]
		}
	}
	return nil
}

// Known are the names of the keys that there may be.
type Known struct {
	Process, Pipeline []string
}

// An Error is something wrong with a configuration.
type Error struct {
	File     string
	Line     int    // 0: of no line in particular
	Pipeline string // "": of none
	Key      string // "": of none
	Err      error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Pipeline != "" {
		fmt.Fprintf(&b, "pipeline %s: ", e.Pipeline)
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	return b.String() + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Wrong returns an error about a key of t, which need not have it; "": about t itself.
func (c *Config) Wrong(t *Table, key string, err error) error {
	e := &Error{File: c.File, Line: t.Line, Pipeline: t.Name, Key: key, Err: err}
	if k := t.Key(key); k != nil {
		e.Line = k.Line
	}
	return e
}

const (
	pipelines = "pipeline"
	defaults  = "defaults"
)

// validName is that of a pipeline: it is a part of events, of figures and of messages.
var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Parse reads a configuration. Its error joins all that is wrong.
func Parse(file string, data []byte, known Known) (*Config, error) {
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		return nil, syntax(file, err)
	}
	p := &parser{c: &Config{File: file}, lines: linesOf(data)}
	base := p.table(tree[defaults], "", []string{defaults}, known.Pipeline)
	named, _ := tree[pipelines].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		p.pipeline(name, named[name], base, known.Pipeline)
	}
	slices.SortStableFunc(p.c.Pipelines, func(a, b *Table) int { return a.Line - b.Line })
	p.top(tree, known)
	if len(named) == 0 {
		p.wrong(0, "", "", errors.New("no pipeline: write a table [pipeline.NAME] with a model and a source"))
	}
	slices.SortStableFunc(p.errs, func(a, b error) int { return a.(*Error).Line - b.(*Error).Line })
	return p.c, errors.Join(p.errs...)
}

// syntax returns an error about the text itself.
func syntax(file string, err error) error {
	var d *toml.DecodeError
	if errors.As(err, &d) {
		line, column := d.Position()
		return &Error{File: file, Line: line, Err: fmt.Errorf("not TOML, at column %d: %s", column, strings.TrimPrefix(d.Error(), "toml: "))}
	}
	return &Error{File: file, Err: fmt.Errorf("not TOML: %s", strings.TrimPrefix(err.Error(), "toml: "))}
}

type parser struct {
	c     *Config
	lines map[string]int // by path
	errs  []error
}

func (p *parser) wrong(line int, pipeline, key string, err error) {
	p.errs = append(p.errs, &Error{File: p.c.File, Line: line, Pipeline: pipeline, Key: key, Err: err})
}

func (p *parser) line(path ...string) int { return p.lines[joined(path)] }

// top takes the keys of the process.
func (p *parser) top(tree map[string]any, known Known) {
	rest := map[string]any{}
	for name, v := range tree {
		_, table := v.(map[string]any)
		switch {
		case table && (name == pipelines || name == defaults):
		case name == pipelines || name == defaults:
			p.wrong(p.line(name), "", name, errors.New("give a table: [pipeline.NAME], or [defaults]"))
		case table:
			p.wrong(p.line(name), "", name, fmt.Errorf("no such table: tables are [defaults] and [pipeline.NAME], such as [pipeline.%s]", name))
		default:
			rest[name] = v
		}
	}
	p.c.Process.Line = 1
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if !slices.Contains(known.Process, name) && slices.Contains(known.Pipeline, name) {
			p.wrong(p.line(name), "", name, errors.New("a key of pipelines stands outside of them: put it into [defaults] for all, or into one [pipeline.NAME]"))
			delete(rest, name)
		}
	}
	p.c.Process.Keys = p.keys(rest, "", nil, known.Process)
}

// table takes the keys of a table that need not be there.
func (p *parser) table(v any, pipeline string, path []string, known []string) []Key {
	t, _ := v.(map[string]any)
	return p.keys(t, pipeline, path, known)
}

func (p *parser) pipeline(name string, v any, base []Key, known []string) {
	line := p.line(pipelines, name)
	t, ok := v.(map[string]any)
	switch {
	case !ok:
		p.wrong(line, name, "", fmt.Errorf("give a table [pipeline.%s] with a model and a source", name))
		return
	case !validName.MatchString(name):
		p.wrong(line, name, "", errors.New("the name of a pipeline has 1 to 64 letters, digits, - and _"))
		return
	}
	out := &Table{Name: name, Line: line, Keys: p.keys(t, name, []string{pipelines, name}, known)}
	for _, k := range base {
		if out.Key(k.Name) == nil {
			out.Keys = append(out.Keys, k)
		}
	}
	p.c.Pipelines = append(p.c.Pipelines, out)
}

// keys takes the keys of a table, in the order of their lines.
func (p *parser) keys(t map[string]any, pipeline string, path, known []string) (keys []Key) {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		line := p.line(append(slices.Clone(path), name)...)
		if !slices.Contains(known, name) {
			p.wrong(line, pipeline, name, unknown(name, known))
			continue
		}
		k := Key{Name: name, Line: line}
		var err error
		if list, ok := t[name].([]any); ok {
			k.List = true
			for _, v := range list {
				var s string
				if s, err = text(v); err != nil {
					break
				}
				k.Values = append(k.Values, s)
			}
		} else {
			k.Values = make([]string, 1)
			k.Values[0], err = text(t[name])
		}
		if err != nil {
			p.wrong(line, pipeline, name, err)
			continue
		}
		keys = append(keys, k)
	}
	slices.SortStableFunc(keys, func(a, b Key) int { return a.Line - b.Line })
	return keys
}

// text returns a value as the command line would have it.
func text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	}
	return "", errors.New("give a text, a number, true or false, or a list of these")
}

// unknown returns an error with the nearest key that there is.
func unknown(name string, known []string) error {
	same := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	best, least := "", len(name)/2+1
	for _, k := range known {
		if d := distance(same, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return fmt.Errorf("no such key: there are %s", strings.Join(known, ", "))
	}
	return fmt.Errorf("no such key: the nearest is %s", best)
}

// distance is the number of letters to change, insert, leave out or swap with the next one.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			switch {
			case i == 0 || j == 0:
				rows[i][j] = i + j
				continue
			case a[i-1] == b[j-1]:
				rows[i][j] = rows[i-1][j-1]
			default:
				rows[i][j] = 1 + min(rows[i-1][j], rows[i][j-1], rows[i-1][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], 1+rows[i-2][j-2])
			}
		}
	}
	return rows[len(a)][len(b)]
}
