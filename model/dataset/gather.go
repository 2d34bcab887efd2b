package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// A gatherer makes a Set of sequences from files that hold one or several of them, with
// labels: .ts, .arff, .tsv, .npy, .npz and .mat.
type gatherer struct {
	set      *Set
	o        Options
	names    []string // label of each example
	declared []string // labels that the data name besides
	first    string   // the file or variable that set the number of channels
	padded   int      // sequences with missing values at their end
	rate     float64  // of the first file
	spaced   bool     // declared has words of labels
	rated    bool     // rate is known, 0 included
}

// A sequence is what add takes.
type sequence struct {
	name, label, split, group string
	samples                   []float32 // interleaved; NaN: missing
	channels                  int
	from                      string // the file or variable, for messages
}

// add appends an example, or with Options.SkipBad the error why it is none. Frames without
// any value at the end only fill up and are dropped.
func (g *gatherer) add(q sequence) error {
	err := g.addGood(q)
	if err != nil && g.o.SkipBad {
		g.set.Skipped = append(g.set.Skipped, err)
		return nil
	}
	return err
}

// skip is add for a sequence that could not be read.
func (g *gatherer) skip(err error) error {
	if err != nil && g.o.SkipBad {
		g.set.Skipped = append(g.set.Skipped, err)
		return nil
	}
	return err
}

func (g *gatherer) addGood(q sequence) error {
	s := g.set
	if s.Channels == 0 {
		s.Channels, g.first = q.channels, q.from
	}
	if q.channels != s.Channels {
		return fmt.Errorf("%s: has %d channels, but %s has %d", q.from, q.channels, g.first, s.Channels)
	}
	if !g.o.Table.Plain && noLabel(q.label) {
		return fmt.Errorf("%s: label: %s: give one, or delete the example", q.name, emptyLabel(q.label))
	}
	whole := len(q.samples)
	q.samples = trimmed(q.samples, q.channels)
	if len(q.samples) == 0 {
		return fmt.Errorf("%s: has no values: delete it", q.name)
	}
	if len(q.samples) < whole {
		g.padded++
	}
	if err := checkValues(q.samples, q.channels); err != nil {
		return fmt.Errorf("%s: %w", q.name, err)
	}
	if g.o.Table.Plain {
		q.label = ""
	}
	e := Example{Name: q.name, Split: q.split, Group: cmp.Or(q.group, q.name), Samples: q.samples}
	e.Hash = hashExample(q.label, g.rate, s.Channels, e.Samples)
	s.Examples, g.names = append(s.Examples, e), append(g.names, q.label)
	return nil
}

// trimmed returns x without the frames at its end in which every channel is missing.
func trimmed(x []float32, channels int) []float32 {
	n := len(x)
	for n > 0 && x[n-1] != x[n-1] {
		n--
	}
	return x[:(n+channels-1)/channels*channels]
}

// checkValues returns an error that locates the first value that is no finite number.
func checkValues(x []float32, channels int) error {
	for i, v := range x {
		if v-v == 0 {
			continue
		}
		where := fmt.Sprintf("channel %d, value %d", i%channels+1, i/channels+1)
		if v != v {
			return fmt.Errorf("%s is missing: fill missing values (interpolate, or repeat the last) or drop the examples that have them", where)
		}
		return fmt.Errorf("%s is infinite or too large for a 32-bit float: correct it", where)
	}
	return nil
}

// setRate sets the samples per second that a file says; 0: none.
func (g *gatherer) setRate(file string, rate float64) error {
	switch {
	case rate < 0 || math.IsNaN(rate) || rate > 1e9:
		return fmt.Errorf("%s: a rate of %v samples per second is none: correct it, or leave it out", file, rate)
	case g.rated && rate != g.rate:
		return fmt.Errorf("%s: has %v samples per second, the files before have %v: resample one of them", file, rate, g.rate)
	}
	g.rate, g.rated = rate, true
	return nil
}

// declare takes the labels that a file lists. If it lists the words of labels with blanks,
// only labels with examples count.
func (g *gatherer) declare(labels []string, words bool) {
	if words {
		if !g.spaced {
			g.set.note("labels have blanks, which separate the labels of @classLabel: only labels with examples count")
		}
		g.spaced = true
	}
	g.declared = append(g.declared, labels...)
}

// finish returns the Set, at the rate that Options.Rate asks for. Data that say none have
// that rate.
func (g *gatherer) finish(empty error) (*Set, error) {
	s := g.set
	if len(s.Examples) == 0 {
		if len(s.Skipped) > 0 {
			return nil, fmt.Errorf("none of the examples could be read; the first: %w", s.Skipped[0])
		}
		return nil, empty
	}
	if g.padded > 0 {
		s.note("%d sequences end in missing values, which only fill them up and are dropped", g.padded)
	}
	s.Rate, s.LowRate = cmp.Or(g.o.Rate, g.rate), g.rate
	for i := range s.Examples {
		e := &s.Examples[i]
		if e.Rate = s.Rate; g.rate == 0 || g.rate == s.Rate {
			continue
		}
		x, err := resampled(e.Samples, g.rate, s.Rate, s.Channels)
		if err == nil && len(x) == 0 {
			err = errors.New("too short to resample")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: from %v to %v Hz: %w", e.Name, g.rate, s.Rate, err)
		}
		e.Samples = x
	}
	if g.rate != 0 && g.rate != s.Rate {
		s.note("resampled from %v to %v Hz", g.rate, s.Rate)
	}
	if g.spaced || g.o.Table.Plain {
		g.declared = nil
	}
	s.finish(g.names, g.declared)
	return s, nil
}
