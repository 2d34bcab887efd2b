package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// bench --json prints rows of exactly the contract's fields, one for every work
// and size, each of them measured.
func TestBenchRows(t *testing.T) {
	var rows []map[string]any
	out := mustRun(t, "bench", "--hidden", "8", "--input", "2,3", "--seconds", "0.05", "--json")
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	fields := []string{"gflops", "hidden", "input", "kernel", "name", "precision", "streams", "threads", "us_median", "us_min"}
	count := map[string]int{}
	for _, r := range rows {
		name := r["name"].(string)
		count[name]++
		want := fields
		if name == "stream" {
			want = slices.Sorted(slices.Values(append([]string{"kb_quiet", "kb_open"}, fields...)))
			if quiet, open := r["kb_quiet"].(float64), r["kb_open"].(float64); !(quiet > 0.5 && quiet < 12 && open > quiet && open < 64) {
				t.Errorf("a stream takes %v KB, %v KB with a segment open", quiet, open)
			}
		}
		if got := slices.Sorted(maps.Keys(r)); !slices.Equal(got, want) {
			t.Fatalf("%s has the fields %v", name, got)
		}
		if low, mid := r["us_min"].(float64), r["us_median"].(float64); !(low > 0 && low <= mid) || r["precision"] != "f32" || r["threads"].(float64) < 1 {
			t.Errorf("%v", r)
		}
	}
	delete(count, "peak") // not with every kernel
	n := min(2, runtime.GOMAXPROCS(0))
	want := map[string]int{"step": 2, "batch": 4 * n, "sequence": n, "steps": 1, "confirm": 1, "train": 1, "logmel": 1, "stream": 1, "front": 1, "running": 1, "ending": 1, "output": 1}
	if !maps.Equal(count, want) {
		t.Errorf("rows: %v, want %v", count, want)
	}
}

// An interrupt prints what was measured so far, if a round has ended.
func TestBenchInterrupted(t *testing.T) {
	args := []string{"bench", "--only", "step", "--hidden", "8", "--seconds", "60"}
	interrupted := func(after time.Duration) (code int) {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		defer cancel()
		var out, log bytes.Buffer
		code = run(ctx, args, strings.NewReader(""), &out, &log)
		if (out.Len() > 0) != (code == 0) || !strings.Contains(log.String(), "interrupted") {
			t.Errorf("after %v: exit %d, %q, %q", after, code, out.String(), log.String())
		}
		return code
	}
	if code := interrupted(0); code != 1 {
		t.Errorf("at once: exit %d", code)
	}
	after := time.Second // a busy machine may need longer for a round
	for ; after < time.Minute && interrupted(after) != 0; after *= 2 {
	}
	if after >= time.Minute {
		t.Error("nothing was measured within half a minute")
	}
}
