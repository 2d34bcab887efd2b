// Package quantize makes an integer model of a float model: weights of eight bits, with a
// factor for each row, and activations of sixteen. What the network says then does not
// depend on the processor; see package internal/i8 and model.Int8.
//
//	c := quantize.New(m)
//	c.Add(frames)          // for some examples: how large inputs are
//	small, err := c.Model()
package quantize

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"inkling/cell"
	"inkling/model"
)

// A Calibration gathers how large the inputs of a network are.
type Calibration struct {
	m               *model.Model
	network, frames ranges // of the lowest layer, and of the detector, which has no stem
	steps           int
}

// ranges says how large each input is.
type ranges struct{ most, square []float64 } // greatest magnitude; sum of squares

func newRanges(n int) ranges { return ranges{make([]float64, n), make([]float64, n)} }

func (r *ranges) add(i int, v float64) {
	r.most[i] = max(r.most[i], math.Abs(v))
	r.square[i] += v * v
}

// New returns an empty calibration of the float model m.
func New(m *model.Model) (*Calibration, error) {
	if m.Config.Integer() {
		return nil, errors.New("quantize: the model is already one of integers: give the float model that it was made of")
	}
	lowest := m.Params.Forward
	if len(m.Params.Lower) > 0 {
		lowest = m.Params.Lower[0]
	}
	c := &Calibration{m: m, network: newRanges(lowest.In)}
	if m.Params.Detector != nil {
		c.frames = newRanges(m.Params.Detector.In)
	}
	return c, nil
}

// Add adds the frames (T×D) of an example: what the model's Front makes of its samples.
func (c *Calibration) Add(frames []float32) {
	p, dim := c.m.Params, c.m.Dim()
	for at := 0; at+dim <= len(frames); at += dim {
		c.steps++
		for i, v := range frames[at : at+dim] {
			switch x := float64(v); {
			case c.m.Config.Text():
				if k := int(x); k >= 0 && k < len(c.network.most) {
					c.network.add(k, 1)
				}
			case c.m.Config.HasStem():
				c.network.add(i, x)
			default:
				x = (x - float64(p.Mean[i])) * float64(p.Scale[i])
				c.network.add(i, x)
				if c.frames.most != nil {
					c.frames.add(i, x)
				}
			}
		}
	}
}

// Model returns the integer model.
func (c *Calibration) Model() (*model.Model, error) {
	if c.steps == 0 {
		return nil, errors.New("quantize: no frames to calibrate with: give examples that are long enough for a step")
	}
	cfg := c.m.Config
	cfg.Precision = model.Int8
	cfg.Origin.Float = c.m.Hash()
	p := model.NewParams(&cfg, len(c.m.Params.Mean))
	from := map[string]model.Tensor{}
	for _, t := range c.m.Params.Tensors() {
		from[t.Name] = t
	}
	for _, t := range p.Tensors() {
		copy(t.Data, from[t.Name].Data) // what only integers have keeps its ones
	}
	hidden := hiddenRanges(cfg.Hidden, c.steps)
	old := c.m.Params
	float := append(slices.Clone(old.Lower), old.Forward, old.Reverse, old.Detector)
	for i, w := range append(slices.Clone(p.Lower), p.Forward, p.Reverse, p.Detector) {
		in := &hidden
		switch {
		case w == nil:
			continue
		case w == p.Detector:
			in = &c.frames
		case len(p.Lower) == 0 || i == 0:
			in = &c.network
		}
		for r, v := range float[i].BiasHH {
			w.BiasIH[r] += v // an integer model has one bias
		}
		if err := c.layer(w, in); err != nil {
			return nil, err
		}
	}
	roundHead(p.RunningW, p.RunningRows)
	roundHead(p.ConfirmW, p.ConfirmRows)
	roundHead(p.NextW, p.NextRows)
	roundHead(p.DetectorW, p.DetectorRows)
	return model.New(cfg, p)
}

// typicalHidden is the mean square of a hidden unit, as far as it matters for the choice of
// factors.
const typicalHidden = 0.15

// hiddenRanges returns the ranges of a layer whose inputs are hidden states.
func hiddenRanges(n, steps int) ranges {
	r := newRanges(n)
	for i := range n {
		r.most[i], r.square[i] = 1, typicalHidden*float64(steps)
	}
	return r
}

// layer rounds the weights w to integers for inputs of the given ranges.
func (c *Calibration) layer(w *cell.Weights, in *ranges) error {
	square := make([]float64, w.In) // mean squares
	for d := range square {
		square[d] = in.square[d]/float64(c.steps) + 1e-6
	}
	chooseInputs(w, in.most, square)
	for coarser := 1.0; coarser <= 1<<10; coarser *= 1.5 {
		for r := range w.Rows {
			w.Rows[r] = float32(coarser) * rowFactor(w, r, square)
		}
		trial := *w
		trial.IH, trial.HH = slices.Clone(w.IH), slices.Clone(w.HH)
		for r, row := range w.Rows {
			roundRow(trial.IH[r*w.In:(r+1)*w.In], row, w.Inputs)
			roundRow(trial.HH[r*w.Hidden:(r+1)*w.Hidden], row, nil)
		}
		if trial.Check() == nil {
			*w = trial
			return nil
		}
	}
	return fmt.Errorf("quantize: a layer of %d inputs and %d units does not fit sums of 32 bits: train a smaller one", w.In, w.Hidden)
}

// room is how large an input may be before it is cut off, in units of Inputs, and margin what
// is left for values larger than any that calibrated.
const (
	room   = 8
	margin = 2
)

// chooseInputs sets w.Inputs, going through the inputs in turn: each takes the factor, among
// the greatest that its range allows and halves of that, with the least error over all rows.
// A large factor leaves the input's weights small among those of their rows; a small one
// enlarges the rows' factors, and so the error of all weights.
func chooseInputs(w *cell.Weights, most, square []float64) {
	columns, rows := w.In, 4*w.Hidden
	hidden := make([]float64, rows) // greatest weights
	for r := range hidden {
		for _, v := range w.HH[r*w.Hidden : (r+1)*w.Hidden] {
			hidden[r] = max(hidden[r], math.Abs(float64(v)))
		}
	}
	for d := range columns {
		w.Inputs[d] = float32(room / margin / max(most[d], 1e-3))
	}
	greatest := func(r, without int) float64 {
		m := hidden[r]
		for d, v := range w.IH[r*columns : (r+1)*columns] {
			if d != without {
				m = max(m, math.Abs(float64(v))/float64(w.Inputs[d]))
			}
		}
		return m
	}
	total := typicalHidden * float64(w.Hidden)
	for d := range columns {
		total += square[d] * float64(w.Inputs[d]) * float64(w.Inputs[d])
	}
	passes := 2
	if columns > 256 {
		passes = 1 // the work grows with the square of the columns
	}
	for range passes {
		for d := range columns {
			top := room / margin / max(most[d], 1e-3)
			rest := total - square[d]*float64(w.Inputs[d])*float64(w.Inputs[d])
			others := make([]float64, rows)
			for r := range others {
				others[r] = greatest(r, d)
			}
			best, least := 0.0, math.Inf(1)
			for s := top; s > top/512; s /= 2 {
				sum := 0.0
				for r, m := range others {
					v := math.Abs(float64(w.IH[r*columns+d]))
					step, in := max(m, v/s)/127, v/(s*4096)
					sum += step*step*(rest+square[d]*s*s) + in*in
				}
				if sum < least {
					best, least = s, sum
				}
			}
			w.Inputs[d], total = float32(best), rest+square[d]*best*best
		}
	}
}

// rowFactor returns the factor of row r with the least error: its greatest weight is 127
// times the factor, or is cut off if that makes the others finer.
func rowFactor(w *cell.Weights, r int, square []float64) float32 {
	var values, weights []float64
	for d, v := range w.IH[r*w.In : (r+1)*w.In] {
		s := float64(w.Inputs[d])
		values, weights = append(values, float64(v)/s), append(weights, square[d]*s*s)
	}
	for _, v := range w.HH[r*w.Hidden : (r+1)*w.Hidden] {
		values, weights = append(values, float64(v)), append(weights, typicalHidden)
	}
	least := math.Abs(float64(w.BiasIH[r])+float64(w.BiasHH[r])) * 4096 / (1 << 29) // the bias must fit
	return max(finest(values, weights), float32(least), 1e-6)
}

// finest returns the factor for values, rounded to −127 … 127 times it, with the least sum
// of squared errors times weights; nil: 1 each.
func finest(values, weights []float64) float32 {
	top := 0.0
	for _, v := range values {
		top = max(top, math.Abs(v))
	}
	best, least := top/127, math.Inf(1)
	for cut := 1.0; cut > 0.6 && top > 0; cut -= 0.05 {
		f, sum := top*cut/127, 0.0
		for i, v := range values {
			e := v - math.Max(-127, math.Min(127, math.Round(v/f)))*f
			if weights != nil {
				e *= math.Sqrt(weights[i])
			}
			sum += e * e
		}
		if sum < least {
			best, least = f, sum
		}
	}
	return float32(best)
}

// roundRow rounds a row to integers times the factors.
func roundRow(values []float32, row float32, columns []float32) {
	for i, v := range values {
		f := float64(row)
		if columns != nil {
			f *= float64(columns[i])
		}
		values[i] = float32(math.Max(-127, math.Min(127, math.Round(float64(v)/f))) * f)
	}
}

// roundHead rounds the weights of a head, row by row, and sets their factors.
func roundHead(w, rows []float32) {
	if len(rows) == 0 {
		return
	}
	n := len(w) / len(rows)
	values := make([]float64, n)
	for i := range rows {
		for k, v := range w[i*n : (i+1)*n] {
			values[k] = float64(v)
		}
		rows[i] = max(finest(values, nil), 1e-6)
		roundRow(w[i*n:(i+1)*n], rows[i], nil)
	}
}
