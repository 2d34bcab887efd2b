package dataset

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Names of splits. Data may name others.
const (
	TrainSplit = "train"
	TestSplit  = "test"
	All        = "all" // every example
)

// testFraction is the share of the test split if the data name no splits.
const testFraction = 0.2

// Splits returns the splits that the data name, sorted.
func (s *Set) Splits() []string {
	var names []string
	for i := range s.Examples {
		if v := s.Examples[i].Split; v != "" && !slices.Contains(names, v) {
			names = append(names, v)
		}
	}
	slices.Sort(names)
	return names
}

// Split returns the examples of a split, or s if name is All.
func (s *Set) Split(name string) (*Set, error) {
	if name == All {
		return s, nil
	}
	names := s.Splits()
	if usual, known := splitName(name); known && !slices.Contains(names, name) {
		name = usual
	}
	if !slices.Contains(names, name) {
		if len(names) == 0 {
			return nil, fmt.Errorf("there is no split %q: the data name none; choose the split %s", name, All)
		}
		return nil, fmt.Errorf("there is no split %q: the splits are %s, and %s", name, strings.Join(names, ", "), All)
	}
	return s.subset(func(i int) bool { return s.Examples[i].Split == name }), nil
}

// Train returns the split TrainSplit if the data name splits, and otherwise the examples
// that Test does not return.
func (s *Set) Train() (*Set, error) { return s.trainOrTest(TrainSplit) }

// Test returns the split TestSplit if the data name splits, and otherwise a fifth of the
// examples, chosen by HoldOut. If s is a single recording without labels, it returns its
// last fifth.
func (s *Set) Test() (*Set, error) { return s.trainOrTest(TestSplit) }

func (s *Set) trainOrTest(name string) (*Set, error) {
	names := s.Splits()
	if len(names) == 0 {
		train, test := s.HoldOut(testFraction, "test")
		if len(s.Examples) == 1 && s.unlabelled() {
			train, test = s.HoldOutEnds(testFraction)
		}
		if name == TrainSplit {
			return train, nil
		}
		if len(test.Examples) == 0 {
			return nil, fmt.Errorf("the data name no splits, and %d examples are too few to hold out a fifth: choose the split %s", len(s.Examples), All)
		}
		return test, nil
	}
	if !slices.Contains(names, name) {
		return nil, fmt.Errorf("there is no split %q: choose the split %s, or %s", name, strings.Join(names, ", "), All)
	}
	return s.Split(name)
}

// A part is a group of examples that no split divides.
type part struct {
	examples []int
	labels   []int  // distinct, sorted
	stratum  string // equal for parts with equal labels
	draw     float64
	held     bool
}

// HoldOut holds out about this fraction of the groups of each label.
//
// A hash of seed and the group's content, or its name if the data name groups, draws the
// side of a group. So it rarely changes when examples are added or reordered. Where
// chance would hold out less than half or more than one and a half of the expected
// number, the draw is corrected. Each label with several groups is on both sides, a
// label with one group only in train. Different seeds draw independently.
func (s *Set) HoldOut(fraction float64, seed string) (train, held *Set) {
	parts := s.parts(seed)
	strata := map[string][]*part{}
	var order []string
	for _, p := range parts {
		if strata[p.stratum] == nil {
			order = append(order, p.stratum)
		}
		strata[p.stratum] = append(strata[p.stratum], p)
	}
	for _, key := range order {
		drawStratum(strata[key], fraction)
	}
	if fraction > 0 && fraction < 1 {
		trainOnlyOnes(parts, len(s.Labels))
		for label := range s.Labels {
			ensureBothSides(parts, label)
		}
	}
	side := make([]bool, len(s.Examples))
	for _, p := range parts {
		for _, i := range p.examples {
			side[i] = p.held
		}
	}
	return s.subset(func(i int) bool { return !side[i] }), s.subset(func(i int) bool { return side[i] })
}

// parts returns the groups, sorted by draw.
func (s *Set) parts(seed string) []*part {
	byGroup := map[string]*part{}
	var parts []*part
	for i := range s.Examples {
		e := &s.Examples[i]
		key := "group " + e.Group
		if e.Group == e.Name {
			key = "content " + e.Hash // copies stay together
		}
		p := byGroup[key]
		if p == nil {
			p = &part{draw: draw(seed, key)}
			byGroup[key] = p
			parts = append(parts, p)
		}
		p.examples = append(p.examples, i)
		for _, l := range labelsOf(e) {
			if !slices.Contains(p.labels, l) {
				p.labels = append(p.labels, l)
			}
		}
	}
	for _, p := range parts {
		slices.Sort(p.labels)
		p.stratum = fmt.Sprint(p.labels)
	}
	slices.SortStableFunc(parts, func(a, b *part) int { return cmp.Compare(a.draw, b.draw) })
	return parts
}

// draw hashes key to a number that is uniform in [0, 1).
func draw(seed, key string) float64 {
	h := sha256.Sum256([]byte(fmt.Sprintf("%d %s %s", len(seed), seed, key)))
	return float64(binary.BigEndian.Uint64(h[:])>>11) / (1 << 53)
}

// drawStratum holds out the parts whose draw is below fraction, at least half and at most
// one and a half of the expected number. parts are sorted by draw.
func drawStratum(parts []*part, fraction float64) {
	n := 0
	for n < len(parts) && parts[n].draw < fraction {
		n++
	}
	expected := fraction * float64(len(parts))
	n = max(n, int(math.Floor(expected/2)))
	n = min(n, int(math.Ceil(expected*1.5)))
	if len(parts) >= 2 && fraction > 0 && fraction < 1 {
		n = min(max(n, 1), len(parts)-1)
	}
	for _, p := range parts[:min(n, len(parts))] {
		p.held = true
	}
}

// trainOnlyOnes moves each part to training that is the only one with some label.
func trainOnlyOnes(parts []*part, labels int) {
	count := make([]int, labels)
	for _, p := range parts {
		for _, label := range p.labels {
			count[label]++
		}
	}
	for _, p := range parts {
		for _, label := range p.labels {
			if count[label] == 1 {
				p.held = false
			}
		}
	}
}

// ensureBothSides moves a part with label to the other side if all are on one side and
// that side keeps all its other labels.
func ensureBothSides(parts []*part, label int) {
	var with []*part
	held := 0
	for _, p := range parts {
		if slices.Contains(p.labels, label) {
			with = append(with, p)
			if p.held {
				held++
			}
		}
	}
	if len(with) < 2 || held > 0 && held < len(with) {
		return
	}
	if held > 0 {
		slices.Reverse(with) // the largest draw leaves first
	}
	for _, p := range with {
		if !lastOfItsSide(parts, p) {
			p.held = !p.held
			return
		}
	}
}

// lastOfItsSide reports whether p is the only part on its side with one of its labels.
func lastOfItsSide(parts []*part, p *part) bool {
	for _, label := range p.labels {
		others := 0
		for _, q := range parts {
			if q != p && q.held == p.held && slices.Contains(q.labels, label) {
				others++
			}
		}
		if others == 0 {
			return true
		}
	}
	return false
}
