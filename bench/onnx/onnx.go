// Package onnx writes the ONNX graphs of the networks that bench/ compares. A Graph, such
// as those that Step, StepHead and Last return, has float32 tensors and nodes with integer
// and string attributes; Marshal gives the model file. Field numbers are those of
// onnx.proto, with IR version 8 and operator set 17.
package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Graph is a computation. Its nodes must be in topological order.
type Graph struct {
	Name            string
	Inputs, Outputs []Value
	Weights         []Tensor
	Nodes           []Node
}

// A Value is a float32 input or output of the graph with a fixed shape.
type Value struct {
	Name  string
	Shape []int64
}

// A Tensor is a constant with the values Data, or Ints if Data is nil.
type Tensor struct {
	Value
	Data []float32
	Ints []int64
}

// A Node applies the operator Op. An optional input or output that is absent is "".
type Node struct {
	Op              string
	Inputs, Outputs []string
	Ints            map[string]int64
	IntLists        map[string][]int64
	Strings         map[string]string
}

const (
	irVersion = 8
	opset     = 17

	typeFloat = 1 // TensorProto.DataType
	typeInt64 = 7

	attributeInt    = 2 // AttributeProto.AttributeType
	attributeString = 3
	attributeInts   = 7
)

// Marshal returns the model file.
func (g *Graph) Marshal() []byte {
	var m message
	m.number(1, irVersion)
	m.text(2, "inkling")
	m.sub(7, g.message())
	var o message
	o.text(1, "")
	o.number(2, opset)
	m.sub(8, o)
	return m
}

func (g *Graph) message() (m message) {
	for i := range g.Nodes {
		m.sub(1, g.Nodes[i].message())
	}
	m.text(2, g.Name)
	for i := range g.Weights {
		m.sub(5, g.Weights[i].message())
	}
	for _, v := range g.Inputs {
		m.sub(11, v.message())
	}
	for _, v := range g.Outputs {
		m.sub(12, v.message())
	}
	return m
}

func (n *Node) message() (m message) {
	for _, s := range n.Inputs {
		m.text(1, s)
	}
	for _, s := range n.Outputs {
		m.text(2, s)
	}
	m.text(4, n.Op)
	for name, v := range n.Ints {
		m.sub(5, attribute(name, attributeInt, func(a *message) { a.number(3, v) }))
	}
	for name, v := range n.Strings {
		m.sub(5, attribute(name, attributeString, func(a *message) { a.text(4, v) }))
	}
	for name, list := range n.IntLists {
		m.sub(5, attribute(name, attributeInts, func(a *message) {
			for _, v := range list {
				a.number(8, v)
			}
		}))
	}
	return m
}

func attribute(name string, kind int64, value func(*message)) (m message) {
	m.text(1, name)
	value(&m)
	m.number(20, kind)
	return m
}

func (t *Tensor) message() (m message) {
	for _, d := range t.Shape {
		m.number(1, d)
	}
	kind, raw := int64(typeFloat), make([]byte, 0, 4*len(t.Data)+8*len(t.Ints))
	for _, v := range t.Data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	if t.Data == nil {
		kind = typeInt64
		for _, v := range t.Ints {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
	}
	m.number(2, kind)
	m.text(8, t.Name)
	m.sub(9, raw)
	return m
}

func (v Value) message() (m message) {
	var shape message
	for _, d := range v.Shape {
		var dim message
		dim.number(1, d)
		shape.sub(1, dim)
	}
	var tensor message
	tensor.number(1, typeFloat)
	tensor.sub(2, shape)
	var kind message
	kind.sub(1, tensor)
	m.text(1, v.Name)
	m.sub(2, kind)
	return m
}

// message collects the fields of one protobuf message.
type message []byte

func (m *message) number(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *message) text(field protowire.Number, s string) { m.sub(field, []byte(s)) }

func (m *message) sub(field protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
}
