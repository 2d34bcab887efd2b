package table

import (
	"regexp"
	"strings"
)

var sentence = regexp.MustCompile(`\S[\s:=]+\S`)

// isComment reports whether a line of a table of signals is a comment.
func isComment(s string) bool {
	s = strings.TrimLeft(s, " \t\"")
	return strings.HasPrefix(s, "#") || strings.HasPrefix(s, "%") || strings.HasPrefix(s, "//")
}

var rule = regexp.MustCompile(`^[-=+|:,;\s]*(--|==)[-=+|:,;\s]*$`)

// isRule reports whether a line only draws a line.
func isRule(s string) bool { return rule.MatchString(s) }

var unitLike = regexp.MustCompile(`^([\[(].*[\])]|.*[/^²³°%µμΩ].*|[munkM]?([sgVATNJW]|Hz|Pa|bar|rad|m|bpm|lx)|deg|degC|dps|dB|us|sec|min|h|counts?|bpm|a\.?u\.?|[CFK]|-|)$`)

// isUnits reports whether cells are units: each may be one, and some are.
func isUnits(cells []string) bool {
	some := false
	for _, s := range cells {
		if s = strings.TrimSpace(s); !unitLike.MatchString(s) {
			return false
		}
		some = some || s != ""
	}
	return some
}
