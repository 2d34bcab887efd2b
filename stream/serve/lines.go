package serve

import (
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// linesOf returns the line of each key and table of a text that is TOML, by its path.
func linesOf(data []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(data)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		path, line := pathOf(&p, e)
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = path
		case unstable.KeyValue:
			path = append(table[:len(table):len(table)], path...)
			inner(&p, lines, path, e.Value())
		default:
			continue
		}
		note(lines, path, line)
	}
	return lines
}

// inner notes the lines of an inline table.
func inner(p *unstable.Parser, lines map[string]int, path []string, v *unstable.Node) {
	if v.Kind != unstable.InlineTable {
		return
	}
	for c := v.Children(); c.Next(); {
		key, line := pathOf(p, c.Node())
		below := append(path[:len(path):len(path)], key...)
		note(lines, below, line)
		inner(p, lines, below, c.Node().Value())
	}
}

// note notes where a path, and all above it, stand first.
func note(lines map[string]int, path []string, line int) {
	for n := 1; n <= len(path); n++ {
		if at := joined(path[:n]); lines[at] == 0 {
			lines[at] = line
		}
	}
}

func pathOf(p *unstable.Parser, e *unstable.Node) (path []string, line int) {
	if e.Kind != unstable.KeyValue && e.Kind != unstable.Table && e.Kind != unstable.ArrayTable {
		return nil, 0
	}
	for k := e.Key(); k.Next(); {
		n := k.Node()
		if path = append(path, string(n.Data)); line == 0 {
			line = p.Shape(n.Raw).Start.Line
		}
	}
	return path, line
}

// joined makes one text of a path; no key holds the separator unless it is escaped oddly.
func joined(path []string) string { return strings.Join(path, "\x00") }
