package tune_test

import (
	"context"
	"fmt"
	"log"

	"inkling/internal/testkit/testnotes"
	"inkling/model"
	"inkling/model/compose"
	"inkling/stream/tune"
)

// Tune a model for a budget of false alarms, on streams composed of the examples that its
// training held out.
func ExampleRun() {
	m, set := testnotes.Open()
	goal := tune.Goal{FalseAlarms: 1000, Confidence: 0.9}
	streams, err := tune.Compose("notes", set, compose.Options{Duration: 20, Pause: [2]float64{0.5, 1}}, &goal, 20)
	if err != nil {
		log.Fatal(err)
	}
	goal.Distinct = streams.Distinct
	r, err := tune.Run(context.Background(), m, streams.Search, streams.Proof, tune.Options{Goal: goal, FixedSegments: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Reached, r.After.Recall)
	tuned, err := model.New(*r.Config, m.Params)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a threshold of its own:", tuned.Config.Decision.Threshold > 0)
	// Output:
	// true 95.7 %
	// a threshold of its own: true
}
