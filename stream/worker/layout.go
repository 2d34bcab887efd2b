package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/stream"
	"inkling/stream/natsio"
)

// A Layout is the streams that a group works with.
type Layout struct {
	Input      string // the stream of the messages
	Transforms []jetstream.SubjectTransformConfig
	Output     string        // the stream of events and states
	Prefix     string        // of its subjects, and of running events
	Keep       time.Duration // how long partitioned messages are kept: longer than any outage
	Lease      time.Duration
	Replicas   int

	// Single says, after Prepare, that the server stores no batches atomically; see
	// natsio.Batches. Window is for how long the output then drops what comes again.
	Single bool
	Window time.Duration

	old bool // for tests: the server counts as one without batches
}

// Partitioned returns the name of the stream that has the messages by partition.
func (l *Layout) Partitioned() string { return l.Input + "_by_partition" }

// Bucket returns the name of the KV bucket of the members.
func (l *Layout) Bucket() string { return l.Output + "_members" }

// Last returns the name of the KV bucket of each stream's last label. The server copies into it
// what is stored.
func (l *Layout) Last() string { return l.Output + "_last" }

// Shadow returns the stream of what the model with this hash says as a shadow, and what its
// subjects begin with.
func (l *Layout) Shadow(hash string) (name, prefix string) {
	return l.Output + "_shadow_" + hash, l.Prefix + "_shadow_" + hash
}

// BeginShadow makes the stream of a shadow anew.
func (l *Layout) BeginShadow(ctx context.Context, js jetstream.JetStream, hash string) error {
	if err := l.EndShadow(ctx, js, hash); err != nil {
		return err
	}
	name, prefix := l.Shadow(hash)
	_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: name, Description: "what a shadow says, beside " + l.Output, Subjects: natsio.ForkSubjects(prefix),
		AllowAtomicPublish: true, Replicas: max(l.Replicas, 1)})
	if err != nil {
		return fmt.Errorf("stream %s cannot be made: %w", name, err)
	}
	return nil
}

// EndShadow deletes the stream of a shadow, if there is one.
func (l *Layout) EndShadow(ctx context.Context, js jetstream.JetStream, hash string) error {
	name, _ := l.Shadow(hash)
	if err := js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("stream %s: %w", name, err)
	}
	return nil
}

func (l *Layout) last() jetstream.StreamConfig {
	keys := "$KV." + l.Last() + ".>"
	return jetstream.StreamConfig{Name: "KV_" + l.Last(), Description: "the last label of each stream of an inkling group", Subjects: []string{keys},
		MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, AllowRollup: true, DenyDelete: true, AllowDirect: true, Replicas: max(l.Replicas, 1),
		Sources: []*jetstream.StreamSource{{Name: l.Output, SubjectTransforms: []jetstream.SubjectTransformConfig{
			{Source: l.Prefix + "." + string(stream.Confirmed) + ".>", Destination: keys}}}}}
}

func (l *Layout) partitioned() jetstream.StreamConfig {
	return jetstream.StreamConfig{Name: l.Partitioned(), Description: "the messages of " + l.Input + " by partition, for an inkling group",
		Sources: []*jetstream.StreamSource{{Name: l.Input, SubjectTransforms: l.Transforms}}, MaxAge: l.Keep, Replicas: max(l.Replicas, 1)}
}

func (l *Layout) output() jetstream.StreamConfig {
	return jetstream.StreamConfig{Name: l.Output, Description: "events and states of an inkling group", Subjects: natsio.LedgerSubjects(l.Prefix),
		AllowAtomicPublish: true, Duplicates: max(2*time.Minute, shortestWindow*l.Lease), Replicas: max(l.Replicas, 1)}
}

// shortestWindow is for how many leases the output of a server without batches drops what comes
// again, at least.
const shortestWindow = 10

// Prepare makes what is missing of the streams if create is set, and checks what is there. The
// error joins all that is wrong, each with its remedy. log, if set, is told while the server
// does not answer.
func (l *Layout) Prepare(ctx context.Context, js jetstream.JetStream, create bool, log func(format string, args ...any)) error {
	in, err := ensureStream(ctx, js, jetstream.StreamConfig{Name: l.Input}, false, log)
	if err != nil {
		return missing(l.Input, err, fmt.Sprintf("the input has to be there: nats stream add %[1]s --subjects '%[1]s.>' --defaults", l.Input))
	}
	errs := []error{l.checkInput(&in.CachedInfo().Config)}
	for _, want := range []jetstream.StreamConfig{l.partitioned(), l.output(), l.last()} {
		st, err := ensureStream(ctx, js, want, create, log)
		if err != nil {
			errs = append(errs, missing(want.Name, err, "let the worker make it"))
			continue
		}
		have := st.CachedInfo().Config
		if want.AllowAtomicPublish && !have.AllowAtomicPublish {
			if err := l.single(ctx, js, &want, &have, log); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		errs = append(errs, l.check(&want, &have))
	}
	return errors.Join(errs...)
}

// single finds out whether an output without batches is all that the server can have.
func (l *Layout) single(ctx context.Context, js jetstream.JetStream, want, have *jetstream.StreamConfig, log func(format string, args ...any)) error {
	can := false
	err := natsio.Try(ctx, js.Conn(), "stream "+have.Name, log, func(ctx context.Context) (err error) {
		can, err = natsio.Batches(ctx, js)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("stream %s does not store batches atomically: %w", have.Name, err)
	case can && !l.old:
		return fmt.Errorf("stream %s does not store batches atomically: nats stream edit %s --allow-batch", have.Name, have.Name)
	case have.Duplicates < shortestWindow*l.Lease:
		return fmt.Errorf("stream %s drops what comes again only for %v, less than ten leases, and the server is too old for atomic batches: nats stream edit %s --dupe-window %v", have.Name, have.Duplicates, have.Name, want.Duplicates)
	}
	l.Single, l.Window = true, have.Duplicates
	return nil
}

// ensureStream returns a stream. If mayMake is set it is made if it is missing.
func ensureStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig, mayMake bool, log func(format string, args ...any)) (jetstream.Stream, error) {
	var create func(context.Context) (jetstream.Stream, error)
	if mayMake {
		create = func(ctx context.Context) (jetstream.Stream, error) {
			st, err := js.CreateStream(ctx, want)
			if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
				err = fmt.Errorf("it cannot be made: %w", err)
			}
			return st, err
		}
	}
	return natsio.Ensure(ctx, js.Conn(), "stream "+want.Name, log,
		func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, want.Name) },
		create, jetstream.ErrStreamNotFound, jetstream.ErrStreamNameAlreadyInUse)
}

func missing(name string, err error, remedy string) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("there is no stream %s: %s", name, remedy)
	}
	return fmt.Errorf("stream %s: %w", name, err)
}

func (l *Layout) checkInput(c *jetstream.StreamConfig) error {
	switch {
	case c.Retention == jetstream.WorkQueuePolicy:
		return fmt.Errorf("stream %s is a work queue, which gives each message to one reader: make a stream that takes its messages from it, with limits retention, and read that", c.Name)
	case c.Retention == jetstream.InterestPolicy:
		return fmt.Errorf("stream %s keeps messages only while there are consumers, and none is there during an outage: use limits retention: nats stream edit %s --retention limits", c.Name, c.Name)
	case c.MaxAge > 0 && c.MaxAge < 10*l.Lease:
		return fmt.Errorf("stream %s keeps messages for %v, which an outage can outlast: nats stream edit %s --max-age 1h", c.Name, c.MaxAge, c.Name)
	}
	for _, s := range c.Subjects {
		if strings.HasPrefix(s, l.Prefix+".") {
			return fmt.Errorf("stream %s takes %s, which are events: the group would read what it writes", c.Name, s)
		}
	}
	return nil
}

// check reports what of a stream that is there does not fit.
func (l *Layout) check(want, have *jetstream.StreamConfig) error {
	switch {
	case want.AllowAtomicPublish && have.AllowDirect:
		return fmt.Errorf("stream %s has direct access, by which an old state can be read: nats stream edit %s --no-allow-direct", have.Name, have.Name)
	case want.AllowAtomicPublish && !slices.Equal(want.Subjects, have.Subjects):
		return fmt.Errorf("stream %s takes %s instead of %s: choose another output", have.Name, strings.Join(have.Subjects, ", "), strings.Join(want.Subjects, ", "))
	case want.Replicas != have.Replicas:
		return fmt.Errorf("stream %s is kept %d times instead of %d: nats stream edit %s --replicas %d", have.Name, have.Replicas, want.Replicas, have.Name, want.Replicas)
	case len(want.Sources) == 0:
	case want.Name == l.Partitioned() && have.MaxAge > 0 && have.MaxAge < 10*l.Lease:
		return fmt.Errorf("stream %s keeps messages for %v, which an outage can outlast: nats stream edit %s --max-age 1h", have.Name, have.MaxAge, have.Name)
	case len(have.Sources) == 1 && have.Sources[0].Name == want.Sources[0].Name && slices.Equal(have.Sources[0].SubjectTransforms, want.Sources[0].SubjectTransforms):
	case want.Name != l.Partitioned():
		return fmt.Errorf("stream %s takes other messages than the labels of %s: delete it and let the worker make it again, or choose another output", have.Name, l.Output)
	default:
		return fmt.Errorf("stream %s divides its messages in another way, with which a partition would be another's: delete it and let the worker make it again, or keep the number of partitions", have.Name)
	}
	return nil
}
