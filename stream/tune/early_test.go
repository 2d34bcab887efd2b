package tune

import (
	"context"
	"strings"
	"testing"

	"inkling/internal/testkit/testnotes"
	"inkling/model"
	"inkling/model/compose"
)

// A rash early rule is replaced by one that keeps to the share asked for, on the streams of
// the proof and on others; nothing else changes.
func TestEarlyRuleIsMended(t *testing.T) {
	t.Parallel()
	m, set := testnotes.Open()
	c := m.Config
	c.Decision.Early, c.Decision.EarlyP, c.Decision.EarlySteps = nil, 0.4, 1
	rash, err := model.New(c, m.Params)
	if err != nil {
		t.Fatal(err)
	}
	g := Goal{FalseAlarms: -1}
	streams, err := Compose("notes", set, compose.Options{Duration: 200, Pause: [2]float64{0.3, 0.5}, Seed: 1}, &g, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), rash, streams.Search, nil, Options{Goal: g, EarlyGap: 0.08})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Reached || r.Early == nil || r.Before.EarlyOverturned < 0.1 || r.After.EarlyOverturned > 0.08 || r.After.Early == 0 {
		t.Fatalf("%v, %+v: %v of %d early labels overturned, before %v", r.Reached, r.Early, r.After.EarlyOverturned, r.After.Early, r.Before.EarlyOverturned)
	}
	tuned := *r.Config
	tuned.Decision.Early, tuned.Decision.EarlyP, tuned.Decision.EarlySteps = nil, 0.4, 1
	if tuned.Segment != c.Segment || tuned.Decision.Threshold != c.Decision.Threshold || r.After.Found != r.Before.Found {
		t.Errorf("more changed than the early rule: %+v", tuned.Decision)
	}
	r, err = Run(context.Background(), rash, streams.Search, nil, Options{Goal: Goal{FalseAlarms: -1, Confidence: 0.99}, EarlyGap: 0.001})
	if err != nil || r.Reached || !strings.Contains(r.Unreachable(), "early labels") || r.Config != nil {
		t.Errorf("a promise that no such stream can prove: %v, %v", err, r)
	}
}
