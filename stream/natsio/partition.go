package natsio

import (
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// mostTokens bounds the tokens of subjects that are divided into partitions.
const mostTokens = 12

// PartitionPrefix returns what Partition puts before the subjects of a partition:
// StoredOptions.Strip of the source that reads it.
func PartitionPrefix(partition int) string { return fmt.Sprintf("p.%d.", partition) }

// Partition returns how a stream that takes messages from another one divides them into n
// partitions: the subject S becomes p.K.S. The partition comes from all tokens of a subject;
// of subjects that belong together, from the tokens {NAME}, so that they come together.
// subject "" stands for all subjects.
func Partition(subject string, n int) ([]jetstream.SubjectTransformConfig, error) {
	if subject == "" {
		subject = ">"
	}
	p, err := parsePattern(subject)
	if err != nil {
		return nil, err
	}
	var all []jetstream.SubjectTransformConfig
	for i := range p.parts {
		sp := &p.parts[i]
		tokens := strings.Split(sp.subject, ".")
		least, most := len(tokens), len(tokens)
		if tokens[len(tokens)-1] == ">" {
			tokens, most = tokens[:len(tokens)-1], mostTokens
		}
		for length := least; length <= most; length++ {
			source := append([]string(nil), tokens...)
			for len(source) < length {
				source = append(source, "*")
			}
			t, err := transform(source, sp, len(p.parts) > 1, n)
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
	}
	return all, nil
}

// transform returns how subjects with these tokens are mapped. Only those that are wildcards
// can be named in a mapping.
func transform(tokens []string, sp *subjectPart, joined bool, n int) (t jetstream.SubjectTransformConfig, err error) {
	var by, to []string
	wildcards := 0
	for i, token := range tokens {
		if token != "*" {
			to = append(to, token)
			continue
		}
		wildcards++
		to = append(to, fmt.Sprintf("{{wildcard(%d)}}", wildcards))
		hole := false
		if i < len(sp.tokens) {
			_, hole = isHole(sp.tokens[i])
		}
		if hole || !joined {
			by = append(by, fmt.Sprint(wildcards))
		}
	}
	if len(by) == 0 {
		return t, fmt.Errorf("nats subject %q: one subject is one stream, which cannot be divided: give a wildcard", strings.Join(tokens, "."))
	}
	return jetstream.SubjectTransformConfig{
		Source:      strings.Join(tokens, "."),
		Destination: fmt.Sprintf("p.{{partition(%d,%s)}}.%s", n, strings.Join(by, ","), strings.Join(to, ".")),
	}, nil
}
