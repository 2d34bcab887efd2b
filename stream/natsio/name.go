package natsio

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nats-io/nats.go"
)

// streamOf names the stream of a message: its subject, on which the server decides who may
// publish. HeaderStream, which every publisher chooses, divides the subject into streams
// SUBJECT#NAME. A subject that has a # itself ends in another one, so that no stream of
// one subject has the name of a stream of another.
//
// If trust is set HeaderStream replaces the subject: whoever may publish on any subject
// can then write into any stream.
func streamOf(subject string, h nats.Header, trust bool) (string, error) {
	name := h.Get(HeaderStream)
	stream := subject
	switch {
	case name != "" && trust:
		stream = name
	case name != "" && strings.Contains(name, "#"):
		return "", fmt.Errorf("%s %q: give a name without #, which stands between subject and name", HeaderStream, cut(name))
	case name != "":
		stream = subject + "#" + name
	case strings.Contains(subject, "#") && !trust:
		stream += "#"
	}
	return stream, checkName(stream)
}

// checkName refuses names that do not fit into a subject, or that look like another one.
func checkName(stream string) error {
	switch {
	case len(stream) > maxText:
		return fmt.Errorf("a stream name of %d bytes: give one of at most %d", len(stream), maxText)
	case !utf8.ValidString(stream):
		return fmt.Errorf("the stream name %q is not UTF-8", stream)
	case strings.ContainsFunc(stream, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return fmt.Errorf("the stream name %q has characters that cannot be seen: leave them out", stream)
	}
	return nil
}
