package view

import (
	"bytes"
	"context"
	"testing"

	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// draw returns what the terminal gets for events; each running event is flushed.
func draw(t *testing.T, o Options, events ...stream.Event) string {
	var buf bytes.Buffer
	v := New(&buf, o)
	for i := range events {
		e := events[i]
		e.Stream = "dir/x.wav"
		if err := v.Write(context.Background(), &e); err != nil {
			t.Fatal(err)
		}
		if e.Type == stream.Running {
			v.Flush(context.Background())
		}
	}
	v.Close()
	return buf.String()
}

func TestEachEventBecomesALine(t *testing.T) {
	running := stream.Event{Type: stream.Running, Header: stream.Header{Step: 3, Sample: 500}, Answer: stream.Answer{Label: "dog", P: 0.5, Warm: true}}
	confirmed := stream.Event{Type: stream.Confirmed, Span: stream.Span{Start: 250, EndedBy: segment.BySilence}, Answer: stream.Answer{Label: "cat", P: 0.75}, Outcome: stream.Outcome{Running: "dog", Steps: 9}}
	live := Options{Rate: 1000, Live: true, Width: 200}
	const wipe = "\r\x1b[K"
	for _, c := range []struct {
		name   string
		o      Options
		events []stream.Event
		want   string
	}{
		{"a running label is overwritten by the confirmed one", live, []stream.Event{running, confirmed},
			"x.wav    0.500 s  dog              ██████████··········  50 %  step 3 " + wipe +
				"x.wav    0.250 s  cat              ███████████████·····  75 %  9 steps, by silence  overturned dog\n"},
		{"without Live whole lines only", Options{Rate: 1000}, []stream.Event{running, confirmed},
			"x.wav    0.250 s  cat              ███████████████·····  75 %  9 steps, by silence  overturned dog\n"},
		{"before the warm-up", live, []stream.Event{{Type: stream.Running, Header: stream.Header{Step: 1, Sample: 10}}},
			"x.wav    0.010 s  …                ····················   0 %  step 1 " + wipe},
		{"clipped to the width", Options{Rate: 1000, Live: true, Width: 40}, []stream.Event{running}, "x.wav    0.500 s  dog              ███·" + wipe},
		{"wrapped to the width", Options{Rate: 1000, Width: 40}, []stream.Event{confirmed},
			"x.wav    0.250 s  cat       75 %  9\n    steps, by silence  overturned dog\n"},
		{"an early decision", Options{}, []stream.Event{{Type: stream.Early, Header: stream.Header{Step: 4}, Answer: stream.Answer{Label: "cat"}},
			{Type: stream.Confirmed, Span: stream.Span{Start: 7, EndedBy: segment.ByEOF}, Answer: stream.Answer{Label: "cat", P: 1}, Outcome: stream.Outcome{Running: "cat", Agrees: true, Steps: 5}}},
			"x.wav        7  cat              ████████████████████ 100 %  5 steps, by eof  early at step 4\n"},
		{"rejected, in colour", Options{Colour: true}, []stream.Event{{Type: stream.Confirmed, Outcome: stream.Outcome{Rejected: true, Steps: 1}, Answer: stream.Answer{P: 0.25, Top: []stream.Score{{Label: "cow", P: 0.25}}}, Span: stream.Span{EndedBy: segment.ByFixed}, HeldBack: stream.HeldBack{Rule: decide.Threshold, Value: 0.25, Threshold: 0.5}}},
			"x.wav        0  \x1b[33mnone of them    \x1b[0m █████···············  25 %  1 steps, by fixed  held back: p 0.25 < 0.50 (threshold of \"cow\")\n"},
		{"each rule that failed", Options{}, []stream.Event{{Type: stream.Confirmed, Outcome: stream.Outcome{Rejected: true, Steps: 1}, Answer: stream.Answer{P: 0.6996, Top: []stream.Score{{Label: "cow", P: 0.6996}}}, Span: stream.Span{EndedBy: segment.ByFixed}, HeldBack: stream.HeldBack{Rule: decide.Threshold, Value: 0.6996, Threshold: 0.7, Why: []decide.Verdict{
			{Rule: decide.Rule(segment.Short), Value: 1, Threshold: 0.5, Passed: true},
			{Rule: decide.Threshold, Value: 0.6996, Threshold: 0.7},
			{Rule: decide.CUSUM, Value: 1.5, Threshold: 3},
			{Rule: decide.EarlyP, Value: 0.8, Threshold: 0.75, Passed: true},
			{Rule: decide.EarlySteps, Value: 1, Threshold: 3}}}}},
			"x.wav        0  none of them     ██████████████······  70 %  1 steps, by fixed  held back: p 0.6996 < 0.7000 (threshold of \"cow\")  " +
				"held back: evidence 1.50 < 3.00 (cusum), best: cow  no early: held 1 of 3 steps\n"},
		{"sound that opened no segment", Options{}, []stream.Event{{Type: stream.Dropped, Span: stream.Span{Start: 4}, HeldBack: stream.HeldBack{Rule: decide.Rule(segment.BelowOn), Value: 9.1, Threshold: 12}},
			{Type: stream.Dropped, Span: stream.Span{Start: 9}, HeldBack: stream.HeldBack{Rule: decide.Rule(segment.BelowLevel), Value: -62.5, Threshold: -60}}},
			"x.wav        4  not opened: peaked 9.1 dB over the floor, 12 needed (on)\nx.wav        9  not opened: peaked at -62.5 dB, -60 needed (level)\n"},
		{"too short", Options{}, []stream.Event{{Type: stream.Dropped, Span: stream.Span{Start: 4}, HeldBack: stream.HeldBack{Rule: decide.Rule(segment.Short), Value: 0.02, Threshold: 0.05}}},
			"x.wav        4  dropped: short (0.02, at least 0.05)\n"},
		{"background", Options{}, []stream.Event{{Type: stream.Dropped, HeldBack: stream.HeldBack{Rule: decide.Background}}}, "x.wav        0  background\n"},
		{"gap", Options{}, []stream.Event{{Type: stream.Gap, Header: stream.Header{Sample: 900}, Incident: stream.Incident{Lost: 12, Reason: "format"}}}, "x.wav      900  gap: 12 samples lost, format\n"},
		{"gap without a reason", Options{}, []stream.Event{{Type: stream.Gap, Header: stream.Header{Sample: 900}, Incident: stream.Incident{Lost: 12}}}, "x.wav      900  gap: 12 samples lost\n"},
		{"gap of unknown length", Options{}, []stream.Event{{Type: stream.Gap, Header: stream.Header{Sample: 900}, Incident: stream.Incident{Reason: "forgotten"}}}, "x.wav      900  gap: forgotten\n"},
		{"status", Options{}, []stream.Event{{Type: stream.Status, Incident: stream.Incident{State: "slow", Reason: "why"}}}, "-- dir/x.wav slow: why\n"},
		{"summary", Options{}, []stream.Event{{Type: stream.Summary, Counts: []stream.Count{{Name: "early_right", Value: 3}, {Name: "seconds", Value: 0.5}}}},
			"early right 3  seconds 0.5\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := draw(t, c.o, c.events...); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
