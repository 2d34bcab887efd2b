package natsio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What passes by itself is tried again, within a bound, and told; what does not is returned.
func TestTry(t *testing.T) {
	away := &jetstream.APIError{Code: 503, ErrorCode: 10008, Description: "JetStream system temporarily unavailable"}
	synctest.Test(t, func(t *testing.T) {
		var told []string
		log := func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
		calls := 0
		err := Try(t.Context(), nil, "stream s", log, func(ctx context.Context) error {
			switch calls++; calls {
			case 1: // the answer was lost
				<-ctx.Done()
				return ctx.Err()
			case 2, 3:
				return fmt.Errorf("it cannot be made: %w", away)
			}
			return nil
		})
		if want := "stream s: context deadline exceeded; trying again\nstream s: it cannot be made: " + away.Error() + "; trying again"; err != nil || calls != 4 || strings.Join(told, "\n") != want {
			t.Errorf("%v after %d calls, told %q", err, calls, told)
		}

		for _, stays := range []error{jetstream.ErrStreamNotFound, jetstream.ErrJetStreamNotEnabled, nats.ErrNoResponders, nats.ErrConnectionClosed, errors.New("no")} {
			calls = 0
			err := Try(t.Context(), nil, "s", nil, func(context.Context) error { calls++; return stays })
			if !errors.Is(err, stays) || calls != 1 {
				t.Errorf("%v after %d calls, want %v", err, calls, stays)
			}
		}

		began := time.Now()
		err = Try(t.Context(), nil, "s", nil, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took < Patience || took > Patience+longestAttempt || !strings.Contains(err.Error(), "tried for 1m0s") {
			t.Errorf("%v after %v", err, took)
		}

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		err = Try(ctx, nil, "s", nil, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if err == nil || time.Since(began) > 2*Patience {
			t.Errorf("%v of a call that nobody waits for", err)
		}
	})
}

// Of two that make the same thing at the same time both have it, also where one server makes it
// and another one cannot see it yet.
func TestEnsure(t *testing.T) {
	absent, exists := errors.New("absent"), errors.New("exists")
	gets, made := 0, 0
	get := func(context.Context) (int, error) {
		if gets++; made == 0 || gets < 4 {
			return 0, absent
		}
		return 7, nil
	}
	if v, err := Ensure(t.Context(), nil, "x", nil, get, nil, absent, exists); !errors.Is(err, absent) || gets != 1 {
		t.Errorf("%v, %v of what is not there", v, err)
	}
	create := func(context.Context) (int, error) {
		if made++; made > 1 {
			return 0, exists
		}
		return 0, nil
	}
	if v, err := Ensure(t.Context(), nil, "x", nil, get, create, absent, exists); v != 7 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}
