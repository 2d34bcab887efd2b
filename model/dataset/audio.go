package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"inkling/internal/audio"
	"inkling/internal/parallel"
)

// loadAudio decodes files in parallel and converts them to one rate and one number of
// channels. Examples are in the order of files.
func loadAudio(fsys fs.FS, files []entry, o Options) (*Set, error) {
	clips, hashes, errs := make([]*audio.Clip, len(files)), make([]string, len(files)), make([]error, len(files))
	groups := sharing(files)
	parallel.ForEach(len(groups), !o.SkipBad, o.Progress, func(k int) error {
		whole, err := decodeEntry(fsys, files[groups[k][0]])
		for _, i := range groups[k] {
			clips[i], errs[i] = whole, err
		}
		return err
	})
	s := &Set{Kind: Audio}
	if countSamples(files, func(i int) (int, float64) { return lengthOf(clips[i]) }) {
		s.note("start and end would be after the end of recordings as seconds, so they are samples")
	}
	for i, c := range clips {
		if errs[i] == nil {
			clips[i], errs[i] = cut(c, &files[i])
		}
		if errs[i] != nil && !o.SkipBad {
			return nil, errs[i]
		}
	}
	plans := make([]*plan, len(files))
	o.uses().unlabelled = slices.ContainsFunc(files, func(e entry) bool { return e.annotated })
	for i, c := range clips {
		if errs[i] == nil && files[i].annotated {
			plans[i], errs[i] = newPlan(c, &files[i], o.Table.Unlabelled)
		}
		if errs[i] != nil && !o.SkipBad {
			return nil, errs[i]
		}
	}
	many := stretchesEach(files, plans)
	parallel.ForEach(len(files), false, nil, func(i int) error {
		if plans[i] != nil {
			plans[i].divide(clips[i], many)
		} else if c := clips[i]; errs[i] == nil {
			hashes[i] = hashExample(files[i].label, c.Rate, c.Channels, c.Samples)
		}
		return nil
	})
	var names []string
	var laid []*plan
	good := clips[:0]
	for i, c := range clips {
		f := files[i]
		if errs[i] != nil {
			s.Skipped = append(s.Skipped, errs[i])
			continue
		}
		if f.group == "" {
			f.group = f.file
		}
		s.Examples = append(s.Examples, Example{Name: f.name(), Split: f.split, Group: f.group, Hash: hashes[i]})
		names, laid = append(names, f.label), append(laid, plans[i])
		good = append(good, c)
	}
	if len(good) == 0 {
		return nil, fmt.Errorf("none of the %d files could be read; the first: %w", len(files), errs[0])
	}
	if err := s.unify(good, o); err != nil {
		return nil, err
	}
	if names = s.tracked(names, laid); len(names) == 0 {
		return nil, fmt.Errorf("%s: the annotations name no event, and there is no background either: annotate a longer recording", files[0].file)
	}
	s.finish(names, nil)
	return s, nil
}

// sharing groups the files that are read once: pieces of one recording.
func sharing(files []entry) (groups [][]int) {
	at := map[string]int{}
	for i, f := range files {
		k, seen := at[f.file]
		if f.piece == nil || !seen {
			k = len(groups)
			groups = append(groups, nil)
			if f.piece != nil {
				at[f.file] = k
			}
		}
		groups[k] = append(groups[k], i)
	}
	return groups
}

func lengthOf(c *audio.Clip) (n int, rate float64) {
	if c == nil {
		return 0, 0
	}
	return len(c.Samples) / c.Channels, c.Rate
}

// cut returns the piece of a recording that e lists.
func cut(c *audio.Clip, e *entry) (*audio.Clip, error) {
	if e.piece == nil {
		return c, nil
	}
	from, to, err := e.piece.samples(c.Rate, len(c.Samples)/c.Channels)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", e.where, e.file, err)
	}
	p := *c
	p.Samples = c.Samples[from*c.Channels : to*c.Channels : to*c.Channels]
	return &p, nil
}

func decodeEntry(fsys fs.FS, e entry) (*audio.Clip, error) {
	c, err := audio.DecodeFile(fsys, e.file)
	var missing *fs.PathError
	switch {
	case errors.As(err, &missing) && e.where != e.file:
		return nil, fmt.Errorf("%s: %w", e.where, err)
	case err != nil:
		return nil, err
	case len(c.Samples) == 0:
		return nil, fmt.Errorf("%s: holds no samples: remove it, or record it again", e.file)
	}
	return c, nil
}

// unify sets the Samples and the Rate of the examples from clips, which it empties.
func (s *Set) unify(clips []*audio.Clip, o Options) error {
	s.unifyFormat(clips, o)
	for i, c := range clips {
		if s.Channels != 1 && c.Channels != s.Channels {
			return fmt.Errorf("%s: has %d channels: Options.Channels asks for %d", s.Examples[i].Name, c.Channels, s.Channels)
		}
	}
	errs := parallel.ForEach(len(clips), true, nil, func(i int) error {
		c, e := clips[i], &s.Examples[i]
		clips[i] = nil
		if c.Channels != s.Channels {
			c.Samples, c.Channels = toMono(c.Samples, c.Channels), 1
		}
		var err error
		e.Rate = s.Rate
		if e.Samples = c.Samples; c.Rate != s.Rate {
			e.Samples, err = resampled(c.Samples, c.Rate, s.Rate, c.Channels)
		}
		if err == nil && len(e.Samples) == 0 {
			err = errors.New("too short to resample")
		}
		if err != nil {
			err = fmt.Errorf("%s: from %v to %v Hz: %w", e.Name, c.Rate, s.Rate, err)
		}
		return err
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// unifyFormat sets the rate and the channels of s.
func (s *Set) unifyFormat(clips []*audio.Clip, o Options) {
	low, high, few, many := clips[0].Rate, clips[0].Rate, clips[0].Channels, clips[0].Channels
	for _, c := range clips {
		low, high = min(low, c.Rate), max(high, c.Rate)
		few, many = min(few, c.Channels), max(many, c.Channels)
	}
	s.Rate, s.Channels, s.LowRate = o.Rate, o.Channels, low
	if o.Rate == 0 {
		s.Rate = low
	}
	if o.Channels == 0 {
		s.Channels = few
		if few != many {
			s.Channels = 1
		}
	}
	if low != high {
		s.note("sampling rates from %v to %v Hz: all resampled to %v Hz", low, high, s.Rate)
	} else if s.Rate != low {
		s.note("resampled from %v to %v Hz", low, s.Rate)
	}
	if few != many && s.Channels == 1 {
		s.note("from %d to %d channels: all averaged to mono", few, many)
	} else if s.Channels == 1 && many > 1 {
		s.note("%d channels averaged to mono", many)
	}
}

func toMono(x []float32, channels int) []float32 {
	out := make([]float32, len(x)/channels)
	for i := range out {
		sum := float32(0)
		for _, v := range x[i*channels : (i+1)*channels] {
			sum += v
		}
		out[i] = sum / float32(channels)
	}
	return out
}
