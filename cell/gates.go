package cell

import "inkling/internal/f32"

// Gates holds what a direction's units did, R×H values each: how far the gates were open,
// from 0 to 1, and the cell state and the output that came of it.
type Gates struct {
	Input, Forget, Output []float32
	Cell, Hidden          []float32
}

// Gates returns a copy of the activations of the last Forward. After Backward, which
// overwrites them, it panics.
func (tp *Tape) Gates() Gates {
	if !tp.ready {
		panic("cell: Gates: no Forward since the last Backward")
	}
	n := len(tp.h) / tp.hidden
	pick := func(gate int) []float32 {
		out := make([]float32, 0, len(tp.h))
		for row := range n {
			for j := range tp.hidden {
				out = append(out, tp.z[row*tp.stride+f32.GateColumn(tp.hidden, gate, j)])
			}
		}
		return out
	}
	return Gates{Input: pick(0), Forget: pick(1), Output: pick(3),
		Cell: append([]float32(nil), tp.c...), Hidden: append([]float32(nil), tp.h...)}
}
