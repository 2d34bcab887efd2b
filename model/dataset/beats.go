package dataset

import (
	"fmt"
	"slices"
	"strings"

	"inkling/internal/parallel"
	"inkling/internal/qrs"
	"inkling/internal/wfdb"
	"inkling/model/segment"
)

// Beats is the Kind of heartbeats, cut out as the segmenter beat does.
const Beats Kind = "beats"

// BeatTolerance is how far apart, in seconds, a beat that was found and the annotation
// that it is paired with may be.
const BeatTolerance = 0.075

// BeatOptions of LoadBeats.
type BeatOptions struct {
	Rate     float64        // resampled to this; 0: the records', the lowest if they differ
	Leads    []string       // of WFDB records, by name or number [all]
	Segment  segment.Config // how to cut
	Labels   []string       // beats of these classes alone [N, S, V]
	Most     int            // examples of a class, shared out over the records; 0: all
	Progress func(done, total int)
}

// LoadBeats cuts the beats of records, with the detector that a stream uses, and labels
// those that lie within BeatTolerance of an annotation with its class. Each record is a
// group.
func LoadBeats(records []Record, o BeatOptions) (*Set, error) {
	if len(o.Labels) == 0 {
		o.Labels = []string{wfdb.ClassN, wfdb.ClassS, wfdb.ClassV}
	}
	for _, l := range o.Labels {
		if !slices.Contains(aami, l) {
			return nil, fmt.Errorf("there is no class of heartbeats %q: there are %s", l, strings.Join(aami, ", "))
		}
	}
	s := &Set{Kind: Beats, Rate: o.Rate}
	cuts := make([]cutRecord, len(records))
	errs := parallel.ForEach(len(records), true, o.Progress, func(i int) error {
		return cuts[i].load(&records[i], &o)
	})
	for i, err := range errs {
		if err == nil {
			err = s.agree(&cuts[i], &cuts[0])
		}
		if err != nil {
			return nil, err
		}
	}
	if s.Rate == 0 && mixed(cuts) { // to the lowest: cut anew
		o.Rate = slices.MinFunc(cuts, func(a, b cutRecord) int { return int(a.rate - b.rate) }).rate
		return LoadBeats(records, o)
	}
	var names []string
	left := map[string]int{}
	for i := range cuts {
		c := &cuts[i]
		s.Rate = c.rate
		for j, class := range c.classes {
			if !slices.Contains(o.Labels, class) {
				left[class]++
				continue
			}
			names, s.Examples = append(names, class), append(s.Examples, c.examples[j])
		}
	}
	if len(s.Examples) == 0 {
		return nil, fmt.Errorf("none of the %d records has a beat of the classes %s", len(records), strings.Join(o.Labels, ", "))
	}
	s.finish(names, nil)
	for _, class := range aami {
		if left[class] > 0 {
			s.note("%d beats of class %s are left out: name the classes to take with --labels", left[class], class)
		}
	}
	if o.Most > 0 {
		return s.thin(o.Most), nil
	}
	return s, nil
}

func (s *Set) agree(c, first *cutRecord) error {
	if s.Channels = first.channels; c.channels != s.Channels {
		return fmt.Errorf("%s: it has %d leads, %s has %d: choose the same ones of each with --leads", c.file, c.channels, first.file, first.channels)
	}
	return nil
}

func mixed(cuts []cutRecord) bool {
	return slices.ContainsFunc(cuts, func(c cutRecord) bool { return c.rate != cuts[0].rate })
}

// thin leaves at most so many examples of each label: as many of each record as there
// is room for, chosen by a hash.
func (s *Set) thin(most int) *Set {
	type key struct {
		label int
		group string
	}
	members := map[key][]int{}
	for i := range s.Examples {
		k := key{s.Examples[i].Label, s.Examples[i].Group}
		members[k] = append(members[k], i)
	}
	keep := make([]bool, len(s.Examples))
	for label := range s.Labels {
		var sizes []int
		for k, m := range members {
			if k.label == label {
				sizes = append(sizes, len(m))
			}
		}
		each := share(sizes, most)
		for k, m := range members {
			if k.label != label {
				continue
			}
			slices.SortStableFunc(m, func(a, b int) int { return strings.Compare(s.Examples[a].Hash, s.Examples[b].Hash) })
			for _, i := range m[:min(each, len(m))] {
				keep[i] = true
			}
		}
	}
	t := s.subset(func(i int) bool { return keep[i] })
	if n := len(s.Examples) - len(t.Examples); n > 0 {
		t.note("%d of %d beats are left out, so that no class has more than %d", n, len(s.Examples), most)
	}
	return t
}

// share is the greatest number that each may keep for all to keep at most most.
func share(sizes []int, most int) int {
	slices.Sort(sizes)
	for i, n := range sizes {
		if room := most / (len(sizes) - i); n > room {
			return max(room, 1)
		}
		most -= n
	}
	return most + 1<<30
}

// A cutRecord is a record cut into beats; those without annotation are left out.
type cutRecord struct {
	file     string
	rate     float64
	channels int
	examples []Example
	classes  []string
}

func (c *cutRecord) load(r *Record, o *BeatOptions) error {
	clip, err := r.Clip(o.Leads)
	if err != nil {
		return err
	}
	c.file, c.channels, c.rate = r.File, clip.Channels, clip.Rate
	if o.Rate > 0 {
		c.rate = o.Rate
	}
	cfg := o.Segment.Beats(c.rate, c.channels)
	if err := cfg.Check(); err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	seg := qrs.New(cfg)
	var at []float64
	var found []Example
	n := c.channels
	for from := 0; from < clip.Frames(); { // runs of samples that are numbers
		to := from
		for to < clip.Frames() && finite(clip.Samples[to*n:(to+1)*n]) {
			to++
		}
		x := clip.Samples[from*n : to*n]
		if clip.Rate != c.rate {
			if x, err = resampled(x, clip.Rate, c.rate, n); err != nil {
				return fmt.Errorf("%s: from %v to %v Hz: %w", r.File, clip.Rate, c.rate, err)
			}
		}
		CutBeats(seg, x, n, func(b *qrs.Beat) {
			t := float64(from)/clip.Rate + float64(b.Peak)/c.rate
			at = append(at, t)
			found = append(found, Example{Name: fmt.Sprintf("%s@%.6g", r.File, t), Group: r.Name, Split: r.Split, Rate: c.rate,
				Samples: slices.Clone(b.Samples), Context: slices.Clone(b.Context[:])})
		})
		from = max(to, from+1)
	}
	truth := make([]float64, len(r.Beats))
	for i, b := range r.Beats {
		truth[i] = float64(b.Sample) / clip.Rate
	}
	for i, j := range PairBeats(truth, at, BeatTolerance) {
		if j < 0 {
			continue
		}
		e, class := found[j], r.Beats[i].Class
		e.Hash = hashExample(class, c.rate, c.channels, e.Samples)
		c.examples, c.classes = append(c.examples, e), append(c.classes, class)
	}
	return nil
}

func finite(x []float32) bool {
	for _, v := range x {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// CutBeats runs a signal of its own through seg and tells each beat, valid until tell
// returns.
func CutBeats(seg *qrs.Segmenter, x []float32, channels int, tell func(*qrs.Beat)) {
	var b qrs.Beat
	for ; len(x) > 0; x = x[channels:] {
		seg.Push(x[:channels])
		for seg.Next(&b) {
			tell(&b)
		}
	}
	seg.Finish()
	for seg.Next(&b) {
		tell(&b)
	}
	seg.Reset()
}

// PairBeats finds for each time of truth, ascending, the nearest of found, ascending,
// that is at most tolerance away and nearer to no other of truth; −1: there is none. No
// time is paired twice.
func PairBeats(truth, found []float64, tolerance float64) []int {
	pair := make([]int, len(truth))
	j := 0
	for i, t := range truth {
		pair[i] = -1
		for j < len(found) && found[j] < t-tolerance {
			j++
		}
		best, at := tolerance, -1
		for k := j; k < len(found) && found[k] <= t+tolerance; k++ {
			d := abs(found[k] - t)
			if d > best || i+1 < len(truth) && abs(truth[i+1]-found[k]) < d {
				continue
			}
			best, at = d, k
		}
		if at >= 0 {
			pair[i], j = at, at+1
		}
	}
	return pair
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}
