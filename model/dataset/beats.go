package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"inkling/internal/f32"
	"inkling/internal/parallel"
	"inkling/internal/qrs"
	"inkling/internal/wfdb"
	"inkling/model/segment"
)

// BeatTolerance is the greatest distance in seconds between a detected beat and the
// annotation that it is paired with.
const BeatTolerance = 0.075

// BeatOptions are the options of LoadBeats.
type BeatOptions struct {
	Rate     float64        // samples per second to resample to; 0: the records' rate, the lowest if there are several
	Leads    []string       // leads of WFDB records, by name or by number from 1; nil: all
	Segment  segment.Config // how beats are cut
	Labels   []string       // classes of AAMI EC57 to use; nil: N, S and V
	Most     int            // greatest number of examples per class, shared evenly by the records; 0: no limit
	Progress func(done, total int)
}

// LoadBeats cuts the beats of records with the detector that streams use. The label of a
// beat is the class of the annotation within BeatTolerance; beats without one are left
// out. Each record is a group.
func LoadBeats(records []Record, o BeatOptions) (*Set, error) {
	if len(o.Labels) == 0 {
		o.Labels = []string{wfdb.ClassN, wfdb.ClassS, wfdb.ClassV}
	}
	for _, l := range o.Labels {
		if !slices.Contains(aami, l) {
			return nil, fmt.Errorf("there is no class of heartbeats %q: the classes are %s", l, strings.Join(aami, ", "))
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
	s.nameLeads(cuts)
	for _, class := range aami {
		if left[class] > 0 {
			s.note("%d beats of class %s are left out: BeatOptions.Labels chooses the classes", left[class], class)
		}
	}
	if o.Most > 0 {
		return s.thin(o.Most), nil
	}
	return s, nil
}

// agree reports records that differ in the number of leads.
func (s *Set) agree(c, first *cutRecord) error {
	if s.Channels = first.channels; c.channels != s.Channels {
		return fmt.Errorf("%s: it has %d leads, but %s has %d: choose leads that both have (BeatOptions.Leads)", c.file, c.channels, first.file, first.channels)
	}
	return nil
}

// nameLeads names the channels by the leads, if all records have the same ones.
func (s *Set) nameLeads(cuts []cutRecord) {
	first := &cuts[0]
	for i := range cuts {
		if c := &cuts[i]; !slices.Equal(c.leads, first.leads) {
			s.note("%s has the leads %s, but %s has %s: they are taken in this order, without names; BeatOptions.Leads chooses leads by name",
				c.file, leadList(c.leads), first.file, leadList(first.leads))
			return
		}
	}
	s.Names, s.Units = first.leads, first.units
	for i := range cuts {
		if !slices.Equal(cuts[i].units, first.units) {
			s.Units = nil
		}
	}
}

// leadList writes names of leads for people.
func leadList(names []string) string {
	if len(names) == 0 {
		return "without names"
	}
	return strings.Join(names, ", ")
}

func mixed(cuts []cutRecord) bool {
	return slices.ContainsFunc(cuts, func(c cutRecord) bool { return c.rate != cuts[0].rate })
}

// thin keeps at most this many examples of each label, the same number of every record
// that has so many. A hash chooses them.
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

// share returns the greatest number n for which the sum of min(size, n) is at most most.
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

// A cutRecord is a record cut into its annotated beats.
type cutRecord struct {
	file     string
	rate     float64
	channels int
	leads    []string // nil: without names
	units    []string // of the leads
	examples []Example
	classes  []string
}

func (c *cutRecord) load(r *Record, o *BeatOptions) error {
	clip, err := r.signal(o.Leads)
	if err != nil {
		return err
	}
	c.file, c.channels, c.rate = r.File, clip.Channels, clip.Rate
	if c.leads, c.units, err = r.leads(o.Leads); err != nil {
		return err
	}
	if o.Rate > 0 {
		c.rate = o.Rate
	}
	seg, err := beatSegmenter(o.Segment, c.rate, c.channels)
	if err != nil {
		return fmt.Errorf("%s: %w", r.File, err)
	}
	var at []float64
	var found []Example
	n := c.channels
	for from := 0; from < clip.Frames(); { // missing samples divide the signal
		to := from
		for to < clip.Frames() && f32.AllFinite(clip.Samples[to*n:(to+1)*n]) {
			to++
		}
		x := clip.Samples[from*n : to*n]
		if clip.Rate != c.rate {
			if x, err = resampled(x, clip.Rate, c.rate, n); err != nil {
				return fmt.Errorf("%s: from %v to %v Hz: %w", r.File, clip.Rate, c.rate, err)
			}
		}
		cutBeats(seg, x, n, func(b *qrs.Beat) {
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

// A Beat is a detected heartbeat. Its slices are valid until the function that is
// called with it returns.
type Beat struct {
	Peak    uint64    // sample of the R peak
	Samples []float32 // channels interleaved
	Context []float32
}

func beatSegmenter(c segment.Config, rate float64, channels int) (*qrs.Segmenter, error) {
	if err := c.CheckBeats(rate, channels); err != nil {
		return nil, err
	}
	c = c.Defaults()
	return qrs.New(qrs.Config{Rate: rate, Channels: channels, Before: c.Before, After: c.After, Wait: c.Wait}), nil
}

// CutBeats calls each with the beats of a whole signal, cut as segment.Beat cuts them.
// The signal must not contain NaN.
func CutBeats(cfg segment.Config, rate float64, x []float32, channels int, each func(*Beat)) error {
	s, err := beatSegmenter(cfg, rate, channels)
	if err != nil {
		return err
	}
	cutBeats(s, x, channels, func(b *qrs.Beat) {
		each(&Beat{Peak: b.Peak, Samples: b.Samples, Context: b.Context[:]})
	})
	return nil
}

// cutBeats calls each with the beats of a whole signal and resets seg.
func cutBeats(seg *qrs.Segmenter, x []float32, channels int, each func(*qrs.Beat)) {
	var b qrs.Beat
	for ; len(x) > 0; x = x[channels:] {
		seg.Push(x[:channels])
		for seg.Next(&b) {
			each(&b)
		}
	}
	seg.Finish()
	for seg.Next(&b) {
		each(&b)
	}
	seg.Reset()
}

// PairBeats returns for each time of truth the index of the nearest time of found that
// is at most tolerance away and not nearer to the next time of truth, or −1. Both lists
// are ascending. No time of found is paired twice.
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
			d := math.Abs(found[k] - t)
			if d > best || i+1 < len(truth) && math.Abs(truth[i+1]-found[k]) < d {
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
