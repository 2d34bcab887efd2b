package keep

import (
	"testing"
	"testing/synctest"
	"time"
)

// A clock that jumps is not believed for a day; one that has gone on while the machine was
// asleep is.
func TestClockAfterSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var off, rest time.Duration
		o := Options{now: func() time.Time { return time.Now().Add(off) }, asleep: func() time.Duration { return rest }}
		c := newSteadyClock(&o)
		believed := func(when string, want bool) {
			t.Helper()
			if got := c.now(); got.IsZero() == want || want && !got.Equal(o.now()) {
				t.Errorf("%s the clock says %v", when, got)
			}
		}
		believed("at first", true)
		off, rest = 9*time.Hour, 9*time.Hour
		believed("after a night", true)
		off += 2 * time.Hour
		believed("after a jump", false)
		off, rest = off+23*time.Hour, rest+23*time.Hour
		believed("asleep for 23 hours more", false)
		time.Sleep(time.Hour)
		believed("after a day", true)
	})
}

// What is taken for sleep does not grow while the machine is awake.
func TestAsleep(t *testing.T) {
	before := asleep()
	for range 1000 {
		if now := asleep(); (now - before).Abs() > time.Minute {
			t.Fatalf("asleep for %v, and then for %v", before, now)
		}
	}
	if before < 0 {
		t.Errorf("asleep for %v", before)
	}
}
