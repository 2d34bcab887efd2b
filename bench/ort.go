package main

import (
	"fmt"
	"time"

	ort "github.com/yalue/onnxruntime_go"

	"inkling/bench/onnx"
)

// spinning is the time for which threads of ONNX Runtime and PyTorch spin before they
// sleep.
const spinning = 30 * time.Millisecond

// An ortPeer runs one graph with bound memory. If the graph has the inputs h and c and the
// outputs hn and cn, two bindings alternate, so that each run continues from the state of
// the previous one without a copy.
type ortPeer struct {
	session  *ort.DynamicAdvancedSession
	bindings []*ort.IoBinding
	values   map[string]*ort.Tensor[float32]
	turn     int
}

// feedback maps outputs to the inputs that they become in the next run.
var feedback = map[string]string{"hn": "h", "cn": "c"}

// newORT returns a peer that runs g with the given number of threads. Its inputs are zero.
func newORT(g *onnx.Graph, threads int) (*ortPeer, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	for _, err := range []error{options.SetIntraOpNumThreads(threads), options.SetInterOpNumThreads(1),
		options.SetExecutionMode(ort.ExecutionModeSequential), options.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll)} {
		if err != nil {
			return nil, err
		}
	}
	var ins, outs []string
	p := &ortPeer{values: map[string]*ort.Tensor[float32]{}}
	for _, v := range g.Inputs {
		ins = append(ins, v.Name)
	}
	for _, v := range g.Outputs {
		outs = append(outs, v.Name)
	}
	if p.session, err = ort.NewDynamicAdvancedSessionWithONNXData(g.Marshal(), ins, outs, options); err != nil {
		return nil, fmt.Errorf("%s: %w", g.Name, err)
	}
	for _, v := range append(g.Inputs, g.Outputs...) {
		if p.values[v.Name], err = ort.NewEmptyTensor[float32](v.Shape); err != nil {
			return nil, err
		}
	}
	if err := p.bind(ins, outs, false); err != nil {
		return nil, err
	}
	if p.values["hn"] == nil {
		return p, nil
	}
	return p, p.bind(ins, outs, true)
}

// bind adds a binding. If turned is set, the inputs and outputs of the state are exchanged.
func (p *ortPeer) bind(ins, outs []string, turned bool) error {
	b, err := p.session.CreateIoBinding()
	if err != nil {
		return err
	}
	p.bindings = append(p.bindings, b)
	at := map[string]*ort.Tensor[float32]{}
	for name, v := range p.values {
		at[name] = v
	}
	if turned {
		for out, in := range feedback {
			at[out], at[in] = p.values[in], p.values[out]
		}
	}
	for _, name := range ins {
		if err := b.BindInput(name, at[name]); err != nil {
			return err
		}
	}
	for _, name := range outs {
		if err := b.BindOutput(name, at[name]); err != nil {
			return err
		}
	}
	return nil
}

// data returns the memory of an input or output.
func (p *ortPeer) data(name string) []float32 { return p.values[name].GetData() }

// state returns the memory of h after the last run.
func (p *ortPeer) state() []float32 {
	if p.turn == 0 {
		return p.data("h")
	}
	return p.data("hn")
}

func (p *ortPeer) run() error {
	err := p.session.RunWithBinding(p.bindings[p.turn])
	p.turn = (p.turn + 1) % len(p.bindings)
	return err
}

// time is a measure.Case.Run.
func (p *ortPeer) time(n int) (time.Duration, error) {
	began := time.Now()
	for range n {
		if err := p.run(); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

func (p *ortPeer) close() {
	for _, b := range p.bindings {
		b.Destroy()
	}
	for _, v := range p.values {
		v.Destroy()
	}
	p.session.Destroy()
}
