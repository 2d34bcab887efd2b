package onnx

import "inkling/cell"

// gateOrder holds, for each gate in ONNX's order i, o, f, c, its index in i, f, g, o.
var gateOrder = [4]int{0, 3, 1, 2}

// Reorder returns the rows of w (4H rows of width values, in the order i, f, g, o) in
// ONNX's order.
func Reorder(w []float32, hidden, width int) []float32 {
	n := hidden * width
	out := make([]float32, 0, 4*n)
	for _, g := range gateOrder {
		out = append(out, w[g*n:(g+1)*n]...)
	}
	return out
}

// lstm adds an LSTM node with input x and the weights of one or two directions. states holds
// the names of the initial states, and outputs those of Y, Y_h and Y_c; each may be "".
func (g *Graph) lstm(x, h0, c0 string, outputs []string, directions ...*cell.Weights) {
	h, d, n := directions[0].Hidden, directions[0].In, len(directions)
	var w, r, b []float32
	for _, c := range directions {
		w = append(w, Reorder(c.IH, h, d)...)
		r = append(r, Reorder(c.HH, h, h)...)
		b = append(append(b, Reorder(c.BiasIH, h, 1)...), Reorder(c.BiasHH, h, 1)...)
	}
	g.weight("W", w, n, 4*h, d)
	g.weight("R", r, n, 4*h, h)
	g.weight("B", b, n, 8*h)
	g.Nodes = append(g.Nodes, Node{Op: "LSTM", Inputs: []string{x, "W", "R", "B", "", h0, c0}, Outputs: outputs,
		Ints: map[string]int64{"hidden_size": int64(h)}, Strings: map[string]string{"direction": []string{"", "forward", "bidirectional"}[n]}})
}

func (g *Graph) weight(name string, data []float32, shape ...int) {
	g.Weights = append(g.Weights, Tensor{Value: Value{name, dims(shape...)}, Data: data})
}

// head adds softmax(x·wᵀ + b) over the last axis of x (rows×width).
func (g *Graph) head(x, probs string, w, b []float32) {
	g.weight("head.weight", w, len(b), len(w)/len(b))
	g.weight("head.bias", b, len(b))
	g.Nodes = append(g.Nodes,
		Node{Op: "Gemm", Inputs: []string{x, "head.weight", "head.bias"}, Outputs: []string{"logits"}, Ints: map[string]int64{"transB": 1}},
		Node{Op: "Softmax", Inputs: []string{"logits"}, Outputs: []string{probs}, Ints: map[string]int64{"axis": -1}})
}

// reshape adds a node that reshapes x.
func (g *Graph) reshape(x, out string, shape ...int) {
	name := out + ".shape"
	g.Weights = append(g.Weights, Tensor{Value: Value{name, dims(len(shape))}, Ints: dims(shape...)})
	g.Nodes = append(g.Nodes, Node{Op: "Reshape", Inputs: []string{x, name}, Outputs: []string{out}})
}

// stepValues returns the inputs and outputs x, h, c, hn and cn of Step for n streams.
func stepValues(w *cell.Weights, n int) (in, out []Value) {
	state := dims(1, n, w.Hidden)
	return []Value{{"x", dims(1, n, w.In)}, {"h", state}, {"c", state}}, []Value{{"hn", state}, {"cn", state}}
}

// Step returns the graph of one timestep of n streams: x, h, c → hn, cn.
func Step(w *cell.Weights, n int) *Graph {
	g := &Graph{Name: "step"}
	g.Inputs, g.Outputs = stepValues(w, n)
	g.lstm("x", "h", "c", []string{"", "hn", "cn"}, w)
	return g
}

// StepHead returns the graph of Step for one stream with a head: x, h, c → hn, cn, probs
// (1×C).
func StepHead(w *cell.Weights, headW, headB []float32) *Graph {
	g := Step(w, 1)
	g.Name = "step with head"
	g.reshape("hn", "row", 1, w.Hidden)
	g.head("row", "probs", headW, headB)
	g.Outputs = append(g.Outputs, Value{"probs", dims(1, len(headB))})
	return g
}

// Last returns the graph of a batch of n sequences of equal length through both directions
// in last mode: x (T×n×D) → probs (n×C).
func Last(forward, reverse *cell.Weights, headW, headB []float32, n, steps int) *Graph {
	h := forward.Hidden
	g := &Graph{Name: "bidirectional, last", Inputs: []Value{{"x", dims(steps, n, forward.In)}}, Outputs: []Value{{"probs", dims(n, len(headB))}}}
	g.lstm("x", "", "", []string{"", "ends", ""}, forward, reverse)
	g.Nodes = append(g.Nodes, Node{Op: "Transpose", Inputs: []string{"ends"}, Outputs: []string{"turned"}, IntLists: map[string][]int64{"perm": {1, 0, 2}}})
	g.reshape("turned", "both", n, 2*h)
	g.head("both", "probs", headW, headB)
	return g
}

func dims(n ...int) []int64 {
	out := make([]int64, len(n))
	for i, v := range n {
		out[i] = int64(v)
	}
	return out
}
