package natsio

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/synadia-io/orbit.go/natscontext"
)

// Options configures a connection. The zero value is the server on this machine.
type Options struct {
	URLs     string // comma-separated [the context's, or nats://127.0.0.1:4222]
	Context  string // context of the nats command line; the other fields override it
	Selected bool   // without URLs and Context, use the context that `nats context select` chose, if there is one
	User     string // name, with Password
	Password string
	Token    string // instead of User and Password
	Creds    string // credentials file
	NKey     string // seed file
	CA       string // file of certificates to trust
	Cert     string // files of a client certificate and its key
	Key      string
	Name     string // of the connection [inkling]
}

// Connect connects, and keeps reconnecting for ever, also after the server has refused the
// credentials. What is published during an outage fails at once: a Sink waits and tries
// again. more are options of nats.go, such as nats.InProcessServer.
func Connect(o Options, more ...nats.Option) (*nats.Conn, error) {
	opts := []nats.Option{
		nats.Name(cmp.Or(o.Name, "inkling")), nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond),
		nats.ReconnectJitter(50*time.Millisecond, 100*time.Millisecond), nats.ReconnectBufSize(-1),
		nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(5 * time.Second), nats.FlusherTimeout(5 * time.Second),
		nats.ErrorHandler(printError), nats.IgnoreAuthErrorAbort(), // wrong credentials may be right again
	}
	auth, err := o.authentication()
	if err != nil {
		return nil, err
	}
	var urls string
	opts = append(append(append(opts, auth...), o.servers(&urls)), more...)
	if o.Context == "" && (o.URLs != "" || !o.Selected) {
		nc, err := nats.Connect(o.URLs, opts...)
		return nc, explain("nats", urls, err)
	}
	nc, _, err := natscontext.Connect(o.Context, opts...)
	name := fmt.Sprintf("nats context %q", o.Context)
	if o.Context == "" {
		name = "the selected nats context"
	}
	return nc, explain(name, urls, err)
}

// servers replaces the servers of a context by URLs, if there are any, and stores in urls
// which ones are used.
func (o *Options) servers(urls *string) nats.Option {
	return func(n *nats.Options) error {
		if o.URLs != "" {
			n.Servers = strings.Split(o.URLs, ",")
		}
		*urls = cmp.Or(strings.Join(n.Servers, ","), nats.DefaultURL)
		return nil
	}
}

// explain says which server failed, and what to do about it. from says where the URLs come
// from; they are empty if a context could not be read.
func explain(from, urls string, err error) error {
	switch {
	case err == nil:
		return nil
	case urls == "":
		return fmt.Errorf("%s: %w (`nats context ls` lists the contexts, `nats context select` chooses one)", from, err)
	}
	from += " " + redact(urls)
	err = redactError(err, urls)
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked) {
		return fmt.Errorf("%s: %w: the server is there and refuses the credentials: correct Options.User and Options.Password, Options.Creds or Options.NKey", from, err)
	}
	return fmt.Errorf("%s: %w: start a server there (`nats-server`), or name another in Options.URLs", from, err)
}

// printError is nats.go's default handler of asynchronous errors, given a name so that a
// Source, which reports the errors itself, can recognise it.
func printError(_ *nats.Conn, _ *nats.Subscription, err error) { fmt.Fprintln(os.Stderr, "nats:", err) }

func (o *Options) authentication() (opts []nats.Option, err error) {
	for _, f := range []string{o.Creds, o.NKey, o.CA, o.Cert, o.Key} {
		if f == "" {
			continue
		}
		if _, err := os.Stat(f); err != nil {
			return nil, redactError(err, f) // a URL that was meant for Options.URLs
		}
	}
	identity, err := o.identity()
	if err != nil {
		return nil, err
	}
	if identity != nil {
		opts = append(opts, nobody, identity)
	}
	if o.CA != "" {
		opts = append(opts, nats.RootCAs(o.CA))
	}
	if (o.Cert == "") != (o.Key == "") {
		return nil, errors.New("a client certificate needs both Options.Cert and Options.Key")
	}
	if o.Cert != "" {
		opts = append(opts, nats.ClientCert(o.Cert, o.Key))
	}
	return opts, nil
}

// identity returns who connects; nil: who the URL or the context says.
func (o *Options) identity() (nats.Option, error) {
	var given []string
	for _, f := range [][2]string{{o.User, "Options.User"}, {o.Token, "Options.Token"}, {o.Creds, "Options.Creds"}, {o.NKey, "Options.NKey"}} {
		if f[0] != "" {
			given = append(given, f[1])
		}
	}
	if len(given) == 0 && o.Password != "" {
		return nil, errors.New("Options.Password needs Options.User")
	}
	if len(given) == 0 {
		return nil, nil
	}
	if len(given) > 1 {
		return nil, fmt.Errorf("%s each say who connects: give one of them", strings.Join(given, " and "))
	}
	for _, u := range servers(o.URLs) {
		if userinfo(u) != "" {
			return nil, fmt.Errorf("%s and the URL %s both say who connects: give one of them", given[0], redact(u))
		}
	}
	switch {
	case o.User != "":
		return nats.UserInfo(o.User, o.Password), nil
	case o.Token != "":
		return nats.Token(o.Token), nil
	case o.Creds != "":
		return nats.UserCredentials(o.Creds), nil
	}
	opt, err := nats.NkeyOptionFromSeed(o.NKey)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.NKey, err)
	}
	return opt, nil
}

// nobody removes the identity of a context. That of its URL counts all the same.
func nobody(n *nats.Options) error {
	n.User, n.Password, n.Token, n.Nkey, n.UserJWT, n.SignatureCB = "", "", "", "", nil, nil
	return nil
}

// Redact hides user names and passwords of URLs, with a scheme or without.
func Redact(urls string) string { return redact(urls) }

func redact(urls string) string {
	parts := servers(urls)
	for i, u := range parts {
		if secret := userinfo(u); secret != "" {
			parts[i] = strings.Replace(u, secret+"@", "…@", 1)
		}
	}
	return strings.Join(parts, ",")
}

// servers divides a list of URLs. A comma before what can only be the end of a password, as
// in user:a,b@host, divides none.
func servers(urls string) (list []string) {
	for u := range strings.SplitSeq(urls, ",") {
		secret := userinfo(u)
		for secret != "" && len(list) > 0 && !strings.Contains(u, "://") && !strings.Contains(userinfo(u), ":") {
			u = list[len(list)-1] + "," + u
			list = list[:len(list)-1]
		}
		list = append(list, u)
	}
	return list
}

// userinfo returns what stands before the @ of a URL, which need not parse.
func userinfo(u string) string {
	if _, rest, ok := strings.Cut(u, "://"); ok {
		u = rest
	}
	if host, _, ok := strings.Cut(u, "/"); ok && strings.Contains(host, "@") {
		u = host // an @ of the path is none
	}
	return u[:max(strings.LastIndexByte(u, '@'), 0)]
}

// A redacted error has the text of another without the secrets of its URLs.
type redacted struct {
	error
	text string
}

func redactError(err error, urls string) error {
	text := err.Error()
	for _, u := range servers(urls) {
		if secret := userinfo(u); secret != "" {
			text = strings.ReplaceAll(text, secret+"@", "…@")
			if _, password, ok := strings.Cut(secret, ":"); ok && password != "" {
				for _, part := range append([]string{password}, strings.Split(password, ",")...) {
					if part != "" {
						text = strings.ReplaceAll(text, part, "…")
					}
				}
			}
		}
	}
	return &redacted{err, text}
}

func (e *redacted) Error() string { return e.text }

func (e *redacted) Unwrap() error { return e.error }
