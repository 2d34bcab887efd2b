package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go"

	"inkling/internal/doctor"
	"inkling/stream/natsio"
)

// prefixes are those under which p publishes events.
func (p *target) prefixes() (all []string) {
	for _, to := range p.cmd.To {
		if prefix, ok := strings.CutPrefix(to, "nats"); ok {
			prefix = strings.TrimPrefix(prefix, ":")
			if prefix == "nats" || prefix == "" {
				prefix = natsio.DefaultPrefix
			}
			all = append(all, prefix)
		}
	}
	return all
}

// placeholder matches {device} in a subject.
var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// subjects are those on which p listens.
func (p *target) subjects() (all []string) {
	if p.speaks("nats:") {
		for part := range strings.SplitSeq(strings.TrimPrefix(p.cmd.Source[0], "nats:"), "+") {
			all = append(all, placeholder.ReplaceAllString(part, "*"))
		}
	}
	if p.cmd.Service != "" {
		all = append(all, p.cmd.Service)
	}
	return all
}

// brokers looks at the NATS servers that the targets use, each once. Without one it looks
// whether there is one at the address otherwise.
func (c *doctorCmd) brokers(ctx context.Context, targets []target, otherwise string) (found []doctor.Finding) {
	var order []natsFlags
	all := map[natsFlags]*doctor.Broker{}
	for _, p := range targets {
		flags := p.cmd.natsFlags
		subjects, prefixes := p.subjects(), p.prefixes()
		used := len(subjects)+len(prefixes) > 0 || p.speaks(storedPrefix)
		if !used && (c.configured() || flags.URLs == "" && flags.Context == "") {
			continue
		}
		b := all[flags]
		if b == nil {
			order = append(order, flags)
			b = newBroker(flags)
			all[flags] = b
		}
		b.Subscribes = append(b.Subscribes, subjects...)
		for _, prefix := range prefixes {
			b.Publishes = append(b.Publishes, prefix+".>")
		}
		if p.speaks(storedPrefix) {
			stream, _, _ := strings.Cut(strings.TrimPrefix(p.cmd.Source[0], storedPrefix), "/")
			b.Streams = append(b.Streams, stream)
		}
	}
	for _, flags := range order {
		found = append(found, all[flags].Check(ctx)...)
	}
	if len(order) == 0 && !c.configured() {
		found = newBroker(natsFlags{URLs: otherwise}).Check(ctx)
		if doctor.Worst(found) == doctor.Fail { // nobody needs it
			there := "none answers on this machine"
			if strings.Contains(found[0].Text, nats.ErrAuthorization.Error()) {
				there = "the one on this machine refuses a connection without credentials"
			}
			found = []doctor.Finding{{Check: "broker", Level: doctor.OK, Text: "no NATS server was named, and " + there + ": nothing here needs one"}}
		}
	}
	return found
}

// newBroker is the server that flags name. One that only the selected context of the nats
// command line names is not asked, unless it is on this machine.
func newBroker(flags natsFlags) *doctor.Broker {
	where := cmp.Or(flags.URLs, flags.Context, nats.DefaultURL)
	b := &doctor.Broker{Where: natsio.Redact(where)}
	b.Connect = func(more ...nats.Option) (*nats.Conn, error) {
		more = append(more, func(o *nats.Options) error { // a context names its servers only here
			if urls := cmp.Or(strings.Join(o.Servers, ","), o.Url); urls != "" {
				b.Where = natsio.Redact(urls)
			}
			return nil
		})
		if flags.URLs == "" && flags.Context == "" {
			more = append(more, func(o *nats.Options) error {
				for _, u := range append(o.Servers, o.Url) {
					if u != "" && !doctor.Local(u) {
						return fmt.Errorf("the selected context of nats names %s, which is not asked unless it is named here: --context NAME, or --urls", natsio.Redact(u))
					}
				}
				return nil
			})
		}
		return flags.connect(more...)
	}
	return b
}
