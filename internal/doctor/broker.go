package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Broker is a NATS server, and what it is used for.
type Broker struct {
	Where      string // its URLs, without passwords
	Connect    func(...nats.Option) (*nats.Conn, error)
	Subscribes []string // subjects that are listened on
	Publishes  []string // subjects that are published on
	Streams    []string // JetStream streams that are read
}

const (
	slowTrip      = 100 * time.Millisecond
	longestAnswer = 4 * time.Second
	longestLook   = 20 * time.Second
	leastServer   = "2.10.0" // what is tested
	batchServer   = "2.12.0" // stores batches atomically
)

// Check connects to the server and looks at it. It publishes nothing.
func (b *Broker) Check(ctx context.Context) (all []Finding) {
	const check = "broker"
	ctx, cancel := context.WithTimeout(ctx, longestLook)
	defer cancel()
	ignore := func(*nats.Conn, *nats.Subscription, error) {} // rights asks each subscription
	nc, err := b.Connect(nats.MaxReconnects(0), nats.IgnoreDiscoveredServers(), nats.PermissionErrOnSubscribe(true), nats.ErrorHandler(ignore))
	if err != nil {
		return []Finding{fail(check, b.unreached(err), "%v", err)}
	}
	defer nc.Close()
	trip, err := roundTrip(nc)
	if err != nil {
		return []Finding{fail(check, "nats server check connection --server "+b.Where, "%s: it answers no ping: %v", b.Where, err)}
	}
	milliseconds := float64(trip.Microseconds()) / 1e3
	f := ok(check, "%s: nats-server %s, there and back in %s", b.Where, nc.ConnectedServerVersion(), trip.Round(10*time.Microsecond))
	if trip > slowTrip {
		f = warn(check, "ping -c 10 "+b.machine(), "%s: there and back takes %s: labels come as much later", b.Where, trip.Round(time.Millisecond))
	}
	all = append(all, f.with("round_trip_ms", milliseconds))
	version := nc.ConnectedServerVersion()
	if older(version, leastServer) {
		all = append(all, warn(check, "install nats-server "+batchServer+" or later", "nats-server %s is older than %s, with which nothing here is tested", version, leastServer))
	}
	all = append(all, b.rights(ctx, nc)...)
	return append(all, b.storage(ctx, nc, version)...)
}

// unreached returns the command for a connection that failed.
func (b *Broker) unreached(err error) string {
	var name *net.DNSError
	text := err.Error()
	switch {
	case errors.As(err, &name):
		return "getent hosts " + name.Name
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Sprintf("nats account info --server %s --user NAME --password …, until it answers; then the same here, or in /etc/inkling/environment", b.Where)
	case strings.Contains(text, "x509") || strings.Contains(text, "certificate") || strings.Contains(text, "tls"):
		return "openssl s_client -connect " + b.host() + ", and tls-ca = the certificate of its authority"
	case b.local():
		return "nats-server -js"
	}
	_, port, _ := net.SplitHostPort(b.host())
	return "nc -vz " + b.machine() + " " + port
}

// host returns host:port of the first URL.
func (b *Broker) host() string {
	u, _, _ := strings.Cut(b.Where, ",")
	if _, rest, found := strings.Cut(u, "://"); found {
		u = rest
	}
	u = strings.TrimPrefix(u, "…@")
	if _, _, err := net.SplitHostPort(u); err != nil {
		u = net.JoinHostPort(strings.Trim(u, "[]"), "4222")
	}
	return u
}

// machine returns the host of the first URL.
func (b *Broker) machine() string {
	host, _, _ := net.SplitHostPort(b.host())
	return host
}

func (b *Broker) local() bool { return Local(b.Where) }

// Local reports whether all of a list of URLs are of this machine.
func Local(urls string) bool {
	for u := range strings.SplitSeq(urls, ",") {
		if _, rest, found := strings.Cut(u, "://"); found {
			u = rest
		}
		u = u[strings.LastIndexByte(u, '@')+1:]
		host, _, err := net.SplitHostPort(u)
		if err != nil {
			host = strings.Trim(u, "[]")
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// roundTrip returns the median of five pings.
func roundTrip(nc *nats.Conn) (time.Duration, error) {
	var trips []time.Duration
	for range 5 {
		t, err := nc.RTT()
		if err != nil {
			return 0, err
		}
		trips = append(trips, t)
	}
	slices.Sort(trips)
	return trips[len(trips)/2], nil
}

// older reports whether a version comes before another; false for one that is not known.
func older(version, than string) bool {
	a, b := strings.Split(strings.SplitN(version, "-", 2)[0], "."), strings.Split(than, ".")
	for i := range min(len(a), len(b)) {
		x, err := strconv.Atoi(a[i])
		y, _ := strconv.Atoi(b[i])
		if err != nil || x != y {
			return err == nil && x < y
		}
	}
	return false
}

// rights says whether the server lets this user do what is asked for.
func (b *Broker) rights(ctx context.Context, nc *nats.Conn) (all []Finding) {
	const check = "broker"
	var subscriptions []*nats.Subscription
	for _, subject := range b.Subscribes {
		if s, err := nc.SubscribeSync(subject); err == nil {
			defer s.Unsubscribe()
			subscriptions = append(subscriptions, s)
		}
	}
	err := nc.FlushWithContext(ctx) // a server refuses before it answers the ping
	for _, s := range subscriptions {
		if _, err := s.NextMsg(time.Millisecond); errors.Is(err, nats.ErrPermissionViolation) {
			all = append(all, fail(check, fmt.Sprintf(`permissions { subscribe: { allow: ["%s"] } } for this user in the configuration of nats-server`, s.Subject), "the server does not let this user listen on %s", s.Subject))
		}
	}
	if err != nil {
		all = append(all, fail(check, "nats server check connection --server "+b.Where, "%s: %v", b.Where, err))
	}
	allow, deny := b.mayPublish(ctx, nc)
	for _, subject := range b.Publishes {
		covered := func(pattern string) bool { return covers(pattern, subject) }
		if len(allow) > 0 && !slices.ContainsFunc(allow, covered) || slices.ContainsFunc(deny, covered) {
			all = append(all, fail(check, fmt.Sprintf(`permissions { publish: { allow: ["%s"] } } for this user in the configuration of nats-server`, subject), "the server does not let this user publish on %s", subject))
		}
	}
	return all
}

// mayPublish asks the server on which subjects this user may publish; nothing if it does not
// say so.
func (b *Broker) mayPublish(ctx context.Context, nc *nats.Conn) (allow, deny []string) {
	if len(b.Publishes) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, longestAnswer)
	defer cancel()
	answer, err := nc.RequestWithContext(ctx, "$SYS.REQ.USER.INFO", nil)
	if err != nil {
		return nil, nil
	}
	var info struct {
		Data struct {
			Permissions struct {
				Publish struct{ Allow, Deny []string }
			}
		}
	}
	if json.Unmarshal(answer.Data, &info) != nil {
		return nil, nil
	}
	return info.Data.Permissions.Publish.Allow, info.Data.Permissions.Publish.Deny
}

// covers reports whether a pattern matches all that another one does.
func covers(pattern, subject string) bool {
	p, s := strings.Split(pattern, "."), strings.Split(subject, ".")
	for i, token := range p {
		switch {
		case token == ">":
			return len(s) > i
		case i >= len(s), s[i] == ">", token != "*" && token != s[i]:
			return false
		}
	}
	return len(p) == len(s)
}

// storage looks at JetStream.
func (b *Broker) storage(ctx context.Context, nc *nats.Conn, version string) (all []Finding) {
	const check = "jetstream"
	js, err := jetstream.New(nc)
	if err != nil {
		return []Finding{fail(check, "", "%v", err)}
	}
	soon, cancel := context.WithTimeout(ctx, longestAnswer)
	defer cancel()
	info, err := js.AccountInfo(soon) // unanswered also where this user may not ask
	switch {
	case err != nil && len(b.Streams) > 0:
		return []Finding{fail(check, "nats-server -js, or jetstream {} in its configuration", "%s: %v, and %s is read from it", b.Where, err, strings.Join(b.Streams, ", "))}
	case err != nil:
		return []Finding{ok(check, "the server has none, or not for this user, and nothing here needs it; jetstream: sources and `inkling worker` do")}
	}
	f := ok(check, "%s, %s stored", plural(info.Streams, "stream"), size(int64(info.Store)))
	if older(version, batchServer) {
		f.Text += fmt.Sprintf("; `inkling worker` needs nats-server %s or later", batchServer)
	}
	all = append(all, f.with("stored_bytes", float64(info.Store)))
	if most := info.Limits.MaxStore; most > 0 && int64(info.Store) > most/10*9 {
		all = append(all, warn(check, "nats stream report; nats stream purge NAME", "the account has stored %s of the %s that it may", size(int64(info.Store)), size(most)))
	}
	for _, name := range b.Streams {
		all = append(all, stream(ctx, js, name)...)
	}
	return all
}

// stream looks at a stream that is read.
func stream(ctx context.Context, js jetstream.JetStream, name string) []Finding {
	const check = "jetstream"
	s, err := js.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return []Finding{fail(check, fmt.Sprintf("nats stream add %s --subjects 'sensors.>' --max-age 24h --defaults", name), "there is no stream %s", name)}
	}
	if err != nil {
		return []Finding{fail(check, "nats stream info "+name, "stream %s: %v", name, err)}
	}
	i := s.CachedInfo()
	c, st := &i.Config, &i.State
	full := func(have uint64, most int64) bool { return most > 0 && float64(have) >= 0.99*float64(most) }
	if (full(st.Bytes, c.MaxBytes) || full(st.Msgs, c.MaxMsgs)) && c.Discard == jetstream.DiscardNew {
		stored := size(int64(st.Bytes))
		if c.MaxBytes > 0 {
			stored += " of " + size(c.MaxBytes)
		}
		return []Finding{fail(check, fmt.Sprintf("nats stream edit %s --discard old", name), "stream %s is full and takes nothing new: %s, %s", name, stored, plural(st.Msgs, "message"))}
	}
	if c.MaxBytes <= 0 && c.MaxAge == 0 && c.MaxMsgs <= 0 && c.Retention == jetstream.LimitsPolicy {
		return []Finding{warn(check, fmt.Sprintf("nats stream edit %s --max-age 24h", name), "stream %s has no limit, and grows until the disk of the server is full", name)}
	}
	if i.Cluster != nil {
		for _, r := range i.Cluster.Replicas {
			if !r.Current || r.Offline {
				return []Finding{warn(check, "nats server report jetstream", "stream %s: its copy on %s is behind or away", name, r.Name)}
			}
		}
	}
	return []Finding{ok(check, "stream %s: %s, %s", name, plural(st.Msgs, "message"), size(int64(st.Bytes)))}
}
