package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"inkling/model"
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
	f := segmentFlags{PreRoll: new(float64), Minimum: new(float64)}
	s := f.over(m).Defaults()
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
