package parity

import (
	"math"

	"inkling/model/decide"
	"inkling/stream"
)

// agrees reports whether two events are the same but for probabilities, which may differ by
// the tolerance.
func (d *Device) agrees(got, want *stream.Event) bool {
	if got.Type != want.Type || got.Segment != want.Segment || got.Step != want.Step || got.Sample != want.Sample || got.Label != want.Label ||
		got.Warm != want.Warm || got.Rejected != want.Rejected || got.Rule != want.Rule || got.Running != want.Running || got.Agrees != want.Agrees ||
		got.Steps != want.Steps || got.Start != want.Start || got.End != want.End || got.EndedBy != want.EndedBy || got.Lost != want.Lost ||
		len(got.Top) > len(want.Top) || len(got.Top) < min(len(want.Top), 3) {
		return false
	}
	same := d.near(float64(got.P), float64(want.P), d.tolerance)
	p := make(map[string]float32, len(want.Top))
	for _, s := range want.Top {
		p[s.Label] = s.P
	}
	for i, s := range got.Top {
		known, ok := p[s.Label]
		// Labels that are as probable as one another may be in any order.
		if !ok || !d.near(float64(s.P), float64(known), d.tolerance) || !d.near(float64(s.P), float64(want.Top[i].P), d.tolerance) {
			same = false
		}
	}
	return same && d.rule(got, want)
}

// rule compares the numbers of the rule that held a label back.
func (d *Device) rule(got, want *stream.Event) bool {
	const last = 1e-9 // logarithms and quotients may differ in their last bit
	value, threshold := last, last
	switch want.Rule {
	case decide.Threshold:
		value += d.tolerance
	case decide.Background:
		value, threshold = value+d.tolerance, threshold+d.tolerance
	case decide.CUSUM: // each step adds log(p/(1-p)), p within 0.001 and 0.999
		value += 1001 * d.tolerance * float64(want.Step)
	}
	return within(got.Value-want.Value, value) && within(got.Threshold-want.Threshold, threshold)
}

func within(difference, most float64) bool { return math.Abs(difference) <= most }

// near compares two probabilities, and notes how far apart they are.
func (d *Device) near(got, want, tolerance float64) bool {
	apart := math.Abs(got - want)
	if math.IsNaN(apart) {
		apart = math.Inf(1)
	}
	d.Result.Greatest = max(d.Result.Greatest, apart)
	return apart <= tolerance
}
