package model_test

import (
	"fmt"
	"log"
	"os"

	"inkling/model"
)

// load reads a small model from a file.
func load(name string) *model.Model {
	f, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	m, err := model.Load(f)
	if err != nil {
		log.Fatal(err)
	}
	return m
}

// A stream gives a running label at every frame and a confirmed one at the end of a
// segment.
func ExampleModel_Confirm() {
	m := load("testdata/one.model")
	front, err := m.Front()
	if err != nil {
		log.Fatal(err)
	}
	samples := []float32{0.2, -0.1, 0.4, 1.5, 1.1, 0.9, -2, -1.2, -0.8}
	frames := front.Flush(front.Push(nil, samples))

	s, probs := m.NewState(), make([]float32, m.Classes())
	var tops []float32
	for len(frames) > 0 {
		m.Step(probs, s, frames[:m.Dim()])
		fmt.Printf("running   %.3f\n", probs)
		tops = append(tops, s.Top()...)
		frames = frames[m.Dim():]
	}
	m.Confirm(probs, s, tops)
	fmt.Printf("confirmed %.3f\n", probs)
	// Output:
	// running   [0.309 0.370 0.321]
	// running   [0.330 0.334 0.336]
	// running   [0.292 0.390 0.318]
	// confirmed [0.282 0.332 0.386]
}

// Predict gives the same probabilities for a whole segment.
func ExampleModel_Predict() {
	m := load("testdata/one.model")
	p := m.Predict([]float32{0.2, -0.1, 0.4, 1.5, 1.1, 0.9, -2, -1.2, -0.8}) // three frames of three features
	fmt.Printf("running   %.3f\n", p.Running[2*m.Classes():])
	fmt.Printf("confirmed %.3f\n", p.Confirm)
	fmt.Println(m.Config.Labels)
	// Output:
	// running   [0.292 0.390 0.318]
	// confirmed [0.282 0.332 0.386]
	// [a b c]
}
