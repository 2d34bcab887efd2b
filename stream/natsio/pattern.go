package natsio

import (
	"fmt"
	"slices"
	"strings"
)

// A pattern is what a source listens to: a subject, or several that belong together, as
// sensors.{device}.accel+sensors.{device}.gyro. A token {NAME} stands for any token. Each
// choice of such tokens is one stream.
type pattern struct {
	text  string
	parts []subjectPart
}

// A subjectPart is one subject of a pattern.
type subjectPart struct {
	subject string // to subscribe to
	tokens  []string
	label   string // what tells the part from the others: it may precede the names of fields
}

const subjectSyntax = ": give tokens between dots, * for one token, > at the end for the rest"

func parsePattern(text string) (*pattern, error) {
	p := &pattern{text: text}
	for part := range strings.SplitSeq(text, "+") {
		sp := subjectPart{tokens: strings.Split(part, ".")}
		tokens := slices.Clone(sp.tokens)
		for i, t := range tokens {
			if _, ok := isHole(t); ok {
				tokens[i] = "*"
			} else if strings.ContainsAny(t, "{}") {
				return nil, fmt.Errorf("nats subject %q: %q is no name in braces that is a whole token, such as {device}", text, t)
			}
		}
		if sp.subject = strings.Join(tokens, "."); !valid(sp.subject) {
			return nil, fmt.Errorf("nats subject %q%s", text, subjectSyntax)
		}
		p.parts = append(p.parts, sp)
	}
	if len(p.parts) == 1 {
		return p, nil
	}
	return p, p.check()
}

// isHole returns the name of a token {NAME}.
func isHole(token string) (name string, ok bool) {
	name, ok = strings.CutPrefix(token, "{")
	if ok {
		name, ok = strings.CutSuffix(name, "}")
	}
	return name, ok && name != "" && !strings.ContainsAny(name, "{}")
}

// check checks several subjects, and labels them.
func (p *pattern) check() error {
	holes := p.parts[0].holes()
	for i := range p.parts {
		sp := &p.parts[i]
		if strings.ContainsAny(strings.Join(sp.tokens, "."), "*>") {
			return fmt.Errorf("nats subject %q: name what differs between streams, {device}, instead of * and >", p.text)
		}
		if !slices.Equal(sp.holes(), holes) {
			return fmt.Errorf("nats subject %q: the names in braces differ between its subjects: give the same in each, such as {device}", p.text)
		}
		for _, t := range sp.tokens {
			if _, hole := isHole(t); !hole && slices.ContainsFunc(p.parts, func(o subjectPart) bool { return !slices.Contains(o.tokens, t) }) {
				sp.label = strings.Trim(sp.label+"."+t, ".")
			}
		}
		for k := range i {
			if overlaps(p.parts[k].subject, sp.subject) {
				return fmt.Errorf("nats subject %q: a message may be of both %s and %s: give subjects that differ", p.text, p.parts[k].subject, sp.subject)
			}
		}
	}
	return nil
}

// holes returns the sorted names in braces.
func (sp *subjectPart) holes() (names []string) {
	for _, t := range sp.tokens {
		if name, ok := isHole(t); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// stream returns the name of the stream that a message of a part is of: its subject, or all
// subjects that belong together with a + between them.
func (p *pattern) stream(part int, subject string) string {
	if len(p.parts) == 1 {
		return subject
	}
	given := map[string]string{}
	tokens := strings.Split(subject, ".")
	for i, t := range p.parts[part].tokens {
		if name, ok := isHole(t); ok && i < len(tokens) {
			given[name] = tokens[i]
		}
	}
	var b strings.Builder
	for i := range p.parts {
		if i > 0 {
			b.WriteByte('+')
		}
		for k, t := range p.parts[i].tokens {
			if k > 0 {
				b.WriteByte('.')
			}
			if name, ok := isHole(t); ok {
				t = given[name]
			}
			b.WriteString(t)
		}
	}
	return b.String()
}

// cover returns one subject that all parts are of. Messages of several subscriptions have no
// order among each other, those of one have.
func (p *pattern) cover() string {
	if len(p.parts) == 1 {
		return p.parts[0].subject
	}
	tokens := strings.Split(p.parts[0].subject, ".")
	for i := range p.parts {
		other := strings.Split(p.parts[i].subject, ".")
		for k := range min(len(tokens), len(other)) {
			if tokens[k] != other[k] && tokens[k] != ">" {
				tokens[k] = "*"
			}
		}
		if n := min(len(tokens), len(other)); len(tokens) != len(other) {
			tokens = append(tokens[:n-1:n-1], ">")
		}
	}
	return strings.Join(tokens, ".")
}

// part returns the part that a subject is of; −1: none.
func (p *pattern) part(subject string) int {
	if len(p.parts) == 1 {
		return 0
	}
	return slices.IndexFunc(p.parts, func(sp subjectPart) bool { return overlaps(sp.subject, subject) })
}
