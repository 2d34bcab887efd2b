package stream

import "context"

// A Sink takes events. Write is called from one goroutine, in order; it may
// block: Run keeps a bounded queue before each sink so that classification
// never waits. The event's Top is valid until Write returns. Flush returns when
// everything written has been delivered.
type Sink interface {
	Write(ctx context.Context, e *Event) error
	Flush(ctx context.Context) error
	Close() error
}
