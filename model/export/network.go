package export

import (
	"fmt"
	"strings"

	"inkling/cell"
	"inkling/model"
)

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
				g.floats("confirm_evidence", p.ConfirmE)
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

// weighing has the tables up to the call of what it returns count as weights.
func (g *generator) weighing() func() {
	before := g.sizes.tables
	return func() {
		g.sizes.weights += g.sizes.tables - before
		g.sizes.tables = before
	}
}

// layer writes the weights of a layer and returns its initializer.
func (g *generator) layer(name string, w *cell.Weights) string {
	defer g.weighing()()
	if g.integer {
		q := w.Integers()
		ints(g, "int8_t", name+"_ih", q.IH)
		ints(g, "int8_t", name+"_hh", q.HH)
		ints(g, "int32_t", name+"_bias", q.Bias)
		ints(g, "int32_t", name+"_mult", q.Mult)
		g.floats(name+"_inputs", q.Inputs)
		return fmt.Sprintf("{%d, %d, %[3]s_ih, %[3]s_hh, %[3]s_bias, %[3]s_mult, %[3]s_inputs}", w.In, w.Hidden, name)
	}
	bias := make([]float32, len(w.BiasIH))
	for i := range bias {
		bias[i] = w.BiasIH[i] + w.BiasHH[i]
	}
	g.floats(name+"_ih", w.IH)
	g.floats(name+"_hh", w.HH)
	g.floats(name+"_bias", bias)
	return fmt.Sprintf("{%d, %d, %[3]s_ih, %[3]s_hh, %[3]s_bias}", w.In, w.Hidden, name)
}

// head writes the weights of a head and the head itself.
func (g *generator) head(name string, w, b, rows []float32) error {
	defer g.weighing()()
	in := len(w) / len(b)
	if !g.integer {
		g.floats(name+"_weights", w)
		g.floats(name+"_bias", b)
		fmt.Fprintf(&g.layers, "static const head %[1]s = {%[2]d, %[3]d, %[1]s_weights, %[1]s_bias};\n", name, len(b), in)
		return nil
	}
	q, err := model.NewHeadIntegers(w, b, rows)
	if err != nil {
		return err
	}
	ints(g, "int8_t", name+"_weights", q.Weights)
	ints(g, "int64_t", name+"_mult", q.Mult)
	ints(g, "int64_t", name+"_bias", q.Bias)
	fmt.Fprintf(&g.layers, "static const head %[1]s = {%[2]d, %[3]d, %[1]s_weights, %[1]s_mult, %[1]s_bias};\n", name, len(b), in)
	return nil
}
