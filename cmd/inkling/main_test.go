package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"inkling/model"
	"inkling/model/segment"
)

// inkling runs the command line in this process.
func inkling(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, log bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &log)
	return out.String(), log.String(), code
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, log, code := inkling(t, "", args...)
	if code != 0 {
		t.Fatalf("inkling %s: exit %d\n%s", strings.Join(args, " "), code, log)
	}
	return out
}

// A segment.Config takes 0 as a default; a user who says 0 means it.
func TestZeroOfASegmentFlagCounts(t *testing.T) {
	m, err := openModel("bundled:notes")
	if err != nil {
		t.Fatal(err)
	}
	f := segmentFlags{cutFlags: cutFlags{PreRoll: new(float64), Minimum: new(float64)}}
	s := f.over(m, false).Defaults()
	if err := s.Check(); err != nil || s.PreRoll > 1e-6 || s.MinDuration > 1e-6 || s.Hold != 0.2 {
		t.Errorf("%+v, %v", s, err)
	}
}

// What the flags say of columns.
func TestTableFlags(t *testing.T) {
	f := tableFlags{Columns: []string{"label=state", "time=-"}, Signals: []string{"x"}}
	o, err := f.table(&model.Config{Names: []string{"a"}})
	if err != nil || o.Label != "state" || o.Time != "-" || o.Columns != nil || o.Want[0] != "a" {
		t.Errorf("%+v, %v", o, err)
	}
}

// What train stores for whole examples fits a source that does not end.
func TestSegmenterOfASourceThatDoesNotEnd(t *testing.T) {
	whole := func(confirm bool, typical int) *model.Model {
		m := &model.Model{Config: model.Config{Confirm: confirm, Segment: segment.Config{Kind: segment.Whole, MaxDuration: 3600}}}
		if typical > 0 {
			m.Config.Calibration = &model.Calibration{Steps: typical}
		}
		return m
	}
	for name, c := range map[string]struct {
		m     *model.Model
		flags segmentFlags
		ends  bool
		kind  segment.Kind
		steps int
	}{
		"clips":                     {m: whole(true, 29), kind: segment.Fixed, steps: 29},
		"clips of unknown length":   {m: whole(true, 0), kind: segment.Fixed, steps: 100},
		"clips, a length given":     {m: whole(true, 29), flags: segmentFlags{cutFlags: cutFlags{Steps: 7}}, kind: segment.Fixed, steps: 7},
		"clips, a segmenter given":  {m: whole(true, 29), flags: segmentFlags{Segment: segment.Message}, kind: segment.Message, steps: 100},
		"clips, a source that ends": {m: whole(true, 29), ends: true, kind: segment.Whole, steps: 100},
		"a label for every step":    {m: whole(false, 1), kind: segment.Whole, steps: 100},
	} {
		if got := c.flags.over(c.m, !c.ends).Defaults(); got.Kind != c.kind || got.Steps != c.steps || got.MaxDuration != 3600 {
			t.Errorf("%s: %+v, want %s of %d steps", name, got, c.kind, c.steps)
		}
	}
}
