package report

import (
	"strings"
	"testing"

	"inkling/model/decide"
)

func TestRulesInWords(t *testing.T) {
	var b strings.Builder
	lines{&b}.rules(&decide.Config{Warm: 3, Background: "noise", Threshold: 0.5, EarlyP: 0.9, EarlySteps: 2, State: decide.Reset, Gap: decide.GapHold,
		On: map[string]float64{"cat": 0.7}, RunningOn: map[string]float64{"dog": 0.4, "cat": 0.6}, RunningOff: map[string]float64{"cat": 0.35},
		Smooth: 5, Hold: 10, CUSUMLimit: 4, CUSUMDrift: 0.25})
	want := `  running      no label in the first 3 steps
  running      probabilities averaged over about 5 steps
  running      a label comes at p ≥ 0.6 for cat, 0.4 for dog; the others as the best
  running      it goes under p = 0.35 for cat
  running      another one may follow after 10 steps
  early        the running label at p ≥ 0.9 for 2 steps
  rejection    noise is trained, but not reported
  rejection    confirmed below p = 0.5
  rejection    or, of its own, below p = 0.7 for cat
  rejection    without evidence of 4 nats, of each step's log-odds less 0.25
  rejection    the running label goes at as much against it
  state        reset at a segment's begin, hold where samples are lost
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}
