package onnx

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"inkling/cell"
)

// fields are the contents of a message by field number: bytes, or a number.
type fields map[protowire.Number][]any

func parse(t *testing.T, b []byte) fields {
	t.Helper()
	f := fields{}
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(b)
			f[num], b = append(f[num], int64(v)), b[n:]
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(b)
			if n < 0 {
				t.Fatal(protowire.ParseError(n))
			}
			f[num], b = append(f[num], v), b[n:]
		default:
			t.Fatalf("field %d is of wire type %d", num, kind)
		}
	}
	return f
}

func (f fields) text(num protowire.Number) (out []string) {
	for _, v := range f[num] {
		out = append(out, string(v.([]byte)))
	}
	return out
}

func (f fields) subs(t *testing.T, num protowire.Number) (out []fields) {
	for _, v := range f[num] {
		out = append(out, parse(t, v.([]byte)))
	}
	return out
}

// A model's messages nest as onnx.proto says, every tensor has as many bytes as its
// shape asks for, and every name that a node reads was made before.
func TestMarshal(t *testing.T) {
	f, r := cell.NewWeights(3, 5), cell.NewWeights(3, 5)
	for _, g := range []*Graph{Step(f, 4), StepHead(f, make([]float32, 2*5), make([]float32, 2)), Last(f, r, make([]float32, 2*10), make([]float32, 2), 4, 7)} {
		t.Run(g.Name, func(t *testing.T) {
			m := parse(t, g.Marshal())
			if v := m[1][0].(int64); v != irVersion {
				t.Errorf("IR version %d", v)
			}
			if v := m.subs(t, 8)[0][2][0].(int64); v != opset {
				t.Errorf("operator set %d", v)
			}
			checkGraph(t, m.subs(t, 7)[0])
		})
	}
}

func checkGraph(t *testing.T, graph fields) {
	known := map[string]bool{"": true}
	for _, w := range graph.subs(t, 5) {
		size := int64(4)
		if w[2][0].(int64) == typeInt64 {
			size = 8
		}
		for _, d := range w[1] {
			size *= d.(int64)
		}
		if raw := w[9][0].([]byte); int64(len(raw)) != size {
			t.Errorf("%v has %d bytes, its shape takes %d", w.text(8), len(raw), size)
		}
		known[w.text(8)[0]] = true
	}
	for _, v := range graph.subs(t, 11) {
		known[v.text(1)[0]] = true
	}
	for _, n := range graph.subs(t, 1) {
		for _, in := range n.text(1) {
			if !known[in] {
				t.Errorf("%v reads %q, which nobody made", n.text(4), in)
			}
		}
		for _, out := range n.text(2) {
			known[out] = true
		}
	}
	for _, v := range graph.subs(t, 12) {
		if name := v.text(1)[0]; !known[name] {
			t.Errorf("nobody makes the output %q", name)
		}
	}
}

// Gate g of unit j stands where ONNX looks for it.
func TestReorder(t *testing.T) {
	const h, width = 3, 2
	w := make([]float32, 4*h*width)
	for i := range w {
		w[i] = float32(i / (h * width)) // the gate: i, f, g, o
	}
	var gates []float32
	for part := range slices.Chunk(Reorder(w, h, width), h*width) {
		if slices.Max(part) != slices.Min(part) {
			t.Fatalf("gates are mixed: %v", part)
		}
		gates = append(gates, part[0])
	}
	if !slices.Equal(gates, []float32{0, 3, 1, 2}) {
		t.Errorf("the order is %v, want i, o, f, c", gates)
	}
}

func TestValuesSurvive(t *testing.T) {
	data := []float32{1.5, float32(math.Inf(1)), -1e-38, rand.Float32()}
	w := parse(t, (&Tensor{Value: Value{"w", dims(2, 2)}, Data: data}).message())
	raw := w[9][0].([]byte)
	for i, v := range data {
		bits, _ := protowire.ConsumeFixed32(raw[4*i:])
		if math.Float32frombits(bits) != v {
			t.Errorf("value %d is %v, want %v", i, math.Float32frombits(bits), v)
		}
	}
}
