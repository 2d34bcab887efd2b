package capture

import "context"

// A Checker is a Source, or something that takes events, that may be cut off from what it
// is about: a server, a device, a program. Check returns nil if it is connected right
// now, and otherwise says what is missing. It may be called at any time by any goroutine,
// and returns when ctx ends.
type Checker interface {
	Check(ctx context.Context) error
}

// Check is that of v if v is a Checker, and nil otherwise.
func Check(ctx context.Context, v any) error {
	if c, ok := v.(Checker); ok {
		return c.Check(ctx)
	}
	return nil
}
