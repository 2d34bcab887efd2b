package main

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"inkling/stream"
)

// keptBits compares the events of a run with what eval says of the files that it kept.
func keptBits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "keptbits EVENTS EACH LEAST")
	live := map[string]stream.Event{}
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var e stream.Event
		if ts.Check(json.Unmarshal([]byte(line), &e)); e.Type == stream.Confirmed {
			live[e.Kept] = e
		}
	}
	n := 0
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var row struct {
			File  string
			Probs map[string]float32
		}
		ts.Check(json.Unmarshal([]byte(line), &row))
		e, ok := live[row.File]
		if !ok {
			ts.Fatalf("no event has kept %s", row.File)
		}
		for _, s := range e.Top {
			if row.Probs[s.Label] != s.P {
				ts.Fatalf("%s: %s %v, live %v", row.File, s.Label, row.Probs[s.Label], s.P)
			}
		}
		n++
	}
	if least, err := strconv.Atoi(args[2]); err != nil || n < least || n != len(live) {
		ts.Fatalf("%d files of %d events, want all, and %s or more", n, len(live), args[2])
	}
}
