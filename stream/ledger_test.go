package stream

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Sound that opens no segment is told once, with how near it came.
func TestMisses(t *testing.T) {
	m := randomModel(t, 1, feature.Config{Kind: feature.KindRaw, Samples: 10}, 1000, 1, 1, model.RunningSoftmax, true)
	hear := func(x []float32) []Event {
		return script(t, m, &Options{Decision: &decide.Config{State: "reset", Gap: "reset"}, Emit: Emit{Confirmed: true}, Why: true,
			Segment: &segment.Config{Kind: segment.Activity}},
			capture.Block{Format: capture.Format{Rate: 1000, Channels: 1}, Samples: x})
	}
	x := make([]float32, 3000)
	tone(x, 0, 3000, 0.001)
	tone(x, 1000, 1100, 0.0008)
	tone(x, 1100, 1200, 0.0015)
	tone(x, 2000, 2500, 0.5)
	es := hear(x)
	expect(t, "a swell under on, then a sound", es, "drop:on, conf:"+es[1].Label+" silence")
	if e := es[0]; e.Segment != 0 || e.Start != 1100 || e.End != 1200 || e.Value < 7 || e.Value > 8.1 || e.Threshold != 12 {
		t.Errorf("%+v", e)
	}
	clear(x)
	tone(x, 0, 3000, 0.001)
	tone(x, 1900, 2000, 0.0015)
	tone(x, 2000, 2500, 0.5)
	es = hear(x)
	expect(t, "a swell that becomes a sound", es, "conf:"+es[0].Label+" silence")
	clear(x)
	tone(x, 1000, 3000, 0.0008)
	es = hear(x)
	expect(t, "under level, to the end", es, "drop:level")
	if e := es[0]; e.Start != 1000 || e.End != 3000 || e.EndedBy != segment.ByEOF || e.Threshold != -60 || math.Abs(e.Value+61.94) > 0.2 {
		t.Errorf("%+v", e)
	}
	line := string(AppendJSON(nil, &es[0]))
	if strings.Contains(line, "segment") || strings.Contains(line, "step") {
		t.Errorf("a segment in %s", line)
	}
	var n counts
	if n.add(&es[0]); n != (counts{}) {
		t.Errorf("it was summed up: %+v", n)
	}
}

// ruleTable reads the rules of docs/events.md and how value lies to threshold.
func ruleTable(t *testing.T) map[string]string {
	data, err := os.ReadFile(eventsDoc)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|.*\\| (<|≥) \\|$").FindAllStringSubmatch(string(data), -1) {
		table[row[1]] = row[2]
	}
	return table
}

// Every segment ends in exactly one confirmed or dropped event. One that was not reported
// names a documented rule whose value and threshold bear it out. None that is dropped as too
// short has had an early label. Option Why changes no other event.
func TestEverySegmentEndsOnceWithItsRule(t *testing.T) {
	table := ruleTable(t)
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 3 { // short streams of many settings find more than long ones of a few
			s := drawSetting(t)
			s.drawRules(t)
			s.o.Segment.MinDuration = rapid.SampledFrom([]float64{0.01, 0.05}).Draw(t, "minimum")
			s.o.Segment.PreRoll = rapid.SampledFrom([]float64{0.001, 0.001, 0.04}).Draw(t, "pre-roll")
			if rapid.Bool().Draw(t, "activity") {
				s.o.Segment.Kind, s.o.Emit.Detector = segment.Activity, false
			}
			if s.o.Decision != nil && rapid.Bool().Draw(t, "strict") {
				s.o.Decision.Threshold, s.o.Decision.CUSUMLimit, s.o.Decision.CUSUMDrift = 0.9, 0, 0
			}
			s.swell(rapid.Uint64().Draw(t, "swells"))
			s.checkEvents(t, table, seen)
		}
	})
	for rule := range table {
		if seen[rule] == 0 && !strings.HasPrefix(rule, "early") {
			t.Errorf("rule %s held nothing back: %v", rule, seen)
		}
	}
	if names := slices.Sorted(maps.Keys(table)); len(names) != 11 {
		t.Errorf("docs/events.md has the rules %v", names)
	}
}

// swell replaces the samples by short sounds of many levels.
func (s *setting) swell(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 3))
	level := 0.0
	s.samples = make([]float32, 3000*s.channels)
	for i, left := 0, 0; i < len(s.samples); i++ {
		if left--; left <= 0 {
			left = int(s.format.Rate * float64(s.channels) * (0.02 + 0.1*rng.Float64()))
			level = []float64{0.0003, 0.0003, 0.0005, 0.001, 0.1}[rng.IntN(5)]
		}
		s.samples[i] = float32(level * rng.NormFloat64())
	}
}

func (s *setting) checkEvents(t *rapid.T, table map[string]string, seen map[string]int) {
	block := func() int { return 700 }
	s.o.Why = true
	es := s.play(t, classifier(t, s), block, nil)
	checkIDs(t, es)
	var plain []Event
	early := uint64(0)
	for i := range es {
		e := es[i]
		s.checkLedger(t, &e, table)
		switch {
		case e.Type == Early:
			early = e.Segment
		case e.Type == Dropped && e.Segment > 0 && e.Segment == early && e.Rule == decide.Rule(segment.Short):
			t.Fatalf("segment %d had an early label and was too short: %+v", early, e)
		}
		if e.Rule != "" {
			seen[string(e.Rule)]++
		}
		if e.Why = nil; e.Type != Dropped || e.Segment > 0 {
			plain = append(plain, e)
		}
	}
	s.o.Why = false
	same(t, "without asking why", s.play(t, classifier(t, s), block, nil), plain)
}

func (s *setting) checkLedger(t *rapid.T, e *Event, table map[string]string) {
	if e.Type != Confirmed && e.Type != Dropped {
		return
	}
	contradicts := func(rule decide.Rule, value, threshold float64) bool {
		switch table[string(rule)] {
		case "<":
			return value < threshold
		case "≥":
			return value >= threshold
		}
		t.Fatalf("rule %q is not documented", rule)
		return false
	}
	reported := e.Type == Confirmed && !e.Rejected
	if reported != (e.Rule == "") || reported != (e.Label != "") {
		t.Fatalf("%+v", e)
	}
	if !reported && !contradicts(e.Rule, e.Value, e.Threshold) {
		t.Fatalf("%s: %v does not contradict %v", e.Rule, e.Value, e.Threshold)
	}
	first := ""
	for _, v := range e.Why {
		early := strings.HasPrefix(string(v.Rule), "early")
		tie := v.Rule == decide.Background && v.Value == v.Threshold // the first of the labels it is then
		if contradicts(v.Rule, v.Value, v.Threshold) == v.Passed && !tie {
			t.Fatalf("%+v", v)
		}
		if !v.Passed && !early && first == "" {
			first = fmt.Sprint(v.Rule, v.Value, v.Threshold)
		}
	}
	if want := fmt.Sprint(e.Rule, e.Value, e.Threshold); len(e.Why) > 0 && !reported && first != want || reported && first != "" {
		t.Fatalf("%+v: the first rule not passed is %q", e, first)
	}
}
