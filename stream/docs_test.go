package stream

import (
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

var update = flag.Bool("update", false, "write the examples of docs/events.md anew")

const eventsDoc = "../docs/events.md"

// examples is one event of each type.
func examples() []Event {
	at := func(e Event) Event {
		e.Session, e.Stream = "5c1d", "three.wav"
		switch e.Type {
		case Gap:
			e.Stream, e.Time = "sensors.hall", time.Date(2025, 3, 1, 9, 30, 0, 250e6, time.UTC)
		case Status:
			e.Stream, e.Time = "", time.Date(2025, 3, 1, 9, 29, 59, 0, time.UTC)
		case Summary:
			e.Stream = ""
		}
		return e
	}
	events := []Event{
		{Type: Status, Incident: Incident{State: "up", Reason: "started", Version: "0.1.0", Model: "9f2c41d07a5be683"}},
		{Type: Running, Header: Header{Segment: 1, Step: 9, Sample: 2867}, Answer: Answer{Label: "flute", P: 0.71, Warm: true, Top: []Score{{"flute", 0.71}, {"piano", 0.2}, {"trumpet", 0.09}}}},
		{Type: Detector, Header: Header{Segment: 1, Step: 9, Sample: 2867}, Answer: Answer{P: 0.98}, HeldBack: HeldBack{Threshold: 0.8}},
		{Type: Early, Header: Header{Segment: 1, Step: 11, Sample: 3309}, Answer: Answer{Label: "flute", P: 0.83}},
		{Type: Confirmed, Header: Header{Segment: 1, Step: 12, Sample: 3528}, Answer: Answer{Label: "flute", P: 0.94, Top: []Score{{"flute", 0.94}, {"piano", 0.04}, {"trumpet", 0.02}}}, Outcome: Outcome{Running: "flute", Agrees: true, Steps: 12, LatencyMS: 0.4}, Span: Span{End: 3528, EndedBy: segment.BySilence}},
		{Type: Dropped, Header: Header{Segment: 2, Step: 4, Sample: 9261}, HeldBack: HeldBack{Rule: decide.Rule(segment.Short), Threshold: 0.05, Value: 0.02}, Span: Span{Start: 7938, End: 9261, EndedBy: segment.BySilence}},
		{Type: Confirmed, Header: Header{Segment: 3, Step: 7, Sample: 15435}, Answer: Answer{P: 0.5, Top: []Score{{"piano", 0.5}, {"flute", 0.375}, {"trumpet", 0.125}}}, Outcome: Outcome{Rejected: true, Running: "piano", Steps: 7, LatencyMS: 0.3}, HeldBack: HeldBack{Rule: decide.Threshold, Threshold: 0.7, Value: 0.5, Why: []decide.Verdict{{Rule: decide.Rule(segment.Short), Value: 0.06, Threshold: 0.05, Passed: true}, {Rule: decide.Threshold, Value: 0.5, Threshold: 0.7, Passed: false}, {Rule: decide.EarlyP, Value: 0.625, Threshold: 0.8, Passed: false}, {Rule: decide.EarlySteps, Value: 0, Threshold: 2, Passed: false}}}, Span: Span{Start: 13230, End: 15435, EndedBy: segment.BySilence}},
		{Type: Dropped, Header: Header{Sample: 18081}, HeldBack: HeldBack{Rule: decide.Rule(segment.BelowOn), Threshold: 12, Value: 9.1}, Span: Span{Start: 17640, End: 18081, EndedBy: segment.BySilence}},
		{Type: Forecast, Header: Header{Segment: 1, Step: 360, Sample: 360}, Prediction: Prediction{Values: []float32{0.125}, Errors: []float32{-0.003}, Ahead: []float32{0.13, 0.141}, Levels: []float64{0.1, 0.5, 0.9}, Quantiles: []float32{0.118, 0.13, 0.144}}},
		{Type: Forecast, Header: Header{Segment: 1, Step: 5, Sample: 5}, Prediction: Prediction{Text: new("y"), Bits: 0.25}, Answer: Answer{Top: []Score{{" ", 0.5}, {"e", 0.25}, {",", 0.125}}}},
		{Type: Gap, Header: Header{Sample: 48000}, Incident: Incident{Lost: 1600, Policy: "reset"}},
		{Type: Summary, Counts: []Count{{"streams", 1}, {"segments", 3}, {"confirmed", 2}, {"rejected", 1}, {"dropped", 1}, {"overturned", 0}, {"early", 1}, {"gaps", 0}, {"lost", 0}, {"seconds", 0.031}}},
	}
	for i := range events {
		events[i] = at(events[i])
	}
	return events
}

// The examples of docs/events.md are what AppendJSON writes; -update writes them.
func TestDocumentedExamples(t *testing.T) {
	data, err := os.ReadFile(eventsDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), "```\n")
	block, after, ok2 := strings.Cut(rest, "```\n")
	if !ok || !ok2 {
		t.Fatal("docs/events.md has no block of examples")
	}
	var lines []byte
	for _, e := range examples() {
		lines = append(AppendJSON(lines, &e), '\n')
	}
	if *update {
		if err := os.WriteFile(eventsDoc, []byte(before+"```\n"+string(lines)+"```\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if block != string(lines) {
		t.Errorf("docs/events.md shows\n%s\nbut the examples are\n%s\n(go test ./stream -run Documented -update)", block, lines)
	}
}

// documented reads the table of docs/events.md: each type's own fields. Those in
// optional may be absent.
func documented(t *testing.T) map[Type][]string {
	data, err := os.ReadFile(eventsDoc)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[Type][]string{}
	word := regexp.MustCompile("`([a-z_]+)`")
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.Contains(line, "| < |") || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		name := Type(word.FindStringSubmatch(cells[1])[1])
		fields[name] = []string{}
		for _, m := range word.FindAllStringSubmatch(cells[2], -1) {
			fields[name] = append(fields[name], m[1])
		}
	}
	return fields
}

var (
	common   = []string{"v", "type", "session", "stream", "segment", "step", "sample", "time", "clock"}
	optional = []string{"version", "model", "truth", "kept", "why", "peak", "errors", "quantiles", "values", "forecast", "text", "bits"} // and the reason of a gap
	ofHeld   = []string{"reason", "threshold", "value"}                                                                                  // in confirmed, if it is rejected
)

// Every event of real runs, and every example, has exactly the documented fields.
func TestDocumentedFields(t *testing.T) {
	fields := documented(t)
	events := append(examples(), realEvents(t)...)
	seen := map[Type]bool{}
	for _, e := range events {
		line := AppendJSON(nil, &e)
		var raw map[string]json.RawMessage
		if err := json.Unmarshal(line, &raw); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		want, known := fields[e.Type]
		if !known {
			t.Fatalf("type %s is not documented", e.Type)
		}
		seen[e.Type] = true
		for key := range raw {
			if e.Type != Summary && !slices.Contains(common, key) && !slices.Contains(want, key) {
				t.Errorf("%s of %s is not documented: %s", key, e.Type, line)
			}
		}
		for _, key := range want {
			if _, ok := raw[key]; !ok && !slices.Contains(optional, key) && !(e.Type == Gap && key == "reason") && !(e.Type == Forecast && e.Text == nil && key == "top") &&
				!(e.Type == Confirmed && !e.Rejected && slices.Contains(ofHeld, key)) {
				t.Errorf("%s of %s is missing: %s", key, e.Type, line)
			}
		}
		_, numbered := raw["segment"]
		opened := e.Rule != decide.Rule(segment.BelowOn) && e.Rule != decide.Rule(segment.BelowLevel) && e.Rule != decide.Rule(segment.BelowDetect)
		if inside := slices.Contains([]Type{Running, Early, Confirmed, Dropped, Forecast}, e.Type) && opened; inside != numbered && e.Type != Detector {
			t.Errorf("segment in %s", line)
		}
		if _, timed := raw["time"]; timed == e.Time.IsZero() {
			t.Errorf("time in %s", line)
		}
	}
	if len(seen) != 9 || len(fields) != 9 {
		t.Errorf("%d types were seen, %d documented, of 9", len(seen), len(fields))
	}
}

// realEvents are those of a run in which everything happens, and of one with forecasts.
func realEvents(t *testing.T) []Event {
	nan := float32(math.NaN())
	m := signModel(t, decide.Config{Warm: 1, EarlyP: 0.55, EarlySteps: 2, Background: "low"})
	src := capture.NewMemory(block(0, 1, 1, 1, 1), block(6, -1, -1, nan, 1), capture.Block{Fault: &capture.Fault{State: "slow", Reason: "x"}})
	var k kept
	if err := Run(context.Background(), src, m, &RunOptions{Finite: true, Version: "1"}, &k); err != nil {
		t.Fatal(err)
	}
	seen := map[Type]bool{}
	for _, e := range k.events {
		seen[e.Type] = true
	}
	if len(seen) != 7 {
		t.Errorf("of 7 types the run had %d: %s", len(seen), gist(k.events))
	}
	src = capture.NewMemory(block(0, 1, 1, nan, 1))
	if err := Run(context.Background(), src, nextModel(t, 1, 0, 1, 1, nil), &RunOptions{Finite: true, Version: "1"}, &k); err != nil {
		t.Fatal(err)
	}
	return k.events
}
