package notes_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"inkling/capture"
	"inkling/model/dataset"
	"inkling/model/notes"
	"inkling/stream"
	"inkling/stream/evaluate"
)

// A printer is a sink that prints the first three confirmed labels.
type printer struct{ n int }

func (p *printer) Write(_ context.Context, e *stream.Event) error {
	if e.Type == stream.Confirmed && p.n < 3 {
		p.n++
		fmt.Println(e.Label)
	}
	return nil
}

func (p *printer) Flush(context.Context) error { return nil }
func (p *printer) Close() error                { return nil }

// The bundled model labels the bundled minute as a stream.
func ExampleModel() {
	m, err := notes.Model()
	if err != nil {
		log.Fatal(err)
	}
	src, err := capture.Audio(bytes.NewReader(notes.Minute()), capture.PCMFormat{}, capture.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer src.Close()
	if err := stream.Run(context.Background(), src, m, &stream.RunOptions{Finite: true}, &printer{}); err != nil {
		log.Fatal(err)
	}
	for _, n := range notes.Truth()[:3] {
		fmt.Println("played:", n.Label)
	}
	// Output:
	// piano
	// flute
	// trumpet
	// played: piano
	// played: flute
	// played: trumpet
}

// The bundled model judged on the clips that it has not learned from.
func ExampleData() {
	m, err := notes.Model()
	if err != nil {
		log.Fatal(err)
	}
	set, err := notes.Data(dataset.Options{Rate: m.Config.Rate})
	if err != nil {
		log.Fatal(err)
	}
	test, err := set.Test()
	if err != nil {
		log.Fatal(err)
	}
	report, err := evaluate.Run(context.Background(), m, test, evaluate.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d clips, %d of the test, accuracy %.3f\n", len(set.Examples), len(test.Examples), report.Confirmed.Accuracy)
	// Output: 441 clips, 108 of the test, accuracy 1.000
}
