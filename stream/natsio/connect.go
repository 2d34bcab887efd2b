// Package natsio connects streams to NATS: a source that reads any number of
// subjects, a sink that publishes events, and a micro service that labels whole
// segments on request. docs/nats.md lists subjects, headers and content types.
package natsio

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/synadia-io/orbit.go/natscontext"
)

// Options of a connection. The zero value is the server on this machine.
type Options struct {
	URLs    string // comma-separated [nats://127.0.0.1:4222]
	Context string // of the nats command line; other fields go before it
	Creds   string // credentials file
	NKey    string // seed file
	CA      string // certificates to trust
	Cert    string // client certificate and key
	Key     string
	Name    string // of the connection [inkling]
}

// Connect connects, and stays connected for ever: an outage is waited out, and
// what is published meanwhile is kept up to 32 MB. more are options of nats.go,
// such as nats.InProcessServer.
func Connect(o Options, more ...nats.Option) (*nats.Conn, error) {
	if o.Name == "" {
		o.Name = "inkling"
	}
	opts := []nats.Option{
		nats.Name(o.Name), nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(50*time.Millisecond, 100*time.Millisecond), nats.ReconnectBufSize(32 << 20),
		nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(5 * time.Second),
	}
	auth, err := o.authentication()
	if err != nil {
		return nil, err
	}
	opts = append(append(opts, auth...), more...)
	if o.Context != "" && o.URLs == "" {
		nc, _, err := natscontext.Connect(o.Context, opts...)
		if err != nil {
			return nil, fmt.Errorf("nats context %q: %w (`nats context ls` lists them)", o.Context, err)
		}
		return nc, nil
	}
	url := o.URLs
	if url == "" {
		url = nats.DefaultURL
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return nil, fmt.Errorf("nats %s: %w: is a server there? Start one with `nats-server`, or name it with --urls", redact(url), err)
	}
	return nc, nil
}

func (o *Options) authentication() (opts []nats.Option, err error) {
	for _, f := range []string{o.Creds, o.NKey, o.CA, o.Cert, o.Key} {
		if f == "" {
			continue
		}
		if _, err := os.Stat(f); err != nil {
			return nil, err
		}
	}
	if o.Creds != "" {
		opts = append(opts, nats.UserCredentials(o.Creds))
	}
	if o.NKey != "" {
		opt, err := nats.NkeyOptionFromSeed(o.NKey)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.NKey, err)
		}
		opts = append(opts, opt)
	}
	if o.CA != "" {
		opts = append(opts, nats.RootCAs(o.CA))
	}
	if (o.Cert == "") != (o.Key == "") {
		return nil, fmt.Errorf("a client certificate needs both --tls-cert and --tls-key")
	}
	if o.Cert != "" {
		opts = append(opts, nats.ClientCert(o.Cert, o.Key))
	}
	return opts, nil
}

// redact hides user names and passwords of URLs.
func redact(urls string) string {
	parts := strings.Split(urls, ",")
	for i, u := range parts {
		if scheme, rest, ok := strings.Cut(u, "://"); ok {
			if at := strings.LastIndexByte(rest, '@'); at >= 0 {
				parts[i] = scheme + "://…" + rest[at:]
			}
		}
	}
	return strings.Join(parts, ",")
}
