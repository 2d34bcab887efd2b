package web

import (
	"context"
	"fmt"
	"net/http"

	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// A reason is one rule and what it said of a segment.
type reason struct {
	Text   string `json:"text"`
	Passed bool   `json:"passed"`
}

// why serves POST /api/why: what each rule said of a segment, found by labelling what is
// remembered of the stream again.
func (p *Page) why(ctx context.Context, q *request) (any, error) {
	signal, m, o, err := p.remembered(q)
	if err != nil {
		return nil, err
	}
	opts := *o
	opts.Why = true
	var found *stream.Event
	err = p.again(ctx, signal, m, &opts, func(e *stream.Event) bool {
		if (e.Type == stream.Confirmed || e.Type == stream.Dropped) && e.Start == q.Start && e.End == q.End {
			c := e.Clone()
			found = &c
		}
		return found == nil && (e.Type != stream.Confirmed || e.Start <= q.Start)
	})
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, refuse(http.StatusGone, "the segment cannot be made again from what is remembered of the stream, so its reasons are not known: run with why to have them in its event")
	}
	return map[string]any{"event": found, "reasons": reasons(found)}, nil
}

// reasons returns the ledger of a segment in words, in the order of the rules.
func reasons(e *stream.Event) []reason {
	out := []reason{}
	label := e.Label
	if len(e.Top) > 0 {
		label = e.Top[0].Label
	}
	for _, v := range e.Why {
		out = append(out, reason{sentence(v, label), v.Passed})
	}
	if len(out) == 0 && e.Rule != "" {
		out = append(out, reason{sentence(decide.Verdict{Rule: e.Rule, Value: e.Value, Threshold: e.Threshold}, label), false})
	}
	return out
}

// sentence says what a rule found.
func sentence(v decide.Verdict, label string) string {
	than := "below"
	if v.Value >= v.Threshold {
		than = "at or above"
	}
	switch v.Rule {
	case decide.Background:
		if v.Passed {
			return fmt.Sprintf("The best label, %q, is not the background.", label)
		}
		return fmt.Sprintf("The best label, %q, is the background, which is not reported.", label)
	case decide.Threshold:
		return fmt.Sprintf("The probability of %q, %.4g, is %s its threshold of %.4g.", label, v.Value, than, v.Threshold)
	case decide.CUSUM:
		return fmt.Sprintf("The evidence for %q peaked at %.4g nats, %s the %.4g that it takes.", label, v.Value, than, v.Threshold)
	case decide.EarlyScore:
		return fmt.Sprintf("Early: the score reached %.4g, %s the %.4g that an early label takes.", v.Value, than, v.Threshold)
	case decide.EarlyP:
		return fmt.Sprintf("Early: the running probability reached %.4g, %s the %.4g that an early label takes.", v.Value, than, v.Threshold)
	case decide.EarlySteps:
		return fmt.Sprintf("Early: the running label held for %.0f steps; an early label takes %.0f.", v.Value, v.Threshold)
	case decide.Rule(segment.Short):
		return fmt.Sprintf("The segment lasts %.3g s, %s the shortest of %.3g s.", v.Value, than, v.Threshold)
	case decide.Rule(segment.BelowOn):
		return fmt.Sprintf("The sound peaked %.3g dB above the noise floor; a segment opens at %.3g dB.", v.Value, v.Threshold)
	case decide.Rule(segment.BelowLevel):
		return fmt.Sprintf("The sound peaked at %.3g dB of full scale; a segment opens at %.3g dB.", v.Value, v.Threshold)
	case decide.Rule(segment.BelowDetect):
		return fmt.Sprintf("The detector's probability peaked at %.4g; a segment opens at %.4g.", v.Value, v.Threshold)
	case decide.Rule(segment.NoStep):
		return "The segment is shorter than a frame of the model."
	}
	return fmt.Sprintf("Rule %s: %.4g, %s %.4g.", v.Rule, v.Value, than, v.Threshold)
}
