package stream

import (
	"math/rand/v2"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

// Blocks that come now late, now in a bunch: of two samples the later one never has the
// earlier time, and an event is never later than its block's arrival unless an earlier
// sample was.
func TestTimeNeverRunsBackwards(t *testing.T) {
	const rate = 100
	m := signModel(t, decide.Config{})
	rng := rand.New(rand.NewPCG(5, 5))
	for range 20 {
		c, err := NewClassifier(m, &Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 7, MaxDuration: 99}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Unix(1000, 0)
		next, latest, last, lastAt := uint64(0), began, time.Time{}, uint64(0)
		for range 200 {
			n := 1 + rng.IntN(30)
			next += uint64(n)
			arrived := began.Add(time.Duration(float64(next)/rate*1e9) + time.Duration(rng.IntN(4e8)))
			if arrived.Before(latest) {
				arrived = latest
			}
			latest = arrived
			b := capture.Block{Format: capture.Format{Rate: rate, Channels: 1}, Offset: next - uint64(n), Samples: make([]float32, n),
				Time: arrived.Add(-time.Duration(float64(n) / rate * 1e9))}
			if err := c.Feed(&b); err != nil {
				t.Fatal(err)
			}
			for _, e := range c.Advance(nil) {
				if e.Sample > lastAt && e.Time.Before(last) {
					t.Fatalf("sample %d has time %v, sample %d had %v", e.Sample, e.Time, lastAt, last)
				}
				if e.Time.After(arrived) {
					t.Fatalf("sample %d has time %v, its block came at %v", e.Sample, e.Time, arrived)
				}
				last, lastAt = e.Time, e.Sample
			}
		}
	}
}

// A stream that begins anew may have earlier times.
func TestTimeBeginsAnew(t *testing.T) {
	c, err := NewClassifier(signModel(t, decide.Config{}), &Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{time.Unix(2000, 0), time.Unix(1000, 0)} {
		if err := c.Feed(&capture.Block{Format: capture.Format{Rate: 1, Channels: 1}, Samples: make([]float32, 3), Time: at}); err != nil {
			t.Fatal(err)
		}
		events := c.Advance(nil)
		if got := events[len(events)-1].Time; got.Before(at) || got.After(at.Add(3*time.Second)) {
			t.Errorf("time %v, want about %v", got, at)
		}
	}
}
