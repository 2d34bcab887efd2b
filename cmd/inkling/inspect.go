package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/decide"
)

type inspectCmd struct {
	Name string `arg:"" help:"A model file or labelled data; bundled:notes is both, and shows both."`
	JSON bool   `help:"A model's configuration as JSON."`
	dataFlags
}

func (c *inspectCmd) Run(a *app) error {
	if c.Name == bundledNotes || isFile(c.Name) && looksLikeModel(c.Name) {
		m, err := openModel(c.Name)
		if err != nil {
			return err
		}
		if c.JSON {
			enc := json.NewEncoder(a.stdout)
			enc.SetIndent("", "  ")
			return enc.Encode(&m.Config)
		}
		inspectModel(a, c.Name, m)
		if c.Name != bundledNotes {
			return nil
		}
	}
	set, err := c.openAny(a)
	if err != nil {
		return err
	}
	if c.Split != "" {
		if set, err = set.Split(c.Split); err != nil {
			return err
		}
	}
	inspectData(a, c.Name, set)
	return nil
}

// openAny reads labelled data, or else plain recordings.
func (c *inspectCmd) openAny(a *app) (*dataset.Set, error) {
	set, err := c.open(a, c.Name, 0)
	if err == nil {
		return set, nil
	}
	c.recordings = true
	if plain, perr := c.open(a, c.Name, 0); perr == nil {
		a.logf("without labels, for train --predict next: %v", err)
		return plain, nil
	}
	return nil, err
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// looksLikeModel tells a safetensors file by its ninth byte, the header's brace.
func looksLikeModel(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [9]byte
	n, _ := f.Read(b[:])
	return n == len(b) && b[8] == '{'
}

func inspectModel(a *app, name string, m *model.Model) {
	c := &m.Config
	w := func(key, format string, args ...any) {
		fmt.Fprintf(a.stdout, "  %-12s %s\n", key, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(a.stdout, "model %s\n", name)
	w("hash", "%s", m.Hash())
	if m.HasNext() {
		w("says", "what comes next: %s", describeNext(c.Next))
	} else {
		w("labels", "%d: %s", len(c.Labels), strings.Join(c.Labels, ", "))
	}
	switch {
	case c.Text():
		w("input", "text, a step a character")
	case c.Rate > 0:
		w("input", "%.6g Hz, %d channels%s", c.Rate, c.Channels, channelNames(c.Names, c.Units))
	default:
		w("input", "samples as they come, %d channels%s", c.Channels, channelNames(c.Names, c.Units))
	}
	if c.HasStem() {
		w("front end", "%s: %d features a step", describe(c.Front), len(m.Params.Mean))
		w("stem", "%s: %d values a step", c.Stem, m.Dim())
	} else {
		w("front end", "%s: %d features a step", describe(c.Front), m.Dim())
	}
	heads := fmt.Sprintf("running (%s)", c.Running)
	if m.HasNext() {
		heads = fmt.Sprintf("next (%d values)", m.Outputs())
	}
	if m.HasConfirm() {
		heads += " and confirm"
	}
	w("network", "%d layers of %d units, heads: %s", c.Layers, c.Hidden, heads)
	values := 0
	for _, t := range m.Params.Tensors() {
		values += len(t.Data)
	}
	w("size", "%d numbers, %.0f KB", values, float64(len(m.Bytes()))/1024)
	if !m.HasNext() {
		w("segments", "%s, at most %g %s", c.Segment.Kind, c.Segmenter().MaxDuration, unitOf(c))
		inspectDecision(&c.Decision, w)
	}
	w("trained on", "%d examples, seed %d, data %s", len(c.Origin.Examples), c.Origin.Seed, c.Origin.Data)
	for _, k := range slices.Sorted(maps.Keys(c.Origin.Measured)) {
		w("", "%s %.4g", strings.ReplaceAll(k, "_", " "), c.Origin.Measured[k])
	}
}

// channelNames lists channels with their units, after a colon; none is "".
func channelNames(names, units []string) string {
	list := slices.Clone(names)
	for i := range list {
		if units != nil && units[i] != "" {
			list[i] += " [" + units[i] + "]"
		}
	}
	if len(list) == 0 {
		return ""
	}
	return ": " + strings.Join(list, ", ")
}

// unitOf is what lengths of a model's signal are counted in.
func unitOf(c *model.Config) string {
	switch {
	case c.Text():
		return "characters"
	case c.Rate == 0:
		return "samples"
	}
	return "s"
}

// inspectDecision says the decision rules in words.
func inspectDecision(d *decide.Config, w func(key, format string, args ...any)) {
	for _, r := range []struct {
		on          bool
		key, format string
		args        []any
	}{
		{d.Warm > 0, "running", "no label in the first %d steps", []any{d.Warm}},
		{d.Smooth > 0, "running", "probabilities averaged over about %g steps", []any{d.Smooth}},
		{len(d.RunningOn) > 0, "running", "a label comes at p ≥ %s; the others as the best", []any{each(d.RunningOn)}},
		{len(d.RunningOff) > 0, "running", "it goes under p = %s", []any{each(d.RunningOff)}},
		{d.Hold > 0, "running", "another one may follow after %d steps", []any{d.Hold}},
		{d.Early != nil, "early", "when the learned score says that the label will be confirmed", nil},
		{d.EarlySteps > 0, "early", "the running label at p ≥ %g for %d steps", []any{d.EarlyP, d.EarlySteps}},
		{d.Background != "", "rejection", "%s is trained, but not reported", []any{d.Background}},
		{d.Threshold > 0, "rejection", "confirmed below p = %g", []any{d.Threshold}},
		{len(d.On) > 0, "rejection", "or, of its own, below p = %s", []any{each(d.On)}},
		{d.CUSUMLimit > 0, "rejection", "without evidence of %g nats, of each step's log-odds less %g", []any{d.CUSUMLimit, d.CUSUMDrift}},
		{d.CUSUMLimit > 0, "rejection", "the running label goes at as much against it", nil},
		{true, "state", "%s at a segment's begin, %s where samples are lost", []any{d.State, d.Gap}},
	} {
		if r.on {
			w(r.key, r.format, r.args...)
		}
	}
}

// each lists thresholds by label.
func each(of map[string]float64) string {
	var b strings.Builder
	for i, label := range slices.Sorted(maps.Keys(of)) {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%g for %s", of[label], label)
	}
	return b.String()
}

func inspectData(a *app, name string, set *dataset.Set) {
	fmt.Fprintf(a.stdout, "data %s\n  %d examples of %s, %d channels", name, len(set.Examples), set.Kind, set.Channels)
	if set.Rate > 0 {
		fmt.Fprintf(a.stdout, ", %.6g Hz", set.Rate)
	}
	fmt.Fprint(a.stdout, channelNames(set.Names, set.Units))
	fmt.Fprintln(a.stdout)
	if slices.ContainsFunc(set.Examples, func(e dataset.Example) bool { return e.Steps != nil }) {
		inspectSteps(a, set)
		return
	}
	splits := set.Splits()
	fmt.Fprintf(a.stdout, "  %-20s %8s %10s %10s", "label", "examples", "shortest", "longest")
	for _, s := range splits {
		fmt.Fprintf(a.stdout, " %8s", s)
	}
	fmt.Fprintln(a.stdout)
	for l, label := range set.Labels {
		n, lo, hi, in := 0, 0, 0, make([]int, len(splits))
		for i := range set.Examples {
			e := &set.Examples[i]
			if e.Label != l {
				continue
			}
			k := set.Frames(i)
			if n == 0 || k < lo {
				lo = k
			}
			hi, n = max(hi, k), n+1
			if s := slices.Index(splits, e.Split); s >= 0 {
				in[s]++
			}
		}
		fmt.Fprintf(a.stdout, "  %-20s %8d %10s %10s", label, n, length(lo, set.Rate), length(hi, set.Rate))
		for _, k := range in {
			fmt.Fprintf(a.stdout, " %8d", k)
		}
		fmt.Fprintln(a.stdout)
	}
}

// inspectSteps tells how much of the signals has each label.
func inspectSteps(a *app, set *dataset.Set) {
	splits := set.Splits()
	n := make([][]int, len(set.Labels)+1) // samples: in all, and of each split; of none last
	for l := range n {
		n[l] = make([]int, len(splits)+1)
	}
	add := func(label, samples int, split string) {
		if label < 0 {
			label = len(set.Labels)
		}
		n[label][0] += samples
		if s := slices.Index(splits, split); s >= 0 {
			n[label][s+1] += samples
		}
	}
	for i := range set.Examples {
		e := &set.Examples[i]
		if e.Steps == nil {
			add(e.Label, set.Frames(i), e.Split)
		}
		for _, l := range e.Steps {
			add(int(l), 1, e.Split)
		}
	}
	fmt.Fprintf(a.stdout, "  %-20s %12s", "label of a sample", "in all")
	for _, s := range splits {
		fmt.Fprintf(a.stdout, " %12s", s)
	}
	for l, label := range append(slices.Clone(set.Labels), "(none)") {
		if l == len(set.Labels) && n[l][0] == 0 {
			continue
		}
		fmt.Fprintf(a.stdout, "\n  %-20s", label)
		for _, k := range n[l] {
			fmt.Fprintf(a.stdout, " %12s", length(k, set.Rate))
		}
	}
	fmt.Fprintln(a.stdout)
}

// length is n samples in seconds, or in samples where the rate is unknown.
func length(n int, rate float64) string {
	if rate > 0 {
		return fmt.Sprintf("%.3f s", float64(n)/rate)
	}
	return fmt.Sprint(n)
}
