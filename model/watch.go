package model

import "inkling/cell"

// Watch runs the network over a whole sequence of frames (T×D), from a state of zero, and
// returns what the units of the forward half of the top layer did: T×H values each. It is
// for pictures; Predict is faster. Of an integer model it shows the same weights in floating
// point.
func (m *Model) Watch(frames []float32) cell.Gates {
	if m.Config.Integer() {
		return m.floats().Watch(frames)
	}
	x := m.normalized(frames)
	steps := len(frames) / m.dim
	s := m.NewState()
	for i, l := range m.lower {
		h := make([]float32, steps*m.Config.Hidden)
		l.Sequence(s.layers[i], h, x)
		x = h
	}
	active := make([]int, steps)
	for i := range active {
		active[i] = 1
	}
	var tape cell.Tape
	m.forward.Forward(&tape, active, x, nil, nil)
	return tape.Gates()
}

// floats returns the network with the same weights in floating point, without heads.
func (m *Model) floats() *Model {
	layer := func(w *cell.Weights, lowest bool) *cell.LSTM {
		plain := *w
		plain.Rows, plain.Inputs = nil, nil
		return m.Config.NewCell(&plain, lowest)
	}
	f := &Model{Config: m.Config, Params: m.Params, dim: m.dim, stem: m.stem}
	f.Config.Precision = Float32
	for i, w := range m.Params.Lower {
		f.lower = append(f.lower, layer(w, i == 0))
	}
	f.forward = layer(m.Params.Forward, len(m.Params.Lower) == 0)
	return f
}
