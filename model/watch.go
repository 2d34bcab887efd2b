package model

import "inkling/cell"

// Watch runs the network over a whole sequence of frames (T×D), from a state of zero, and
// returns what the units of the forward half of the top layer did: T×H values each. It is
// for pictures; Predict is faster.
func (m *Model) Watch(frames []float32) cell.Gates {
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
