package evaluate_test

import (
	"context"
	"fmt"
	"log"

	"inkling/internal/testkit/testnotes"
	"inkling/model/compose"
	"inkling/stream/evaluate"
)

// Evaluate a model on the examples of a data set.
func ExampleRun() {
	m, set := testnotes.Open()
	r, err := evaluate.Run(context.Background(), m, set, evaluate.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Examples, "examples, confirmed", r.Confirmed.Accuracy)
	fmt.Println(len(r.Wrong()), "wrong")
	// Output:
	// 108 examples, confirmed 100.0 %
	// 0 wrong
}

// Evaluate a model on a stream composed of examples, then see what a stricter threshold
// would have reported, without running the network again.
func ExampleStream() {
	m, set := testnotes.Open()
	s, err := compose.New(set, compose.Options{Duration: 20, Pause: [2]float64{0.5, 1}})
	if err != nil {
		log.Fatal(err)
	}
	recordings := []evaluate.Recording{evaluate.Composed("notes", s)}
	r, err := evaluate.Stream(context.Background(), m, recordings, evaluate.StreamOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d events found\n", r.Found, r.Events)

	strict := m.Config.Decision
	strict.Threshold = 1
	r = evaluate.Score(m.Config.Labels, r.Traces, &strict, evaluate.DefaultTolerance)
	fmt.Printf("%d found, %d under the threshold\n", r.Found, r.Misses["threshold"])
	// Output:
	// 22 of 24 events found
	// 0 found, 22 under the threshold
}
