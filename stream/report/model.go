package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
)

// lines writes a key and what belongs to it.
type lines struct{ io.Writer }

func (w lines) say(key, format string, args ...any) {
	fmt.Fprintf(w, "  %-12s %s\n", printable(key), printable(fmt.Sprintf(format, args...)))
}

// Model describes a model for a terminal: what it takes, how it is built, how it decides,
// what it was trained on.
func Model(out io.Writer, name string, m *model.Model) {
	c, w := &m.Config, lines{out}
	fmt.Fprintf(w, "model %s\n", printable(name))
	w.say("hash", "%s", m.Hash())
	if m.HasNext() {
		w.say("says", "what comes next: %s", next(c.Next))
	} else {
		w.say("labels", "%d: %s", len(c.Labels), strings.Join(c.Labels, ", "))
	}
	w.input(c)
	w.network(m)
	if !m.HasNext() {
		w.say("segments", "%s, at most %g %s", c.Segment.Kind, c.Segmenter().MaxDuration, unitOf(c))
		w.rules(&c.Decision)
	}
	w.say("trained on", "%d examples, seed %d, data %s", len(c.Origin.Examples), c.Origin.Seed, c.Origin.Data)
	for _, k := range slices.Sorted(maps.Keys(c.Origin.Measured)) {
		w.say("", "%s %.4g", strings.ReplaceAll(k, "_", " "), c.Origin.Measured[k])
	}
}

func (w lines) input(c *model.Config) {
	switch {
	case c.Text():
		w.say("input", "text, a step a character")
	case len(c.Origin.Leads()) > 0:
		w.say("input", "%.6g Hz, %d channels, learned from the leads %s", c.Rate, c.Channels, strings.Join(c.Origin.Leads(), ", "))
	case c.Rate > 0:
		w.say("input", "%.6g Hz, %d channels%s", c.Rate, c.Channels, channelNames(c.Names, c.Units))
	default:
		w.say("input", "samples as they come, %d channels%s", c.Channels, channelNames(c.Names, c.Units))
	}
}

func (w lines) network(m *model.Model) {
	c := &m.Config
	w.say("front end", "%s: %d features a step", FrontEnd(c.Front), len(m.Params.Mean))
	if c.HasStem() {
		w.say("stem", "%s: %d values a step", c.Stem, m.Dim())
	}
	heads := fmt.Sprintf("running (%s)", c.Running)
	if m.HasNext() {
		heads = fmt.Sprintf("next (%d values)", m.Outputs())
	}
	if m.HasConfirm() {
		heads += " and confirm"
	}
	w.say("network", "%s of %s, heads: %s", plural(c.Layers, "layer"), plural(c.Hidden, "unit"), heads)
	if c.Integer() {
		w.say("precision", "int8: weights of 8 bits, activations of 16; made of the float model %s", c.Origin.Float)
	}
	values := 0
	for _, t := range m.Params.Tensors() {
		values += len(t.Data)
	}
	w.say("size", "%d numbers, %.0f KB", values, float64(len(m.Bytes()))/1024)
	w.layerTable(m)
}

// rules describes the decision rules.
func (w lines) rules(d *decide.Config) {
	for _, r := range []struct {
		on          bool
		key, format string
		args        []any
	}{
		{d.Warm > 0, "running", "no label in the first %d steps", []any{d.Warm}},
		{d.Smooth > 0, "running", "probabilities averaged over about %g steps", []any{d.Smooth}},
		{len(d.RunningOn) > 0, "running", "a label comes at p ≥ %s; the others as the best", []any{eachLabel(d.RunningOn)}},
		{len(d.RunningOff) > 0, "running", "it goes under p = %s", []any{eachLabel(d.RunningOff)}},
		{d.Hold > 0, "running", "another one may follow after %d steps", []any{d.Hold}},
		{d.Early != nil, "early", "when the learned score says that the label will be confirmed", nil},
		{d.EarlySteps > 0, "early", "the running label at p ≥ %g for %d steps", []any{d.EarlyP, d.EarlySteps}},
		{d.Background != "", "rejection", "%s is trained, but not reported", []any{d.Background}},
		{d.Threshold > 0, "rejection", "confirmed below p = %g", []any{d.Threshold}},
		{len(d.On) > 0, "rejection", "or, of its own, below p = %s", []any{eachLabel(d.On)}},
		{d.CUSUMLimit > 0, "rejection", "without evidence of %g nats, of each step's log-odds less %g", []any{d.CUSUMLimit, d.CUSUMDrift}},
		{d.CUSUMLimit > 0, "rejection", "the running label goes at as much against it", nil},
		{true, "state", "%s at a segment's begin, %s where samples are lost", []any{d.State, d.Gap}},
	} {
		if r.on {
			w.say(r.key, r.format, r.args...)
		}
	}
}

// eachLabel lists thresholds by label.
func eachLabel(of map[string]float64) string {
	var list []string
	for _, label := range slices.Sorted(maps.Keys(of)) {
		list = append(list, fmt.Sprintf("%g for %s", of[label], label))
	}
	return strings.Join(list, ", ")
}

// next describes what a model forecasts.
func next(n *model.Next) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s loss", n.Loss)
	for i, q := range n.Quantiles {
		b.WriteString([]string{", quantiles ", ", "}[min(i, 1)])
		fmt.Fprint(&b, q)
	}
	if n.Residual {
		b.WriteString("; the difference to the last sample")
	}
	return b.String()
}

// channelNames lists channels with their units behind a colon; none is "".
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

// unitOf is the unit of lengths of a model's signal.
func unitOf(c *model.Config) string {
	switch {
	case c.Text():
		return "characters"
	case c.Rate == 0:
		return "samples"
	}
	return "s"
}

func samplesAStep(n int) string {
	if n <= 1 {
		return "one sample a step"
	}
	return fmt.Sprintf("%d samples a step", n)
}

// FrontEnd describes a front end in a line.
func FrontEnd(f feature.Config) string {
	var b strings.Builder
	switch f.Kind {
	case feature.KindRaw:
		b.WriteString("raw, " + samplesAStep(f.Samples))
		if f.Decimate > 1 {
			fmt.Fprintf(&b, ", each the mean of %d", f.Decimate)
		}
	case feature.KindChars:
		fmt.Fprintf(&b, "chars, an alphabet of %d", max(f.Codes()-1, 0))
	case feature.KindStats:
		fmt.Fprintf(&b, "stats, %d samples a step, differences over 1 to %d samples", f.Samples, 1<<max(f.Lags-1, 0))
		if f.Means {
			b.WriteString(", means")
		}
	default:
		fmt.Fprintf(&b, "%s, %.4g ms windows every %.4g ms, %d bands", f.Kind, f.WindowMS, f.HopMS, f.Bands)
	}
	if f.Deltas > 0 {
		fmt.Fprintf(&b, ", deltas %d", f.Deltas)
	}
	if f.MeanPrior > 0 {
		fmt.Fprintf(&b, ", relative to the mean of %.4g steps", f.MeanMemory)
	}
	return b.String()
}
