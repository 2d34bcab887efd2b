package evaluate

// A Stretch is a run of steps [From, To) with one label.
type Stretch struct{ From, To, Label int }

// StretchesOf returns the stretches of labels; steps without a label are in none.
func StretchesOf(labels []int32) (runs []Stretch) {
	for k, l := range labels {
		if l < 0 {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].To == k && runs[n-1].Label == int(l) {
			runs[n-1].To++
			continue
		}
		runs = append(runs, Stretch{k, k + 1, int(l)})
	}
	return runs
}

// overlaps counts the detected segments that match a true one at each of three overlaps:
// the segmental F1@k of Lea et al. (Temporal Convolutional Networks for Action
// Segmentation and Detection, CVPR 2017), over all recordings together.
type overlaps struct {
	right            [3]int
	truths, detected int
}

// enough lists the overlaps (intersection over union) that a match needs.
var enough = [3]float64{0.10, 0.25, 0.50}

// add compares the labels of one recording, given step by step. A detected segment is
// compared with the true segment of its label that it overlaps most. It is right if they
// overlap enough and no earlier segment has matched that one.
func (o *overlaps) add(truth, given []int32) {
	truths, runs := StretchesOf(truth), StretchesOf(given)
	o.truths += len(truths)
	o.detected += len(runs)
	used := make([][3]bool, len(truths))
	for _, d := range runs {
		best, most := -1, 0.0
		for i, t := range truths {
			if t.Label != d.Label {
				continue
			}
			both := float64(min(t.To, d.To) - max(t.From, d.From))
			if v := both / float64(max(t.To, d.To)-min(t.From, d.From)); v > most {
				best, most = i, v
			}
		}
		for k, least := range enough {
			if best >= 0 && most >= least && !used[best][k] {
				used[best][k] = true
				o.right[k]++
			}
		}
	}
}

func (o *overlaps) score() SegmentScore {
	f1 := func(k int) Share { return ShareOf(2*o.right[k], o.truths+o.detected) }
	return SegmentScore{o.truths, o.detected, f1(0), f1(1), f1(2)}
}
