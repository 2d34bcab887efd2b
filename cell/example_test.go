package cell_test

import (
	"fmt"
	"math/rand/v2"

	"inkling/cell"
)

// newLSTM returns an LSTM of three features and four units.
func newLSTM() *cell.LSTM {
	w := cell.NewWeights(3, 4)
	w.Init(rand.New(rand.NewPCG(1, 2)))
	return cell.New(w)
}

// A stream carries its state from one timestep to the next.
func ExampleLSTM_Step() {
	l := newLSTM()
	s := l.NewState()
	for _, x := range [][]float32{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}} {
		l.Step(s, x)
		fmt.Printf("%.3f\n", s.H)
	}
	// Output:
	// [0.157 0.002 -0.176 -0.096]
	// [0.028 -0.285 -0.026 -0.225]
	// [0.122 -0.146 -0.136 -0.020]
}

// Sequence gives what Step gives for each timestep, to the bit.
func ExampleLSTM_Sequence() {
	l := newLSTM()
	xs := []float32{1, 0, 0, 0, 1, 0, 0, 0, 1} // three timesteps of three features
	h := make([]float32, 3*l.Hidden())
	l.Sequence(l.NewState(), h, xs)
	fmt.Printf("%.3f\n", h[2*l.Hidden():])
	// Output: [0.122 -0.146 -0.136 -0.020]
}

// StepBatch advances many streams in one pass over the weights.
func ExampleLSTM_StepBatch() {
	l := newLSTM()
	b := l.NewBatch(2)
	l.StepBatch(b, []float32{
		1, 0, 0, // stream 0
		0, 1, 0, // stream 1
	})
	for i := range b.Len() {
		fmt.Printf("stream %d: %.3f\n", i, b.H(i))
	}
	// Output:
	// stream 0: [0.157 0.002 -0.176 -0.096]
	// stream 1: [-0.058 -0.256 0.099 -0.146]
}

// Forward and Backward compute the gradient of a loss on the weights.
func ExampleLSTM_Backward() {
	w := cell.NewWeights(3, 4)
	w.Init(rand.New(rand.NewPCG(1, 2)))
	l := cell.New(w)
	l.PackBackward(w, false)

	var tape cell.Tape
	active := []int{2, 1} // a sequence of two timesteps and one of a single timestep
	h := l.Forward(&tape, active, make([]float32, 3*l.In()), nil, nil)

	dh := make([]float32, len(h))
	for i := range dh {
		dh[i] = h[i] // the gradient of ½·Σh²
	}
	sum, grad := l.NewGradient(), cell.NewWeights(3, 4)
	l.Backward(&tape, sum, nil, dh, nil, nil)
	sum.AddTo(grad)
	fmt.Println(len(grad.IH), len(grad.HH))
	// Output: 48 64
}
