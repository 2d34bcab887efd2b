// Package export writes a model as C99 for firmware: one header and one source without
// allocation, with a program that reads samples and prints labels.
package export

import (
	_ "embed"
	"errors"
	"fmt"
	"math"
	"strings"

	"inkling/cell"
	"inkling/model"
	"inkling/model/feature"
)

var (
	//go:embed inkling.h.in
	headerText string
	//go:embed inkling.c.in
	sourceText string
	//go:embed main.c.in
	mainText string
)

// A File is one of the files of an export.
type File struct {
	Name string
	Text string
}

// C returns the model in C99: inkling.h, inkling.c and main.c. steps bounds the segments
// that the confirm head takes. notes name the rules of the model that the code does not
// have. A model with a front end, stem or head that cannot be exported is an error.
func C(m *model.Model, steps int) (files []File, notes []string, err error) {
	c := &m.Config
	switch k := c.Front.Kind; {
	case m.HasNext():
		return nil, nil, errors.New("export: the model forecasts what comes next, which there is no C for: give a model of labels")
	case k != feature.KindRaw && k != feature.KindLogMel && k != feature.KindMFCC:
		return nil, nil, fmt.Errorf("export: there is no C for the front end %s: give a model with %s, %s or %s", k, feature.KindRaw, feature.KindLogMel, feature.KindMFCC)
	case c.HasStem():
		return nil, nil, fmt.Errorf("export: there is no C for the stem %s: train a model without a stem", c.Stem.Kind)
	case c.Front.Context > 0:
		return nil, nil, errors.New("export: there is no C for heartbeats, whose segments a detector of beats cuts: give another model")
	case steps < 0:
		return nil, nil, fmt.Errorf("export: segments of %d steps: give 0 or more", steps)
	}
	g := &generator{m: m, integer: c.Integer()}
	if err := g.network(); err != nil {
		return nil, nil, err
	}
	if err := g.front(); err != nil {
		return nil, nil, err
	}
	notes = g.decisions()
	replace := strings.NewReplacer("@DEFINES@", strings.TrimSpace(g.defines.String()), "@STEPS@", fmt.Sprint(steps),
		"@HASH@", m.Hash(), "@TABLES@", strings.TrimSpace(g.tables.String()), "@LAYERS@", strings.TrimSpace(g.layers.String()))
	for _, f := range []File{{"inkling.h", headerText}, {"inkling.c", sourceText}, {"main.c", mainText}} {
		files = append(files, File{f.Name, replace.Replace(f.Text)})
	}
	return files, notes, nil
}

// A generator collects the parts of the source that depend on the model.
type generator struct {
	m                       *model.Model
	integer                 bool
	defines, tables, layers strings.Builder
}

func (g *generator) define(name string, value any) {
	fmt.Fprintf(&g.defines, "#define INKLING_%s %v\n", name, value)
}

func (g *generator) flag(name string, on bool) {
	value := 0
	if on {
		value = 1
	}
	g.define(name, value)
}

// network writes the layers and heads.
func (g *generator) network() error {
	c, p := &g.m.Config, g.m.Params
	g.flag("INTEGER", g.integer)
	g.define("CHANNELS", c.Channels)
	g.define("LABELS", len(c.Labels))
	g.define("LAYERS", c.Layers)
	g.define("HIDDEN", c.Hidden)
	g.define("TOP", g.m.TopDim())
	g.define("WIDEST", max(c.Hidden, g.m.Dim()))
	g.flag("RUNNING", g.m.HasRunning())
	g.flag("EVIDENCE", c.Running == model.RunningEvidence)
	g.flag("CONFIRM", g.m.HasConfirm())
	g.flag("CONFIRM_EVIDENCE", c.ConfirmEvidence)
	detector := 0
	if p.Detector != nil {
		detector = p.Detector.Hidden
	}
	g.define("DETECTOR", detector)
	if g.integer {
		g.cubics()
	}
	var names []string
	for i, w := range append(append([]*cell.Weights(nil), p.Lower...), p.Forward) {
		names = append(names, g.layer(fmt.Sprintf("layer%d", i), w))
	}
	fmt.Fprintf(&g.layers, "static const layer layers[INKLING_LAYERS] = {%s};\n", strings.Join(names, ", "))
	if g.m.HasRunning() {
		if err := g.head("running", p.RunningW, p.RunningB, p.RunningRows); err != nil {
			return err
		}
	}
	if g.m.HasConfirm() {
		g.guarded("#if INKLING_STEPS > 0", func() {
			fmt.Fprintf(&g.layers, "static const layer reverse = %s;\n", g.layer("backward", p.Reverse))
			if err := g.head("confirm", p.ConfirmW, p.ConfirmB, p.ConfirmRows); err != nil {
				panic(err) // Model has checked it
			}
			if c.ConfirmEvidence {
				floats(&g.tables, "confirm_evidence", p.ConfirmE)
			}
		})
	}
	if p.Detector != nil {
		fmt.Fprintf(&g.layers, "static const layer detector = %s;\n", g.layer("ear", p.Detector))
		return g.head("detector_out", p.DetectorW, p.DetectorB, p.DetectorRows)
	}
	return nil
}

// guarded puts what write adds between a condition and its end.
func (g *generator) guarded(condition string, write func()) {
	fmt.Fprintln(&g.tables, condition)
	fmt.Fprintln(&g.layers, condition)
	write()
	fmt.Fprintln(&g.tables, "#endif")
	fmt.Fprintln(&g.layers, "#endif")
}

// layer writes the weights of a layer and returns its initializer.
func (g *generator) layer(name string, w *cell.Weights) string {
	if g.integer {
		q := w.Integers()
		ints(&g.tables, "int8_t", name+"_ih", q.IH)
		ints(&g.tables, "int8_t", name+"_hh", q.HH)
		ints(&g.tables, "int32_t", name+"_bias", q.Bias)
		ints(&g.tables, "int32_t", name+"_mult", q.Mult)
		floats(&g.tables, name+"_inputs", q.Inputs)
		return fmt.Sprintf("{%d, %d, %[3]s_ih, %[3]s_hh, %[3]s_bias, %[3]s_mult, %[3]s_inputs}", w.In, w.Hidden, name)
	}
	bias := make([]float32, len(w.BiasIH))
	for i := range bias {
		bias[i] = w.BiasIH[i] + w.BiasHH[i]
	}
	floats(&g.tables, name+"_ih", w.IH)
	floats(&g.tables, name+"_hh", w.HH)
	floats(&g.tables, name+"_bias", bias)
	return fmt.Sprintf("{%d, %d, %[3]s_ih, %[3]s_hh, %[3]s_bias}", w.In, w.Hidden, name)
}

// head writes the weights of a head and the head itself.
func (g *generator) head(name string, w, b, rows []float32) error {
	in := len(w) / len(b)
	if !g.integer {
		floats(&g.tables, name+"_weights", w)
		floats(&g.tables, name+"_bias", b)
		fmt.Fprintf(&g.layers, "static const head %[1]s = {%[2]d, %[3]d, %[1]s_weights, %[1]s_bias};\n", name, len(b), in)
		return nil
	}
	q, err := model.NewHeadIntegers(w, b, rows)
	if err != nil {
		return err
	}
	ints(&g.tables, "int8_t", name+"_weights", q.Weights)
	ints(&g.tables, "int64_t", name+"_mult", q.Mult)
	ints(&g.tables, "int64_t", name+"_bias", q.Bias)
	fmt.Fprintf(&g.layers, "static const head %[1]s = {%[2]d, %[3]d, %[1]s_weights, %[1]s_mult, %[1]s_bias};\n", name, len(b), in)
	return nil
}

// front writes the front end and its constants.
func (g *generator) front() error {
	c := &g.m.Config
	f, spectral := c.Front, c.Front.MixesChannels()
	base := g.m.Dim() / (1 + f.Deltas)
	g.flag("SPECTRAL", spectral)
	g.define("DELTAS", f.Deltas)
	g.define("BASE", base)
	g.define("FRAME", g.m.Dim())
	g.define("LAST", max(1, f.Deltas*base))
	floats(&g.tables, "mean", g.m.Params.Mean)
	floats(&g.tables, "scale", g.m.Params.Scale)
	if !spectral {
		g.define("SAMPLES", f.Samples)
		g.define("DECIMATE", f.Decimate)
		g.define("KEEP", base)
		return nil
	}
	t, err := feature.NewTables(f, c.Rate)
	if err != nil {
		return err
	}
	g.define("WINDOW", t.Window)
	g.define("HOP", t.Hop)
	g.define("FFT", t.Size)
	g.define("BANDS", len(t.Bands))
	g.define("COEFFICIENTS", f.Coefficients)
	g.define("KEEP", t.Window)
	g.define("FLOOR", double(f.Floor))
	doubles(&g.tables, "hann", t.Hann)
	var cos, sin []float64
	for k := range max(t.Size/2, 1) {
		s, c := math.Sincos(2 * math.Pi * float64(k) / float64(t.Size))
		cos, sin = append(cos, c), append(sin, s)
	}
	doubles(&g.tables, "twiddle_cos", cos)
	doubles(&g.tables, "twiddle_sin", sin)
	var first, count, at []int32
	var weights, dct []float32
	for _, b := range t.Bands {
		first, count, at = append(first, int32(b.First)), append(count, int32(len(b.Weights))), append(at, int32(len(weights)))
		for _, w := range b.Weights {
			weights = append(weights, float32(w))
		}
	}
	ints(&g.tables, "int32_t", "band_first", first)
	ints(&g.tables, "int32_t", "band_count", count)
	ints(&g.tables, "int32_t", "band_at", at)
	floats(&g.tables, "band_weights", weights)
	for _, v := range t.DCT {
		dct = append(dct, float32(v))
	}
	if len(dct) > 0 {
		floats(&g.tables, "dct", dct)
	}
	return nil
}

// decisions writes the rules of the running label. It returns what is left out.
func (g *generator) decisions() (notes []string) {
	c := &g.m.Config
	d := &c.Decision
	newest := float32(1)
	if d.Smooth > 0 {
		newest = float32(1 - math.Exp(-1/d.Smooth))
	}
	g.define("NEWEST", single(newest))
	g.define("WARM", d.Warm)
	g.define("HOLD", d.Hold)
	on, off := make([]float64, len(c.Labels)), make([]float64, len(c.Labels))
	for i, l := range c.Labels {
		on[i], off[i] = d.RunningOn[l], d.RunningOff[l]
	}
	if g.m.HasRunning() {
		doubles(&g.tables, "running_on", on)
		doubles(&g.tables, "running_off", off)
	}
	temperatures, confirm, typical := make([]float32, 10), float32(0), 0
	if k := c.Calibration; k != nil {
		for i, t := range k.Running {
			temperatures[i] = float32(1 / t)
			typical = k.Steps
		}
		if k.Confirm > 0 {
			confirm = float32(1 / k.Confirm)
		}
	}
	g.define("TYPICAL", typical)
	g.define("CONFIRM_TEMPERATURE", single(confirm))
	floats(&g.tables, "temperatures", temperatures)
	var labels []string
	for _, l := range c.Labels {
		labels = append(labels, quoted(l))
	}
	fmt.Fprintf(&g.tables, "const char *const inkling_labels[INKLING_LABELS] = {%s};\n", strings.Join(labels, ", "))
	for _, r := range []struct {
		on   bool
		name string
	}{{d.Early != nil || d.EarlySteps > 0, "early labels"}, {d.CUSUMLimit > 0, "the test on the evidence (cusum_limit)"},
		{d.Threshold > 0 || len(d.On) > 0, "thresholds of the confirmed label"}, {d.Background != "", "the silence about the label " + d.Background},
		{d.State == "carry", "a state carried from segment to segment"}} {
		if r.on {
			notes = append(notes, r.name)
		}
	}
	return append(notes, "the segmenter: firmware calls inkling_reset and inkling_end itself")
}
